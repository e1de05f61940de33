// A policy as it is shown, and the lines on which its statements stand there.
import { jsonLanguage } from '@codemirror/lang-json';
import type { SyntaxNode } from '@lezer/common';
import { readablePolicy } from '../../components/json_editor/policy_editor';

export interface Lines {
  from: number; // from 1, both included
  to: number;
}

// As its author laid it out, if it has lines at all.
export function shownText(text: string): string {
  return text.trim().includes('\n') ? text : readablePolicy(text);
}

// Of each statement of a policy, in the order of the document.
export function statementLines(text: string): Lines[] {
  const lineAt = (position: number) => text.slice(0, position).split('\n').length;
  return statements(text).map(({ from, to }) => ({ from: lineAt(from), to: lineAt(to) }));
}

function statements(text: string): SyntaxNode[] {
  const object = jsonLanguage.parser.parse(text).topNode.getChild('Object');
  const isStatement = (property: SyntaxNode) => {
    const name = property.getChild('PropertyName');
    return name !== null && text.slice(name.from + 1, name.to - 1).toLowerCase() === 'statement';
  };
  const value = object?.getChildren('Property').find(isStatement)?.lastChild;
  if (!value) return [];
  return value.name === 'Array' ? value.getChildren('Object') : [value];
}
