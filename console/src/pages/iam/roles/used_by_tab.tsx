// The pod identity associations that name the role. They are found by looking at each one, so there is a limit.
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { call, type Output } from '../../../api/client';
import { allPages, forEachLimited } from '../../../api/many';
import { PageLink } from '../../../components/link';
import { ResourceTable } from '../../../components/resource_table';
import { useLoad } from '../../../components/use_load';
import { paths } from '../../../paths';
import { texts } from '../../../texts';

const words = texts.iam.usedBy;

type Association = Output<'eks', 'DescribePodIdentityAssociation'>['association'];

const maxAssociations = 500;
const atOnce = 6;

export function UsedByTab({ roleArn }: { roleArn: string }) {
  const { data, loading, error, reload } = useLoad((signal) => associationsOf(roleArn, signal), [roleArn]);
  return (
    <ResourceTable<Association>
      name="role-associations"
      title={words.title}
      description={data?.more ? <StatusIndicator type="warning">{words.more(maxAssociations)}</StatusIndicator> : words.text}
      items={data?.found}
      loading={loading}
      error={error}
      onReload={reload}
      id={({ clusterName, associationId }) => `${clusterName}/${associationId}`}
      columns={[
        {
          id: 'id',
          header: words.id,
          value: ({ associationId }) => associationId,
          cell: ({ clusterName = '', associationId = '' }) => (
            <PageLink to={paths.association(clusterName, associationId)}>{associationId}</PageLink>
          ),
        },
        {
          id: 'cluster',
          header: words.cluster,
          value: ({ clusterName }) => clusterName,
          cell: ({ clusterName = '' }) => <PageLink to={paths.cluster(clusterName)}>{clusterName}</PageLink>,
        },
        { id: 'namespace', header: words.namespace, value: ({ namespace }) => namespace },
        { id: 'serviceAccount', header: words.serviceAccount, value: ({ serviceAccount }) => serviceAccount },
        {
          id: 'use',
          header: words.as,
          value: (association) => (association.roleArn === roleArn ? words.role : words.targetRole),
        },
      ]}
      filterPlaceholder={words.find}
      empty={{ title: words.none, text: words.noneText }}
    />
  );
}

async function associationsOf(roleArn: string, signal: AbortSignal): Promise<{ found: Association[]; more: boolean }> {
  const clusters = await allPages('eks', 'ListClusters', {}, (page) => page.clusters, signal);
  const all: { clusterName: string; associationId: string }[] = [];
  for (const clusterName of clusters) {
    if (all.length > maxAssociations) break;
    const listed = await allPages('eks', 'ListPodIdentityAssociations', { clusterName }, (page) => page.associations, signal);
    all.push(...listed.map(({ associationId = '' }) => ({ clusterName, associationId })));
  }
  const found: Association[] = [];
  const look = async (input: { clusterName: string; associationId: string }) => {
    const { association } = await call('eks', 'DescribePodIdentityAssociation', input, signal);
    if (association.roleArn === roleArn || association.targetRoleArn === roleArn) found.push(association);
  };
  await forEachLimited(all.slice(0, maxAssociations), atOnce, look, signal);
  return { found, more: all.length > maxAssociations };
}
