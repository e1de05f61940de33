// The policies of a role or user: managed ones that are attached, and its own inline ones.
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMemo, useState } from 'react';
import { ConfirmDelete } from '../../components/confirm_delete';
import { LinkButton, PageLink } from '../../components/link';
import { ResourceTable } from '../../components/resource_table';
import { useLoad, type Loaded } from '../../components/use_load';
import { paths } from '../../paths';
import { useShell } from '../../shell/shell_context';
import { texts } from '../../texts';
import { attachAll } from './attach_all';
import type { AttachedPolicy, Entity } from './entity';
import { Dialog } from '../../components/dialog';
import { maxAttached, PoliciesField } from './policy_select';

const words = texts.iam.permissions;

export function PermissionsTab({ entity }: { entity: Entity }) {
  return (
    <SpaceBetween size="l">
      <AttachedPolicies entity={entity} />
      <InlinePolicies entity={entity} />
    </SpaceBetween>
  );
}

function AttachedPolicies({ entity }: { entity: Entity }) {
  const policies = useLoad(entity.attached, [entity.kind, entity.name]);
  const [open, setOpen] = useState<'attach' | readonly AttachedPolicy[]>(); // or those to detach
  const { notify } = useShell();
  const done = () => {
    setOpen(undefined);
    policies.reload();
  };
  const attach = <Button onClick={() => setOpen('attach')}>{words.attach}</Button>;
  return (
    <>
      <ResourceTable<AttachedPolicy>
        name="attached-policies"
        title={words.attached}
        description={words.attachedText(maxAttached)}
        items={policies.data}
        loading={policies.loading}
        error={policies.error}
        onReload={policies.reload}
        id={({ PolicyArn }) => PolicyArn}
        itemName={({ PolicyName }) => PolicyName}
        columns={[
          {
            id: 'name',
            header: words.policyName,
            value: ({ PolicyName }) => PolicyName,
            cell: ({ PolicyName, PolicyArn }) => <PageLink to={paths.policy(PolicyArn)}>{PolicyName}</PageLink>,
          },
          { id: 'arn', header: texts.iam.arn, value: ({ PolicyArn }) => PolicyArn },
        ]}
        defaultSort={{ column: 'name' }}
        filterPlaceholder={words.findAttached}
        selection="multi"
        actions={(selected) => (
          <>
            <Button disabled={!selected.length} onClick={() => setOpen(selected)}>
              {words.detach}
            </Button>
            {attach}
          </>
        )}
        empty={{ title: words.noneAttached, text: words.noneAttachedText, action: attach }}
      />
      {open === 'attach' && (
        <AttachPolicies entity={entity} attached={policies} onDone={done} onClose={() => setOpen(undefined)} />
      )}
      {open && open !== 'attach' && (
        <ConfirmDelete
          title={words.detachTitle}
          action={words.detach}
          onConfirm={async () => {
            for (const { PolicyArn } of open) await entity.detach(PolicyArn);
            notify({ type: 'success', content: words.detached(open.length) });
            done();
          }}
          onClose={done}
        >
          {words.detachText(open.map(({ PolicyName }) => PolicyName).join(', '), entity.name)}
        </ConfirmDelete>
      )}
    </>
  );
}

function AttachPolicies({
  entity,
  attached,
  onDone,
  onClose,
}: {
  entity: Entity;
  attached: Loaded<AttachedPolicy[]>;
  onDone: () => void;
  onClose: () => void;
}) {
  const [chosen, setChosen] = useState<string[]>([]);
  const { notify } = useShell();
  const without = useMemo(() => (attached.data ?? []).map(({ PolicyArn }) => PolicyArn), [attached.data]);
  return (
    <Dialog
      title={words.attachTitle(entity.name)}
      submit={words.attach}
      ready={chosen.length > 0}
      onSubmit={async () => {
        const failed = await attachAll(entity, chosen);
        if (failed.length < chosen.length) {
          notify({ type: 'success', content: words.attached_(chosen.length - failed.length) });
          attached.reload();
        }
        setChosen(failed.map(({ arn }) => arn));
        if (failed.length) throw failed[0].error;
        onDone();
      }}
      onClose={onClose}
    >
      <PoliciesField label={words.policies} value={chosen} onChange={setChosen} without={without} />
    </Dialog>
  );
}

function InlinePolicies({ entity }: { entity: Entity }) {
  const policies = useLoad(entity.inlinePolicies, [entity.kind, entity.name]);
  const [deleted, setDeleted] = useState<string>();
  const { notify } = useShell();
  const create = <LinkButton to={paths.createInlinePolicy(entity.kind, entity.name)}>{words.createInline}</LinkButton>;
  return (
    <>
      <ResourceTable<string>
        name="inline-policies"
        title={words.inline}
        description={words.inlineText}
        items={policies.data}
        loading={policies.loading}
        error={policies.error}
        onReload={policies.reload}
        id={(name) => name}
        columns={[
          {
            id: 'name',
            header: words.policyName,
            value: (name) => name,
            cell: (name) => <PageLink to={paths.inlinePolicy(entity.kind, entity.name, name)}>{name}</PageLink>,
          },
        ]}
        defaultSort={{ column: 'name' }}
        filterPlaceholder={words.findInline}
        selection="single"
        actions={([selected]) => (
          <>
            <Button disabled={!selected} onClick={() => setDeleted(selected)}>
              {texts.common.delete}
            </Button>
            <LinkButton
              disabled={!selected}
              to={selected ? paths.inlinePolicy(entity.kind, entity.name, selected) : ''}
            >
              {texts.common.edit}
            </LinkButton>
            {create}
          </>
        )}
        empty={{ title: words.noInline, text: words.noInlineText, action: create }}
      />
      {deleted && (
        <ConfirmDelete
          title={words.deleteInlineTitle}
          onConfirm={async () => {
            await entity.deleteInlinePolicy(deleted);
            notify({ type: 'success', content: words.deletedInline(deleted) });
            setDeleted(undefined);
            policies.reload();
          }}
          onClose={() => setDeleted(undefined)}
        >
          {words.deleteInlineText(deleted, entity.name)}
        </ConfirmDelete>
      )}
    </>
  );
}
