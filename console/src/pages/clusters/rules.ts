// The rules for what is typed, as the server has them, and which field a refusal of the server's is about.
import { texts } from '../../texts';

const words = texts.associations.rules;

export type Check = (text: string) => string | undefined; // what is wrong

const part = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

export const checkNamespace: Check = (text) =>
  !text ? texts.common.required : text.length > 63 || !part.test(text) ? words.namespace : undefined;

export const checkServiceAccount: Check = (text) =>
  !text
    ? texts.common.required
    : text.length > 253 || !text.split('.').every((label) => part.test(label))
      ? words.serviceAccount
      : undefined;

export const checkRoleArn: Check = (text) =>
  /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(text) ? undefined : words.roleArn;

export const checkClusterName: Check = (text) =>
  !text ? texts.common.required : /^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$/.test(text) ? undefined : words.clusterName;

export const checkVersion: Check = (text) => (!text || /^1\.\d{1,3}$/.test(text) ? undefined : words.version);

export const maxPolicyCharacters = 2048;

export type Field = 'name' | 'version' | 'roleArn' | 'targetRoleArn' | 'namespace' | 'serviceAccount' | 'policy' | 'tags';

const fields: [RegExp, Field][] = [
  [/^targetRoleArn:/, 'targetRoleArn'],
  [/^roleArn:|^Role provided in the request|^Trust policy of the role|iam:PassRole/, 'roleArn'],
  [/^policy:/, 'policy'],
  [/^The namespace /, 'namespace'],
  [/^The service account |^Association already exists/, 'serviceAccount'],
  [/^The cluster name |^Cluster already exists/, 'name'],
  [/^unsupported Kubernetes version/, 'version'],
  [/\btags?\b/i, 'tags'],
];

// The field that a message names. undefined: none, so it is shown on top.
export function fieldOfError(error: Error | undefined): Field | undefined {
  return error && fields.find(([pattern]) => pattern.test(error.message))?.[1];
}
