// Edits an association: all but the service account that it is for, which AWS does not let change either.
import Spinner from '@cloudscape-design/components/spinner';
import { useNavigate, useParams } from 'react-router-dom';
import { call, type Input } from '../../../api/client';
import { ErrorAlert } from '../../../components/error_alert';
import { focusFirstError, FormPage } from '../../../components/form_page';
import { KeyValueSection } from '../../../components/key_values';
import { Page } from '../../../components/page';
import { useAction } from '../../../components/use_action';
import { paths } from '../../../paths';
import { useShell } from '../../../shell/shell_context';
import { texts } from '../../../texts';
import { saveTags } from '../save_tags';
import { fieldsOf, RoleSection, SessionSection, TagsSection, useAssociationForm, type AssociationFields } from './association_form';
import type { Association } from './association_table';
import { useAssociation } from './use_association';

const words = texts.associations;

// What UpdatePodIdentityAssociation is to be told; undefined if nothing of it changed. "" removes what was there.
export function updateOf(before: Association, fields: AssociationFields) {
  const now: Partial<Input<'eks', 'UpdatePodIdentityAssociation'>> = {};
  const policy = fields.hasPolicy ? fields.policy : '';
  if (fields.roleArn !== before.roleArn) now.roleArn = fields.roleArn;
  if (fields.targetRoleArn !== (before.targetRoleArn ?? '')) now.targetRoleArn = fields.targetRoleArn;
  if (fields.disableSessionTags !== (before.disableSessionTags ?? false)) now.disableSessionTags = fields.disableSessionTags;
  if (policy !== (before.policy ?? '')) now.policy = policy;
  return Object.keys(now).length ? now : undefined;
}

export function EditAssociation() {
  const { cluster = '', id = '' } = useParams();
  const association = useAssociation(cluster, id);
  return (
    <Page
      title={words.editTitle(id)}
      crumbs={[
        { text: texts.shell.clusters, to: paths.clusters },
        { text: cluster, to: paths.cluster(cluster, 'access') },
        { text: id, to: paths.association(cluster, id) },
      ]}
    >
      {association.error && <ErrorAlert error={association.error} onRetry={association.reload} />}
      {association.loading && !association.data && <Spinner size="large" />}
      {association.data && <EditForm key={association.data.modifiedAt} cluster={cluster} id={id} before={association.data} />}
    </Page>
  );
}

function EditForm({ cluster, id, before }: { cluster: string; id: string; before: Association }) {
  const navigate = useNavigate();
  const { notify } = useShell();
  const page = paths.association(cluster, id);
  const { run, running, error } = useAction(async (fields: AssociationFields) => {
    const update = updateOf(before, fields);
    if (update) await call('eks', 'UpdatePodIdentityAssociation', { clusterName: cluster, associationId: id, ...update });
    await saveTags(before.associationArn ?? '', before.tags ?? {}, fields.tags);
    notify({ type: 'success', content: words.saved(fields.namespace, fields.serviceAccount) });
    navigate(page);
  });
  const form = useAssociationForm(fieldsOf(before), error);
  const { fields } = form;
  const submit = async () => {
    form.tried();
    if (Object.keys(form.problems).length === 0) await run(fields);
    focusFirstError();
  };
  const asked = {
    clusterName: cluster,
    namespace: fields.namespace,
    serviceAccount: fields.serviceAccount,
    disableSessionTags: fields.disableSessionTags,
  };
  return (
    <FormPage
      submit={texts.common.save}
      running={running}
      cancelTo={page}
      error={form.refused ? undefined : error}
      onSubmit={() => void submit()}
    >
      <KeyValueSection
        title={words.serviceAccountSection}
        items={[
          { label: words.namespace, value: before.namespace },
          { label: words.serviceAccount, value: before.serviceAccount },
        ]}
      />
      <RoleSection {...form} asked={asked} />
      <SessionSection {...form} />
      <TagsSection {...form} />
    </FormPage>
  );
}
