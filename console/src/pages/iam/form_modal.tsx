// A short form in a dialog. Stays open, with the error, if it fails. Rendered only while it is open.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { ErrorAlert } from '../../components/error_alert';
import { useAction } from '../../components/use_action';
import { texts } from '../../texts';

export function FormModal({
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
  children: ReactNode;
}) {
  const { run, running, error } = useAction(onSubmit);
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
            <Button variant="primary" disabled={!ready} loading={running} onClick={() => void run()}>
              {submit}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {error && <ErrorAlert error={error} />}
        {children}
      </SpaceBetween>
    </Modal>
  );
}
