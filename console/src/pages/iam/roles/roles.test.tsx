import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../api/client';
import { denial, fakeApi, type Handlers } from '../../../test/fake_api';
import { renderConsole, typeInto, where } from '../../../test/render';
import { newTrust, trustDocument } from '../trust';
import type { Role } from './role_list';

const place = { partition: 'aws', account: '111122223333', region: 'us-west-2' };
const policyArn = 'arn:aws:iam::111122223333:policy/read';

function aRole(RoleName: string): Role {
  return {
    RoleName,
    Path: '/',
    RoleId: `AROA${RoleName}`,
    Arn: `arn:aws:iam::111122223333:role/${RoleName}`,
    CreateDate: 1700000000,
    AssumeRolePolicyDocument: encodeURIComponent(trustDocument(newTrust, place)),
    MaxSessionDuration: 3600,
  };
}

const aPolicy = {
  PolicyName: 'read',
  PolicyId: 'ANPA1',
  Arn: policyArn,
  Path: '/',
  DefaultVersionId: 'v1',
  AttachmentCount: 0,
  PermissionsBoundaryUsageCount: 0,
  IsAttachable: true,
  CreateDate: 1700000000,
  UpdateDate: 1700000000,
};

const done = () => ({});

// An account with the role `app`, which has an attached and an inline policy.
function api(changes: Handlers['iam'] = {}, eks: Handlers['eks'] = { ListClusters: () => ({ clusters: [] }) }) {
  return fakeApi({
    eks,
    podpass: { ValidatePolicy: () => ({ findings: [] }), ListActions: () => ({ actions: [] }) },
    iam: {
      ListRoles: () => ({ Roles: [aRole('app'), aRole('job')], IsTruncated: false }),
      ListRoleTags: ({ RoleName }) => ({ Tags: [{ Key: 'of', Value: RoleName }], IsTruncated: false }),
      GetRole: ({ RoleName }) => ({ Role: aRole(RoleName) }),
      ListPolicies: () => ({ Policies: [aPolicy], IsTruncated: false }),
      ListAttachedRolePolicies: () => ({
        AttachedPolicies: [{ PolicyName: 'read', PolicyArn: policyArn }],
        IsTruncated: false,
      }),
      ListRolePolicies: () => ({ PolicyNames: ['own'], IsTruncated: false }),
      DetachRolePolicy: done,
      DeleteRolePolicy: done,
      DeleteRole: done,
      ...changes,
    },
  });
}

describe('the list of roles', () => {
  it('says whom each trusts, and asks for tags once their column is shown', async () => {
    const fake = api();
    const user = renderConsole('/iam/roles');
    expect(await screen.findByRole('link', { name: 'app' })).toBeTruthy();
    expect(screen.getAllByText('Service: pods.eks')).toHaveLength(2);
    expect(fake.of('ListRoleTags')).toEqual([]);
    await user.click(screen.getByRole('button', { name: 'Preferences' }));
    await user.click(await screen.findByRole('checkbox', { name: 'Tags' }));
    await user.click(screen.getByRole('button', { name: 'Confirm' }));
    expect(await screen.findByText('of=job')).toBeTruthy();
    expect(fake.of('ListRoleTags')).toHaveLength(2);
  });
});

describe('creating a role', () => {
  const creating = (changes: Handlers['iam'] = {}) =>
    api({ CreateRole: ({ RoleName }) => ({ Role: aRole(RoleName) }), AttachRolePolicy: done, ...changes });

  it('trusts pod identity unless told otherwise, and attaches policies', async () => {
    const fake = creating();
    const user = renderConsole('/iam/create-role');
    await user.type(await screen.findByLabelText('Role name'), 'new');
    await user.click(screen.getByRole('button', { name: /Policies to attach/ }));
    await user.click(await screen.findByRole('option', { name: /read/ }));
    await user.click(screen.getByRole('button', { name: 'Create role' }));
    await waitFor(() => expect(where()).toBe('/iam/roles/new/permissions'));
    expect(fake.of('CreateRole')).toEqual([
      { RoleName: 'new', Path: '/', AssumeRolePolicyDocument: trustDocument(newTrust, place), Tags: [] },
    ]);
    expect(fake.of('AttachRolePolicy')).toEqual([{ RoleName: 'new', PolicyArn: policyArn }]);
    expect(screen.getByText('Role new was created.')).toBeTruthy();
  });

  it('tells of policies that could not be attached', async () => {
    creating({ AttachRolePolicy: () => { throw denial('iam:AttachRolePolicy'); } });
    const user = renderConsole('/iam/create-role');
    await user.type(await screen.findByLabelText('Role name'), 'new');
    await user.click(screen.getByRole('button', { name: /Policies to attach/ }));
    await user.click(await screen.findByRole('option', { name: /read/ }));
    await user.click(screen.getByRole('button', { name: 'Create role' }));
    expect(await screen.findByText('read could not be attached')).toBeTruthy();
    expect(screen.getByText(/is not authorized to perform: iam:AttachRolePolicy/)).toBeTruthy();
  });

  it('says what is missing, and the refusal beside its field until that is changed', async () => {
    const fake = creating({
      CreateRole: () => { throw new ApiError('EntityAlreadyExists', 'Role with name app already exists.', 409); },
    });
    const user = renderConsole('/iam/create-role');
    await user.click(await screen.findByRole('button', { name: 'Create role' }));
    expect(screen.getByText('This is required.')).toBeTruthy();
    expect(fake.of('CreateRole')).toEqual([]);
    await user.type(screen.getByLabelText('Role name'), 'app');
    await user.click(screen.getByRole('button', { name: 'Create role' }));
    expect(await screen.findByText('Role with name app already exists.')).toBeTruthy();
    expect(screen.queryByText('EntityAlreadyExists')).toBeNull();
    await user.type(screen.getByLabelText('Role name'), '2');
    expect(screen.queryByText('Role with name app already exists.')).toBeNull();
  });

  it('shows a denial on top', async () => {
    creating({ CreateRole: () => { throw denial('iam:CreateRole'); } });
    const user = renderConsole('/iam/create-role');
    await user.type(await screen.findByLabelText('Role name'), 'new');
    await user.click(screen.getByRole('button', { name: 'Create role' }));
    expect(await screen.findByText(/is not authorized to perform: iam:CreateRole/)).toBeTruthy();
    expect(screen.getByRole('link', { name: 'Why was it denied?' })).toBeTruthy();
  });

  it('goes on by hand from a template', async () => {
    const fake = creating();
    const user = renderConsole('/iam/create-role');
    await user.type(await screen.findByLabelText('Role name'), 'new');
    await user.click(screen.getByRole('radio', { name: /AWS account/ }));
    await user.click(screen.getByRole('radio', { name: /Another account/ }));
    await user.click(screen.getByRole('button', { name: 'Create role' }));
    expect(screen.getByText('An account ID has 12 digits.')).toBeTruthy();
    await user.type(screen.getByLabelText('Account ID'), '444455556666');
    await user.click(screen.getByRole('button', { name: 'Edit it by hand' }));
    expect(screen.getByRole('radio', { name: /Custom trust policy/ })).toHaveProperty('checked', true);
    typeInto('Trust policy', '{"by": "hand"}');
    await user.click(screen.getByRole('button', { name: 'Create role' }));
    await waitFor(() => expect(where()).toBe('/iam/roles/new/permissions'));
    expect(fake.of('CreateRole')).toMatchObject([{ AssumeRolePolicyDocument: '{"by": "hand"}' }]);
  });
});

describe('a role', () => {
  it('is deleted with what stands in the way, after that was said', async () => {
    const fake = api();
    const user = renderConsole('/iam/roles/app');
    await screen.findByRole('link', { name: 'own' });
    await user.click(screen.getAllByRole('button', { name: 'Delete' })[0]);
    const dialog = within(await screen.findByRole('dialog'));
    expect(await dialog.findByText('These policies are detached from it:')).toBeTruthy();
    expect(dialog.getByText('own')).toBeTruthy();
    await user.type(dialog.getByRole('textbox'), 'app');
    await user.click(dialog.getByRole('button', { name: 'Delete' }));
    await waitFor(() => expect(where()).toBe('/iam/roles'));
    expect(fake.of('DetachRolePolicy')).toEqual([{ RoleName: 'app', PolicyArn: policyArn }]);
    expect(fake.of('DeleteRolePolicy')).toEqual([{ RoleName: 'app', PolicyName: 'own' }]);
    expect(fake.of('DeleteRole')).toEqual([{ RoleName: 'app' }]);
  });

  it('has its trust policy edited, with the refusal below it', async () => {
    const fake = api({
      UpdateAssumeRolePolicy: ({ PolicyDocument }) => {
        if (PolicyDocument === '{}') throw new ApiError('MalformedPolicyDocument', 'Syntax errors in policy.', 400);
        return {};
      },
    });
    const user = renderConsole('/iam/roles/app/trust');
    await user.click(await screen.findByRole('button', { name: 'Edit trust policy' }));
    typeInto('Trust policy', '{}');
    await user.click(screen.getByRole('button', { name: 'Save changes' }));
    expect(await screen.findByText('Syntax errors in policy.')).toBeTruthy();
    typeInto('Trust policy', '{"a": 1}');
    expect(screen.queryByText('Syntax errors in policy.')).toBeNull();
    await user.click(screen.getByRole('button', { name: 'Save changes' }));
    expect(await screen.findByText('The trust policy of app was saved.')).toBeTruthy();
    expect(fake.of('UpdateAssumeRolePolicy')).toHaveLength(2);
  });

  it('shows the associations that name it, as role or target role', async () => {
    const { Arn } = aRole('app');
    const associations = [
      { associationId: 'a-1', namespace: 'shop', roleArn: Arn },
      { associationId: 'a-2', namespace: 'shop', roleArn: 'arn:aws:iam::1:role/b' },
      { associationId: 'a-3', namespace: 'far', roleArn: 'arn:aws:iam::1:role/b', targetRoleArn: Arn },
    ];
    api({}, {
      ListClusters: () => ({ clusters: ['c'] }),
      ListPodIdentityAssociations: () => ({ associations: associations.map(({ associationId }) => ({ associationId })) }),
      DescribePodIdentityAssociation: ({ associationId }) => ({
        association: { clusterName: 'c', ...associations.find((association) => association.associationId === associationId)! },
      }),
    });
    renderConsole('/iam/roles/app/used-by');
    expect(await screen.findByRole('link', { name: 'a-1' })).toBeTruthy();
    expect(screen.getByText('Target role')).toBeTruthy();
    expect(screen.queryByRole('link', { name: 'a-2' })).toBeNull();
  });

  it('says what could not be read, and shows the rest', async () => {
    api({ GetRole: () => { throw denial('iam:GetRole'); } });
    renderConsole('/iam/roles/app/permissions');
    expect(await screen.findByText(/is not authorized to perform: iam:GetRole/)).toBeTruthy();
    expect(await screen.findByRole('link', { name: 'own' })).toBeTruthy();
  });

  it('gets a boundary', async () => {
    const fake = api({ PutRolePermissionsBoundary: done });
    const user = renderConsole('/iam/roles/app/boundary');
    await user.click(await screen.findByRole('button', { name: 'Set boundary' }));
    const dialog = within(await screen.findByRole('dialog'));
    await user.click(dialog.getByRole('button', { name: /Policy/ }));
    await user.click(await screen.findByRole('option', { name: /read/ }));
    await user.click(dialog.getByRole('button', { name: 'Set boundary' }));
    expect(await screen.findByText('read is the permissions boundary now.')).toBeTruthy();
    expect(fake.of('PutRolePermissionsBoundary')).toEqual([{ RoleName: 'app', PermissionsBoundary: policyArn }]);
  });
});
