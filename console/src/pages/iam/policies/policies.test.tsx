import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../api/client';
import { paths } from '../../../paths';
import { fakeApi, type Handlers } from '../../../test/fake_api';
import { editor, renderConsole, typeInto, where } from '../../../test/render';
import type { Version } from './versions';

const arn = 'arn:aws:iam::111122223333:policy/team/read';
const policy = {
  PolicyName: 'read',
  PolicyId: 'ANPA1',
  Arn: arn,
  Path: '/team/',
  DefaultVersionId: 'v5',
  AttachmentCount: 1,
  PermissionsBoundaryUsageCount: 0,
  IsAttachable: true,
  CreateDate: 1700000000,
  UpdateDate: 1700000000,
};
const done = () => ({});

function versions(count: number): Version[] {
  const ids = Array.from({ length: count }, (_, index) => count - index);
  return ids.map((n) => ({ VersionId: `v${n}`, IsDefaultVersion: n === count, CreateDate: 1700000000 + n }));
}

// An account with one policy, which role `app` has; a document with "bad" in it has an error.
function api(changes: Handlers['iam'] = {}) {
  return fakeApi({
    podpass: {
      ListActions: () => ({ actions: [] }),
      ValidatePolicy: ({ document }) => ({
        findings: document.includes('bad') ? [{ severity: 'error', message: 'It is bad.', line: 1, column: 2 }] : [],
      }),
    },
    iam: {
      ListPolicies: () => ({ Policies: [policy], IsTruncated: false }),
      GetPolicy: () => ({ Policy: policy }),
      ListPolicyVersions: () => ({ Versions: versions(5), IsTruncated: false }),
      GetPolicyVersion: ({ VersionId }) => ({
        PolicyVersion: { ...versions(5)[0], VersionId, Document: encodeURIComponent(`{"of": "${VersionId}"}`) },
      }),
      ListEntitiesForPolicy: ({ PolicyUsageFilter }) => ({
        PolicyRoles: PolicyUsageFilter === 'PermissionsPolicy' ? [{ RoleName: 'app', RoleId: 'AROA1' }] : [],
        IsTruncated: false,
      }),
      DetachRolePolicy: done,
      DeletePolicyVersion: done,
      DeletePolicy: done,
      SetDefaultPolicyVersion: done,
      ...changes,
    },
  });
}

describe('creating a policy', () => {
  it('waits until the document has no errors, and shows a refusal below it', async () => {
    const fake = api({
      CreatePolicy: ({ PolicyDocument }) => {
        if (PolicyDocument === '{}') throw new ApiError('MalformedPolicyDocument', 'Syntax errors in policy.', 400);
        return { Policy: policy };
      },
    });
    const user = renderConsole('/iam/create-policy');
    await user.type(await screen.findByLabelText('Policy name'), 'read');
    typeInto('Policy document', '{"bad": 1}');
    expect(await screen.findByText('It is bad.')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Create policy' }));
    expect(screen.getByText('Correct the errors in the policy first.')).toBeTruthy();
    expect(fake.of('CreatePolicy')).toEqual([]);

    typeInto('Policy document', '{}');
    await waitFor(() => expect(screen.queryByText('It is bad.')).toBeNull());
    await user.click(screen.getByRole('button', { name: 'Create policy' }));
    expect(await screen.findByText('Syntax errors in policy.')).toBeTruthy();

    typeInto('Policy document', '{"good": 1}');
    await user.click(screen.getByRole('button', { name: 'Create policy' }));
    await waitFor(() => expect(where()).toBe(paths.policy(arn)));
    expect(await screen.findByRole('heading', { name: 'read', level: 1 })).toBeTruthy();
    expect(fake.of('CreatePolicy').at(-1)).toEqual({ PolicyName: 'read', Path: '/', PolicyDocument: '{"good": 1}', Tags: [] });
  });
});

describe('a policy', () => {
  it('is edited as a new version, for which the oldest one goes if there are five', async () => {
    const fake = api({ CreatePolicyVersion: () => ({ PolicyVersion: { ...versions(6)[0] } }) });
    const user = renderConsole(paths.editPolicy(arn));
    expect(await screen.findByText('There are 5 versions, which is the most a policy can have')).toBeTruthy();
    expect(editor('Policy document').state.doc.toString()).toBe('{\n  "of": "v5"\n}');
    typeInto('Policy document', '{"new": 1}');
    await waitFor(() => expect(fake.of('ValidatePolicy')).toHaveLength(2)); // saving waits for that
    const save = screen.getByRole('button', { name: 'Save changes' });
    await waitFor(() => expect(save.getAttribute('aria-disabled')).not.toBe('true'));
    await user.click(save);
    expect(await screen.findByText('Version v6 of read was created.')).toBeTruthy();
    expect(fake.of('DeletePolicyVersion')).toEqual([{ PolicyArn: arn, VersionId: 'v1' }]);
    expect(fake.of('CreatePolicyVersion')).toEqual([{ PolicyArn: arn, PolicyDocument: '{"new": 1}', SetAsDefault: true }]);
  });

  it('shows its versions and changes the default one', async () => {
    const fake = api();
    const user = renderConsole(paths.policy(arn, 'versions'));
    await user.click(await screen.findByRole('button', { name: 'v2' }));
    await waitFor(() => expect(editor('Version v2').state.doc.toString()).toBe('{\n  "of": "v2"\n}'));
    await user.click(screen.getByRole('radio', { name: 'Select v2' }));
    await user.click(screen.getByRole('button', { name: 'Set as default' }));
    expect(await screen.findByText('v2 is the default version now.')).toBeTruthy();
    expect(fake.of('SetDefaultPolicyVersion')).toEqual([{ PolicyArn: arn, VersionId: 'v2' }]);
  });

  async function deleteIt() {
    const user = renderConsole('/iam/policies');
    await user.click(await screen.findByRole('radio', { name: 'Select read' }));
    await user.click(screen.getByRole('button', { name: 'Delete' }));
    const dialog = within(await screen.findByRole('dialog'));
    expect(await dialog.findByText('role app')).toBeTruthy();
    await user.type(dialog.getByRole('textbox'), 'read');
    await user.click(dialog.getByRole('button', { name: 'Delete' }));
  }

  it('is deleted with its versions, and detached first', async () => {
    const fake = api({ ListPolicyVersions: () => ({ Versions: versions(2), IsTruncated: false }) });
    await deleteIt();
    expect(await screen.findByText('Policy read was deleted.')).toBeTruthy();
    const changes = fake.calls.filter(({ operation }) => /^(Detach|Delete)/.test(operation));
    expect(changes.map(({ operation }) => operation)).toEqual(['DetachRolePolicy', 'DeletePolicyVersion', 'DeletePolicy']);
  });

  it('that is a boundary stays as it is', async () => {
    const fake = api({
      ListEntitiesForPolicy: () => ({ PolicyRoles: [{ RoleName: 'app', RoleId: 'AROA1' }], IsTruncated: false }),
    });
    const user = renderConsole('/iam/policies');
    await user.click(await screen.findByRole('radio', { name: 'Select read' }));
    await user.click(screen.getByRole('button', { name: 'Delete' }));
    const dialog = within(await screen.findByRole('dialog'));
    expect(await dialog.findByText(/so it cannot be deleted/)).toBeTruthy();
    await user.type(dialog.getByRole('textbox'), 'read');
    await user.click(dialog.getByRole('button', { name: 'Delete' }));
    expect(await dialog.findByText(/Remove it there first/)).toBeTruthy();
    expect(fake.of('DetachRolePolicy')).toEqual([]);
    expect(fake.of('DeletePolicy')).toEqual([]);
  });
});
