// Asks before something is deleted; where it matters, the name is to be typed.
import Alert from '@cloudscape-design/components/alert';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState, type ReactNode } from 'react';
import { texts } from '../texts';
import { Dialog } from './dialog';

export function ConfirmDelete({
  title,
  children,
  typed,
  action = texts.common.delete,
  onConfirm,
  onClose,
}: {
  title: string;
  children: ReactNode; // what will be gone
  typed?: string; // what is to be typed
  action?: string;
  onConfirm: () => Promise<void>; // closes it
  onClose: () => void;
}) {
  const [text, setText] = useState('');
  return (
    <Dialog title={title} submit={action} ready={typed === undefined || text === typed} onSubmit={onConfirm} onClose={onClose}>
      {(run) => (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            run();
          }}
        >
          <SpaceBetween size="m">
            <Alert type="warning">{children}</Alert>
            {typed !== undefined && (
              <FormField label={texts.common.typeToConfirm(typed)}>
                <Input value={text} onChange={({ detail }) => setText(detail.value)} placeholder={typed} autoFocus autoComplete={false} />
              </FormField>
            )}
          </SpaceBetween>
        </form>
      )}
    </Dialog>
  );
}
