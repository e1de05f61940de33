// Deletes a user with what stands in the way: its access keys, and its policies.
import Spinner from '@cloudscape-design/components/spinner';
import { call } from '../../../api/client';
import { ConfirmDelete } from '../../../components/confirm_delete';
import { useLoad } from '../../../components/use_load';
import { useShell } from '../../../shell/shell_context';
import { texts } from '../../../texts';
import { userEntity } from '../entity';
import { InTheWay, removePolicies, usePoliciesOf } from '../in_the_way';
import { deleteAccessKey, listAccessKeys } from './access_keys';

const words = texts.iam.users;

export function DeleteUser({ name, onDeleted, onClose }: { name: string; onDeleted: () => void; onClose: () => void }) {
  const { notify } = useShell();
  const entity = userEntity(name);
  const policies = usePoliciesOf(entity);
  const keys = useLoad((signal) => listAccessKeys(name, signal), [name]);
  const keyList = { title: words.deletedKeys, items: (keys.data ?? []).map(({ AccessKeyId }) => AccessKeyId) };
  return (
    <ConfirmDelete
      title={words.deleteTitle(name)}
      typed={name}
      onConfirm={async () => {
        for (const { AccessKeyId } of await listAccessKeys(name)) await deleteAccessKey(name, AccessKeyId);
        await removePolicies(entity);
        await call('iam', 'DeleteUser', { UserName: name });
        notify({ type: 'success', content: words.deleted(name) });
        onDeleted();
      }}
      onClose={onClose}
    >
      {words.deleteText}
      {policies.loading || keys.loading ? <Spinner /> : <InTheWay lists={[keyList, ...policies.lists]} />}
    </ConfirmDelete>
  );
}
