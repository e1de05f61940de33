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
import { saveTags } from './save_tags';

export function TagsTab({ arn, tags, onChanged }: { arn: string; tags: Record<string, string>; onChanged: () => void }) {
  const [edited, setEdited] = useState(() => existingTags(tags));
  const before = JSON.stringify(tags);
  useEffect(() => setEdited(existingTags(JSON.parse(before) as Record<string, string>)), [before]);
  const { notify } = useShell();
  const { run, running, error } = useAction(async () => {
    await saveTags(arn, tags, edited);
    notify({ type: 'success', content: texts.clusters.tagsSaved });
    onChanged();
  });
  const { set, remove } = tagChanges(tags, edited);
  const changed = Object.keys(set).length + remove.length > 0;
  return (
    <Container
      header={<Header variant="h2">{texts.associations.tags}</Header>}
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
