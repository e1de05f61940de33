import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import { call } from '../../../api/client';
import { ConfirmDelete } from '../../../components/confirm_delete';
import { CopyButton } from '../../../components/copy_button';
import { ErrorAlert } from '../../../components/error_alert';
import { ResourceTable } from '../../../components/resource_table';
import { Time } from '../../../components/time';
import { useAction } from '../../../components/use_action';
import { useLoad } from '../../../components/use_load';
import { useShell } from '../../../shell/shell_context';
import { texts } from '../../../texts';
import { deleteAccessKey, listAccessKeys, maxAccessKeys, type AccessKey } from './access_keys';
import { CreateAccessKey } from './create_access_key';

const words = texts.iam.accessKeys;

export function AccessKeysTab({ user }: { user: string }) {
  const keys = useLoad((signal) => listAccessKeys(user, signal), [user]);
  const [creating, setCreating] = useState(false);
  const [deleted, setDeleted] = useState<string>();
  const { notify } = useShell();
  const change = useAction(async ({ AccessKeyId, Status }: AccessKey) => {
    const now = Status === 'Active' ? 'Inactive' : 'Active';
    await call('iam', 'UpdateAccessKey', { UserName: user, AccessKeyId, Status: now });
    notify({ type: 'success', content: words.isNow(AccessKeyId, now === 'Active') });
    keys.reload();
  });
  const create = (
    <Button
      variant="primary"
      disabled={(keys.data?.length ?? 0) >= maxAccessKeys}
      disabledReason={words.full(maxAccessKeys)}
      onClick={() => setCreating(true)}
    >
      {words.create}
    </Button>
  );
  return (
    <SpaceBetween size="l">
      {change.error && <ErrorAlert error={change.error} />}
      <ResourceTable<AccessKey>
        name="access-keys"
        title={words.title}
        description={words.text(maxAccessKeys)}
        items={keys.data}
        loading={keys.loading}
        error={keys.error}
        onReload={keys.reload}
        id={({ AccessKeyId }) => AccessKeyId}
        columns={[
          {
            id: 'id',
            header: words.id,
            value: ({ AccessKeyId }) => AccessKeyId,
            cell: ({ AccessKeyId }) => <CopyButton inline text={AccessKeyId} label={words.copyId} />,
          },
          {
            id: 'status',
            header: words.status,
            value: ({ Status }) => Status,
            cell: ({ Status }) => (
              <StatusIndicator type={Status === 'Active' ? 'success' : 'stopped'}>
                {Status === 'Active' ? words.active : words.inactive}
              </StatusIndicator>
            ),
          },
          {
            id: 'created',
            header: texts.iam.created,
            value: ({ CreateDate }) => CreateDate,
            cell: ({ CreateDate }) => <Time seconds={CreateDate} />,
          },
        ]}
        filterPlaceholder={words.find}
        selection="single"
        actions={([selected]) => (
          <>
            <Button disabled={!selected} onClick={() => setDeleted(selected.AccessKeyId)}>
              {texts.common.delete}
            </Button>
            <Button disabled={!selected} loading={change.running} onClick={() => void change.run(selected)}>
              {selected?.Status === 'Inactive' ? words.activate : words.deactivate}
            </Button>
            {create}
          </>
        )}
        empty={{ title: words.none, text: words.noneText, action: create }}
      />
      {creating && <CreateAccessKey user={user} onCreated={keys.reload} onClose={() => setCreating(false)} />}
      {deleted && (
        <ConfirmDelete
          title={words.deleteTitle}
          typed={deleted}
          onConfirm={async () => {
            await deleteAccessKey(user, deleted);
            notify({ type: 'success', content: words.deleted(deleted) });
            setDeleted(undefined);
            keys.reload();
          }}
          onClose={() => setDeleted(undefined)}
        >
          {words.deleteText(deleted)}
        </ConfirmDelete>
      )}
    </SpaceBetween>
  );
}
