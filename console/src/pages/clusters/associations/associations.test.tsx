import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../api/client';
import { denial, fakeApi } from '../../../test/fake_api';
import { paths } from '../../../paths';
import { arriveAt, editor, fill, renderConsole, typeInto } from '../../../test/render';
import '../routes'; // loaded lazily otherwise, which takes its time
import { anAssociation, anUntrustedRole, aRole, clusterWith, suggestedTrust } from '../test_data';
import { fieldsOf, newAssociation, problemsOf } from './association_form';
import { bars, wholeSpan } from './association_activity';
import { updateOf } from './edit_association';

const list = '/clusters/my-cluster/access';
const create = `${list}/create-association`;
const page = (index: number) => `${list}/associations/${anAssociation(index).associationId}`;

describe('the table of associations', () => {
  it('shows role and tags of each, asking for few at a time', async () => {
    const associations = Array.from({ length: 20 }, (_, index) => anAssociation(index));
    const { eks, ...rest } = clusterWith(associations);
    let [running, most] = [0, 0];
    fakeApi({
      ...rest,
      eks: {
        ...eks,
        DescribePodIdentityAssociation: async (input) => {
          most = Math.max(most, ++running);
          await new Promise((resolve) => setTimeout(resolve, 1));
          --running;
          return eks.DescribePodIdentityAssociation(input);
        },
      },
    });
    renderConsole(list);
    const role = await screen.findByText('role-19'); // finding it by its role in so many rows takes long
    expect(role.closest('a')?.getAttribute('href')).toBe(paths.role('role-19'));
    expect(screen.getByText('number=n19')).toBeTruthy();
    expect(most).toBe(6);
  });

  it('is filtered by what the summaries do not have', async () => {
    fakeApi(clusterWith([anAssociation(1), anAssociation(2)]));
    const user = renderConsole(list);
    await screen.findByText('number=n2');
    await user.click(screen.getByLabelText('Find associations'));
    await user.paste('n2');
    await waitFor(() => expect(screen.queryByText('account-1')).toBeNull());
    expect(screen.getByText('account-2')).toBeTruthy();
  });

  it('keeps the rows of those that may not be described, and leaves out those that are gone', async () => {
    const { eks, ...rest } = clusterWith([anAssociation(1), anAssociation(2), anAssociation(3)]);
    fakeApi({
      ...rest,
      eks: {
        ...eks,
        DescribePodIdentityAssociation: ({ associationId }) => {
          if (associationId === anAssociation(1).associationId) throw denial('eks:DescribePodIdentityAssociation');
          if (associationId === anAssociation(2).associationId) throw new ApiError('ResourceNotFoundException', 'Gone.', 404);
          return { association: anAssociation(3) };
        },
      },
    });
    renderConsole(list);
    expect(await screen.findByText('role-3')).toBeTruthy();
    expect(screen.getByText('account-1')).toBeTruthy();
    expect(screen.queryByText('account-2')).toBeNull();
    expect(screen.getByText(/not authorized to perform: eks:DescribePodIdentityAssociation/)).toBeTruthy();
  });

  it('deletes after confirmation, and keeps the dialog if that is refused', async () => {
    const { eks, ...rest } = clusterWith([anAssociation(1)]);
    let refused = true;
    const api = fakeApi({
      ...rest,
      eks: {
        ...eks,
        DeletePodIdentityAssociation: () => {
          if (refused) throw denial('eks:DeletePodIdentityAssociation');
          return { association: anAssociation(1) };
        },
      },
    });
    const user = renderConsole(list);
    await user.click(await screen.findByRole('radio', { name: 'Select default/account-1' }));
    await user.click(screen.getByRole('button', { name: 'Delete' }));
    await fill(user, /^To confirm, type a-/, anAssociation(1).associationId!);
    const confirm = within(screen.getByRole('dialog')).getByRole('button', { name: 'Delete' });
    await user.click(confirm);
    expect(await screen.findByText(/not authorized to perform: eks:DeletePodIdentityAssociation/)).toBeTruthy();
    refused = false;
    await user.click(confirm);
    expect(await screen.findByText('The association for default/account-1 was deleted.')).toBeTruthy();
    expect(api.of('DeletePodIdentityAssociation')).toHaveLength(2);
    expect(api.of('ListPodIdentityAssociations')).toHaveLength(2);
  });
});

describe('what an association may be', () => {
  const good = { ...newAssociation, roleArn: aRole('r').arn, namespace: 'default', serviceAccount: 'a' };
  it.each([
    ['all is given', good, false, []],
    ['nothing is given', newAssociation, false, ['roleArn', 'namespace', 'serviceAccount']],
    ['the target role is no ARN', { ...good, targetRoleArn: 'x' }, false, ['targetRoleArn']],
    ['a session policy, but session tags', { ...good, hasPolicy: true }, false, ['policy']],
    ['a session policy without session tags', { ...good, hasPolicy: true, disableSessionTags: true }, false, []],
    ['a session policy with errors', { ...good, hasPolicy: true, disableSessionTags: true }, true, ['policy']],
    ['too long a session policy', { ...good, hasPolicy: true, disableSessionTags: true, policy: 'x'.repeat(2049) }, false, ['policy']],
    ['an empty session policy', { ...good, hasPolicy: true, disableSessionTags: true, policy: ' ' }, false, ['policy']],
    ['wrong tags', { ...good, tags: { tags: [], valid: false } }, false, ['tags']],
  ])('%s', (_, fields, policyHasError, wrong) => {
    expect(Object.keys(problemsOf(fields, policyHasError))).toEqual(wrong);
  });
});

async function choose(user: ReturnType<typeof renderConsole>, role: string) {
  await user.click(await screen.findByRole('button', { name: /^IAM role/ }));
  await user.click(await screen.findByRole('option', { name: new RegExp(role) }));
}

describe('creating an association', () => {
  const created = anAssociation(1);

  it('offers only roles that trust pod identity, and sends what was given', async () => {
    const { eks, ...rest } = clusterWith([created]);
    const api = fakeApi({ ...rest, eks: { ...eks, CreatePodIdentityAssociation: () => ({ association: created }) } });
    const user = renderConsole(create);
    await user.click(await screen.findByRole('button', { name: /^IAM role/ }));
    await screen.findByRole('option', { name: /role-1/ });
    expect(screen.queryByRole('option', { name: /ec2-role/ })).toBeNull();
    await user.click(screen.getByRole('option', { name: /role-1/ }));
    await fill(user, 'Kubernetes namespace', 'default');
    await fill(user, 'Kubernetes service account', 'account-1');
    await user.click(screen.getByRole('button', { name: 'Create' }));
    await arriveAt(page(1));
    expect(await screen.findByText(/The association for default\/account-1 was created/)).toBeTruthy();
    expect(api.of('CreatePodIdentityAssociation')).toEqual([
      {
        clusterName: 'my-cluster',
        namespace: 'default',
        serviceAccount: 'account-1',
        roleArn: created.roleArn,
        disableSessionTags: false,
        tags: {},
        clientRequestToken: expect.any(String),
      },
    ]);
  });

  it('asks for roles again once it is known for whom', async () => {
    const api = fakeApi(clusterWith([]));
    const user = renderConsole(create);
    await fill(user, 'Kubernetes namespace', 'default');
    await fill(user, 'Kubernetes service account', 'account-1');
    expect(api.of('ListPodIdentityRoles')[0]).toEqual({ disableSessionTags: false }); // all three names or none
    await waitFor(() =>
      expect(api.of('ListPodIdentityRoles')).toContainEqual({
        clusterName: 'my-cluster',
        namespace: 'default',
        serviceAccount: 'account-1',
        disableSessionTags: false,
      }),
    );
  });

  it('takes a typed role where one may not ask which are trusted', async () => {
    const { eks, podpass, ...rest } = clusterWith([created]);
    const api = fakeApi({
      ...rest,
      eks: { ...eks, CreatePodIdentityAssociation: () => ({ association: created }) },
      podpass: { ...podpass, ListPodIdentityRoles: () => { throw denial('podpass:ListPodIdentityRoles'); } },
    });
    const user = renderConsole(create);
    expect(await screen.findByText(/could not be asked, so type the ARN.*podpass:ListPodIdentityRoles/)).toBeTruthy();
    await user.click(screen.getByRole('combobox', { name: /^IAM role/ }));
    await user.paste(created.roleArn!);
    await fill(user, 'Kubernetes namespace', 'default');
    await fill(user, 'Kubernetes service account', 'account-1');
    await user.click(screen.getByRole('button', { name: 'Create' }));
    await waitFor(() => expect(api.of('CreatePodIdentityAssociation')).toMatchObject([{ roleArn: created.roleArn }]));
  });

  it('suggests what the cluster has', async () => {
    fakeApi(clusterWith([]));
    const user = renderConsole(create);
    await fill(user, 'Kubernetes namespace', 'default');
    await user.click(screen.getByLabelText('Kubernetes service account'));
    expect(await screen.findByText('known-account')).toBeTruthy();
  });

  it('says at once that a name can not be, and on trying what is missing', async () => {
    const api = fakeApi(clusterWith([]));
    const user = renderConsole(create);
    await fill(user, 'Kubernetes namespace', 'Default');
    expect(screen.getByText(/Use 1 to 63 lower-case letters/)).toBeTruthy();
    expect(screen.queryByText('This is required.')).toBeNull();
    await user.click(screen.getByRole('button', { name: 'Create' }));
    expect(screen.getAllByText('This is required.')).toHaveLength(2);
    expect(api.of('CreatePodIdentityAssociation')).toEqual([]);
  });

  it('takes a session policy only without session tags', async () => {
    const { eks, ...rest } = clusterWith([created]);
    const api = fakeApi({ ...rest, eks: { ...eks, CreatePodIdentityAssociation: () => ({ association: created }) } });
    const user = renderConsole(create);
    await choose(user, 'role-1');
    await fill(user, 'Kubernetes namespace', 'default');
    await fill(user, 'Kubernetes service account', 'account-1');
    await user.click(screen.getByLabelText('Use a session policy'));
    expect(screen.getByText('A session policy needs session tags to be disabled.')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Create' }));
    expect(api.of('CreatePodIdentityAssociation')).toEqual([]);
    await user.click(screen.getByRole('button', { name: 'Disable session tags' }));
    typeInto('Session policy', '{"Version":"2012-10-17","Statement":[]}');
    await user.click(screen.getByRole('button', { name: 'Create' }));
    await waitFor(() =>
      expect(api.of('CreatePodIdentityAssociation')).toMatchObject([
        { disableSessionTags: true, policy: '{"Version":"2012-10-17","Statement":[]}' },
      ]),
    );
  });

  it("shows the server's refusal beside its field until that is changed, or on top", async () => {
    const { eks, ...rest } = clusterWith([]);
    let message = 'Association already exists: a-00000000000000009';
    fakeApi({
      ...rest,
      eks: {
        ...eks,
        CreatePodIdentityAssociation: () => {
          throw new ApiError('ResourceInUseException', message, 409);
        },
      },
    });
    const user = renderConsole(create);
    await choose(user, 'role-1');
    await fill(user, 'Kubernetes namespace', 'default');
    await fill(user, 'Kubernetes service account', 'account-1');
    await user.click(screen.getByRole('button', { name: 'Create' }));
    expect(await screen.findByText(message)).toBeTruthy();
    expect(screen.getByLabelText('Kubernetes service account').getAttribute('aria-invalid')).toBe('true');
    await fill(user, 'Kubernetes service account', 'account-2');
    expect(screen.queryByText(message)).toBeNull();
    message = 'The limit of 5 pod identity associations for cluster my-cluster is reached.';
    await user.click(screen.getByRole('button', { name: 'Create' }));
    expect(await screen.findByText(message)).toBeTruthy();
    expect(screen.getByText('ResourceInUseException')).toBeTruthy();
  });
});

describe('a role that is missing', () => {
  it('says why, and its trust policy can be replaced by the right one', async () => {
    const roles = [aRole('role-1'), anUntrustedRole];
    const handlers = clusterWith([], roles);
    const api = fakeApi({
      ...handlers,
      iam: {
        ...handlers.iam,
        UpdateAssumeRolePolicy: () => {
          roles[1] = { ...anUntrustedRole, trusted: true, reasons: [] };
          return {};
        },
      },
    });
    const user = renderConsole(create);
    await user.click(await screen.findByText('Why is my role missing?'));
    expect(await screen.findByText('No statement allows it.', { exact: false })).toBeTruthy();
    expect(screen.getAllByText(/The principal is ec2.amazonaws.com/)).toBeTruthy();
    expect(editor('Suggested trust policy of ec2-role').state.doc.toString()).toBe(JSON.stringify(JSON.parse(suggestedTrust), null, 2));
    await user.click(screen.getByRole('button', { name: 'Apply to the role' }));
    expect(await screen.findByText('The trust policy of ec2-role was replaced.')).toBeTruthy();
    expect(api.of('UpdateAssumeRolePolicy')).toMatchObject([{ RoleName: 'ec2-role' }]);
    expect(await screen.findByText(/None is missing/)).toBeTruthy();
    expect(screen.getByRole('button', { name: /^IAM role/ }).textContent).toContain('ec2-role');
  });

  it('may be the chosen one, whose conditions this service account does not meet', async () => {
    const { podpass, ...rest } = clusterWith([]);
    fakeApi({
      ...rest,
      podpass: {
        ...podpass,
        ListPodIdentityRoles: ({ namespace }) => ({
          roles: [namespace ? aRole('role-1', { trusted: false, reasons: [{ action: 'sts:AssumeRole', message: 'Not here.' }] }) : aRole('role-1')],
        }),
      },
    });
    const user = renderConsole(create);
    await choose(user, 'role-1');
    await fill(user, 'Kubernetes namespace', 'default');
    await fill(user, 'Kubernetes service account', 'account-1');
    expect(await screen.findByText(/will refuse this service account. Not here./)).toBeTruthy();
  });
});

describe('editing', () => {
  const before = anAssociation(1, { targetRoleArn: 'arn:aws:iam::444455556666:role/t', disableSessionTags: true, policy: '{}' });
  it.each([
    ['nothing', {}, undefined],
    ['the role', { roleArn: 'arn:aws:iam::111122223333:role/r' }, { roleArn: 'arn:aws:iam::111122223333:role/r' }],
    ['the target role away', { targetRoleArn: '' }, { targetRoleArn: '' }],
    ['the policy away, and tags back', { hasPolicy: false, disableSessionTags: false }, { disableSessionTags: false, policy: '' }],
    ['the policy', { policy: '{"a":1}' }, { policy: '{"a":1}' }],
  ])('sends %s', (_, changed, sent) => {
    expect(updateOf(before, { ...fieldsOf(before), ...changed })).toEqual(sent);
  });

  it('saves what changed, tags too, and comes back', async () => {
    const { eks, ...rest } = clusterWith([anAssociation(1)], [aRole('role-1'), aRole('role-2')]);
    const api = fakeApi({
      ...rest,
      eks: { ...eks, UpdatePodIdentityAssociation: () => ({ association: anAssociation(1) }), UntagResource: () => ({}) },
    });
    const user = renderConsole(`${page(1)}/edit`);
    await choose(user, 'role-2');
    await user.click(screen.getByRole('button', { name: /^Remove/ }));
    await user.click(screen.getByRole('button', { name: 'Save changes' }));
    await arriveAt(page(1));
    const id = anAssociation(1).associationId;
    expect(api.of('UpdatePodIdentityAssociation')).toEqual([
      { clusterName: 'my-cluster', associationId: id, roleArn: 'arn:aws:iam::111122223333:role/role-2' },
    ]);
    expect(api.of('UntagResource')).toEqual([{ resourceArn: anAssociation(1).associationArn, tagKeys: ['number'] }]);
  });
});

describe('the page of an association', () => {
  it('shows all of it, and how it is used', async () => {
    const association = anAssociation(1, {
      targetRoleArn: 'arn:aws:iam::444455556666:role/t',
      externalId: 'us-west-2/111122223333/my-cluster/default/account-1',
      disableSessionTags: true,
      policy: '{"Version":"2012-10-17"}',
    });
    const { podpass, ...rest } = clusterWith([association]);
    const api = fakeApi({ ...rest, podpass: { ...podpass, CheckCluster: () => ({ steps: [{ name: 'role', outcome: 'ok', message: 'Trusted.' }] }) } });
    const user = renderConsole(page(1));
    expect(await screen.findByText('t (account 444455556666)')).toBeTruthy(); // no link
    expect(screen.getByText('arn:aws:iam::444455556666:role/t')).toBeTruthy();
    expect(screen.getByRole('link', { name: 'role-1' })).toBeTruthy();
    expect(screen.getByText(association.externalId!)).toBeTruthy();
    expect(editor('Session policy').state.doc.toString()).toBe('{\n  "Version": "2012-10-17"\n}');
    expect(await screen.findByText('2 minutes ago')).toBeTruthy();
    expect(screen.getByText('Never')).toBeTruthy(); // denied
    expect(screen.getByRole('link', { name: 'Recent activity' }).getAttribute('href')).toBe(
      `/activity?clusterName=my-cluster&associationId=${association.associationId}`,
    );
    expect(screen.getByRole('link', { name: 'Explain access' }).getAttribute('href')).toBe(
      '/explain?clusterName=my-cluster&namespace=default&serviceAccount=account-1',
    );
    await user.click(screen.getByRole('button', { name: 'Check association' }));
    expect(await screen.findByText('Trusted.')).toBeTruthy();
    expect(api.of('CheckCluster')).toEqual([{ clusterName: 'my-cluster', namespace: 'default', serviceAccount: 'account-1' }]);
  });
});

it.each([
  [0, []],
  [3, [1, 1, 1]],
  [28, Array.from({ length: 28 }, () => 1)],
  [168, Array.from({ length: 28 }, () => 6)],
  [40, [...Array.from({ length: 20 }, () => 2)]],
])('draws %i hours in few bars', (hours, exchanges) => {
  const intervals = Array.from({ length: hours }, (_, index) => ({ start: index * 3600, exchanges: 1, denials: 0 }));
  expect(bars(intervals).map((bar) => bar.exchanges)).toEqual(exchanges);
});

it('has a place for each hour of the span', () => {
  const counted = [{ start: 36000, exchanges: 1, denials: 2 }];
  expect(wholeSpan(counted, 3)).toEqual([
    { start: 28800, exchanges: 0, denials: 0 },
    { start: 32400, exchanges: 0, denials: 0 },
    ...counted,
  ]);
  expect(wholeSpan([], 3)).toEqual([]);
});
