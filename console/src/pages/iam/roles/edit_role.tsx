import FormField from '@cloudscape-design/components/form-field';
import Select from '@cloudscape-design/components/select';
import Textarea from '@cloudscape-design/components/textarea';
import { useState } from 'react';
import { call } from '../../../api/client';
import { optional } from '../../../components/optional';
import { useShell } from '../../../shell/shell_context';
import { texts } from '../../../texts';
import { Dialog } from '../../../components/dialog';
import type { Role } from './role_list';

const words = texts.iam.roles;
const sessionHours = [1, 2, 4, 8, 12];

export function EditRole({ role, onSaved, onClose }: { role: Role; onSaved: () => void; onClose: () => void }) {
  const [description, setDescription] = useState(role.Description ?? '');
  const [seconds, setSeconds] = useState(role.MaxSessionDuration ?? 3600);
  const { notify } = useShell();
  const hours = [...new Set([...sessionHours, seconds / 3600])].sort((a, b) => a - b);
  const option = (hours: number) => ({ label: words.hours(hours), value: String(hours * 3600) });
  return (
    <Dialog
      title={words.editTitle(role.RoleName)}
      submit={texts.common.save}
      onSubmit={async () => {
        const input = { RoleName: role.RoleName, Description: description, MaxSessionDuration: seconds };
        await call('iam', 'UpdateRole', input);
        notify({ type: 'success', content: words.saved(role.RoleName) });
        onClose();
        onSaved();
      }}
      onClose={onClose}
    >
      <FormField label={optional(texts.iam.description)}>
        <Textarea value={description} onChange={({ detail }) => setDescription(detail.value)} />
      </FormField>
      <FormField label={words.maxSession} description={words.maxSessionText}>
        <Select
          selectedOption={option(seconds / 3600)}
          options={hours.map(option)}
          onChange={({ detail }) => setSeconds(Number(detail.selectedOption.value))}
        />
      </FormField>
    </Dialog>
  );
}
