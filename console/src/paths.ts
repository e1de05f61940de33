// Where each page is; everything that links to a page takes its path from here. Within the base path /console.

const segment = encodeURIComponent;

function query(parameters: Record<string, string | undefined>): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return given.length ? `?${new URLSearchParams(given)}` : '';
}

export type ClusterTab = 'overview' | 'access' | 'add-ons' | 'tags';
export type RoleTab = 'permissions' | 'trust' | 'tags' | 'boundary' | 'used-by';
export type PolicyTab = 'document' | 'versions' | 'attached' | 'tags';
export type UserTab = 'permissions' | 'access-keys' | 'tags' | 'boundary';

// What the pages Explain and Activity take in their query.
export interface ExplainQuery {
  requestId?: string;
  clusterName?: string;
  namespace?: string;
  serviceAccount?: string;
  principalArn?: string;
  action?: string;
  resource?: string;
  resourceAccount?: string;
  context?: RequestContext;
  recorded?: boolean; // the context is whole, as an audit record has it
}
export type RequestContext = Record<string, string | string[]>; // a list: the key is multivalued
export const outcomes = ['success', 'denied', 'failed'] as const;
export type Outcome = (typeof outcomes)[number];
export interface ActivityQuery {
  clusterName?: string;
  associationId?: string;
  roleArn?: string;
  pod?: string;
  outcome?: Outcome;
  eventName?: string;
  principalArn?: string;
  text?: string;
}

export const paths = {
  clusters: '/clusters',
  createCluster: '/clusters/create',
  cluster: (name: string, tab: ClusterTab = 'overview') => `/clusters/${segment(name)}/${tab}`,
  createAssociation: (cluster: string) => `/clusters/${segment(cluster)}/access/create-association`,
  association: (cluster: string, id: string) => `/clusters/${segment(cluster)}/access/associations/${segment(id)}`,
  editAssociation: (cluster: string, id: string) => `${paths.association(cluster, id)}/edit`,
  roles: '/iam/roles',
  createRole: '/iam/create-role',
  role: (name: string, tab: RoleTab = 'permissions') => `/iam/roles/${segment(name)}/${tab}`,
  policies: '/iam/policies',
  createPolicy: '/iam/create-policy',
  policy: (arn: string, tab: PolicyTab = 'document') => `/iam/policies/${segment(arn)}/${tab}`,
  editPolicy: (arn: string) => `/iam/policies/${segment(arn)}/edit`,
  users: '/iam/users',
  createUser: '/iam/create-user',
  user: (name: string, tab: UserTab = 'permissions') => `/iam/users/${segment(name)}/${tab}`,
  createInlinePolicy: (of: 'role' | 'user', name: string) => `${paths[of](name)}/create-inline-policy`,
  inlinePolicy: (of: 'role' | 'user', name: string, policy: string) =>
    `${paths[of](name)}/inline-policies/${segment(policy)}`,
  explain: ({ context, recorded, ...texts }: ExplainQuery = {}) =>
    `/explain${query({ ...texts, context: writeContext(context), recorded: recorded ? 'true' : undefined })}`,
  activity: (given: ActivityQuery = {}) => `/activity${query({ ...given })}`,
};

function writeContext(context: RequestContext = {}): string | undefined {
  return Object.keys(context).length ? JSON.stringify(context) : undefined;
}

function readContext(text: string): RequestContext | undefined {
  const isValue = (value: unknown) =>
    typeof value === 'string' || (Array.isArray(value) && value.every((item) => typeof item === 'string'));
  try {
    const context: unknown = JSON.parse(text);
    const readable = context !== null && typeof context === 'object' && !Array.isArray(context) && Object.values(context).every(isValue);
    return readable ? (context as RequestContext) : undefined;
  } catch {
    return undefined; // of an address that somebody changed by hand
  }
}

// What paths.explain and paths.activity have written.
export function readExplainQuery(search: string): ExplainQuery {
  const { context, recorded, ...texts } = Object.fromEntries(new URLSearchParams(search));
  return { ...texts, context: readContext(context ?? ''), recorded: recorded === 'true' || undefined };
}
export function readActivityQuery(search: string): ActivityQuery {
  const { outcome, ...texts } = Object.fromEntries(new URLSearchParams(search));
  return { ...texts, outcome: outcomes.find((each) => each === outcome) };
}

// The name that an ARN of a role, user or policy ends with.
export function nameOfArn(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

// The router's behaviour of tomorrow, which it would otherwise warn about.
export const routerFuture = { v7_startTransition: true, v7_relativeSplatPath: true };
