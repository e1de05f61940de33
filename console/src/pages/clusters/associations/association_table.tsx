// Access > Pod Identity associations. ListPodIdentityAssociations has neither roles nor tags, so each one is described.
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import { call, type Output } from '../../../api/client';
import { allPages } from '../../../api/many';
import { LinkButton, PageLink } from '../../../components/link';
import { ResourceTable, type Column } from '../../../components/resource_table';
import { Time } from '../../../components/time';
import { useDescribed, type Described } from '../../../components/use_described';
import { nameOfArn, paths } from '../../../paths';
import { texts } from '../../../texts';
import { DeleteAssociation } from './delete_association';
import { RoleLink } from './role_link';

const words = texts.associations;

export type Association = Output<'eks', 'DescribePodIdentityAssociation'>['association'];
export type AssociationSummary = NonNullable<Output<'eks', 'ListPodIdentityAssociations'>['associations']>[number];
type Row = Described<AssociationSummary, Association>;

function tagsText(tags: Record<string, string> | undefined): string | undefined {
  if (!tags) return undefined;
  return Object.entries(tags).map(([key, value]) => `${key}=${value}`).join(', ') || '–';
}

function columnsOf(cluster: string): Column<Row>[] {
  const linked = (text: string, { summary }: Row) => (
    <PageLink to={paths.association(cluster, summary.associationId ?? '')}>{text}</PageLink>
  );
  return [
    { id: 'namespace', header: words.columns.namespace, value: ({ summary }) => summary.namespace },
    {
      id: 'serviceAccount',
      header: words.columns.serviceAccount,
      value: ({ summary }) => summary.serviceAccount,
      cell: (row) => linked(row.summary.serviceAccount ?? '–', row),
    },
    {
      id: 'role',
      header: words.role,
      value: ({ detail }) => detail?.roleArn && nameOfArn(detail.roleArn),
      cell: ({ detail }) => <RoleLink arn={detail?.roleArn} />,
    },
    {
      id: 'targetRole',
      header: words.columns.targetRole,
      value: ({ detail }) => detail?.targetRoleArn,
      cell: ({ detail }) => <RoleLink arn={detail?.targetRoleArn} />,
    },
    {
      id: 'sessionTags',
      header: words.sessionTags,
      value: ({ detail }) => detail && (detail.disableSessionTags ? words.disabled : words.enabled),
    },
    { id: 'tags', header: words.tags, value: ({ detail }) => tagsText(detail?.tags) },
    {
      id: 'id',
      header: words.id,
      value: ({ summary }) => summary.associationId,
      cell: (row) => linked(row.summary.associationId ?? '–', row),
    },
    {
      id: 'created',
      header: words.created,
      value: ({ detail }) => detail?.createdAt,
      cell: ({ detail }) => (detail?.createdAt ? <Time seconds={detail.createdAt} /> : '–'),
    },
    {
      id: 'modified',
      header: words.modified,
      value: ({ detail }) => detail?.modifiedAt,
      cell: ({ detail }) => (detail?.modifiedAt ? <Time seconds={detail.modifiedAt} /> : '–'),
      hidden: true,
    },
    {
      id: 'policy',
      header: words.sessionPolicy,
      value: ({ detail }) => detail && (detail.policy ? words.yes : words.no),
      hidden: true,
    },
    { id: 'arn', header: words.arn, value: ({ summary }) => summary.associationArn, hidden: true },
  ];
}

export function AssociationTable({ cluster }: { cluster: string }) {
  const associations = useDescribed(
    (signal) =>
      allPages('eks', 'ListPodIdentityAssociations', { clusterName: cluster }, (page) => page.associations, signal),
    async ({ associationId = '' }, signal): Promise<Association> => {
      const input = { clusterName: cluster, associationId };
      return (await call('eks', 'DescribePodIdentityAssociation', input, signal)).association;
    },
    [cluster],
  );
  const [deleted, setDeleted] = useState<AssociationSummary>();
  const create = (
    <LinkButton variant="primary" to={paths.createAssociation(cluster)}>
      {texts.common.create}
    </LinkButton>
  );
  const { data, missing } = associations;
  const close = () => setDeleted(undefined);
  return (
    <>
      <ResourceTable<Row>
        name="associations"
        title={words.title}
        description={
          missing > 0 && data ? (
            <StatusIndicator type="in-progress">{words.reading(data.length - missing, data.length)}</StatusIndicator>
          ) : (
            words.description
          )
        }
        items={associations.items}
        loading={associations.loading}
        error={associations.error ?? associations.detailError}
        onReload={associations.reload}
        columns={columnsOf(cluster)}
        id={({ summary }) => summary.associationId ?? ''}
        itemName={({ summary }) => `${summary.namespace}/${summary.serviceAccount}`}
        filterPlaceholder={words.find}
        selection="single"
        actions={([selected]) => (
          <SpaceBetween direction="horizontal" size="xs">
            <Button disabled={!selected} onClick={() => setDeleted(selected.summary)}>
              {texts.common.delete}
            </Button>
            <LinkButton
              disabled={!selected}
              to={selected ? paths.editAssociation(cluster, selected.summary.associationId ?? '') : ''}
            >
              {texts.common.edit}
            </LinkButton>
            {create}
          </SpaceBetween>
        )}
        empty={{ title: words.none, text: words.noneText, action: create }}
      />
      {deleted && (
        <DeleteAssociation
          association={deleted}
          onDeleted={() => {
            close();
            associations.reload();
          }}
          onClose={close}
        />
      )}
    </>
  );
}
