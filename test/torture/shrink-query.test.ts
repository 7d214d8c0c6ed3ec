/** Shrinking of queries, with conditions of the test's own in place of a server. */
import { expect, test } from 'vitest';
import { shrinkQuery } from '../../torture/shrink-query.ts';

const QUERY = `SELECT t.a, sum(t.b) AS "s um", count(*) FILTER (WHERE t.c ->> 'x, ''y' = '1.5')
  FROM public.t t LEFT JOIN u ON u.id = t.id::int WHERE t.d >= 1.5 GROUP BY t.a`;

const isBalanced = async (text: string): Promise<boolean> => {
  let depth = 0;
  for (const token of text.split(' ')) {
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
};
const later = (): number => Date.now() + 60_000;

test('all goes that it does not take', async () => {
  const fails = async (text: string): Promise<boolean> =>
    /^SELECT .*sum \( t \. b \).* FROM .*LEFT JOIN u/.test(text);
  expect(await shrinkQuery(QUERY, isBalanced, fails, later())).toBe(
    'SELECT sum ( t . b ) FROM LEFT JOIN u',
  );
});

test('texts, quoted names, numbers and operators stay whole', async () => {
  const wanted = ['"s um"', `t . c ->> 'x, ''y'`, ':: int', '>= 1.5'];
  const fails = async (text: string): Promise<boolean> =>
    wanted.every((part) => text.includes(part));
  expect(await shrinkQuery(QUERY, isBalanced, fails, later())).toBe(wanted.join(' '));
});

test('what does not fail any shorter stays as it was written', async () => {
  const asked: string[] = [];
  const fails = async (text: string): Promise<boolean> => (asked.push(text), false);
  expect(await shrinkQuery('SELECT  a', async () => true, fails, later())).toBe('SELECT  a');
  expect(asked).toEqual(['a', 'SELECT']);
});

test('nothing is asked after the deadline', async () => {
  const never = (): Promise<boolean> => Promise.reject(new Error('too late'));
  expect(await shrinkQuery(QUERY, never, never, Date.now() - 1)).toBe(QUERY);
});
