import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Spinner from '@cloudscape-design/components/spinner';
import Tabs from '@cloudscape-design/components/tabs';
import { useState } from 'react';
import { useHref, useNavigate, useParams } from 'react-router-dom';
import { call } from '../../api/client';
import { ErrorAlert } from '../../components/error_alert';
import { NotFound } from '../../components/not_found';
import { Page } from '../../components/page';
import { useLoad } from '../../components/use_load';
import { paths, type ClusterTab } from '../../paths';
import { texts } from '../../texts';
import { AddOnsTab } from './add_ons_tab';
import { AssociationTable } from './associations/association_table';
import { DeleteCluster } from './delete_cluster';
import { OverviewTab } from './overview_tab';
import { TagsTab } from './tags_tab';

const words = texts.clusters;
const tabs: ClusterTab[] = ['overview', 'access', 'add-ons', 'tags'];

export function ClusterPage() {
  const { cluster: name = '', tab = '' } = useParams();
  const cluster = useLoad(async (signal) => (await call('eks', 'DescribeCluster', { name }, signal)).cluster, [name]);
  const [deleting, setDeleting] = useState(false);
  const navigate = useNavigate();
  const base = useHref('/').replace(/\/$/, '');
  if (!tabs.includes(tab as ClusterTab)) return <NotFound />;

  const { data } = cluster;
  const content: Record<ClusterTab, () => JSX.Element> = {
    overview: () => <OverviewTab cluster={data ?? {}} />,
    access: () => <AssociationTable cluster={name} />,
    'add-ons': () => <AddOnsTab cluster={name} />,
    tags: () => <TagsTab arn={data?.arn ?? ''} tags={data?.tags ?? {}} onChanged={cluster.reload} />,
  };
  return (
    <Page
      title={name}
      crumbs={[{ text: texts.shell.clusters, to: paths.clusters }]}
      actions={<Button onClick={() => setDeleting(true)}>{words.delete}</Button>}
    >
      {cluster.error && <ErrorAlert error={cluster.error} onRetry={cluster.reload} />}
      {data?.status === 'PENDING' && <Alert type="info">{words.pendingText}</Alert>}
      <Tabs
        activeTabId={tab}
        ariaLabel={words.tabs}
        onChange={({ detail }) => navigate(paths.cluster(name, detail.activeTabId as ClusterTab))}
        tabs={tabs.map((id) => ({
          id,
          label: words.tabNames[id],
          href: base + paths.cluster(name, id),
          content: id === tab && (data || id === 'access' || id === 'add-ons' ? content[id]() : cluster.loading && <Spinner />),
        }))}
      />
      {deleting && (
        <DeleteCluster name={name} onDeleted={() => navigate(paths.clusters)} onClose={() => setDeleting(false)} />
      )}
    </Page>
  );
}
