import { useEffect, useState } from 'react';
import { useNavigate, useParams } from 'react-router-dom';
import { call } from '../../../api/client';
import { focusFirstError, FormPage } from '../../../components/form_page';
import { Page } from '../../../components/page';
import { tagMap } from '../../../components/tags_editor';
import { useAction } from '../../../components/use_action';
import { paths } from '../../../paths';
import { useShell } from '../../../shell/shell_context';
import { texts } from '../../../texts';
import { checkNamespace, checkServiceAccount } from '../rules';
import { newAssociation, RoleSection, SessionSection, TagsSection, useAssociationForm, type AssociationFields } from './association_form';
import type { PodIdentity } from './roles';
import { ServiceAccountSection } from './service_account_fields';

const words = texts.associations;

export function CreateAssociation() {
  const { cluster = '' } = useParams();
  const navigate = useNavigate();
  const { notify } = useShell();
  const [clientRequestToken] = useState(() => crypto.randomUUID?.() ?? String(Math.random()));

  const { run, running, error } = useAction(async (fields: AssociationFields) => {
    const { association } = await call('eks', 'CreatePodIdentityAssociation', {
      clusterName: cluster,
      namespace: fields.namespace,
      serviceAccount: fields.serviceAccount,
      roleArn: fields.roleArn,
      targetRoleArn: fields.targetRoleArn || undefined,
      disableSessionTags: fields.disableSessionTags,
      policy: fields.hasPolicy ? fields.policy : undefined,
      tags: tagMap(fields.tags),
      clientRequestToken,
    });
    notify({ type: 'success', content: words.created_(fields.namespace, fields.serviceAccount) });
    navigate(paths.association(cluster, association.associationId ?? ''));
  });
  const form = useAssociationForm(newAssociation, error);
  const { fields } = form;

  const submit = async () => {
    form.tried();
    if (Object.keys(form.problems).length === 0) await run(fields);
    focusFirstError();
  };
  return (
    <Page
      title={words.createTitle}
      description={words.createText}
      crumbs={[
        { text: texts.shell.clusters, to: paths.clusters },
        { text: cluster, to: paths.cluster(cluster, 'access') },
      ]}
    >
      <FormPage
        submit={texts.common.create}
        running={running}
        cancelTo={paths.cluster(cluster, 'access')}
        error={form.refused ? undefined : error}
        onSubmit={() => void submit()}
      >
        <RoleSection {...form} asked={useAsked(cluster, fields)} />
        <ServiceAccountSection {...form} cluster={cluster} />
        <SessionSection {...form} />
        <TagsSection {...form} />
      </FormPage>
    </Page>
  );
}

const delay = 400; // ms after the last key

// Whom the roles are asked for: the names once they are whole, and settled.
function useAsked(clusterName: string, { namespace, serviceAccount, disableSessionTags }: AssociationFields): PodIdentity {
  const whole = !checkNamespace(namespace) && !checkServiceAccount(serviceAccount);
  const names = whole ? `${namespace} ${serviceAccount}` : '';
  const [settled, setSettled] = useState(names);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(names), delay);
    return () => clearTimeout(timer);
  }, [names]);
  if (!settled) return { disableSessionTags };
  const [first, second] = settled.split(' ');
  return { clusterName, namespace: first, serviceAccount: second, disableSessionTags };
}
