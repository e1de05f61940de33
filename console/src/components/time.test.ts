import { expect, it } from 'vitest';
import { formatAgo, formatTime } from './time';

it.each([
  [5, '5 seconds ago'],
  [90, '1 minute ago'],
  [7200, '2 hours ago'],
  [90000, 'yesterday'],
  [-120, 'in 2 minutes'],
])('%i seconds ago', (seconds, text) => {
  expect(formatAgo(1_700_000_000 - seconds, 1_700_000_000)).toBe(text);
});

it('has the offset', () => {
  expect(formatTime(1_700_000_000)).toMatch(/^Nov 1[45], 2023, \d\d:\d\d:20 \(UTC[+-]\d\d:\d\d\)$/);
});
