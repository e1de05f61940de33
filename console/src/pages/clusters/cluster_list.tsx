import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { call, type Output } from '../../api/client';
import { allPages } from '../../api/many';
import { LinkButton, PageLink } from '../../components/link';
import { Page } from '../../components/page';
import { ResourceTable } from '../../components/resource_table';
import { Time } from '../../components/time';
import { useDescribed, type Described } from '../../components/use_described';
import { paths } from '../../paths';
import { texts } from '../../texts';
import { ClusterStatus } from './cluster_status';
import { DeleteCluster } from './delete_cluster';

const words = texts.clusters;

export type Cluster = Output<'eks', 'DescribeCluster'>['cluster'];
type Row = Described<string, Cluster>;

export function ClusterList() {
  const clusters = useDescribed(
    (signal) => allPages('eks', 'ListClusters', {}, (page) => page.clusters, signal),
    async (name, signal): Promise<Cluster> => (await call('eks', 'DescribeCluster', { name }, signal)).cluster,
    [],
  );
  const [deleted, setDeleted] = useState<string>();
  const create = (
    <LinkButton variant="primary" to={paths.createCluster}>
      {words.create}
    </LinkButton>
  );
  return (
    <Page title={texts.shell.clusters} heading="content">
      <ResourceTable<Row>
        name="clusters"
        title={texts.shell.clusters}
        page
        items={clusters.items}
        loading={clusters.loading}
        error={clusters.error ?? clusters.detailError}
        onReload={clusters.reload}
        id={({ summary }) => summary}
        columns={[
          {
            id: 'name',
            header: words.name,
            value: ({ summary }) => summary,
            cell: ({ summary }) => <PageLink to={paths.cluster(summary)}>{summary}</PageLink>,
          },
          {
            id: 'status',
            header: words.status,
            value: ({ detail }) => detail?.status,
            cell: ({ detail }) => <ClusterStatus status={detail?.status} />,
          },
          { id: 'version', header: words.version, value: ({ detail }) => detail?.version },
          {
            id: 'created',
            header: words.created,
            value: ({ detail }) => detail?.createdAt,
            cell: ({ detail }) => (detail?.createdAt ? <Time seconds={detail.createdAt} /> : '–'),
          },
          { id: 'issuer', header: words.issuer, value: ({ detail }) => detail?.identity?.oidc?.issuer },
          { id: 'arn', header: words.arn, value: ({ detail }) => detail?.arn, hidden: true },
        ]}
        defaultSort={{ column: 'name' }}
        filterPlaceholder={words.find}
        selection="single"
        actions={(selected) => (
          <SpaceBetween direction="horizontal" size="xs">
            <Button disabled={!selected.length} onClick={() => setDeleted(selected[0].summary)}>
              {texts.common.delete}
            </Button>
            {create}
          </SpaceBetween>
        )}
        empty={{ title: words.noClusters, text: words.noClustersText, action: create }}
      />
      {deleted && (
        <DeleteCluster
          name={deleted}
          onDeleted={() => {
            setDeleted(undefined);
            clusters.reload();
          }}
          onClose={() => setDeleted(undefined)}
        />
      )}
    </Page>
  );
}
