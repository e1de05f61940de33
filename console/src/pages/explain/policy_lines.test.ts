import { describe, expect, it } from 'vitest';
import { shownText, statementLines } from './policy_lines';

describe('the lines of statements', () => {
  it.each([
    ['{"Version":"2012-10-17","Statement":[{"Effect":"Allow"},{"Effect":"Deny"}]}', [[4, 6], [7, 9]]],
    ['{"Statement":{"Effect":"Allow","Sid":"a\\"{"}}', [[2, 5]]],
    ['{\n"Statement": [{"Effect":\n"Allow"}, {}]}', [[2, 3], [3, 3]]],
    ['{"Version":"2012-10-17"}', []],
    ['not JSON', []],
  ])('%s', (policy, lines) => {
    expect(statementLines(shownText(policy)).map(({ from, to }) => [from, to])).toEqual(lines);
  });

  it('leaves the layout of its author', () => {
    const text = '{\n      "Statement": []}';
    expect(shownText(text)).toBe(text);
  });
});
