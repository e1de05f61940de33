import { call } from '../../../api/client';
import { ConfirmDelete } from '../../../components/confirm_delete';
import { useShell } from '../../../shell/shell_context';
import { texts } from '../../../texts';

const words = texts.associations;

interface Deleted {
  clusterName?: string;
  namespace?: string;
  serviceAccount?: string;
  associationId?: string;
}

export function DeleteAssociation({
  association: { clusterName = '', namespace = '', serviceAccount = '', associationId = '' },
  onDeleted,
  onClose,
}: {
  association: Deleted;
  onDeleted: () => void;
  onClose: () => void;
}) {
  const { notify } = useShell();
  return (
    <ConfirmDelete
      title={words.deleteTitle}
      typed={associationId}
      onConfirm={async () => {
        await call('eks', 'DeletePodIdentityAssociation', { clusterName, associationId });
        notify({ type: 'success', content: words.deleted(namespace, serviceAccount) });
        onDeleted();
      }}
      onClose={onClose}
    >
      {words.deleteText(namespace, serviceAccount)}
    </ConfirmDelete>
  );
}
