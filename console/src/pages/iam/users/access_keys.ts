import { call, type Output } from '../../../api/client';
import { allPages } from '../../../api/many';

export type AccessKey = NonNullable<Output<'iam', 'ListAccessKeys'>['AccessKeyMetadata']>[number];
export type NewAccessKey = Output<'iam', 'CreateAccessKey'>['AccessKey'];

export const maxAccessKeys = 2;

export function listAccessKeys(UserName: string, signal?: AbortSignal): Promise<AccessKey[]> {
  return allPages('iam', 'ListAccessKeys', { UserName }, (page) => page.AccessKeyMetadata, signal);
}

export function deleteAccessKey(UserName: string, AccessKeyId: string) {
  return call('iam', 'DeleteAccessKey', { UserName, AccessKeyId });
}

// As AWS's console writes it.
export function csvOf({ AccessKeyId, SecretAccessKey }: NewAccessKey): string {
  return `Access key ID,Secret access key\r\n${AccessKeyId},${SecretAccessKey}\r\n`;
}
