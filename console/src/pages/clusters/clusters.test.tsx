import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../api/client';
import { denial, fakeApi } from '../../test/fake_api';
import { arriveAt, fill, renderConsole } from '../../test/render';
import './routes'; // loaded lazily otherwise, which takes its time
import { aCluster, clusterWith } from './test_data';

const registration = {
  clusterName: 'my-cluster',
  clusterArn: aCluster.arn!,
  kind: 'REGISTERED',
  sharesIssuer: true,
  status: 'ACTIVE',
  keyIds: ['key-1', 'key-2'],
  keysFingerprint: 'abcdef',
  credentials: 'bearer-token',
  tokenReview: true,
  keysReadAt: 1_700_000_000,
  lastFailureAt: 1_700_000_000,
  lastFailure: 'The API server did not answer.',
};

describe('the list of clusters', () => {
  it('shows each with what is known of it, and leads to it', async () => {
    fakeApi(clusterWith([]));
    const user = renderConsole('/clusters');
    expect(await screen.findByText('Active')).toBeTruthy();
    expect(screen.getByText('1.32')).toBeTruthy();
    await user.click(screen.getByRole('link', { name: 'my-cluster' }));
    await arriveAt('/clusters/my-cluster/overview');
  });

  it('says what to do if there is none', async () => {
    fakeApi({ eks: { ListClusters: () => ({ clusters: [] }) } });
    renderConsole('/clusters');
    expect(await screen.findByText('No clusters')).toBeTruthy();
  });

  it("shows a refusal in the server's words, and tries again", async () => {
    let refused = true;
    fakeApi({
      eks: {
        ListClusters: () => {
          if (refused) throw denial('eks:ListClusters');
          return { clusters: [] };
        },
      },
    });
    const user = renderConsole('/clusters');
    expect(await screen.findByText(/is not authorized to perform: eks:ListClusters/)).toBeTruthy();
    expect(screen.getByRole('link', { name: 'Why was it denied?' }).getAttribute('href')).toContain('/explain?requestId=');
    refused = false;
    await user.click(screen.getByRole('button', { name: 'Retry' }));
    expect(await screen.findByText('No clusters')).toBeTruthy();
  });

  it('deletes after the name was typed; one that is registered is deregistered', async () => {
    const { eks } = clusterWith([]);
    const api = fakeApi({
      eks: {
        ...eks,
        DeleteCluster: () => {
          throw new ApiError('InvalidRequestException', 'Cluster my-cluster is a registered one. Use DeregisterCluster.', 400);
        },
        DeregisterCluster: () => ({ cluster: aCluster }),
      },
    });
    const user = renderConsole('/clusters');
    await user.click(await screen.findByRole('radio', { name: 'Select my-cluster' }));
    await user.click(screen.getByRole('button', { name: 'Delete' }));
    const dialog = within(await screen.findByRole('dialog'));
    expect(dialog.getByRole<HTMLButtonElement>('button', { name: 'Delete' }).disabled).toBe(true);
    await fill(user, 'To confirm, type my-cluster', 'my-cluster');
    await user.click(dialog.getByRole('button', { name: 'Delete' }));
    await waitFor(() => expect(api.of('DeregisterCluster')).toEqual([{ name: 'my-cluster' }]));
    expect(await screen.findByText('Cluster my-cluster was deleted.')).toBeTruthy();
    expect(api.of('ListClusters')).toHaveLength(2);
  });
});

describe('creating a cluster', () => {
  it('checks what is typed, then creates it', async () => {
    const api = fakeApi({ ...clusterWith([]), eks: { ...clusterWith([]).eks, CreateCluster: () => ({ cluster: aCluster }) } });
    const user = renderConsole('/clusters/create');
    await fill(user, 'Name', 'my cluster');
    await user.click(screen.getByRole('button', { name: 'Create' }));
    expect(screen.getByText(/This is not the ARN of a role/)).toBeTruthy();
    expect(api.of('CreateCluster')).toEqual([]);
    await fill(user, 'Name', 'my-cluster');
    await fill(user, 'Cluster IAM role', 'arn:aws:iam::111122223333:role/my-role');
    await user.click(screen.getByRole('button', { name: 'Create' }));
    await arriveAt('/clusters/my-cluster/overview');
    expect(api.of('CreateCluster')).toEqual([
      { name: 'my-cluster', roleArn: 'arn:aws:iam::111122223333:role/my-role', resourcesVpcConfig: {}, tags: {} },
    ]);
  });

  it('shows that the name is taken beside the name', async () => {
    fakeApi({
      iam: clusterWith([]).iam,
      eks: { CreateCluster: () => { throw new ApiError('ResourceInUseException', 'Cluster already exists with name: a', 409); } },
    });
    const user = renderConsole('/clusters/create');
    await fill(user, 'Name', 'a');
    await fill(user, 'Cluster IAM role', 'arn:aws:iam::111122223333:role/my-role');
    await user.click(screen.getByRole('button', { name: 'Create' }));
    await waitFor(() => expect(screen.getByLabelText('Name').getAttribute('aria-invalid')).toBe('true'));
    expect(screen.getByText('Cluster already exists with name: a')).toBeTruthy();
  });
});

describe('a cluster', () => {
  it('has tabs at addresses of their own', async () => {
    fakeApi(clusterWith([]));
    const user = renderConsole('/clusters/my-cluster/access');
    expect(await screen.findByRole('heading', { name: 'my-cluster', level: 1 })).toBeTruthy();
    expect(await screen.findByText('No Pod Identity associations')).toBeTruthy();
    await user.click(screen.getByRole('tab', { name: 'Add-ons' }));
    await arriveAt('/clusters/my-cluster/add-ons');
    expect(screen.getByText('podpass cluster register my-cluster')).toBeTruthy();
    expect(screen.getByText(/--set cluster=my-cluster --set region=us-west-2 --set-string account=111122223333/)).toBeTruthy();
  });

  it('shows its registration, and checks it step by step', async () => {
    const { podpass, ...rest } = clusterWith([]);
    const api = fakeApi({
      ...rest,
      podpass: {
        ...podpass,
        DescribeClusterRegistration: () => ({ registration }),
        CheckCluster: () => ({
          steps: [
            { name: 'issuer', outcome: 'ok', message: 'It is the same.' },
            { name: 'keys', outcome: 'failed', message: 'They differ.', advice: 'Register again.' },
          ],
        }),
      },
    });
    const user = renderConsole('/clusters/my-cluster/overview');
    expect(await screen.findByText('Signing keys (2)')).toBeTruthy();
    expect(screen.getByText(/^Other clusters have this issuer too/)).toBeTruthy();
    expect(screen.getByText('The API server did not answer.')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Check cluster' }));
    expect(await screen.findByText('They differ.')).toBeTruthy();
    expect(screen.getByText('What to do: Register again.')).toBeTruthy();
    expect(api.of('CheckCluster')).toEqual([{ clusterName: 'my-cluster' }]);
  });

  it('stays usable where the registration may not be seen', async () => {
    const { podpass, ...rest } = clusterWith([]);
    fakeApi({
      ...rest,
      podpass: { ...podpass, DescribeClusterRegistration: () => { throw denial('podpass:DescribeClusterRegistration'); } },
    });
    renderConsole('/clusters/my-cluster/overview');
    expect(await screen.findByText('The registration could not be read')).toBeTruthy();
    expect(screen.getByText('Active')).toBeTruthy();
  });

  it('edits tags', async () => {
    const { eks, ...rest } = clusterWith([]);
    const api = fakeApi({ ...rest, eks: { ...eks, TagResource: () => ({}), UntagResource: () => ({}) } });
    const user = renderConsole('/clusters/my-cluster/tags');
    await user.click(await screen.findByRole('button', { name: /^Remove/ }));
    await user.click(screen.getByRole('button', { name: 'Add tag' }));
    await user.paste('owner');
    await user.click(screen.getByRole('button', { name: 'Save changes' }));
    expect(await screen.findByText('The tags were saved.')).toBeTruthy();
    expect(api.of('UntagResource')).toEqual([{ resourceArn: aCluster.arn, tagKeys: ['team'] }]);
    expect(api.of('TagResource')).toEqual([{ resourceArn: aCluster.arn, tags: { owner: '' } }]);
  });

  it('that is not there says so', async () => {
    fakeApi({ eks: { DescribeCluster: () => { throw new ApiError('ResourceNotFoundException', 'No cluster found for name: x.', 404); } } });
    renderConsole('/clusters/x/overview');
    expect(await screen.findByText('No cluster found for name: x.')).toBeTruthy();
  });
});
