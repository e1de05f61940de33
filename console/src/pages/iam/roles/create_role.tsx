import { useNavigate } from 'react-router-dom';
import { call } from '../../../api/client';
import { FormPage } from '../../../components/form_page';
import { Page } from '../../../components/page';
import { noTags, tagMap } from '../../../components/tags_editor';
import { useAction } from '../../../components/use_action';
import { nameOfArn, paths } from '../../../paths';
import { useSession } from '../../../session/session';
import { useShell } from '../../../shell/shell_context';
import { texts } from '../../../texts';
import { attachAll } from '../attach_all';
import { useDocumentRules } from '../document_field';
import { roleEntity, tagList } from '../entity';
import { NameSection, PermissionsSection, TagsSection } from '../entity_sections';
import { checkPath, checkRoleName } from '../rules';
import { newTrust, trustDocument, type Place } from '../trust';
import { useForm } from '../use_form';
import { checkTrust, TrustSection } from './trust_section';

const words = texts.iam.roles;

const newRole = { ...newTrust, name: '', description: '', path: '/', policies: [] as string[], boundary: '', tags: noTags };

export function CreateRole() {
  const navigate = useNavigate();
  const { notify } = useShell();
  const place = usePlace();

  const { run, running, error } = useAction(async (role: typeof newRole) => {
    const { name } = role;
    await call('iam', 'CreateRole', {
      RoleName: name,
      Path: role.path,
      AssumeRolePolicyDocument: trustDocument(role, place),
      Description: role.description || undefined,
      PermissionsBoundary: role.boundary || undefined,
      Tags: tagList(tagMap(role.tags)),
    });
    notify({ type: 'success', content: words.created_(name) });
    for (const { arn, error } of await attachAll(roleEntity(name), role.policies)) {
      notify({ type: 'error', header: texts.iam.notAttached(nameOfArn(arn)), content: error.message });
    }
    navigate(paths.role(name));
  });

  const form = useForm(newRole, error);
  const { fields, change } = form;
  const rules = useDocumentRules(trustDocument(fields, place), 'trust');
  const trustProblems = checkTrust(fields);
  const { told, submit } = form.check({
    ...trustProblems,
    document: Object.values(trustProblems).some(Boolean) ? undefined : rules.problem,
    name: checkRoleName(fields.name),
    path: checkPath(fields.path),
    tags: fields.tags.valid ? undefined : texts.iam.rules.tags,
  });
  return (
    <Page title={words.create} description={words.createText} crumbs={[{ text: texts.shell.roles, to: paths.roles }]}>
      <FormPage
        submit={words.create}
        running={running}
        cancelTo={paths.roles}
        error={form.topError}
        onSubmit={() => void submit(() => run(fields))}
      >
        <TrustSection fields={fields} change={change} told={told} place={place} findings={rules.findings} />
        <PermissionsSection fields={fields} change={change} told={told} />
        <NameSection fields={fields} change={change} told={told} label={words.name} most={64} />
        <TagsSection fields={fields} change={change} told={told} />
      </FormPage>
    </Page>
  );
}

function usePlace(): Place {
  const { principal, region } = useSession().session;
  return { partition: principal.arn.split(':')[1], account: principal.account, region };
}
