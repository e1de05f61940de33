// Trust policies: those that the page "Create role" writes, and whom one that is there lets in.
import { readablePolicy } from '../../components/json_editor/policy_editor';
import { texts } from '../../texts';

const words = texts.iam.trust.entities;

export type TrustKind = 'pod-identity' | 'account' | 'web-identity' | 'custom';
export type AccountKind = 'this' | 'other' | 'principal';

export interface TrustFields {
  trust: TrustKind;
  cluster: string; // pod identity; empty: any
  namespace: string;
  serviceAccount: string;
  whose: AccountKind;
  account: string;
  principalArn: string;
  externalId: string;
  provider: string; // web identity: the ARN
  audience: string;
  subject: string;
  document: string; // custom
}

export const newTrust: TrustFields = {
  trust: 'pod-identity',
  cluster: '',
  namespace: '',
  serviceAccount: '',
  whose: 'this',
  account: '',
  principalArn: '',
  externalId: '',
  provider: '',
  audience: 'sts.amazonaws.com',
  subject: '',
  document: '',
};

// Where the role is made.
export interface Place {
  partition: string;
  account: string;
  region: string;
}

interface Statement {
  Sid?: string;
  Effect?: string;
  Principal?: string | Record<string, string | string[]>;
  NotPrincipal?: unknown;
  Action?: string | string[];
  Condition?: Record<string, Record<string, string>>;
}

// Only the conditions whose value is given.
function conditions(given: [operator: string, key: string, value: string][]): Pick<Statement, 'Condition'> {
  const found: Record<string, Record<string, string>> = {};
  for (const [operator, key, value] of given) {
    if (value) found[operator] = { ...found[operator], [key]: value };
  }
  return Object.keys(found).length ? { Condition: found } : {};
}

function podIdentity(fields: TrustFields, { partition, account, region }: Place): Statement {
  const cluster = fields.cluster && `arn:${partition}:eks:${region}:${account}:cluster/${fields.cluster}`;
  return {
    Sid: 'AllowEksAuthToAssumeRoleForPodIdentity',
    Effect: 'Allow',
    Principal: { Service: 'pods.eks.amazonaws.com' },
    Action: ['sts:AssumeRole', 'sts:TagSession'],
    ...conditions([
      ['ArnEquals', 'aws:SourceArn', cluster],
      ['StringEquals', 'aws:RequestTag/kubernetes-namespace', fields.namespace],
      ['StringEquals', 'aws:RequestTag/kubernetes-service-account', fields.serviceAccount],
    ]),
  };
}

function account(fields: TrustFields, place: Place): Statement {
  const principals: Record<AccountKind, string> = {
    this: `arn:${place.partition}:iam::${place.account}:root`,
    other: `arn:${place.partition}:iam::${fields.account}:root`,
    principal: fields.principalArn,
  };
  return {
    Effect: 'Allow',
    Principal: { AWS: principals[fields.whose] },
    Action: ['sts:AssumeRole', 'sts:TagSession'],
    ...conditions([['StringEquals', 'sts:ExternalId', fields.externalId]]),
  };
}

function webIdentity({ provider, audience, subject }: TrustFields): Statement {
  const issuer = provider.slice(provider.indexOf('/') + 1);
  return {
    Effect: 'Allow',
    Principal: { Federated: provider },
    Action: 'sts:AssumeRoleWithWebIdentity',
    ...conditions([
      ['StringEquals', `${issuer}:aud`, audience],
      ['StringEquals', `${issuer}:sub`, subject],
    ]),
  };
}

const statements = { 'pod-identity': podIdentity, account, 'web-identity': webIdentity };

export function trustDocument(fields: TrustFields, place: Place): string {
  if (fields.trust === 'custom') return fields.document;
  return JSON.stringify({ Version: '2012-10-17', Statement: [statements[fields.trust](fields, place)] }, null, 2);
}

const several = <T>(value: T | T[] | undefined): T[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

const kinds: Record<string, (name: string) => string> = {
  Service: (name) => words.service(name.replace(/\.amazonaws\.com$/, '')),
  Federated: (name) => words.provider(name.slice(name.indexOf('/') + 1)),
  AWS: (name) => {
    const account = /^(?:arn:[a-z-]+:iam::)?(\d{12})(?::root)?$/.exec(name)?.[1];
    return account ? words.account(account) : name === '*' ? words.everyone : name;
  },
};

function principals({ Principal, NotPrincipal }: Statement): string[] {
  if (NotPrincipal) return [words.allBut];
  if (typeof Principal === 'string') return [words.everyone];
  return Object.entries(Principal ?? {}).flatMap(([kind, names]) =>
    several(names).map((name) => kinds[kind]?.(name) ?? `${kind}: ${name}`),
  );
}

// Whom a trust policy names in statements that allow, in its order.
export function trustedEntities(document: string | undefined): string[] {
  try {
    const { Statement } = JSON.parse(readablePolicy(document ?? '')) as { Statement?: Statement | Statement[] };
    const allowing = several(Statement).filter(({ Effect }) => Effect === 'Allow');
    return [...new Set(allowing.flatMap(principals))];
  } catch {
    return [];
  }
}
