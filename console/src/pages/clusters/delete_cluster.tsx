import { ApiError, call } from '../../api/client';
import { ConfirmDelete } from '../../components/confirm_delete';
import { useShell } from '../../shell/shell_context';
import { texts } from '../../texts';

const words = texts.clusters;

// A registered cluster is deregistered instead: so says the refusal to delete it.
async function deleteCluster(name: string) {
  try {
    await call('eks', 'DeleteCluster', { name });
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'InvalidRequestException') throw error;
    await call('eks', 'DeregisterCluster', { name });
  }
}

export function DeleteCluster({ name, onDeleted, onClose }: { name: string; onDeleted: () => void; onClose: () => void }) {
  const { notify } = useShell();
  return (
    <ConfirmDelete
      title={words.deleteTitle(name)}
      typed={name}
      onConfirm={async () => {
        await deleteCluster(name);
        notify({ type: 'success', content: words.deleted(name) });
        onDeleted();
      }}
      onClose={onClose}
    >
      {words.deleteText}
    </ConfirmDelete>
  );
}
