import Button from '@cloudscape-design/components/button';
import { useState } from 'react';
import { LinkButton, PageLink } from '../../../components/link';
import { Page } from '../../../components/page';
import { ResourceTable } from '../../../components/resource_table';
import { Time } from '../../../components/time';
import { useLoad } from '../../../components/use_load';
import { paths } from '../../../paths';
import { texts } from '../../../texts';
import { listPolicies, type Policy } from '../policy_select';
import { DeletePolicy } from './delete_policy';

const words = texts.iam.policies;

export function PolicyList() {
  const policies = useLoad(listPolicies, []);
  const [deleted, setDeleted] = useState<Policy>();
  const create = (
    <LinkButton variant="primary" to={paths.createPolicy}>
      {words.create}
    </LinkButton>
  );
  return (
    <Page title={texts.shell.policies} heading="content">
      <ResourceTable<Policy>
        name="policies"
        title={texts.shell.policies}
        description={words.text}
        page
        items={policies.data}
        loading={policies.loading}
        error={policies.error}
        onReload={policies.reload}
        id={({ Arn }) => Arn}
        itemName={({ PolicyName }) => PolicyName}
        columns={[
          {
            id: 'name',
            header: words.name,
            value: ({ PolicyName }) => PolicyName,
            cell: ({ PolicyName, Arn }) => <PageLink to={paths.policy(Arn)}>{PolicyName}</PageLink>,
          },
          { id: 'attachments', header: words.attachments, value: ({ AttachmentCount }) => AttachmentCount },
          { id: 'boundaries', header: words.boundaries, value: ({ PermissionsBoundaryUsageCount: n }) => n, hidden: true },
          { id: 'version', header: words.defaultVersion, value: ({ DefaultVersionId }) => DefaultVersionId },
          {
            id: 'created',
            header: texts.iam.created,
            value: ({ CreateDate }) => CreateDate,
            cell: ({ CreateDate }) => <Time seconds={CreateDate} />,
          },
          {
            id: 'updated',
            header: words.updated,
            value: ({ UpdateDate }) => UpdateDate,
            cell: ({ UpdateDate }) => <Time seconds={UpdateDate} />,
          },
          { id: 'path', header: texts.iam.path, value: ({ Path }) => Path, hidden: true },
          { id: 'arn', header: texts.iam.arn, value: ({ Arn }) => Arn, hidden: true },
        ]}
        defaultSort={{ column: 'name' }}
        filterPlaceholder={words.find}
        selection="single"
        actions={([selected]) => (
          <>
            <Button disabled={!selected} onClick={() => setDeleted(selected)}>
              {texts.common.delete}
            </Button>
            {create}
          </>
        )}
        empty={{ title: words.none, text: words.noneText, action: create }}
      />
      {deleted && (
        <DeletePolicy
          arn={deleted.Arn}
          onDeleted={() => {
            setDeleted(undefined);
            policies.reload();
          }}
          onClose={() => setDeleted(undefined)}
        />
      )}
    </Page>
  );
}
