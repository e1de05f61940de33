// Editing a policy makes a new version of it. There are five at most: with all of them there, one must go.
import Alert from '@cloudscape-design/components/alert';
import Checkbox from '@cloudscape-design/components/checkbox';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { useNavigate, useParams } from 'react-router-dom';
import { call } from '../../../api/client';
import { ErrorAlert } from '../../../components/error_alert';
import { FormPage } from '../../../components/form_page';
import { Page } from '../../../components/page';
import { formatTime } from '../../../components/time';
import { useAction } from '../../../components/use_action';
import { useLoad } from '../../../components/use_load';
import { nameOfArn, paths } from '../../../paths';
import { useShell } from '../../../shell/shell_context';
import { texts } from '../../../texts';
import { DocumentField, maxManagedPolicy, useDocumentRules } from '../document_field';
import { useForm } from '../use_form';
import { listVersions, maxVersions, versionDocument, type Version } from './versions';

const words = texts.iam.policies;

export function EditPolicy() {
  const { arn = '' } = useParams();
  const policy = useLoad(
    async (signal) => {
      const versions = await listVersions(arn, signal);
      const current = versions.find(({ IsDefaultVersion }) => IsDefaultVersion)?.VersionId ?? '';
      return { versions, document: await versionDocument(arn, current, signal) };
    },
    [arn],
  );
  return (
    <Page
      title={words.editTitle(nameOfArn(arn))}
      description={words.editText}
      crumbs={[
        { text: texts.shell.policies, to: paths.policies },
        { text: nameOfArn(arn), to: paths.policy(arn) },
      ]}
    >
      {policy.error && <ErrorAlert error={policy.error} onRetry={policy.reload} />}
      {policy.loading && !policy.data && <Spinner size="large" />}
      {policy.data && <EditForm arn={arn} {...policy.data} />}
    </Page>
  );
}

function EditForm({ arn, versions, document }: { arn: string; versions: Version[]; document: string }) {
  const navigate = useNavigate();
  const { notify } = useShell();
  const full = versions.length >= maxVersions;
  const oldest = versions.filter(({ IsDefaultVersion }) => !IsDefaultVersion).at(-1)?.VersionId ?? '';
  const initial = { document, isDefault: true, deleted: full ? oldest : '' };

  const { run, running, error } = useAction(async (edited: typeof initial) => {
    if (full) await deleteIfThere(arn, edited.deleted);
    const { PolicyVersion } = await call('iam', 'CreatePolicyVersion', {
      PolicyArn: arn,
      PolicyDocument: edited.document,
      SetAsDefault: edited.isDefault,
    });
    notify({ type: 'success', content: words.saved(nameOfArn(arn), PolicyVersion.VersionId) });
    navigate(paths.policy(arn, edited.isDefault ? 'document' : 'versions'));
  });
  const { fields, change, check, topError } = useForm(initial, error);
  const rules = useDocumentRules(fields.document, 'identity');
  const { told, submit } = check({ document: rules.problem });
  return (
    <FormPage
      submit={texts.common.save}
      running={running}
      cancelTo={paths.policy(arn)}
      error={topError}
      onSubmit={() => void submit(() => run(fields))}
    >
      <Container>
        <SpaceBetween size="l">
          <DocumentField
            value={fields.document}
            onChange={(document) => change({ document })}
            findings={rules.findings}
            errorText={told('document')}
            characters={maxManagedPolicy}
          />
          <Checkbox checked={fields.isDefault} onChange={({ detail }) => change({ isDefault: detail.checked })}>
            {words.makeDefault}
          </Checkbox>
          {full && (
            <Alert type="warning" header={words.fullTitle(maxVersions)}>
              <DeletedVersion versions={versions} value={fields.deleted} onChange={(deleted) => change({ deleted })} />
            </Alert>
          )}
        </SpaceBetween>
      </Container>
    </FormPage>
  );
}

function DeletedVersion({
  versions,
  value,
  onChange,
}: {
  versions: Version[];
  value: string;
  onChange: (id: string) => void;
}) {
  const options = versions
    .filter(({ IsDefaultVersion }) => !IsDefaultVersion)
    .map(({ VersionId, CreateDate }) => ({ label: VersionId, value: VersionId, description: formatTime(CreateDate) }));
  return (
    <FormField label={words.deletedVersion}>
      <Select
        selectedOption={options.find((option) => option.value === value) ?? null}
        options={options}
        onChange={({ detail }) => onChange(detail.selectedOption.value ?? '')}
      />
    </FormField>
  );
}

// At a second try it may be gone already.
async function deleteIfThere(PolicyArn: string, VersionId: string): Promise<void> {
  const versions = await listVersions(PolicyArn);
  if (versions.length < maxVersions) return;
  await call('iam', 'DeletePolicyVersion', { PolicyArn, VersionId });
}
