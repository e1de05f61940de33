import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../api/client';
import { fakeApi, type Handlers } from '../../../test/fake_api';
import { renderConsole, typeInto, where } from '../../../test/render';
import { csvOf } from './access_keys';

const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const key = (AccessKeyId: string, Status = 'Active') => ({ UserName: 'ann', AccessKeyId, Status, CreateDate: 1700000000 });
const done = () => ({});

function api(changes: Handlers['iam'] = {}) {
  return fakeApi({
    podpass: { ValidatePolicy: () => ({ findings: [] }), ListActions: () => ({ actions: [] }) },
    iam: {
      ListUsers: () => ({
        Users: [{ UserName: 'ann', UserId: 'AIDA1', Path: '/', Arn: 'arn:aws:iam::1:user/ann', CreateDate: 1700000000 }],
        IsTruncated: false,
      }),
      GetUser: () => ({ User: { UserName: 'ann', UserId: 'AIDA1', Path: '/', Arn: 'arn:aws:iam::1:user/ann' } }),
      ListPolicies: () => ({ Policies: [], IsTruncated: false }),
      ListAttachedUserPolicies: () => ({ AttachedPolicies: [], IsTruncated: false }),
      ListUserPolicies: () => ({ PolicyNames: ['own'], IsTruncated: false }),
      ListAccessKeys: () => ({ AccessKeyMetadata: [key('AKIA1')], IsTruncated: false }),
      DeleteAccessKey: done,
      DeleteUserPolicy: done,
      DeleteUser: done,
      UpdateAccessKey: done,
      ...changes,
    },
  });
}

describe('access keys', () => {
  it('show a secret once', async () => {
    api({ CreateAccessKey: () => ({ AccessKey: { ...key('AKIA2'), SecretAccessKey: secret } }) });
    const user = renderConsole('/iam/users/ann/access-keys');
    await screen.findByText('AKIA1');
    await user.click(screen.getByRole('button', { name: 'Create access key' }));
    const asked = within(await screen.findByRole('dialog'));
    await user.click(asked.getByRole('button', { name: 'Create access key' }));
    expect(await screen.findByText(/This is the only time/)).toBeTruthy();
    expect(document.body.innerHTML).not.toContain(secret);
    await user.click(screen.getByRole('button', { name: 'Show' }));
    expect(screen.getByText(secret)).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Done' }));
    await waitFor(() => expect(screen.queryByText(secret)).toBeNull());
    await user.click(screen.getByRole('button', { name: 'Create access key' }));
    expect(screen.queryByText(/This is the only time/)).toBeNull();
  });

  it('are two at most', async () => {
    api({ ListAccessKeys: () => ({ AccessKeyMetadata: [key('AKIA1'), key('AKIA2', 'Inactive')], IsTruncated: false }) });
    renderConsole('/iam/users/ann/access-keys');
    await screen.findByText('Inactive');
    expect(screen.getByRole('button', { name: 'Create access key' }).getAttribute('aria-disabled')).toBe('true');
  });

  it('are deactivated and deleted', async () => {
    const fake = api();
    const user = renderConsole('/iam/users/ann/access-keys');
    await user.click(await screen.findByRole('radio', { name: 'Select AKIA1' }));
    await user.click(screen.getByRole('button', { name: 'Deactivate' }));
    expect(await screen.findByText('AKIA1 is inactive now.')).toBeTruthy();
    expect(fake.of('UpdateAccessKey')).toEqual([{ UserName: 'ann', AccessKeyId: 'AKIA1', Status: 'Inactive' }]);
  });

  it('are written as AWS writes them', () =>
    expect(csvOf({ ...key('AKIA2'), SecretAccessKey: secret })).toBe(
      `Access key ID,Secret access key\r\nAKIA2,${secret}\r\n`,
    ));
});

describe('a user', () => {
  it('is created, with the refusal beside its field', async () => {
    const fake = api({
      CreateUser: () => { throw new ApiError('EntityAlreadyExists', 'User with name ann already exists.', 409); },
    });
    const user = renderConsole('/iam/create-user');
    await user.type(await screen.findByLabelText('User name'), 'ann');
    await user.click(screen.getByRole('button', { name: 'Create user' }));
    expect(await screen.findByText('User with name ann already exists.')).toBeTruthy();
    expect(fake.of('CreateUser')).toEqual([{ UserName: 'ann', Path: '/', Tags: [] }]);
  });

  it('is deleted with its keys and policies', async () => {
    const fake = api();
    const user = renderConsole('/iam/users');
    await user.click(await screen.findByRole('radio', { name: 'Select ann' }));
    await user.click(screen.getByRole('button', { name: 'Delete' }));
    const dialog = within(await screen.findByRole('dialog'));
    expect(await dialog.findByText('AKIA1')).toBeTruthy();
    await user.type(dialog.getByRole('textbox'), 'ann');
    await user.click(dialog.getByRole('button', { name: 'Delete' }));
    expect(await screen.findByText('User ann was deleted.')).toBeTruthy();
    const deleted = fake.calls.filter(({ operation }) => operation.startsWith('Delete'));
    expect(deleted.map(({ operation }) => operation)).toEqual(['DeleteAccessKey', 'DeleteUserPolicy', 'DeleteUser']);
  });

  it('gets an inline policy', async () => {
    const fake = api({ PutUserPolicy: done });
    const user = renderConsole('/iam/users/ann/permissions/create-inline-policy');
    await user.type(await screen.findByLabelText('Policy name'), 'mine');
    typeInto('Policy document', '{"a": 1}');
    await user.click(screen.getByRole('button', { name: 'Create' }));
    await waitFor(() => expect(where()).toBe('/iam/users/ann/permissions'));
    expect(fake.of('PutUserPolicy')).toEqual([{ UserName: 'ann', PolicyName: 'mine', PolicyDocument: '{"a": 1}' }]);
  });
});
