import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { call } from '../../../api/client';
import { CopyButton } from '../../../components/copy_button';
import { ErrorAlert } from '../../../components/error_alert';
import { JsonEditor } from '../../../components/json_editor/json_editor';
import { readablePolicy } from '../../../components/json_editor/policy_editor';
import { useAction } from '../../../components/use_action';
import { useShell } from '../../../shell/shell_context';
import { texts } from '../../../texts';
import { DocumentField, maxTrustPolicy, useDocumentRules } from '../document_field';
import { trustedEntities } from '../trust';
import { useForm } from '../use_form';
import type { Role } from './role_list';

const words = texts.iam.trust;

export function TrustTab({ role, onChanged }: { role: Role; onChanged: () => void }) {
  const [editing, setEditing] = useState(false);
  const document = readablePolicy(role.AssumeRolePolicyDocument ?? '');
  const actions = (
    <SpaceBetween direction="horizontal" size="xs">
      <CopyButton text={document} />
      <Button onClick={() => setEditing(true)}>{words.edit}</Button>
    </SpaceBetween>
  );
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={words.text(trustedEntities(role.AssumeRolePolicyDocument).join(', '))}
          actions={!editing && actions}
        >
          {words.tabTitle}
        </Header>
      }
    >
      {editing ? (
        <EditTrust
          name={role.RoleName}
          before={document}
          onSaved={() => {
            setEditing(false);
            onChanged();
          }}
          onCancel={() => setEditing(false)}
        />
      ) : (
        <JsonEditor label={words.policy} value={document} />
      )}
    </Container>
  );
}

function EditTrust({
  name,
  before,
  onSaved,
  onCancel,
}: {
  name: string;
  before: string;
  onSaved: () => void;
  onCancel: () => void;
}) {
  const { notify } = useShell();
  const { run, running, error } = useAction(async (document: string) => {
    await call('iam', 'UpdateAssumeRolePolicy', { RoleName: name, PolicyDocument: document });
    notify({ type: 'success', content: words.saved(name) });
    onSaved();
  });
  const { fields, change, check, topError } = useForm({ document: before }, error);
  const rules = useDocumentRules(fields.document, 'trust');
  const { told, submit } = check({ document: rules.problem });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit(() => run(fields.document));
      }}
    >
      <SpaceBetween size="m">
        {topError && <ErrorAlert error={topError} />}
        <DocumentField
          label={words.policy}
          value={fields.document}
          onChange={(document) => change({ document })}
          findings={rules.findings}
          errorText={told('document')}
          characters={maxTrustPolicy}
        />
        <SpaceBetween direction="horizontal" size="xs">
          <Button variant="primary" formAction="submit" loading={running}>
            {texts.common.save}
          </Button>
          <Button variant="link" formAction="none" onClick={onCancel}>
            {texts.common.cancel}
          </Button>
        </SpaceBetween>
      </SpaceBetween>
    </form>
  );
}
