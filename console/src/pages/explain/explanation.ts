// What the operation Explain answers: src/policy/report.h.
import type { Json } from '../../api/operations';

// In the order of evaluation.
export const layerOrder = ['rcp', 'scp', 'endpoint', 'resource', 'trust', 'identity', 'boundary', 'session'] as const;
export type Layer = (typeof layerOrder)[number];
export type Outcome = 'allow' | 'explicitDeny' | 'implicitDeny';
export type ElementName = 'principal' | 'action' | 'resource' | 'condition';

export interface Failure {
  element: ElementName;
  inverted?: boolean; // NotPrincipal, NotAction, NotResource
  operator?: string;
  key?: string;
  missing?: boolean;
  wanted: string[];
  actual: string[];
  reason?: string;
}

interface OfPolicy {
  layer: Layer;
  level?: number; // of an organization
  policy: number;
  policyArn?: string;
  policyName?: string;
}

export interface PolicyDocument extends OfPolicy {
  text: string;
}

export interface Statement extends OfPolicy {
  sid?: string;
  index: number;
  effect: 'Allow' | 'Deny';
  applies: boolean;
  text: string;
  failures: Failure[];
}

export interface Remedy {
  layer: Layer;
  level?: number;
  statement: Json;
}

export interface Explanation {
  decision: Outcome;
  message: string;
  request: { principal: Json; action: string; resource: string; resourceAccount?: string; context: { [key: string]: Json } };
  blockedBy: Layer[];
  layers: { [L in Layer]?: Outcome };
  statements: Statement[];
  documents: PolicyDocument[];
  missingKeys: string[];
  remedies: Remedy[];
}

const samePolicy = (a: OfPolicy, b: OfPolicy) => a.layer === b.layer && a.level === b.level && a.policy === b.policy;

export interface PolicyView {
  document: PolicyDocument;
  statements: Statement[]; // that made the layer's outcome, or would have made it an allow
  others: Statement[]; // that come close, too, but changed nothing
}

export interface LayerView {
  layer: Layer;
  outcome: Outcome;
  inTheWay: boolean;
  policies: PolicyView[];
}

// Whether a statement has to do with its layer's outcome.
const matters: Record<Outcome, (statement: Statement) => boolean> = {
  allow: ({ applies }) => applies,
  explicitDeny: ({ applies, effect }) => applies && effect === 'Deny',
  implicitDeny: ({ effect }) => effect === 'Allow',
};

// The layers that were asked, each with its policies; those that matter before the others.
export function layersOf({ layers, documents, statements, blockedBy }: Explanation): LayerView[] {
  return layerOrder.flatMap((layer) => {
    const outcome = layers[layer];
    if (!outcome) return [];
    const policies = documents
      .filter((document) => document.layer === layer)
      .map((document) => {
        const close = statements.filter((statement) => samePolicy(statement, document));
        return {
          document,
          statements: close.filter(matters[outcome]),
          others: close.filter((statement) => !matters[outcome](statement)),
        };
      })
      .sort((a, b) => Number(b.statements.length > 0) - Number(a.statements.length > 0));
    return { layer, outcome, inTheWay: blockedBy.includes(layer), policies };
  });
}

// The elements that a statement has, in the order in which one reads them.
export function elementsOf(statement: Statement): { element: ElementName; failures: Failure[] }[] {
  const has = Object.keys(JSON.parse(statement.text) as object).map((name) => name.toLowerCase().replace(/^not/, ''));
  const order: ElementName[] = ['principal', 'action', 'resource', 'condition'];
  const failed = (element: ElementName) => statement.failures.filter((failure) => failure.element === element);
  return order
    .map((element) => ({ element, failures: failed(element) }))
    .filter(({ element, failures }) => failures.length > 0 || has.includes(element));
}
