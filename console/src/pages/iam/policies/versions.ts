// The versions of a policy.
import { call, type Output } from '../../../api/client';
import { allPages } from '../../../api/many';
import { readablePolicy } from '../../../components/json_editor/policy_editor';

export type Version = Output<'iam', 'GetPolicyVersion'>['PolicyVersion'];

export const maxVersions = 5;

export function listVersions(PolicyArn: string, signal?: AbortSignal): Promise<Version[]> {
  return allPages('iam', 'ListPolicyVersions', { PolicyArn }, (page) => page.Versions, signal);
}

export async function versionDocument(PolicyArn: string, VersionId: string, signal?: AbortSignal): Promise<string> {
  const { PolicyVersion } = await call('iam', 'GetPolicyVersion', { PolicyArn, VersionId }, signal);
  return readablePolicy(PolicyVersion.Document ?? '');
}
