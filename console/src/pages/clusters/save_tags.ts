import { call } from '../../api/client';
import { tagChanges, type EditedTags } from '../../components/tags_editor';

// Makes the tags of a cluster or an association what they were edited to be.
export async function saveTags(resourceArn: string, before: Record<string, string>, after: EditedTags) {
  const { set, remove } = tagChanges(before, after);
  if (remove.length) await call('eks', 'UntagResource', { resourceArn, tagKeys: remove });
  if (Object.keys(set).length) await call('eks', 'TagResource', { resourceArn, tags: set });
}
