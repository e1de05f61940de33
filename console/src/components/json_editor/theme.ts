// How the editor looks; the colours are styles.css's, which reach into the shadow root.
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

const look = EditorView.theme({
  '&': {
    color: 'var(--editor-text)',
    backgroundColor: 'var(--editor-background)',
    border: '1px solid var(--editor-border)',
    borderRadius: '8px',
    fontSize: '13px',
    overflow: 'hidden',
  },
  '&.cm-focused': { outline: '2px solid var(--editor-property)', outlineOffset: '1px' },
  '.cm-scroller': { fontFamily: 'Monaco, Menlo, Consolas, "DejaVu Sans Mono", monospace', lineHeight: '1.5' },
  '.cm-content': { caretColor: 'var(--editor-text)' },
  '.cm-cursor': { borderLeftColor: 'var(--editor-text)' },
  '.cm-gutters': {
    color: 'var(--editor-gutter)',
    backgroundColor: 'var(--editor-background)',
    borderRight: '1px solid var(--editor-active)',
  },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--editor-active)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--editor-selection)',
  },
  '.cm-tooltip': {
    color: 'var(--editor-text)',
    backgroundColor: 'var(--editor-background)',
    border: '1px solid var(--editor-border)',
  },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    color: 'var(--editor-text)',
    backgroundColor: 'var(--editor-selection)',
  },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--editor-error)' },
  '.cm-diagnostic-warning': { borderLeftColor: 'var(--editor-warning)' },
  // A bar, too: colour is not all that tells these lines from others.
  '.cm-line-info': { backgroundColor: 'var(--editor-info-line)', boxShadow: 'inset 4px 0 var(--editor-property)' },
  '.cm-line-allow': { backgroundColor: 'var(--editor-allow-line)', boxShadow: 'inset 4px 0 var(--editor-string)' },
  '.cm-line-deny': { backgroundColor: 'var(--editor-deny-line)', boxShadow: 'inset 4px 0 var(--editor-error)' },
});

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--editor-property)' },
  { tag: tags.string, color: 'var(--editor-string)' },
  { tag: tags.number, color: 'var(--editor-number)' },
  { tag: [tags.bool, tags.null], color: 'var(--editor-keyword)' },
]);

export const theme = [look, syntaxHighlighting(colours)];
