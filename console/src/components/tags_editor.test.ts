import { expect, it } from 'vitest';
import { existingTags, tagChanges, tagMap } from './tags_editor';

it('finds what changed', () => {
  const before = { kept: '1', changed: '1', removed: '1' };
  const after = {
    valid: true,
    tags: [
      ...existingTags(before).tags.map((tag) => (tag.key === 'removed' ? { ...tag, markedForRemoval: true } : tag)),
      { key: 'new', value: '', existing: false },
    ].map((tag) => (tag.key === 'changed' ? { ...tag, value: '2' } : tag)),
  };
  expect(tagMap(after)).toEqual({ kept: '1', changed: '2', new: '' });
  expect(tagChanges(before, after)).toEqual({ set: { changed: '2', new: '' }, remove: ['removed'] });
});
