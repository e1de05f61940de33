import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router-dom';
import { call } from '../../../api/client';
import { CopyButton } from '../../../components/copy_button';
import { ErrorAlert } from '../../../components/error_alert';
import { KeyValueSection } from '../../../components/key_values';
import { LinkButton } from '../../../components/link';
import { NotFound } from '../../../components/not_found';
import { Page } from '../../../components/page';
import { Time } from '../../../components/time';
import { useLoad } from '../../../components/use_load';
import { nameOfArn, paths, type PolicyTab } from '../../../paths';
import { texts } from '../../../texts';
import { PageTabs } from '../page_tabs';
import { getPolicy, type Policy } from '../policy_select';
import { TagsTab } from '../tags_tab';
import { AttachedTab } from './attached_tab';
import { DeletePolicy } from './delete_policy';
import { VersionDocument } from './version_document';
import { VersionsTab } from './versions_tab';

const words = texts.iam.policies;
const tabs: PolicyTab[] = ['document', 'versions', 'attached', 'tags'];

export function PolicyPage() {
  const { arn = '', tab = '' } = useParams();
  const policy = useLoad((signal) => getPolicy(arn, signal), [arn]);
  const [deleting, setDeleting] = useState(false);
  const navigate = useNavigate();
  if (!tabs.includes(tab as PolicyTab)) return <NotFound />;

  const { data } = policy;
  const withPolicy = (draw: (policy: Policy) => JSX.Element) => () => (data ? draw(data) : policy.loading && <Spinner />);
  const content = {
    document: withPolicy(({ DefaultVersionId }) => <VersionDocument arn={arn} version={DefaultVersionId} />),
    versions: () => <VersionsTab arn={arn} onChanged={policy.reload} />,
    attached: () => <AttachedTab arn={arn} onChanged={policy.reload} />,
    tags: withPolicy(({ Tags }) => (
      <TagsTab
        tags={Tags}
        tag={(Tags) => call('iam', 'TagPolicy', { PolicyArn: arn, Tags })}
        untag={(TagKeys) => call('iam', 'UntagPolicy', { PolicyArn: arn, TagKeys })}
        onChanged={policy.reload}
      />
    )),
  };
  return (
    <Page
      title={nameOfArn(arn)}
      crumbs={[{ text: texts.shell.policies, to: paths.policies }]}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Button onClick={() => setDeleting(true)}>{texts.common.delete}</Button>
          <LinkButton to={paths.editPolicy(arn)}>{texts.common.edit}</LinkButton>
        </SpaceBetween>
      }
    >
      <SpaceBetween size="l">
        {policy.error && <ErrorAlert error={policy.error} onRetry={policy.reload} />}
        {data && <Summary policy={data} />}
        <PageTabs
          active={tab}
          label={words.tabs}
          tabs={tabs.map((id) => ({ id, label: words.tabNames[id], to: paths.policy(arn, id), content: content[id] }))}
        />
      </SpaceBetween>
      {deleting && (
        <DeletePolicy arn={arn} onDeleted={() => navigate(paths.policies)} onClose={() => setDeleting(false)} />
      )}
    </Page>
  );
}

function Summary({ policy }: { policy: Policy }) {
  return (
    <KeyValueSection
      title={texts.iam.summary}
      items={[
        { label: texts.iam.arn, value: <CopyButton inline text={policy.Arn} /> },
        { label: texts.iam.path, value: policy.Path },
        { label: texts.iam.description, value: policy.Description || undefined },
        { label: texts.iam.created, value: <Time seconds={policy.CreateDate} /> },
        { label: words.updated, value: <Time seconds={policy.UpdateDate} /> },
        { label: words.attachments, value: policy.AttachmentCount },
      ]}
    />
  );
}
