import { useNavigate } from 'react-router-dom';
import { call } from '../../../api/client';
import { FormPage } from '../../../components/form_page';
import { Page } from '../../../components/page';
import { noTags, tagMap, type EditedTags } from '../../../components/tags_editor';
import { useAction } from '../../../components/use_action';
import { nameOfArn, paths } from '../../../paths';
import { useShell } from '../../../shell/shell_context';
import { texts } from '../../../texts';
import { attachAll } from '../attach_all';
import { tagList, userEntity } from '../entity';
import { NameSection, PermissionsSection, TagsSection, type NameFields, type PermissionsFields } from '../entity_sections';
import { checkPath, checkUserName } from '../rules';
import { useForm } from '../use_form';

const words = texts.iam.users;

type UserFields = NameFields & PermissionsFields & { tags: EditedTags };
const newUser: UserFields = { name: '', path: '/', policies: [], boundary: '', tags: noTags };

export function CreateUser() {
  const navigate = useNavigate();
  const { notify } = useShell();
  const { run, running, error } = useAction(async (user: UserFields) => {
    const { name } = user;
    await call('iam', 'CreateUser', {
      UserName: name,
      Path: user.path,
      PermissionsBoundary: user.boundary || undefined,
      Tags: tagList(tagMap(user.tags)),
    });
    notify({ type: 'success', content: words.created_(name) });
    for (const { arn, error } of await attachAll(userEntity(name), user.policies)) {
      notify({ type: 'error', header: texts.iam.notAttached(nameOfArn(arn)), content: error.message });
    }
    navigate(paths.user(name));
  });
  const form = useForm(newUser, error);
  const { fields, change } = form;
  const { told, submit } = form.check({
    name: checkUserName(fields.name),
    path: checkPath(fields.path),
    tags: fields.tags.valid ? undefined : texts.iam.rules.tags,
  });
  return (
    <Page title={words.create} description={words.createText} crumbs={[{ text: texts.shell.users, to: paths.users }]}>
      <FormPage
        submit={words.create}
        running={running}
        cancelTo={paths.users}
        error={form.topError}
        onSubmit={() => void submit(() => run(fields))}
      >
        <NameSection fields={fields} change={change} told={told} label={words.name} most={64} />
        <PermissionsSection fields={fields} change={change} told={told} />
        <TagsSection fields={fields} change={change} told={told} />
      </FormPage>
    </Page>
  );
}
