// "Why is my role missing?": the roles that do not let pod identity in, why, and what their trust policy would have to be.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import Input from '@cloudscape-design/components/input';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { useState } from 'react';
import { call } from '../../../api/client';
import { CopyButton } from '../../../components/copy_button';
import { ErrorAlert } from '../../../components/error_alert';
import { JsonEditor, type Finding } from '../../../components/json_editor/json_editor';
import { readablePolicy } from '../../../components/json_editor/policy_editor';
import { useAction } from '../../../components/use_action';
import { useShell } from '../../../shell/shell_context';
import { texts } from '../../../texts';
import { usePodIdentityRoles, type PodIdentity, type PodIdentityRole } from './roles';

const words = texts.missingRoles;
const maxShown = 20;

export function MissingRoles({ asked, onApplied }: { asked: PodIdentity; onApplied: (role: PodIdentityRole) => void }) {
  const roles = usePodIdentityRoles(asked);
  const [filter, setFilter] = useState('');
  const missing = roles.data?.filter((role) => !role.trusted) ?? [];
  const shown = missing.filter(({ roleName }) => roleName.toLowerCase().includes(filter.trim().toLowerCase()));
  const pod = asked.namespace && asked.serviceAccount && `${asked.namespace}/${asked.serviceAccount}`;
  return (
    <SpaceBetween size="m">
      <Box variant="p">{pod ? words.textFor(pod) : words.text}</Box>
      {roles.error && <ErrorAlert error={roles.error} onRetry={roles.reload} />}
      {roles.loading && !roles.data && <Spinner />}
      {roles.data && missing.length === 0 && <Box variant="p">{words.noneMissing}</Box>}
      {missing.length > 1 && (
        <Input
          type="search"
          value={filter}
          onChange={({ detail }) => setFilter(detail.value)}
          placeholder={words.find}
          ariaLabel={words.find}
        />
      )}
      {shown.slice(0, maxShown).map((role) => (
        <MissingRole
          key={role.arn}
          role={role}
          expanded={shown.length === 1}
          onApplied={() => {
            roles.reload();
            onApplied(role);
          }}
        />
      ))}
      {shown.length > maxShown && <Box variant="small">{words.more(shown.length - maxShown)}</Box>}
    </SpaceBetween>
  );
}

function MissingRole({
  role,
  expanded,
  onApplied,
}: {
  role: PodIdentityRole;
  expanded: boolean;
  onApplied: () => void;
}) {
  const reasons = role.reasons ?? [];
  const findings = reasons
    .filter((reason) => reason.line)
    .map(({ message, line = 0, column = 1 }): Finding => ({ severity: 'error', message, line, column }));
  const elsewhere = reasons.filter((reason) => !reason.line);
  return (
    <ExpandableSection headerText={role.roleName} headingTagOverride="h3" defaultExpanded={expanded} headerDescription={reasons[0]?.message}>
      <SpaceBetween size="s">
        {elsewhere.map(({ message }) => (
          <Box key={message}>{message}</Box>
        ))}
        <Box variant="h4">{words.current}</Box>
        <JsonEditor label={words.currentOf(role.roleName)} value={role.trustPolicy} findings={findings} maxLines={16} />
        {role.suggestedTrustPolicy && (
          <SuggestedPolicy roleName={role.roleName} policy={readablePolicy(role.suggestedTrustPolicy)} onApplied={onApplied} />
        )}
      </SpaceBetween>
    </ExpandableSection>
  );
}

function SuggestedPolicy({
  roleName,
  policy,
  onApplied,
}: {
  roleName: string;
  policy: string;
  onApplied: () => void;
}) {
  const { notify } = useShell();
  const { run, running, error } = useAction(async () => {
    await call('iam', 'UpdateAssumeRolePolicy', { RoleName: roleName, PolicyDocument: policy });
    notify({ type: 'success', content: words.applied(roleName) });
    onApplied();
  });
  return (
    <SpaceBetween size="xs">
      <Box variant="h4">{words.suggested}</Box>
      <JsonEditor label={words.suggestedOf(roleName)} value={policy} maxLines={24} />
      {error && <ErrorAlert error={error} />}
      <SpaceBetween direction="horizontal" size="xs">
        <CopyButton text={policy} label={words.copy} />
        <Button formAction="none" loading={running} onClick={() => void run()}>
          {words.apply}
        </Button>
      </SpaceBetween>
      <Alert type="warning">{words.applyText(roleName)}</Alert>
    </SpaceBetween>
  );
}

export function WhyMissing({ asked, onApplied }: { asked: PodIdentity; onApplied: (role: PodIdentityRole) => void }) {
  const { openPanel } = useShell();
  return (
    <Link
      variant="info"
      onFollow={() =>
        openPanel({ title: words.title, content: <MissingRoles key={JSON.stringify(asked)} asked={asked} onApplied={onApplied} /> })
      }
    >
      {words.title}
    </Link>
  );
}
