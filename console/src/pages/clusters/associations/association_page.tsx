import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router-dom';
import { CopyButton } from '../../../components/copy_button';
import { ErrorAlert } from '../../../components/error_alert';
import { JsonEditor } from '../../../components/json_editor/json_editor';
import { readablePolicy } from '../../../components/json_editor/policy_editor';
import { KeyValueSection } from '../../../components/key_values';
import { LinkButton } from '../../../components/link';
import { Page } from '../../../components/page';
import { Time } from '../../../components/time';
import { paths } from '../../../paths';
import { texts } from '../../../texts';
import { CheckSection } from '../check_section';
import { AssociationActivity } from './association_activity';
import type { Association } from './association_table';
import { DeleteAssociation } from './delete_association';
import { RoleLink } from './role_link';
import { useAssociation } from './use_association';

const words = texts.associations;

export function AssociationPage() {
  const { cluster = '', id = '' } = useParams();
  const association = useAssociation(cluster, id);
  const [deleting, setDeleting] = useState(false);
  const navigate = useNavigate();
  const { data } = association;
  return (
    <Page
      title={id}
      description={data && words.pageText(data.namespace ?? '', data.serviceAccount ?? '')}
      crumbs={[
        { text: texts.shell.clusters, to: paths.clusters },
        { text: cluster, to: paths.cluster(cluster, 'access') },
      ]}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Button disabled={!data} onClick={() => setDeleting(true)}>
            {texts.common.delete}
          </Button>
          <LinkButton disabled={!data} to={paths.editAssociation(cluster, id)}>
            {texts.common.edit}
          </LinkButton>
          <LinkButton
            disabled={!data}
            to={paths.explain({ clusterName: cluster, namespace: data?.namespace, serviceAccount: data?.serviceAccount })}
          >
            {words.explain}
          </LinkButton>
        </SpaceBetween>
      }
    >
      <SpaceBetween size="l">
        {association.error && <ErrorAlert error={association.error} onRetry={association.reload} />}
        {association.loading && !data && <Spinner size="large" />}
        {data && <Details association={data} />}
        {data?.policy && (
          <Container header={<Header variant="h2">{words.sessionPolicy}</Header>}>
            <JsonEditor label={words.sessionPolicy} value={readablePolicy(data.policy)} />
          </Container>
        )}
        {data && <AssociationActivity cluster={cluster} id={id} />}
        {data && <CheckSection cluster={cluster} namespace={data.namespace} serviceAccount={data.serviceAccount} />}
      </SpaceBetween>
      {deleting && data && (
        <DeleteAssociation
          association={data}
          onDeleted={() => navigate(paths.cluster(cluster, 'access'))}
          onClose={() => setDeleting(false)}
        />
      )}
    </Page>
  );
}

function Details({ association }: { association: Association }) {
  const tags = Object.entries(association.tags ?? {});
  return (
    <SpaceBetween size="l">
      <KeyValueSection
        title={words.details}
        items={[
          { label: words.namespace, value: association.namespace },
          { label: words.serviceAccount, value: association.serviceAccount },
          { label: words.role, value: <RoleLink arn={association.roleArn} /> },
          { label: words.targetRole, value: <RoleLink arn={association.targetRoleArn} /> },
          { label: words.sessionTags, value: association.disableSessionTags ? words.disabled : words.enabled },
          association.targetRoleArn !== undefined && {
            label: words.targetRoleArn,
            value: <CopyButton inline text={association.targetRoleArn} />,
          },
          association.externalId !== undefined && {
            label: words.externalId,
            value: <CopyButton inline text={association.externalId} />,
          },
          { label: words.arn, value: <CopyButton inline text={association.associationArn ?? ''} /> },
          { label: words.created, value: association.createdAt && <Time seconds={association.createdAt} /> },
          { label: words.modified, value: association.modifiedAt && <Time seconds={association.modifiedAt} /> },
          association.ownerArn !== undefined && { label: words.owner, value: association.ownerArn },
        ]}
      />
      {tags.length > 0 && (
        <KeyValueSection title={words.tags} items={tags.map(([label, value]) => ({ label, value: value || '–' }))} />
      )}
    </SpaceBetween>
  );
}
