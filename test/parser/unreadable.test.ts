/** What has no tree: said with its place, never thrown. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readFully, readPlain } from '../../parser/read.ts';
import { CATALOG, unreadableOf } from './support/catalog.ts';

const target = (expr: string): string => ` SELECT ${expr} AS x\n   FROM public.t;`;

test.each<readonly [text: string, kind: string, place: string]>([
  [target('public.either(t.a)'), 'ambiguous_function', 'public.either(t.a)'],
  [target('nowhere(t.a)'), 'unknown_function', 'nowhere(t.a)'],
  [target('row_number()'), 'unsupported', 'row_number()'],
  [target('lower(t.a) FILTER (WHERE true)'), 'unsupported', 'lower(t.a) FILTER (WHERE true)'],
  [target('$1'), 'unsupported', '$1'],
  [target('t.gone'), 'unknown_column', 't.gone'],
  [' SELECT t.a FROM public.missing t;', 'unknown_relation', 'public.missing'],
  [
    ' SELECT t.a FROM public.t NATURAL JOIN public.u;',
    'unsupported',
    'public.t NATURAL JOIN public.u',
  ],
])('%s is %s', async (text, kind, place) => {
  expect((await unreadableOf(text)).find(([found]) => found === kind)?.[0]).toBe(kind);
  expect((await unreadableOf(text)).find(([found]) => found === kind)?.[1]).toContain(
    place.slice(0, 4),
  );
});

test('everything unreadable is said at once, in order of place, each in one line', async () => {
  const text = ' SELECT t."a\nb", nowhere(t.a) AS f, t.gone FROM public.t';
  const result = await readFully(text, CATALOG);
  expect('unreadable' in result && result.unreadable.map((one) => one.message)).toEqual([
    'column "t.a b" is not known',
    'function "nowhere" is not known',
    'column "t.gone" is not known',
  ]);
});

test('columns of what has no tree are not said to be unknown', async () => {
  const text = ` SELECT x.n, t.a FROM public.t,
    LATERAL JSON_TABLE(t.b, '$[*]' COLUMNS (n integer PATH '$.n')) x`;
  expect((await unreadableOf(text)).map(([kind]) => kind)).toEqual(['unsupported']);
});

test.each([
  '',
  ';',
  'SELEC 1',
  ' SELECT t.a FROM public.t WHERE;',
  ' SELECT t.a FROM public.t; DROP TABLE t;',
  "SELECT 'open",
  '(((',
  ')',
  'x',
])('the text %j is unreadable and never throws', async (text) => {
  expect(readPlain(text, CATALOG)).toBeNull();
  const result = await readFully(text, CATALOG);
  expect('unreadable' in result && result.unreadable.length > 0).toBe(true);
});

const WORDS = (
  'SELECT DISTINCT ON FROM JOIN LEFT CROSS USING WHERE GROUP BY HAVING ORDER LIMIT OFFSET FOR ' +
  'UPDATE WITH RECURSIVE AS UNION ALL EXCEPT WINDOW OVER WITHIN FILTER LATERAL ROWS ONLY ' +
  'TABLESAMPLE COLLATE VARIADIC VALUES CASE WHEN THEN END IS NOT NULL OPERATOR EXTRACT TRIM ' +
  'BOTH SUBSTRING POSITION ANY ARRAY CURRENT_DATE t u a b public count sum x ( ( ( ) ) ) [ ] ' +
  `, , . :: : => ; * + - ~ || = 's' "q" 1 1.5`
).split(' ');

test('no text makes a reader throw', async () => {
  const soup = fc
    .array(fc.constantFrom(...WORDS), { maxLength: 25 })
    .map((words) => `SELECT ${words.join(' ')}`);
  await fc.assert(
    fc.asyncProperty(soup, async (text) => {
      readPlain(text, CATALOG);
      const result = await readFully(text, CATALOG);
      if ('unreadable' in result) expect(result.unreadable).not.toHaveLength(0);
    }),
    { numRuns: 1000 },
  );
});
