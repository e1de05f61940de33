import { describe, expect, it } from 'vitest';
import { checkClusterName, checkNamespace, checkRoleArn, checkServiceAccount, checkVersion, fieldOfError, type Check } from './rules';

const rules: [string, Check, string[], string[]][] = [
  ['namespaces', checkNamespace, ['default', 'a', '0-a', 'x'.repeat(63)], ['', 'Default', '-a', 'a-', 'a.b', 'a_b', 'x'.repeat(64)]],
  ['service accounts', checkServiceAccount, ['a', 'a.b-c.d', 'x'.repeat(253)], ['', 'A', 'a..b', '.a', 'a.', '-a', 'x'.repeat(254)]],
  [
    'role ARNs',
    checkRoleArn,
    ['arn:aws:iam::111122223333:role/a', 'arn:aws-cn:iam::111122223333:role/path/to/a+b'],
    ['', 'my-role', 'arn:aws:iam::1:role/a', 'arn:aws:iam::111122223333:user/a', 'arn:aws:iam::111122223333:role/'],
  ],
  ['cluster names', checkClusterName, ['a', 'My_cluster-1', 'x'.repeat(100)], ['', '-a', 'a b', 'x'.repeat(101)]],
  ['versions', checkVersion, ['', '1.32'], ['1', '2.0', '1.32.1', 'latest']],
];

describe.each(rules)('%s', (_, check, good, bad) => {
  it.each(good)('%j is one', (text) => expect(check(text)).toBeUndefined());
  it.each(bad)('%j is none', (text) => expect(check(text)).toBeTruthy());
});

// The server's own sentences.
it.each([
  ["roleArn: 'x' is not the ARN of an IAM role: arn:aws:iam::ACCOUNT:role/NAME.", 'roleArn'],
  ['Role provided in the request does not exist.', 'roleArn'],
  ['Trust policy of the role provided is invalid.', 'roleArn'],
  ['User: arn:aws:iam::1:user/a is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/r', 'roleArn'],
  ["targetRoleArn: 'x' is not the ARN of an IAM role: arn:aws:iam::ACCOUNT:role/NAME.", 'targetRoleArn'],
  ['policy: a session policy requires disableSessionTags to be true.', 'policy'],
  ["The namespace 'X' is not valid: a Kubernetes namespace is 1 to 63 ...", 'namespace'],
  ["The service account 'X' is not valid: ...", 'serviceAccount'],
  ['Association already exists: a-00000000000000001', 'serviceAccount'],
  ['A resource can have at most 50 tags.', 'tags'],
  ['Cluster already exists with name: a', 'name'],
  ['unsupported Kubernetes version 9: give one as 1.32.', 'version'],
  ['The limit of 5000 pod identity associations for cluster a is reached.', undefined],
  ['The server did not answer.', undefined],
])('%s', (message, field) => expect(fieldOfError(new Error(message))).toBe(field));
