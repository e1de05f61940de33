// Deletes a policy with what stands in the way: it is detached and its other versions are deleted. Where it is a boundary
// it stays, as to take that away would give permissions.
import Spinner from '@cloudscape-design/components/spinner';
import { call } from '../../../api/client';
import { allPages } from '../../../api/many';
import { ConfirmDelete } from '../../../components/confirm_delete';
import { useLoad } from '../../../components/use_load';
import { nameOfArn } from '../../../paths';
import { useShell } from '../../../shell/shell_context';
import { texts } from '../../../texts';
import { InTheWay } from '../in_the_way';
import { usesOf, type PolicyUse } from './policy_uses';

const words = texts.iam.policies;

export function DeletePolicy({ arn, onDeleted, onClose }: { arn: string; onDeleted: () => void; onClose: () => void }) {
  const { notify } = useShell();
  const name = nameOfArn(arn);
  const uses = useLoad((signal) => usesOf(arn, signal), [arn]);
  return (
    <ConfirmDelete
      title={words.deleteTitle(name)}
      typed={name}
      onConfirm={async () => {
        await deletePolicy(arn);
        notify({ type: 'success', content: words.deleted(name) });
        onDeleted();
      }}
      onClose={onClose}
    >
      {words.deleteText}
      {uses.loading ? (
        <Spinner />
      ) : (
        <InTheWay
          lists={[
            { title: words.detachedFrom, items: names(uses.data, 'attached') },
            { title: words.boundaryOf, items: names(uses.data, 'boundary') },
          ]}
        />
      )}
    </ConfirmDelete>
  );
}

function names(uses: readonly PolicyUse[] | undefined, as: PolicyUse['as']): string[] {
  return (uses ?? []).filter((use) => use.as === as).map(({ entity }) => words.entity[entity.kind](entity.name));
}

async function deletePolicy(PolicyArn: string): Promise<void> {
  const uses = await usesOf(PolicyArn);
  if (names(uses, 'boundary').length) throw new Error(words.isBoundary);
  for (const { entity } of uses) await entity.detach(PolicyArn);
  const versions = await allPages('iam', 'ListPolicyVersions', { PolicyArn }, (page) => page.Versions);
  for (const { VersionId, IsDefaultVersion } of versions) {
    if (!IsDefaultVersion) await call('iam', 'DeletePolicyVersion', { PolicyArn, VersionId });
  }
  await call('iam', 'DeletePolicy', { PolicyArn });
}
