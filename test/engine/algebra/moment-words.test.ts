/** Words such as 'yesterday' as expressions; their values: test/engine/correctness/settings. */
import { expect, test } from 'vitest';
import { withoutMomentWords } from '../../../engine/algebra/query-rewrites/moment-words.ts';
import { deparse } from '../../../parser/deparse-query.ts';
import { readFully } from '../../../parser/read.ts';

async function rewritten(expr: string): Promise<string | null> {
  const result = await readFully(`SELECT ${expr} AS x`, { relations: [], functions: [] });
  if ('unreadable' in result) throw new Error(JSON.stringify(result.unreadable));
  const other = withoutMomentWords(result.query);
  return other === result.query ? null : deparse(other).replaceAll(/^SELECT | AS x$/g, '');
}

test.each([
  ["('now'::text)::date", 'CURRENT_DATE'],
  ["('today'::text)::date", 'CURRENT_DATE'],
  ["('yesterday'::text)::date", '(CURRENT_DATE - 1)'],
  ["(' Tomorrow '::text)::date", '(CURRENT_DATE + 1)'],
  ["('now'::character varying)::date", 'CURRENT_DATE'],
  ["('now'::text)::timestamp without time zone", 'LOCALTIMESTAMP'],
  [
    "('yesterday'::text)::timestamp without time zone",
    '((CURRENT_DATE - 1))::timestamp without time zone',
  ],
  ["('now'::text)::timestamp with time zone", 'pg_catalog.now()'],
  ["('today'::text)::timestamp with time zone", '(CURRENT_DATE)::timestamp with time zone'],
])('%s', async (expr, expected) => {
  expect(await rewritten(expr)).toBe(expected);
});

test.each([
  "('2024-01-01'::text)::date",
  "('today 08:00'::text)::timestamp without time zone",
  "('now'::text)::time without time zone",
  "('now'::text)::timestamp(0) without time zone",
  "'yesterday'::text",
  "('epoch'::text)::date",
])('%s stays as it is', async (expr) => {
  expect(await rewritten(expr)).toBeNull();
});
