// What is asked of Explain: the state of its form, as the address has it and as the API wants it.
import type { Json } from '../../api/operations';
import type { ExplainQuery, RequestContext } from '../../paths';
import { texts } from '../../texts';

export interface ContextRow {
  key: string;
  value: string; // text, or a JSON list of texts for a multivalued key
  fresh?: boolean; // just added: the focus goes there
}

export interface Question {
  subject: 'pod' | 'principal';
  clusterName: string;
  namespace: string;
  serviceAccount: string;
  principal: string; // an ARN, a service's name, or * for a caller without credentials
  action: string;
  resource: string;
  resourceAccount: string;
  context: ContextRow[];
  recorded: boolean;
}

export function questionOf(query: ExplainQuery): Question {
  return {
    subject: query.principalArn ? 'principal' : 'pod',
    clusterName: query.clusterName ?? '',
    namespace: query.namespace ?? '',
    serviceAccount: query.serviceAccount ?? '',
    principal: query.principalArn ?? '',
    action: query.action ?? '',
    resource: query.resource ?? '',
    resourceAccount: query.resourceAccount ?? '',
    context: Object.entries(query.context ?? {}).map(([key, value]) => ({ key, value: writeValue(value) })),
    recorded: query.recorded ?? false,
  };
}

export function queryOf(question: Question): ExplainQuery {
  const { clusterName, namespace, serviceAccount, principal } = question;
  return {
    ...(question.subject === 'pod' ? { clusterName, namespace, serviceAccount } : { principalArn: principal }),
    action: question.action,
    resource: question.resource,
    resourceAccount: question.resourceAccount,
    context: contextOf(question),
    recorded: question.recorded,
  };
}

// The request in the form that src/aws/request_json.h reads.
export function requestOf(question: Question): Json {
  const request: { [key: string]: Json } = {
    principal: principalOf(question),
    action: question.action.trim(),
    resource: question.resource.trim(),
    context: contextOf(question),
  };
  if (question.resourceAccount.trim()) request.resourceAccount = question.resourceAccount.trim();
  return request;
}

function principalOf({ subject, clusterName, namespace, serviceAccount, principal }: Question): Json {
  if (subject === 'pod') {
    const place = { cluster: clusterName, namespace, serviceAccount };
    return { podIdentity: Object.fromEntries(Object.entries(place).map(([name, value]) => [name, value.trim()])) };
  }
  const name = principal.trim();
  if (name === '*') return { anonymous: true };
  if (/:(oidc|saml)-provider\//.test(name)) return { federated: name };
  return name.startsWith('arn:') ? name : { service: name };
}

// How the form writes a principal of a recorded request.
export function principalText(principal: Json | undefined): string {
  if (typeof principal === 'string') return principal;
  const { service, federated, anonymous } = (principal ?? {}) as { [key: string]: Json };
  return anonymous ? '*' : String(service ?? federated ?? '');
}

// The question that a decision of an audit record answered.
export function queryOfDecision(request: { [key: string]: Json }): ExplainQuery {
  return {
    principalArn: principalText(request.principal),
    action: String(request.action ?? ''),
    resource: String(request.resource ?? ''),
    resourceAccount: typeof request.resourceAccount === 'string' ? request.resourceAccount : undefined,
    context: (request.context ?? {}) as RequestContext,
    recorded: true,
  };
}

const writeValue = (value: string | string[]) => (typeof value === 'string' && !/^["[]/.test(value) ? value : JSON.stringify(value));

function readValue(value: string): string | string[] | undefined {
  if (!value.startsWith('[') && !value.startsWith('"')) return value;
  try {
    const read: unknown = JSON.parse(value);
    const list = Array.isArray(read) && read.every((item) => typeof item === 'string');
    return list || typeof read === 'string' ? (read as string | string[]) : undefined;
  } catch {
    return value.startsWith('[') ? undefined : value;
  }
}

function contextOf({ context }: Question): RequestContext {
  const given = context.filter(({ key }) => key.trim());
  return Object.fromEntries(given.map(({ key, value }) => [key.trim(), readValue(value) ?? value]));
}

export type Problems = { [F in 'clusterName' | 'namespace' | 'serviceAccount' | 'principal' | 'action' | 'resource' | 'context']?: string };

export function problemsOf(question: Question): Problems {
  const needed = ['action', 'resource', ...(question.subject === 'pod' ? ['clusterName', 'namespace', 'serviceAccount'] : ['principal'])];
  const problems: Problems = Object.fromEntries(
    (needed as ('action' | 'principal')[]).filter((name) => !question[name].trim()).map((name) => [name, texts.common.required]),
  );
  if (!problems.action && !/^[A-Za-z0-9-]+:[A-Za-z0-9]+$/.test(question.action.trim())) problems.action = texts.explain.actionForm;
  if (question.context.some((row) => contextProblem(row))) problems.context = texts.explain.listForm;
  return problems;
}

export function contextProblem({ key, value }: ContextRow): string | undefined {
  if (readValue(value) === undefined) return texts.explain.listForm;
  return !key.trim() && value ? texts.common.required : undefined;
}
