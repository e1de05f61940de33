import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../api/client';
import { paths } from '../../paths';
import { denial, fakeApi, type Handlers } from '../../test/fake_api';
import { editor, renderConsole, where } from '../../test/render';
import type { Explanation } from './explanation';

const role = 'arn:aws:iam::111122223333:role/app';
const managed = 'arn:aws:iam::111122223333:policy/read';
const near = '{"Sid":"Near","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::other/*"}';

const explanation: Explanation = {
  decision: 'implicitDeny',
  message: 'User: app is not authorized to perform: s3:GetObject',
  request: { principal: role, action: 's3:GetObject', resource: 'arn:aws:s3:::b/k', context: { 'aws:PrincipalArn': role } },
  blockedBy: ['identity'],
  layers: { identity: 'implicitDeny', boundary: 'allow' },
  statements: [
    {
      layer: 'identity',
      policy: 1,
      policyArn: managed,
      sid: 'Near',
      index: 1,
      effect: 'Allow',
      applies: false,
      text: near,
      failures: [{ element: 'resource', wanted: ['arn:aws:s3:::other/*'], actual: ['arn:aws:s3:::b/k'] }],
    },
  ],
  documents: [
    { layer: 'identity', policy: 0, policyName: 'queue', text: '{"Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}' },
    {
      layer: 'identity',
      policy: 1,
      policyArn: managed,
      text: `{"Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*"},${near}]}`,
    },
    { layer: 'boundary', policy: 0, policyArn: 'arn:aws:iam::111122223333:policy/limit', text: '{"Statement":[]}' },
  ],
  missingKeys: ['s3:prefix'],
  remedies: [{ layer: 'identity', statement: { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/k' } }],
};

const associations = [
  { namespace: 'team', serviceAccount: 'reader' },
  { namespace: 'team', serviceAccount: 'writer' },
  { namespace: 'other', serviceAccount: 'batch' },
];

function api(changed: Handlers['podpass'] = {}) {
  return fakeApi({
    eks: {
      ListClusters: () => ({ clusters: ['my-cluster'] }),
      ListPodIdentityAssociations: () => ({ associations }),
    },
    iam: {
      ListRoles: () => ({ Roles: [{ Path: '/', RoleName: 'app', RoleId: 'A', Arn: role, CreateDate: 0 }], IsTruncated: false }),
      ListUsers: () => ({ Users: [], IsTruncated: false }),
    },
    podpass: {
      ListActions: ({ prefix = '' }) => ({ actions: ['s3:', 's3:GetObject', 's3:PutObject'].filter((name) => name.startsWith(prefix)) }),
      Explain: () => ({ explanation: explanation as never, notes: ['Something is not known.'] }),
      ...changed,
    },
  });
}

const pod = { clusterName: 'my-cluster', namespace: 'team', serviceAccount: 'reader', action: 's3:GetObject', resource: 'arn:aws:s3:::b/k' };

describe('Explain', () => {
  it('asks about a pod that is chosen among the associations, and keeps the question in the address', async () => {
    const calls = api();
    const user = renderConsole('/explain');
    const field = (name: string) => screen.findByRole('combobox', { name });
    await user.click(await field('Cluster'));
    await user.click(await screen.findByRole('option', { name: 'my-cluster' }));
    await waitFor(() => expect(calls.of('ListPodIdentityAssociations')).toHaveLength(1));
    await user.click(await field('Namespace'));
    await user.paste('team');
    await user.click(await field('Service account'));
    expect((await screen.findAllByRole('option')).map((option) => option.textContent)).toEqual(['reader', 'writer']);
    await user.click(screen.getByRole('option', { name: 'reader' }));
    await user.click(await field('Action'));
    await user.paste('s3:Get');
    await user.click(await screen.findByRole('option', { name: /^s3:Get ?Object$/ }));
    await user.click(await field('Resource'));
    expect(await screen.findByRole('option', { name: 'arn:aws:s3:::BUCKET/KEY' })).toBeTruthy();
    await user.paste('arn:aws:s3:::b/k');
    await user.click(screen.getByRole('button', { name: 'Explain' }));
    expect(await screen.findAllByText('Denied, as nothing allows it')).toBeTruthy(); // seen, and spoken
    expect(calls.of('Explain')).toEqual([
      {
        request: {
          principal: { podIdentity: { cluster: 'my-cluster', namespace: 'team', serviceAccount: 'reader' } },
          action: 's3:GetObject',
          resource: 'arn:aws:s3:::b/k',
          context: {},
        },
        recorded: false,
      },
    ]);
    expect(where()).toBe(paths.explain(pod));
  });

  it('draws the decision layer by layer, with the statement in its policy', async () => {
    api();
    renderConsole(paths.explain(pod));
    expect(await screen.findByText('User: app is not authorized to perform: s3:GetObject')).toBeTruthy();
    const steps = within(screen.getByRole('list', { name: 'How it was decided' }));
    expect(steps.getAllByRole('heading').map((heading) => heading.textContent)).toEqual([
      'Identity-based policies: does not allow',
      'Permissions boundary: allows',
    ]);
    expect(steps.getByText('In the way')).toBeTruthy();
    expect(steps.getByText('Allow statement Near: does not apply')).toBeTruthy();
    expect(steps.getByText('Action matches')).toBeTruthy();
    expect(steps.getByText('Resource does not match')).toBeTruthy();
    expect(steps.getByText('"arn:aws:s3:::other/*"')).toBeTruthy();
    expect(steps.getByText('"arn:aws:s3:::b/k"')).toBeTruthy();
    expect(steps.getByText('Marked: lines 8 to 13, Near.')).toBeTruthy();
    const marked = [...editor('Policy document: read (Identity-based policies)').dom.querySelectorAll('.cm-line-info')];
    expect(marked[0].previousElementSibling?.textContent).toBe('    },');
    expect(marked).toHaveLength(6);
    expect(steps.getAllByText('None of its statements allows it or comes close.')).toHaveLength(1);
    expect(steps.getByText('None of its statements applies.')).toBeTruthy();
    expect(screen.getByText('This statement would allow it')).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Copy statement' })).toBeTruthy();
    expect(screen.getAllByRole('link', { name: 'Open role app' })).toHaveLength(1);
    expect(screen.getByText('Something is not known.')).toBeTruthy();
  });

  it('takes what a key that is missing has into the context', async () => {
    const calls = api();
    const user = renderConsole(paths.explain(pod));
    await user.click(await screen.findByRole('button', { name: 'Give s3:prefix' }));
    await user.click(await screen.findByRole('textbox', { name: /^Value/ }));
    await user.paste('["a","b"]');
    expect(await screen.findByText(/The request above has changed since/)).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Explain' }));
    await waitFor(() => expect(calls.of('Explain')).toHaveLength(2));
    expect(calls.of('Explain')[1]).toMatchObject({ request: { context: { 's3:prefix': ['a', 'b'] } } });
    expect(where()).toBe(paths.explain({ ...pod, context: { 's3:prefix': ['a', 'b'] } }));
  });

  it('says what is missing in the form, and asks nothing', async () => {
    const calls = api();
    const user = renderConsole(paths.explain({ principalArn: role, action: 'GetObject' }));
    await user.click(await screen.findByRole('button', { name: 'Explain' }));
    expect(screen.getByText('Give one action, such as s3:GetObject.')).toBeTruthy();
    expect(screen.getByText('This is required.')).toBeTruthy();
    expect(calls.of('Explain')).toEqual([]);
  });

  it.each([
    [denial('podpass:Explain'), /not authorized to perform: podpass:Explain/],
    [new ApiError('ResourceNotFoundException', 'No pod identity association found.', 404), /No pod identity association found/],
  ])('shows why it can not: %s', async (error, words) => {
    api({ Explain: () => { throw error; } });
    renderConsole(paths.explain(pod));
    expect(await screen.findByText(words)).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Retry' })).toBeTruthy();
  });

  it('says that a deny is final', async () => {
    const denied = { ...explanation, decision: 'explicitDeny', layers: { identity: 'explicitDeny' }, remedies: [] };
    api({ Explain: () => ({ explanation: denied as never }) });
    renderConsole(paths.explain(pod));
    expect(await screen.findByText('A statement denies it: identity-based policies. A deny is final, whatever else allows it.')).toBeTruthy();
    expect(screen.getByText(/No statement can allow it/)).toBeTruthy();
  });

  it('finds a request by its id in the activity', async () => {
    const request = { principal: role, action: 's3:GetObject', resource: 'arn:aws:s3:::b/k', context: { 'aws:userid': 'A' } };
    const calls = api({
      ListActivity: () => ({
        records: [{ requestID: 'r-1', additionalEventData: { decisions: [{ decision: 'implicitDeny', request }] } }],
        newest: 'n',
        oldest: 'o',
        more: false,
      }),
    });
    renderConsole(paths.explain({ requestId: 'r-1' }));
    await waitFor(() => expect(calls.of('Explain')).toEqual([{ request, recorded: true }]));
    expect(where()).toBe(
      paths.explain({ principalArn: role, action: request.action, resource: request.resource, context: request.context, recorded: true }),
    );
  });

  it('says that a request is not in the activity', async () => {
    api({ ListActivity: () => ({ records: [], newest: 'n', oldest: 'o', more: false }) });
    renderConsole(paths.explain({ requestId: 'r-1' }));
    expect(await screen.findByText(/Request r-1 is not in the activity/)).toBeTruthy();
  });
});
