// The boundary: a managed policy that says what the permissions may be at most.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { ConfirmDelete } from '../../components/confirm_delete';
import { PageLink } from '../../components/link';
import { nameOfArn, paths } from '../../paths';
import { useShell } from '../../shell/shell_context';
import { texts } from '../../texts';
import type { Entity } from './entity';
import { Dialog } from '../../components/dialog';
import { BoundaryField } from './policy_select';

const words = texts.iam.boundary;

export function BoundaryTab({
  entity,
  boundary,
  onChanged,
}: {
  entity: Entity;
  boundary: string | undefined;
  onChanged: () => void;
}) {
  const [open, setOpen] = useState<'change' | 'remove'>();
  const { notify } = useShell();
  const close = () => setOpen(undefined);
  const save = async (arn: string | undefined) => {
    await entity.setBoundary(arn);
    notify({ type: 'success', content: arn ? words.saved(nameOfArn(arn)) : words.removed });
    close();
    onChanged();
  };
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={words.text}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button disabled={!boundary} onClick={() => setOpen('remove')}>
                {words.remove}
              </Button>
              <Button onClick={() => setOpen('change')}>{boundary ? words.change : words.set}</Button>
            </SpaceBetween>
          }
        >
          {words.title}
        </Header>
      }
    >
      {boundary ? (
        <PageLink to={paths.policy(boundary)}>{nameOfArn(boundary)}</PageLink>
      ) : (
        <Box color="text-body-secondary">{words.none}</Box>
      )}
      {open === 'change' && <ChangeBoundary before={boundary ?? ''} onSave={save} onClose={close} />}
      {open === 'remove' && boundary && (
        <ConfirmDelete
          title={words.removeTitle}
          action={words.remove}
          onConfirm={() => save(undefined)}
          onClose={close}
        >
          {words.removeText(entity.name, nameOfArn(boundary))}
        </ConfirmDelete>
      )}
    </Container>
  );
}

function ChangeBoundary({
  before,
  onSave,
  onClose,
}: {
  before: string;
  onSave: (arn: string) => Promise<void>;
  onClose: () => void;
}) {
  const [boundary, setBoundary] = useState(before);
  return (
    <Dialog
      title={words.changeTitle}
      submit={words.set}
      ready={Boolean(boundary)}
      onSubmit={() => onSave(boundary)}
      onClose={onClose}
    >
      <BoundaryField label={words.policy} value={boundary} onChange={setBoundary} />
    </Dialog>
  );
}
