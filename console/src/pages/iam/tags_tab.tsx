import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useEffect, useState } from 'react';
import { ErrorAlert } from '../../components/error_alert';
import { existingTags, tagChanges, TagsEditor } from '../../components/tags_editor';
import { useAction } from '../../components/use_action';
import { useShell } from '../../shell/shell_context';
import { texts } from '../../texts';
import { tagList, tagsOf, type Tag } from './entity';

const words = texts.iam.tags;

export function TagsTab({
  tags,
  tag,
  untag,
  onChanged,
}: {
  tags: readonly Tag[] | undefined;
  tag: (tags: Tag[]) => Promise<unknown>;
  untag: (keys: string[]) => Promise<unknown>;
  onChanged: () => void;
}) {
  const before = tagsOf(tags);
  const key = JSON.stringify(before);
  const [edited, setEdited] = useState(() => existingTags(before));
  useEffect(() => setEdited(existingTags(JSON.parse(key) as Record<string, string>)), [key]);
  const { notify } = useShell();

  const { set, remove } = tagChanges(before, edited);
  const changed = Object.keys(set).length + remove.length > 0;
  const { run, running, error } = useAction(async () => {
    if (remove.length) await untag(remove);
    if (Object.keys(set).length) await tag(tagList(set));
    notify({ type: 'success', content: words.saved });
    onChanged();
  });
  return (
    <Container
      header={<Header variant="h2" description={words.text}>{words.title}</Header>}
      footer={
        <Button variant="primary" disabled={!changed || !edited.valid} loading={running} onClick={() => void run()}>
          {texts.common.save}
        </Button>
      }
    >
      <SpaceBetween size="m">
        {error && <ErrorAlert error={error} />}
        <TagsEditor value={edited} onChange={setEdited} />
      </SpaceBetween>
    </Container>
  );
}
