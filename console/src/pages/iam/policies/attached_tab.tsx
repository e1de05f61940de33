import Button from '@cloudscape-design/components/button';
import { useState } from 'react';
import { ConfirmDelete } from '../../../components/confirm_delete';
import { PageLink } from '../../../components/link';
import { ResourceTable } from '../../../components/resource_table';
import { useLoad } from '../../../components/use_load';
import { nameOfArn, paths } from '../../../paths';
import { useShell } from '../../../shell/shell_context';
import { texts } from '../../../texts';
import { usesOf, type PolicyUse } from './policy_uses';

const words = texts.iam.policies;

export function AttachedTab({ arn, onChanged }: { arn: string; onChanged: () => void }) {
  const uses = useLoad((signal) => usesOf(arn, signal), [arn]);
  const [detached, setDetached] = useState<PolicyUse>();
  const { notify } = useShell();
  return (
    <>
      <ResourceTable<PolicyUse>
        name="policy-uses"
        title={words.uses}
        description={words.usesText}
        items={uses.data}
        loading={uses.loading}
        error={uses.error}
        onReload={uses.reload}
        id={({ entity, as }) => `${entity.kind} ${entity.name} ${as}`}
        itemName={({ entity }) => entity.name}
        columns={[
          {
            id: 'name',
            header: words.entityName,
            value: ({ entity }) => entity.name,
            cell: ({ entity }) => <PageLink to={paths[entity.kind](entity.name)}>{entity.name}</PageLink>,
          },
          { id: 'kind', header: words.entityKind, value: ({ entity }) => words.kinds[entity.kind] },
          { id: 'as', header: words.usedAs, value: ({ as }) => words.as[as] },
        ]}
        defaultSort={{ column: 'name' }}
        filterPlaceholder={words.findUses}
        selection="single"
        actions={([selected]) => (
          <Button disabled={selected?.as !== 'attached'} onClick={() => setDetached(selected)}>
            {texts.iam.permissions.detach}
          </Button>
        )}
        empty={{ title: words.noUses, text: words.noUsesText }}
      />
      {detached && (
        <ConfirmDelete
          title={texts.iam.permissions.detachTitle}
          action={texts.iam.permissions.detach}
          onConfirm={async () => {
            await detached.entity.detach(arn);
            notify({ type: 'success', content: texts.iam.permissions.detached(1) });
            setDetached(undefined);
            uses.reload();
            onChanged();
          }}
          onClose={() => setDetached(undefined)}
        >
          {texts.iam.permissions.detachText(nameOfArn(arn), detached.entity.name)}
        </ConfirmDelete>
      )}
    </>
  );
}
