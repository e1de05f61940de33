// What an audit record says. The audit trail's form is CloudTrail's: docs/wire.md.
import type { Json } from '../../api/operations';
import { nameOfArn, outcomes, type Outcome } from '../../paths';
import { texts } from '../../texts';

export type JsonObject = { [key: string]: Json };
export type AuditRecord = JsonObject;

export interface RecordedDecision {
  decision: 'allow' | 'explicitDeny' | 'implicitDeny';
  request: JsonObject;
}

function at(record: AuditRecord, path: string[]): Json | undefined {
  let here: Json | undefined = record;
  for (const name of path) here = here !== null && typeof here === 'object' && !Array.isArray(here) ? here[name] : undefined;
  return here;
}

export function textOf(record: AuditRecord, ...path: string[]): string | undefined {
  const value = at(record, path);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function objectOf(record: AuditRecord, name: string): JsonObject {
  const value = record[name];
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
}

export function decisionsOf(record: AuditRecord): RecordedDecision[] {
  const decisions = at(record, ['additionalEventData', 'decisions']);
  return Array.isArray(decisions) ? (decisions as unknown as RecordedDecision[]) : [];
}

// A word that is not known is no success.
export function outcomeOf(record: AuditRecord): Outcome {
  return outcomes.find((each) => each === record.outcome) ?? 'failed';
}

const fact = (record: AuditRecord, name: string) => textOf(record, 'additionalEventData', name);

// A tag of the caller's session, which the context of a decision has.
function sessionTag(record: AuditRecord, name: string): string | undefined {
  const [decision] = decisionsOf(record);
  return decision && textOf(decision.request, 'context', `aws:PrincipalTag/${name}`);
}

export interface Facts {
  id: string;
  time: string; // as the record has it: 2026-01-02T03:04:05Z
  event: string;
  service: string;
  outcome: Outcome;
  principal?: string; // an ARN
  who?: string; // shortly
  session?: string; // its name, if it is a role's
  role?: string; // its ARN: of the association, or the caller's
  targetRole?: string;
  accessKeyId?: string;
  cluster?: string;
  namespace?: string;
  serviceAccount?: string;
  pod?: string; // namespace/name
  association?: string;
  from?: string;
  userAgent?: string;
  errorCode?: string;
  errorMessage?: string;
  reason?: string;
}

export function factsOf(record: AuditRecord): Facts {
  const identity = (...path: string[]) => textOf(record, 'userIdentity', ...path);
  const parameter = (name: string) => textOf(record, 'requestParameters', name);
  const principal = identity('arn');
  const namespace = fact(record, 'namespace') ?? sessionTag(record, 'kubernetes-namespace');
  const podName = fact(record, 'podName') ?? sessionTag(record, 'kubernetes-pod-name');
  return {
    id: textOf(record, 'requestID') ?? JSON.stringify(record),
    time: textOf(record, 'eventTime') ?? '',
    event: textOf(record, 'eventName') ?? '',
    service: (textOf(record, 'eventSource') ?? '').replace(/\.amazonaws\.com$/, ''),
    outcome: outcomeOf(record),
    principal,
    who: whoOf(principal, identity('type')) ?? identity('principalId') ?? identity('userName'),
    session: principal && inSession(principal)?.[1],
    role: fact(record, 'roleArn') ?? parameter('roleArn') ?? identity('sessionContext', 'sessionIssuer', 'arn'),
    targetRole: fact(record, 'targetRoleArn'),
    accessKeyId: identity('accessKeyId'),
    cluster: parameter('clusterName') ?? fact(record, 'cluster') ?? sessionTag(record, 'eks-cluster-name'),
    namespace,
    serviceAccount: fact(record, 'serviceAccount') ?? sessionTag(record, 'kubernetes-service-account'),
    pod: namespace && podName ? `${namespace}/${podName}` : podName,
    association: fact(record, 'associationId') ?? parameter('associationId'),
    from: textOf(record, 'sourceIPAddress'),
    userAgent: textOf(record, 'userAgent'),
    errorCode: textOf(record, 'errorCode'),
    errorMessage: textOf(record, 'errorMessage'),
    reason: fact(record, 'reason'),
  };
}

// "root", "ann", or the role of a session.
function whoOf(arn: string | undefined, type: string | undefined): string | undefined {
  if (type === 'AWSAccount') return texts.activity.anonymous;
  if (type === 'Root') return 'root';
  return arn && (inSession(arn)?.[0] ?? nameOfArn(arn));
}

// Role and name of a role's session.
function inSession(arn: string): [string, string] | undefined {
  const session = /:assumed-role\/([^/]+)\/(.+)$/.exec(arn);
  return session ? [session[1], session[2]] : undefined;
}

// The decision to explain: the last that denied, which is what the caller was told.
export function denialOf(record: AuditRecord): RecordedDecision | undefined {
  return decisionsOf(record)
    .filter(({ decision }) => decision !== 'allow')
    .pop();
}
