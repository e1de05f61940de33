// Asks before something is deleted; where it matters, the name is to be typed. Stays open, with the error, if it fails.
// Rendered only while it is open.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState, type ReactNode } from 'react';
import { texts } from '../texts';
import { ErrorAlert } from './error_alert';
import { useAction } from './use_action';

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
  const { run, running, error } = useAction(onConfirm);
  const ready = typed === undefined || text === typed;
  return (
    <Modal
      visible
      header={title}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              {texts.common.cancel}
            </Button>
            <Button variant="primary" disabled={!ready} loading={running} onClick={() => run()}>
              {action}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void run();
        }}
      >
        <SpaceBetween size="m">
          {error && <ErrorAlert error={error} />}
          <Alert type="warning">{children}</Alert>
          {typed !== undefined && (
            <FormField label={texts.common.typeToConfirm(typed)}>
              <Input value={text} onChange={({ detail }) => setText(detail.value)} placeholder={typed} autoFocus autoComplete={false} />
            </FormField>
          )}
        </SpaceBetween>
      </form>
    </Modal>
  );
}
