import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { useNavigate } from 'react-router-dom';
import { call } from '../../api/client';
import { focusFirstError, FormPage } from '../../components/form_page';
import { Page } from '../../components/page';
import { RoleArnInput } from '../../components/role_arn_input';
import { noTags, tagMap, TagsEditor } from '../../components/tags_editor';
import { useAction } from '../../components/use_action';
import { paths } from '../../paths';
import { useShell } from '../../shell/shell_context';
import { texts } from '../../texts';
import { checkClusterName, checkRoleArn, checkVersion, fieldOfError, type Field } from './rules';

const words = texts.clusters;

export function CreateCluster() {
  const [name, setName] = useState('');
  const [version, setVersion] = useState('');
  const [roleArn, setRoleArn] = useState('');
  const [tags, setTags] = useState(noTags);
  const [tried, setTried] = useState(false);
  const navigate = useNavigate();
  const { notify } = useShell();

  const { run, running, error } = useAction(async () => {
    await call('eks', 'CreateCluster', {
      name,
      roleArn,
      version: version || undefined,
      resourcesVpcConfig: {},
      tags: tagMap(tags),
    });
    notify({ type: 'success', content: words.created_(name) });
    navigate(paths.cluster(name));
  });

  const wrong: Partial<Record<Field, string>> = {
    name: checkClusterName(name),
    version: checkVersion(version),
    roleArn: checkRoleArn(roleArn),
  };
  const refused = fieldOfError(error);
  const told = (field: Field) => (tried && wrong[field]) || (refused === field ? error?.message : undefined);
  const submit = async () => {
    setTried(true);
    if (!Object.values(wrong).some(Boolean) && tags.valid) await run();
    focusFirstError();
  };

  return (
    <Page
      title={words.createTitle}
      description={words.createText}
      crumbs={[{ text: texts.shell.clusters, to: paths.clusters }]}
    >
      <FormPage
        submit={texts.common.create}
        running={running}
        cancelTo={paths.clusters}
        error={refused ? undefined : error}
        onSubmit={() => void submit()}
      >
        <Container header={<Header variant="h2">{words.configuration}</Header>}>
          <SpaceBetween size="l">
            <FormField label={words.name} constraintText={texts.associations.rules.clusterName} errorText={told('name')}>
              <Input value={name} onChange={({ detail }) => setName(detail.value)} autoFocus spellcheck={false} />
            </FormField>
            <FormField label={optional(words.version)} description={words.versionText} errorText={told('version')}>
              <Input value={version} onChange={({ detail }) => setVersion(detail.value)} placeholder="1.32" />
            </FormField>
            <FormField label={words.roleArn} description={words.roleArnText} errorText={told('roleArn')}>
              <RoleArnInput value={roleArn} onChange={setRoleArn} placeholder="arn:aws:iam::111122223333:role/my-cluster-role" />
            </FormField>
          </SpaceBetween>
        </Container>
        <Container header={<Header variant="h2">{optional(texts.associations.tags)}</Header>}>
          <FormField errorText={told('tags')} stretch>
            <TagsEditor value={tags} onChange={setTags} />
          </FormField>
        </Container>
      </FormPage>
    </Page>
  );
}

export function optional(label: string) {
  return (
    <>
      {label} <i>- {texts.common.optional}</i>
    </>
  );
}
