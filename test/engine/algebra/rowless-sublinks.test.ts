/** Which scalar subqueries are what they select, and which must stay. */
import { expect, test } from 'vitest';
import { inlineRowlessSublinks } from '../../../engine/algebra/query-rewrites/rowless-sublinks.ts';
import type { Catalog } from '../../../parser/catalog.ts';
import { deparse } from '../../../parser/deparse-query.ts';
import { readFully } from '../../../parser/read.ts';
import type { Query } from '../../../parser/tree.ts';

const CATALOG: Catalog = {
  relations: [{ oid: 1, schema: 'public', name: 't', columns: [{ name: 'a' }, { name: 'b' }] }],
  functions: [
    { schema: 'pg_catalog', name: 'max', kind: 'aggregate', returnsSet: false },
    { schema: 'pg_catalog', name: 'row_number', kind: 'window', returnsSet: false },
    { schema: 'pg_catalog', name: 'unnest', kind: 'function', returnsSet: true },
  ],
};

async function read(sql: string): Promise<Query> {
  const result = await readFully(sql.replaceAll('FROM t', 'FROM public.t'), CATALOG);
  if ('unreadable' in result) throw new Error(JSON.stringify(result.unreadable));
  return result.query;
}

const text = (query: Query): string => deparse(query).replaceAll(/\s+/g, ' ');

test.each([
  ['SELECT (SELECT a + 1) AS x FROM t', 'SELECT a + 1 AS x FROM t'],
  ['SELECT b FROM t WHERE b = (SELECT (SELECT a) + 1)', 'SELECT b FROM t WHERE b = a + 1'],
  [
    'SELECT b FROM t WHERE EXISTS (SELECT FROM t u WHERE u.a = (SELECT t.b))',
    'SELECT b FROM t WHERE EXISTS (SELECT FROM t u WHERE u.a = t.b)',
  ],
  ["SELECT b FROM t ORDER BY (SELECT 'x'::text)", "SELECT b FROM t ORDER BY 'x'::text"],
])('%s', async (sql, expected) => {
  expect(text(inlineRowlessSublinks(await read(sql)))).toBe(text(await read(expected)));
});

test.each([
  'SELECT (SELECT a WHERE a > 1) AS x FROM t',
  'SELECT (SELECT a LIMIT 0) AS x FROM t',
  'SELECT (SELECT u.a FROM t u) AS x FROM t',
  'SELECT (SELECT max(1)) AS x FROM t',
  'SELECT (SELECT row_number() OVER ()) AS x FROM t',
  'SELECT (SELECT unnest(ARRAY[a])) AS x FROM t',
  'SELECT b FROM t ORDER BY (SELECT 1)',
  'SELECT ARRAY(SELECT a + 1) AS x FROM t',
  'SELECT a IN (SELECT b + 1) AS x FROM t',
])('%s stays', async (sql) => {
  const query = await read(sql);
  expect(text(inlineRowlessSublinks(query))).toBe(text(query));
});
