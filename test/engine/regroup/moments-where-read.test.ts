/** Where a time is written that a subquery shows; that rows stay the same: passing-days. */
import { expect, test } from 'vitest';
import { momentsWhereRead } from '../../../engine/regroup/moments-where-read.ts';
import type { Catalog } from '../../../parser/catalog.ts';
import { deparse } from '../../../parser/deparse-query.ts';
import { readFully } from '../../../parser/read.ts';

const columns = ['id', 'g', 'due', 'at'].map((name) => ({ name }));
const CATALOG: Catalog = {
  relations: ['e', 'p'].map((name, at) => ({ oid: at + 1, schema: 'public', name, columns })),
  functions: ['count', 'now', 'date', 'to_jsonb', 'to_char', 'unnest'].map((name) => ({
    schema: 'pg_catalog',
    name,
    kind: name === 'count' ? 'aggregate' : 'function',
    returnsSet: name === 'unnest',
  })),
};

/** The query with what is written elsewhere; null where nothing is. */
async function rewritten(sql: string): Promise<string | null> {
  const result = await readFully(
    sql.replaceAll(/\b(FROM|JOIN) ([ep])\b/g, '$1 public.$2'),
    CATALOG,
  );
  if ('unreadable' in result) throw new Error(JSON.stringify(result.unreadable));
  const other = momentsWhereRead(result.query);
  return other === result.query ? null : deparse(other).replaceAll(/\s+/g, ' ');
}

const NOW = 'pg_catalog.now()';

test.each([
  [
    'SELECT s.id FROM (SELECT id, at, now() AS t FROM e) s WHERE s.at > s.t',
    'SELECT s.id AS id FROM (SELECT e.id AS id, e.at AS at FROM public.e) AS s ' +
      `WHERE (s.at > ${NOW})`,
  ],
  [
    'SELECT s.a, s.b FROM (SELECT id, now(), g FROM e) s(a, t, b) WHERE s.t > $$x$$',
    'SELECT s.a AS a, s.b AS b FROM (SELECT e.id AS id, e.g AS g FROM public.e) AS s(a, b) ' +
      `WHERE (${NOW} > 'x')`,
  ],
  [
    'SELECT r.id FROM (SELECT s.id, date(s.t) AS d FROM (SELECT id, now() AS t FROM e) s) r ' +
      'WHERE r.d = $$x$$',
    'SELECT r.id AS id FROM (SELECT s.id AS id FROM (SELECT e.id AS id FROM public.e) AS s) AS r ' +
      `WHERE (pg_catalog.date(${NOW}) = 'x')`,
  ],
  [
    'SELECT s.g, (SELECT count(*) FROM p WHERE p.at > s.t) AS n ' +
      'FROM (SELECT g, now() AS t FROM e) s',
    'SELECT s.g AS g, (SELECT pg_catalog.count(*) FROM public.p ' +
      `WHERE (p.at > ${NOW})) AS n FROM (SELECT e.g AS g FROM public.e) AS s`,
  ],
  [
    'SELECT s.g, count(*) AS n FROM (SELECT g, at, now() AS t FROM e) s WHERE s.at > s.t ' +
      'GROUP BY ROLLUP (s.g)',
    'SELECT s.g AS g, pg_catalog.count(*) AS n FROM (SELECT e.g AS g, e.at AS at ' +
      `FROM public.e) AS s WHERE (s.at > ${NOW}) GROUP BY ROLLUP (s.g)`,
  ],
  [
    'SELECT s.g, (SELECT count(p.at > s.t) FROM p) AS n FROM (SELECT g, now() AS t FROM e) s',
    `SELECT s.g AS g, (SELECT pg_catalog.count((p.at > ${NOW})) FROM public.p) AS n ` +
      'FROM (SELECT e.g AS g FROM public.e) AS s',
  ],
  [
    'SELECT s.g, p.id FROM (SELECT DISTINCT g, now() AS t FROM e) s LEFT JOIN p ON p.at = s.t',
    'SELECT s.g AS g, p.id AS id FROM (SELECT DISTINCT e.g AS g FROM public.e) AS s ' +
      `LEFT JOIN public.p ON (p.at = ${NOW})`,
  ],
])('%s', async (sql, expected) => {
  expect(await rewritten(sql)).toBe(expected);
});

test.each([
  ['an outer join shows NULL', '(SELECT id, now() AS t FROM e) s ON s.id = p.id', 's.t'],
  ['a row as a whole', '(SELECT id, now() AS t FROM e) s ON true', 'to_jsonb(s)', 'JOIN'],
  ['a column that reads rows', '(SELECT id, now() + at AS t FROM e) s ON true', 's.t', 'JOIN'],
  ['an aggregate', '(SELECT count(now()) AS t, g FROM e GROUP BY g) s ON true', 's.t', 'JOIN'],
  ['a collation', '(SELECT id, to_char(now()) COLLATE "C" AS t FROM e) s ON true', 's.t', 'JOIN'],
  ['a union', '(SELECT id, now() AS t FROM e UNION SELECT 1, at FROM e) s ON true', 's.t', 'JOIN'],
  [
    'an order of different rows',
    '(SELECT DISTINCT id, now() AS t FROM e ORDER BY t) s ON true',
    's.t',
    'JOIN',
  ],
  ['no other column', '(SELECT now() AS t) s ON true', 's.t', 'JOIN'],
  ['two of a name', '(SELECT id AS t, now() AS t FROM e) s ON true', '1', 'JOIN'],
  ['a set', '(SELECT id, unnest(now()) AS t FROM e) s ON true', 's.t', 'JOIN'],
  ['a row of constants', '(SELECT id, ROW(now(), 1) AS t FROM e) s ON true', 's.t', 'JOIN'],
  [
    'a key that sets can be without',
    '(SELECT g, now() AS t FROM e GROUP BY ROLLUP (g, now())) s ON true',
    's.t',
    'JOIN',
  ],
  [
    'an aggregate of the query',
    '(SELECT id, now() AS t FROM e) s ON true',
    '(SELECT count(s.t))',
    'JOIN',
  ],
  ['what can fail', '(SELECT DISTINCT id, 1 / date(now()) AS t FROM e) s ON true', 's.t', 'JOIN'],
  ['a column that is merged', '(SELECT id, now() AS at FROM e) s USING (at)', 's.id', 'JOIN'],
])('stays: %s', async (_what, item, shown, join = 'LEFT JOIN') => {
  expect(await rewritten(`SELECT p.id, ${shown} AS x FROM p ${join} ${item}`)).toBeNull();
});

test.each(['GROUPING SETS ((s.t), (s.u))', 'ROLLUP (s.t, s.u)', 'CUBE (s.u, (SELECT s.t))'])(
  'stays: keys of grouping sets: %s',
  async (keys) => {
    const from = '(SELECT g, now() AS t, now() AS u FROM e) s';
    expect(await rewritten(`SELECT now() AS t, count(*) FROM ${from} GROUP BY ${keys}`)).toBeNull();
  },
);
