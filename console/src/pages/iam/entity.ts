// What is done alike to roles and to users - policies, tags, boundary - and the operation that does it to each.
import { call, type Output } from '../../api/client';
import { allPages } from '../../api/many';

export type AttachedPolicy = NonNullable<Output<'iam', 'ListAttachedRolePolicies'>['AttachedPolicies']>[number];
export type Tag = { Key: string; Value: string };

export interface Entity {
  kind: 'role' | 'user';
  name: string;
  attached: (signal?: AbortSignal) => Promise<AttachedPolicy[]>;
  attach: (PolicyArn: string) => Promise<unknown>;
  detach: (PolicyArn: string) => Promise<unknown>;
  inlinePolicies: (signal?: AbortSignal) => Promise<string[]>;
  inlinePolicy: (PolicyName: string, signal?: AbortSignal) => Promise<string>; // its document, as the answer has it
  putInlinePolicy: (PolicyName: string, PolicyDocument: string) => Promise<unknown>;
  deleteInlinePolicy: (PolicyName: string) => Promise<unknown>;
  tag: (Tags: Tag[]) => Promise<unknown>;
  untag: (TagKeys: string[]) => Promise<unknown>;
  setBoundary: (arn: string | undefined) => Promise<unknown>;
}

export function roleEntity(RoleName: string): Entity {
  return {
    kind: 'role',
    name: RoleName,
    attached: (signal) =>
      allPages('iam', 'ListAttachedRolePolicies', { RoleName }, (page) => page.AttachedPolicies, signal),
    attach: (PolicyArn) => call('iam', 'AttachRolePolicy', { RoleName, PolicyArn }),
    detach: (PolicyArn) => call('iam', 'DetachRolePolicy', { RoleName, PolicyArn }),
    inlinePolicies: (signal) => allPages('iam', 'ListRolePolicies', { RoleName }, (page) => page.PolicyNames, signal),
    inlinePolicy: async (PolicyName, signal) =>
      (await call('iam', 'GetRolePolicy', { RoleName, PolicyName }, signal)).PolicyDocument,
    putInlinePolicy: (PolicyName, PolicyDocument) =>
      call('iam', 'PutRolePolicy', { RoleName, PolicyName, PolicyDocument }),
    deleteInlinePolicy: (PolicyName) => call('iam', 'DeleteRolePolicy', { RoleName, PolicyName }),
    tag: (Tags) => call('iam', 'TagRole', { RoleName, Tags }),
    untag: (TagKeys) => call('iam', 'UntagRole', { RoleName, TagKeys }),
    setBoundary: (PermissionsBoundary) =>
      PermissionsBoundary
        ? call('iam', 'PutRolePermissionsBoundary', { RoleName, PermissionsBoundary })
        : call('iam', 'DeleteRolePermissionsBoundary', { RoleName }),
  };
}

export function userEntity(UserName: string): Entity {
  return {
    kind: 'user',
    name: UserName,
    attached: (signal) =>
      allPages('iam', 'ListAttachedUserPolicies', { UserName }, (page) => page.AttachedPolicies, signal),
    attach: (PolicyArn) => call('iam', 'AttachUserPolicy', { UserName, PolicyArn }),
    detach: (PolicyArn) => call('iam', 'DetachUserPolicy', { UserName, PolicyArn }),
    inlinePolicies: (signal) => allPages('iam', 'ListUserPolicies', { UserName }, (page) => page.PolicyNames, signal),
    inlinePolicy: async (PolicyName, signal) =>
      (await call('iam', 'GetUserPolicy', { UserName, PolicyName }, signal)).PolicyDocument,
    putInlinePolicy: (PolicyName, PolicyDocument) =>
      call('iam', 'PutUserPolicy', { UserName, PolicyName, PolicyDocument }),
    deleteInlinePolicy: (PolicyName) => call('iam', 'DeleteUserPolicy', { UserName, PolicyName }),
    tag: (Tags) => call('iam', 'TagUser', { UserName, Tags }),
    untag: (TagKeys) => call('iam', 'UntagUser', { UserName, TagKeys }),
    setBoundary: (PermissionsBoundary) =>
      PermissionsBoundary
        ? call('iam', 'PutUserPermissionsBoundary', { UserName, PermissionsBoundary })
        : call('iam', 'DeleteUserPermissionsBoundary', { UserName }),
  };
}

// IAM's lists of tags as maps, and back.
export function tagsOf(tags: readonly Tag[] | undefined): Record<string, string> {
  return Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key, Value]));
}

export function tagList(tags: Record<string, string>): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

export function tagsText(tags: Record<string, string>): string {
  return Object.entries(tags).map(([key, value]) => `${key}=${value}`).join(', ');
}
