// A cluster and its associations, for tests.
import { ApiError } from '../../api/client';
import type { Handlers } from '../../test/fake_api';
import type { Association } from './associations/association_table';
import type { PodIdentityRole } from './associations/roles';
import type { Cluster } from './cluster_list';

export const aCluster: Cluster = {
  name: 'my-cluster',
  arn: 'arn:aws:eks:us-west-2:111122223333:cluster/my-cluster',
  status: 'ACTIVE',
  version: '1.32',
  createdAt: 1_700_000_000,
  identity: { oidc: { issuer: 'https://issuer.example/id/1' } },
  tags: { team: 'red' },
};

export function anAssociation(index: number, changes: Partial<Association> = {}): Association {
  const id = `a-${String(index).padStart(17, '0')}`;
  return {
    clusterName: 'my-cluster',
    namespace: 'default',
    serviceAccount: `account-${index}`,
    roleArn: `arn:aws:iam::111122223333:role/role-${index}`,
    associationArn: `arn:aws:eks:us-west-2:111122223333:podidentityassociation/my-cluster/${id}`,
    associationId: id,
    tags: { number: `n${index}` },
    createdAt: 1_700_000_000 + index,
    modifiedAt: 1_700_000_000 + index,
    disableSessionTags: false,
    ...changes,
  };
}

export const suggestedTrust = '{"Version":"2012-10-17","Statement":["suggested"]}';

export function aRole(roleName: string, changes: Partial<PodIdentityRole> = {}): PodIdentityRole {
  return {
    roleName,
    arn: `arn:aws:iam::111122223333:role/${roleName}`,
    path: '/',
    trusted: true,
    reasons: [],
    trustPolicy: '{}',
    ...changes,
  };
}

export const anUntrustedRole = aRole('ec2-role', {
  trusted: false,
  reasons: [
    { action: 'sts:AssumeRole', message: 'The principal is ec2.amazonaws.com.', line: 1, column: 1 },
    { action: 'sts:TagSession', message: 'No statement allows it.' },
  ],
  suggestedTrustPolicy: suggestedTrust,
});

// The server's answers for these associations. Other handlers are put over it.
export function clusterWith(associations: Association[], roles: PodIdentityRole[] = [aRole('role-1'), anUntrustedRole]) {
  const handlers = {
    eks: {
      ListClusters: () => ({ clusters: ['my-cluster'] }),
      DescribeCluster: () => ({ cluster: aCluster }),
      ListPodIdentityAssociations: () => ({
        associations: associations.map(({ clusterName, namespace, serviceAccount, associationArn, associationId }) => ({
          clusterName,
          namespace,
          serviceAccount,
          associationArn,
          associationId,
        })),
      }),
      DescribePodIdentityAssociation: ({ associationId }: { associationId: string }) => {
        const association = associations.find((one) => one.associationId === associationId);
        if (!association) throw new ApiError('ResourceNotFoundException', 'No association.', 404);
        return { association };
      },
    },
    iam: { ListRoles: () => ({ Roles: [], IsTruncated: false }) },
    podpass: {
      ListPodIdentityRoles: () => ({ roles }),
      ListServiceAccounts: () => ({
        namespaces: [{ name: 'default', serviceAccounts: ['known-account'] }],
        source: 'cluster',
      }),
      ValidatePolicy: () => ({ findings: [] }),
      DescribeAssociationActivity: () => ({
        countedSince: 1_700_000_000,
        lastUsedAt: Date.now() / 1000 - 120,
        exchanges: 48,
        denials: 4,
        intervals: [{ start: 1_700_000_000, exchanges: 48, denials: 4 }],
      }),
    },
  } satisfies Handlers;
  return handlers;
}
