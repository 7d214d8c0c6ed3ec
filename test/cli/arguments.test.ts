/** Which arguments are queries. */
import { expect, test } from 'vitest';
import { isQuery } from '../../cli/arguments.ts';

test.each([
  'SELECT 1',
  ' ((select*from t))',
  'values(1)',
  '@file.sql',
  '-- of last week\nSELECT 1',
  '/* of * last week */ /**/ SELECT 1',
  '/* of last week */(\n-- x\nWITH a AS (SELECT 1) TABLE a)',
  'SELECT/**/1',
  'SELECT"name" FROM t',
])('%j is a query', (argument) => {
  expect(isQuery(argument)).toBe(true);
});

test.each(['sales', 'selection', 'public."select x"', '', '-- SELECT 1', '/* SELECT 1', 'with'])(
  '%j is the name of a relation',
  (argument) => {
    expect(isQuery(argument)).toBe(false);
  },
);

test('many comments are read at once', () => {
  expect(isQuery(`${'/* */ '.repeat(10_000)}x`)).toBe(false);
});
