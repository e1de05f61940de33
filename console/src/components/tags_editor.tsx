// Tags of a resource: AWS's rules are checked as one types. Cloudscape's tag editor, with maps in and changes out.
import TagEditor, { type TagEditorProps } from '@cloudscape-design/components/tag-editor';
import { texts } from '../texts';

export type EditedTag = TagEditorProps.Tag;
export interface EditedTags {
  tags: readonly EditedTag[];
  valid: boolean;
}

export const noTags: EditedTags = { tags: [], valid: true };

export function existingTags(tags: Record<string, string>): EditedTags {
  return { tags: Object.entries(tags).map(([key, value]) => ({ key, value, existing: true })), valid: true };
}

export function tagMap({ tags }: EditedTags): Record<string, string> {
  return Object.fromEntries(tags.filter((tag) => !tag.markedForRemoval).map(({ key, value }) => [key, value]));
}

// What to tell the service: the tags to set, and the keys of those to remove.
export function tagChanges(before: Record<string, string>, after: EditedTags) {
  const now = tagMap(after);
  const set = Object.fromEntries(Object.entries(now).filter(([key, value]) => before[key] !== value));
  const remove = Object.keys(before).filter((key) => !(key in now));
  return { set, remove };
}

export function TagsEditor({ value, onChange }: { value: EditedTags; onChange: (value: EditedTags) => void }) {
  return (
    <TagEditor
      tags={value.tags}
      tagLimit={50}
      onChange={({ detail }) => onChange(detail)}
      keysRequest={async () => []}
      valuesRequest={async () => []}
      i18nStrings={texts.tagEditor}
    />
  );
}
