import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { useNavigate } from 'react-router-dom';
import { call } from '../../../api/client';
import { FormPage } from '../../../components/form_page';
import { Page } from '../../../components/page';
import { noTags, tagMap } from '../../../components/tags_editor';
import { useAction } from '../../../components/use_action';
import { paths } from '../../../paths';
import { useShell } from '../../../shell/shell_context';
import { texts } from '../../../texts';
import { DocumentField, maxManagedPolicy, useDocumentRules } from '../document_field';
import { tagList } from '../entity';
import { NameSection, TagsSection } from '../entity_sections';
import { checkPolicyName, checkPolicyPath } from '../rules';
import { newPolicyDocument } from '../templates';
import { useForm } from '../use_form';

const words = texts.iam.policies;

const newPolicy = { document: newPolicyDocument, name: '', description: '', path: '/', tags: noTags };

export function CreatePolicy() {
  const navigate = useNavigate();
  const { notify } = useShell();
  const { run, running, error } = useAction(async (policy: typeof newPolicy) => {
    const { Policy } = await call('iam', 'CreatePolicy', {
      PolicyName: policy.name,
      Path: policy.path,
      PolicyDocument: policy.document,
      Description: policy.description || undefined,
      Tags: tagList(tagMap(policy.tags)),
    });
    notify({ type: 'success', content: words.created_(policy.name) });
    navigate(paths.policy(Policy.Arn));
  });
  const form = useForm(newPolicy, error);
  const { fields, change } = form;
  const rules = useDocumentRules(fields.document, 'identity');
  const { told, submit } = form.check({
    document: rules.problem,
    name: checkPolicyName(fields.name),
    path: checkPolicyPath(fields.path),
    tags: fields.tags.valid ? undefined : texts.iam.rules.tags,
  });
  return (
    <Page
      title={words.create}
      description={words.createText}
      crumbs={[{ text: texts.shell.policies, to: paths.policies }]}
    >
      <FormPage
        submit={words.create}
        running={running}
        cancelTo={paths.policies}
        error={form.topError}
        onSubmit={() => void submit(() => run(fields))}
      >
        <Container header={<Header variant="h2">{words.permissions}</Header>}>
          <DocumentField
            value={fields.document}
            onChange={(document) => change({ document })}
            findings={rules.findings}
            errorText={told('document')}
            characters={maxManagedPolicy}
          />
        </Container>
        <NameSection fields={fields} change={change} told={told} label={words.name} most={128} />
        <TagsSection fields={fields} change={change} told={told} />
      </FormPage>
    </Page>
  );
}
