// Makes an access key. Its secret is in this dialog's state only, and gone with it.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState, type ReactNode } from 'react';
import { call } from '../../../api/client';
import { CopyButton } from '../../../components/copy_button';
import { texts } from '../../../texts';
import { Dialog } from '../../../components/dialog';
import { csvOf, type NewAccessKey } from './access_keys';

const words = texts.iam.accessKeys;

export function CreateAccessKey({
  user,
  onCreated,
  onClose,
}: {
  user: string;
  onCreated: () => void;
  onClose: () => void;
}) {
  const [key, setKey] = useState<NewAccessKey>();
  if (key) return <ShownOnce accessKey={key} onClose={onClose} />;
  return (
    <Dialog
      title={words.create}
      submit={words.create}
      onSubmit={async () => {
        setKey((await call('iam', 'CreateAccessKey', { UserName: user })).AccessKey);
        onCreated();
      }}
      onClose={onClose}
    >
      <Box>{words.createText(user)}</Box>
    </Dialog>
  );
}

function ShownOnce({ accessKey, onClose }: { accessKey: NewAccessKey; onClose: () => void }) {
  const [shown, setShown] = useState(false);
  const { AccessKeyId, SecretAccessKey } = accessKey;
  return (
    <Modal
      visible
      header={words.createdTitle}
      onDismiss={({ detail }) => detail.reason !== 'overlay' && onClose()} // a click beside it must not lose the secret
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button iconName="download" onClick={() => download(`${AccessKeyId}.csv`, csvOf(accessKey))}>
              {words.download}
            </Button>
            <Button variant="primary" onClick={onClose}>
              {words.done}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Alert type="warning">{words.once}</Alert>
        <KeyValuePairs
          columns={1}
          items={[
            {
              label: words.id,
              value: (
                <Line text={AccessKeyId}>
                  <CopyButton text={AccessKeyId} label={words.copyId} />
                </Line>
              ),
            },
            {
              label: words.secret,
              value: (
                <Line text={shown ? SecretAccessKey : '•'.repeat(16)}>
                  <Button onClick={() => setShown(!shown)}>{shown ? words.hide : words.show}</Button>
                  <CopyButton text={SecretAccessKey} label={words.copySecret} />
                </Line>
              ),
            },
          ]}
        />
      </SpaceBetween>
    </Modal>
  );
}

function Line({ text, children }: { text: string; children: ReactNode }) {
  return (
    <SpaceBetween size="xs">
      <Box variant="code">{text}</Box>
      <SpaceBetween direction="horizontal" size="xs">
        {children}
      </SpaceBetween>
    </SpaceBetween>
  );
}

function download(name: string, text: string) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
