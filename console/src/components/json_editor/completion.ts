// Completion inside JSON strings: what stands before the cursor, and under which member.
import { autocompletion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { ensureSyntaxTree, syntaxTree } from '@codemirror/language';
import type { SyntaxNode } from '@lezer/common';

export interface CompletionQuery {
  prefix: string;
  member: string | undefined; // of the object that it is a value in, directly or in an array; undefined: it is a name
}
export type Complete = (query: CompletionQuery) => Promise<string[]>;

export function completionQuery(context: CompletionContext): (CompletionQuery & { from: number }) | undefined {
  const tree = ensureSyntaxTree(context.state, context.pos, 100) ?? syntaxTree(context.state);
  const node = tree.resolveInner(context.pos, -1);
  if (node.name !== 'String' && node.name !== 'PropertyName') return undefined;
  const from = node.from + 1;
  if (context.pos < from) return undefined;
  const prefix = context.state.sliceDoc(from, context.pos);
  return { from, prefix, member: node.name === 'String' ? memberOf(node, context) : undefined };
}

function memberOf(node: SyntaxNode, context: CompletionContext): string | undefined {
  let up: SyntaxNode | null = node;
  while (up && up.name !== 'Property') up = up.parent;
  const name = up?.getChild('PropertyName');
  return name ? context.state.sliceDoc(name.from + 1, name.to - 1) : undefined;
}

export function completion(complete: Complete) {
  const source = async (context: CompletionContext): Promise<CompletionResult | null> => {
    const query = completionQuery(context);
    if (!query) return null;
    const options = await complete(query).catch(() => []);
    if (context.aborted || options.length === 0) return null;
    return { from: query.from, options: options.map((label) => ({ label })), filter: false };
  };
  return autocompletion({ override: [source], icons: false, activateOnTyping: true });
}
