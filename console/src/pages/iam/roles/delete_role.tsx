// Deletes a role with what stands in the way: IAM wants its policies detached and deleted first.
import Spinner from '@cloudscape-design/components/spinner';
import { call } from '../../../api/client';
import { ConfirmDelete } from '../../../components/confirm_delete';
import { useShell } from '../../../shell/shell_context';
import { texts } from '../../../texts';
import { InTheWay, removePolicies, usePoliciesOf } from '../in_the_way';
import { roleEntity } from '../entity';

const words = texts.iam.roles;

export function DeleteRole({ name, onDeleted, onClose }: { name: string; onDeleted: () => void; onClose: () => void }) {
  const { notify } = useShell();
  const entity = roleEntity(name);
  const policies = usePoliciesOf(entity);
  return (
    <ConfirmDelete
      title={words.deleteTitle(name)}
      typed={name}
      onConfirm={async () => {
        await removePolicies(entity);
        await call('iam', 'DeleteRole', { RoleName: name });
        notify({ type: 'success', content: words.deleted(name) });
        onDeleted();
      }}
      onClose={onClose}
    >
      {words.deleteText}
      {policies.loading ? <Spinner /> : <InTheWay lists={policies.lists} />}
    </ConfirmDelete>
  );
}
