import Badge from '@cloudscape-design/components/badge';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { call } from '../../../api/client';
import { ConfirmDelete } from '../../../components/confirm_delete';
import { ErrorAlert } from '../../../components/error_alert';
import { LinkButton } from '../../../components/link';
import { ResourceTable } from '../../../components/resource_table';
import { Time } from '../../../components/time';
import { useAction } from '../../../components/use_action';
import { useLoad } from '../../../components/use_load';
import { paths } from '../../../paths';
import { useShell } from '../../../shell/shell_context';
import { texts } from '../../../texts';
import { VersionDocument } from './version_document';
import { listVersions, maxVersions, type Version } from './versions';

const words = texts.iam.policies;

export function VersionsTab({ arn, onChanged }: { arn: string; onChanged: () => void }) {
  const versions = useLoad((signal) => listVersions(arn, signal), [arn]);
  const [deleted, setDeleted] = useState<string>();
  const [shown, setShown] = useState<string>();
  const { notify } = useShell();
  const changed = () => {
    versions.reload();
    onChanged();
  };
  const makeDefault = useAction(async (VersionId: string) => {
    await call('iam', 'SetDefaultPolicyVersion', { PolicyArn: arn, VersionId });
    notify({ type: 'success', content: words.isDefault(VersionId) });
    changed();
  });
  return (
    <SpaceBetween size="l">
      {makeDefault.error && <ErrorAlert error={makeDefault.error} />}
      <ResourceTable<Version>
        name="policy-versions"
        title={words.versions}
        description={words.versionsText(maxVersions)}
        items={versions.data}
        loading={versions.loading}
        error={versions.error}
        onReload={versions.reload}
        id={({ VersionId }) => VersionId}
        columns={[
          {
            id: 'version',
            header: words.version,
            value: ({ VersionId }) => Number(VersionId.slice(1)),
            cell: ({ VersionId, IsDefaultVersion }) => (
              <SpaceBetween direction="horizontal" size="xs">
                <Button variant="inline-link" onClick={() => setShown(VersionId)}>
                  {VersionId}
                </Button>
                {IsDefaultVersion && <Badge color="blue">{words.default}</Badge>}
              </SpaceBetween>
            ),
          },
          {
            id: 'created',
            header: texts.iam.created,
            value: ({ CreateDate }) => CreateDate,
            cell: ({ CreateDate }) => <Time seconds={CreateDate} />,
          },
        ]}
        defaultSort={{ column: 'version', descending: true }}
        filterPlaceholder={words.findVersions}
        selection="single"
        actions={([selected]) => {
          const changeable = selected && !selected.IsDefaultVersion;
          return (
            <>
              <Button disabled={!changeable} onClick={() => setDeleted(selected.VersionId)}>
                {texts.common.delete}
              </Button>
              <Button
                disabled={!changeable}
                loading={makeDefault.running}
                onClick={() => void makeDefault.run(selected.VersionId)}
              >
                {words.setDefault}
              </Button>
              <LinkButton to={paths.editPolicy(arn)}>{words.newVersion}</LinkButton>
            </>
          );
        }}
        empty={{ title: texts.table.noMatch, text: texts.table.noMatchText }}
      />
      {shown && <VersionDocument arn={arn} version={shown} />}
      {deleted && (
        <ConfirmDelete
          title={words.deleteVersionTitle(deleted)}
          onConfirm={async () => {
            await call('iam', 'DeletePolicyVersion', { PolicyArn: arn, VersionId: deleted });
            notify({ type: 'success', content: words.deletedVersion_(deleted) });
            if (shown === deleted) setShown(undefined);
            setDeleted(undefined);
            changed();
          }}
          onClose={() => setDeleted(undefined)}
        >
          {words.deleteVersionText}
        </ConfirmDelete>
      )}
    </SpaceBetween>
  );
}
