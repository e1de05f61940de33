// A dialog with one thing to do in it. Stays open, with the error, if that fails. Rendered only while it is open.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { texts } from '../texts';
import { ErrorAlert } from './error_alert';
import { useAction } from './use_action';

export function Dialog({
  title,
  submit,
  ready = true,
  onSubmit,
  onClose,
  children,
}: {
  title: string;
  submit: string;
  ready?: boolean;
  onSubmit: () => Promise<void>; // closes it
  onClose: () => void;
  children: ReactNode | ((run: () => void) => ReactNode); // `run` is for what submits besides the button
}) {
  const { run, running, error } = useAction(onSubmit);
  const start = () => void (ready && run());
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
            <Button variant="primary" disabled={!ready} loading={running} onClick={start}>
              {submit}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {error && <ErrorAlert error={error} />}
        {typeof children === 'function' ? children(start) : children}
      </SpaceBetween>
    </Modal>
  );
}
