// IAM's rules for what is typed, and which field a refusal of the server's is about.
import { ApiError } from '../../api/client';
import { texts } from '../../texts';

const words = texts.iam.rules;

export type Check = (text: string) => string | undefined; // what is wrong

function checkName(most: number): Check {
  return (text) =>
    !text ? texts.common.required : text.length > most || !/^[\w+=,.@-]+$/.test(text) ? words.name(most) : undefined;
}

export const checkRoleName = checkName(64);
export const checkUserName = checkName(64);
export const checkPolicyName = checkName(128);

export const checkPath: Check = (text) =>
  text.length <= 512 && /^\/([\x21-\x7e]+\/)?$/.test(text) ? undefined : words.path;

export const checkPolicyPath: Check = (text) =>
  text.length <= 512 && /^(\/[A-Za-z0-9.,+@=_-]+)*\/$/.test(text) ? undefined : words.policyPath;

export const checkAccount: Check = (text) => (/^\d{12}$/.test(text) ? undefined : words.account);

export const checkPrincipalArn: Check = (text) =>
  /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=,.@/-]+$/.test(text) ? undefined : words.principalArn;

export const checkExternalId: Check = (text) =>
  !text || /^[\w+=,.@:/-]{2,1224}$/.test(text) ? undefined : words.externalId;

export type Field =
  | 'name'
  | 'path'
  | 'description'
  | 'document'
  | 'boundary'
  | 'tags'
  | 'policies'
  | 'session';

// In a ValidationError: "Value 'x' at 'roleName' failed to satisfy constraint ..."
const members: Record<string, Field> = {
  roleName: 'name',
  userName: 'name',
  policyName: 'name',
  path: 'path',
  description: 'description',
  assumeRolePolicyDocument: 'document',
  policyDocument: 'document',
  permissionsBoundary: 'boundary',
  maxSessionDuration: 'session',
  policyArn: 'policies',
};

const codes: Record<string, [RegExp, Field][]> = {
  EntityAlreadyExists: [[/./, 'name']],
  MalformedPolicyDocument: [[/./, 'document']],
  LimitExceeded: [
    [/PolicySize|ACLSizePerRole|Maximum policy size|documents are longer/, 'document'],
    [/PoliciesPer(Role|User)/, 'policies'],
    [/tags/, 'tags'],
  ],
  NoSuchEntity: [
    [/^Scope ARN/, 'boundary'],
    [/^Policy /, 'policies'],
  ],
  InvalidInput: [
    [/^The path/, 'path'],
    [/tag/i, 'tags'],
  ],
  ValidationError: [[/ at 'tags/, 'tags']],
};

// undefined: none that is known, so it is shown on top.
export function fieldOfError(error: Error | undefined): Field | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const member = /' at '(\w+)' failed/.exec(error.message)?.[1];
  if (member && members[member]) return members[member];
  return codes[error.code]?.find(([pattern]) => pattern.test(error.message))?.[1];
}
