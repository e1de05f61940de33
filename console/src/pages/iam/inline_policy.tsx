// The pages that create and edit an inline policy of a role or user.
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { useNavigate, useParams } from 'react-router-dom';
import { ErrorAlert } from '../../components/error_alert';
import { FormPage } from '../../components/form_page';
import { readablePolicy } from '../../components/json_editor/policy_editor';
import { Page } from '../../components/page';
import { useAction } from '../../components/use_action';
import { useLoad } from '../../components/use_load';
import { paths } from '../../paths';
import { useShell } from '../../shell/shell_context';
import { texts } from '../../texts';
import { DocumentField, useDocumentRules } from './document_field';
import { roleEntity, userEntity, type Entity } from './entity';
import { checkPolicyName } from './rules';
import { newPolicyDocument } from './templates';
import { useForm } from './use_form';

const words = texts.iam.inlinePolicy;

export type EntityOf = (name: string) => Entity;

export function crumbsOf({ kind, name }: Entity) {
  const list = kind === 'role' ? { text: texts.shell.roles, to: paths.roles } : { text: texts.shell.users, to: paths.users };
  return [list, { text: name, to: paths[kind](name) }];
}

const entities = { role: roleEntity, user: userEntity };

export function CreateInlinePolicy({ of }: { of: Entity['kind'] }) {
  const { name = '' } = useParams();
  const entity = entities[of](name);
  return (
    <Page title={words.createTitle} description={words.createText(name)} crumbs={crumbsOf(entity)}>
      <InlinePolicyForm entity={entity} document={newPolicyDocument} />
    </Page>
  );
}

export function EditInlinePolicy({ of }: { of: Entity['kind'] }) {
  const { name = '', policy = '' } = useParams();
  const entity = entities[of](name);
  const document = useLoad(
    async (signal) => readablePolicy(await entity.inlinePolicy(policy, signal)),
    [of, name, policy],
  );
  return (
    <Page title={policy} description={words.editText(name)} crumbs={crumbsOf(entity)}>
      {document.error && <ErrorAlert error={document.error} onRetry={document.reload} />}
      {document.loading && !document.data && <Spinner size="large" />}
      {document.data !== undefined && <InlinePolicyForm entity={entity} policy={policy} document={document.data} />}
    </Page>
  );
}

function InlinePolicyForm({ entity, policy, document }: { entity: Entity; policy?: string; document: string }) {
  const navigate = useNavigate();
  const { notify } = useShell();
  const back = paths[entity.kind](entity.name);
  const { run, running, error } = useAction(async (name: string, text: string) => {
    await entity.putInlinePolicy(name, text);
    notify({ type: 'success', content: words.saved(name) });
    navigate(back);
  });
  const { fields, change, check, topError } = useForm({ name: policy ?? '', document }, error);
  const rules = useDocumentRules(fields.document, 'identity');
  const { told, submit } = check({ name: checkPolicyName(fields.name), document: rules.problem });
  return (
    <FormPage
      submit={policy === undefined ? texts.common.create : texts.common.save}
      running={running}
      cancelTo={back}
      error={topError}
      onSubmit={() => void submit(() => run(fields.name, fields.document))}
    >
      <Container>
        <SpaceBetween size="l">
          {policy === undefined && (
            <FormField label={words.name} constraintText={texts.iam.rules.name(128)} errorText={told('name')}>
              <Input
                value={fields.name}
                onChange={({ detail }) => change({ name: detail.value })}
                autoFocus
                spellcheck={false}
                autoComplete={false}
              />
            </FormField>
          )}
          <DocumentField
            value={fields.document}
            onChange={(document) => change({ document })}
            findings={rules.findings}
            errorText={told('document')}
          />
        </SpaceBetween>
      </Container>
    </FormPage>
  );
}
