import { describe, expect, it } from 'vitest';
import { ApiError } from '../../api/client';
import { lengthOf } from './document_field';
import { checkPath, checkPolicyPath, checkPrincipalArn, checkRoleName, fieldOfError } from './rules';

const constraint = (member: string) =>
  `1 validation error detected: Value 'x' at '${member}' failed to satisfy constraint: Member must have length less than or equal to 64`;

describe('the field that a refusal is about', () => {
  it.each([
    ['ValidationError', constraint('roleName'), 'name'],
    ['ValidationError', constraint('path'), 'path'],
    ['ValidationError', constraint('assumeRolePolicyDocument'), 'document'],
    ['ValidationError', constraint('tags.1.member.key'), 'tags'],
    ['ValidationError', 'Missing the header', undefined],
    ['EntityAlreadyExists', 'Role with name r already exists.', 'name'],
    ['MalformedPolicyDocument', 'Syntax errors in policy.', 'document'],
    ['LimitExceeded', 'Cannot exceed quota for ACLSizePerRole: 2048', 'document'],
    ['LimitExceeded', 'Cannot exceed quota for PoliciesPerRole: 10', 'policies'],
    ['LimitExceeded', 'Cannot exceed quota for RolesPerAccount: 1000', undefined],
    ['NoSuchEntity', 'Scope ARN: arn:aws:iam::1:policy/p does not exist or is not attachable.', 'boundary'],
    ['NoSuchEntity', 'The role with name r cannot be found.', undefined],
    ['AccessDenied', 'User: arn is not authorized to perform: iam:CreateRole', undefined],
  ])('%s: %s', (code, message, field) => expect(fieldOfError(new ApiError(code, message, 400))).toBe(field));

  it('is none if the server was not reached', () => expect(fieldOfError(new Error('path'))).toBeUndefined());
});

describe('what may be typed', () => {
  it.each([
    [checkRoleName, 'a_role+=,.@-1', true],
    [checkRoleName, '', false],
    [checkRoleName, 'a role', false],
    [checkRoleName, 'a'.repeat(65), false],
    [checkPath, '/', true],
    [checkPath, '/a/b!/', true],
    [checkPath, 'a/', false],
    [checkPath, '/a', false],
    [checkPolicyPath, '/a/b/', true],
    [checkPolicyPath, '/b!/', false],
    [checkPrincipalArn, 'arn:aws:iam::111122223333:role/path/r', true],
    [checkPrincipalArn, 'arn:aws:iam::111122223333:root', false],
  ])('%# %s', (check, text, fine) => expect(check(text) === undefined).toBe(fine));
});

it.each([
  ['{ "a b" :\n1 }', 9],
  ['{"a\\" b": 1}', 11],
  ['{ "a', 3],
])('counts as IAM does: %s', (document, length) => expect(lengthOf(document)).toBe(length));
