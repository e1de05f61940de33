// An editor for JSON. It lives in a shadow root: there its styles are adopted sheets, which a strict
// Content-Security-Policy permits. Tab moves on, as everywhere else.
import { closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { bracketMatching, indentOnInput, indentUnit } from '@codemirror/language';
import { setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { Annotation, Compartment, EditorState, type Extension, type Text } from '@codemirror/state';
import { Decoration, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import Box from '@cloudscape-design/components/box';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useEffect, useRef } from 'react';
import { texts } from '../../texts';
import { completion, type Complete } from './completion';
import { theme } from './theme';

export interface Finding {
  severity: 'error' | 'warning';
  message: string;
  line: number; // from 1; 0: of the whole
  column: number; // from 1
}

export interface LineRange {
  from: number; // lines, from 1, both included
  to: number;
  kind: 'info' | 'allow' | 'deny';
}

export interface JsonEditorProps {
  label: string;
  value: string;
  onChange?: (value: string) => void; // absent: it is read only
  findings?: readonly Finding[];
  complete?: Complete;
  highlighted?: readonly LineRange[];
  minLines?: number;
  maxLines?: number;
}

export function JsonEditor({
  label,
  value,
  onChange,
  findings = [],
  complete,
  highlighted = [],
  minLines = 5,
  maxLines = 24,
}: JsonEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>();
  const highlight = useRef(new Compartment());
  const told = useRef<string[]>([]); // what onChange was told and `value` has not come back with
  const latest = useRef({ onChange, complete });
  latest.current = { onChange, complete };
  const readOnly = !onChange;

  useEffect(() => {
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: 'open' });
    const editor = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: value,
        extensions: [
          basics,
          theme,
          size(minLines, maxLines),
          EditorView.contentAttributes.of({ 'aria-label': label, 'aria-multiline': 'true', tabindex: '0' }),
          readOnly
            ? EditorState.readOnly.of(true)
            : [
                highlightActiveLine(),
                closeBrackets(),
                completion((query) => latest.current.complete?.(query) ?? Promise.resolve([])),
              ],
          highlight.current.of([]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged && !update.transactions.some((change) => change.annotation(fromOutside))) {
              const text = update.state.doc.toString();
              told.current.push(text);
              latest.current.onChange?.(text);
            }
          }),
        ],
      }),
    });
    view.current = editor;
    return () => editor.destroy();
  }, [label, readOnly, minLines, maxLines]);

  useEffect(() => {
    // A value that comes back late must not undo what was typed since.
    const back = told.current.lastIndexOf(value);
    told.current = back < 0 ? [] : told.current.slice(back + 1);
    const { length } = view.current!.state.doc;
    if (back >= 0 || view.current!.state.doc.toString() === value) return;
    view.current!.dispatch({ changes: { from: 0, to: length, insert: value }, annotations: fromOutside.of(true) });
  }, [value]);

  const findingsKey = JSON.stringify(findings);
  useEffect(() => {
    const { state } = view.current!;
    view.current!.dispatch(setDiagnostics(state, findings.map((finding) => diagnostic(state.doc, finding))));
  }, [findingsKey, value, readOnly, label]);

  const highlightedKey = JSON.stringify(highlighted);
  useEffect(() => {
    const editor = view.current!;
    const { doc } = editor.state;
    editor.dispatch({ effects: highlight.current.reconfigure(lines(doc, highlighted)) });
    if (highlighted.length === 0) return;
    // The first of them is brought into sight, without moving the page.
    const { from } = doc.line(Math.min(highlighted[0].from, doc.lines));
    editor.requestMeasure({
      read: () => editor.lineBlockAt(from).top,
      write: (top) => {
        editor.scrollDOM.scrollTop = top - 20;
      },
    });
  }, [highlightedKey, value, readOnly, label]);

  const go = ({ line, column }: Finding) => {
    const editor = view.current!;
    editor.dispatch({ selection: { anchor: positionOf(editor.state.doc, line, column) }, scrollIntoView: true });
    editor.focus();
  };
  return (
    <SpaceBetween size="xs">
      <div ref={host} data-json-editor={label} />
      <div role="status">
        {findings.map((finding, index) => (
          <Box key={index}>
            <StatusIndicator type={finding.severity}>
              {finding.line > 0 ? (
                <Link variant="secondary" onFollow={() => go(finding)}>
                  {texts.editor.position(finding.line, finding.column)}
                </Link>
              ) : (
                texts.editor.severities[finding.severity]
              )}
            </StatusIndicator>{' '}
            {finding.message}
          </Box>
        ))}
      </div>
    </SpaceBetween>
  );
}

const fromOutside = Annotation.define<boolean>();

const basics: Extension = [
  lineNumbers(),
  history(),
  json(),
  bracketMatching(),
  indentOnInput(),
  indentUnit.of('  '),
  EditorView.lineWrapping,
  keymap.of([...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, ...historyKeymap]),
  EditorState.tabSize.of(2),
];

function size(minLines: number, maxLines: number): Extension {
  const height = (count: number) => `${count * 19.5 + 10}px`;
  return EditorView.theme({
    '.cm-scroller': { overflow: 'auto', maxHeight: height(maxLines) },
    '.cm-content, .cm-gutter': { minHeight: height(minLines) },
  });
}

function positionOf(doc: Text, line: number, column: number): number {
  if (line < 1) return 0;
  const at = doc.line(Math.min(line, doc.lines));
  return Math.min(at.from + Math.max(column - 1, 0), at.to);
}

function diagnostic(doc: Text, { line, column, severity, message }: Finding): Diagnostic {
  const from = positionOf(doc, line, column);
  const to = Math.min(doc.lineAt(from).to, from + 1);
  return { from, to: Math.max(from, to), severity, message };
}

function lines(doc: Text, ranges: readonly LineRange[]): Extension {
  const marks = ranges.flatMap(({ from, to, kind }) => {
    const decoration = Decoration.line({ class: `cm-line-${kind}` });
    const last = Math.min(to, doc.lines);
    return Array.from({ length: Math.max(0, last - from + 1) }, (_, index) => decoration.range(doc.line(from + index).from));
  });
  return EditorView.decorations.of(Decoration.set(marks, true));
}
