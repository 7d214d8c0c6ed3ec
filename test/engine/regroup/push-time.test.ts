/** Where conditions that read the time are moved; that rows stay the same: passing-days. */
import { expect, test } from 'vitest';
import { pushTime } from '../../../engine/regroup/push-time.ts';
import type { Catalog } from '../../../parser/catalog.ts';
import { deparse } from '../../../parser/deparse-query.ts';
import { readFully } from '../../../parser/read.ts';
import type { Query } from '../../../parser/tree.ts';

const columns = ['id', 'g', 'v', 'due', 'at'].map((name) => ({ name }));
const CATALOG: Catalog = {
  relations: ['e', 'p'].map((name, at) => ({ oid: at + 1, schema: 'public', name, columns })),
  functions: ['count', 'row_number', 'date', 'unnest', 'now'].map((name) => ({
    schema: 'pg_catalog',
    name,
    kind: name === 'count' ? 'aggregate' : name === 'row_number' ? 'window' : 'function',
    returnsSet: name === 'unnest',
  })),
};

/** Columns called `at` are times, all others dates. */
function typesOf(query: Query): readonly string[] {
  if (query.kind === 'set_operation') return typesOf(query.left);
  if (query.kind === 'values') return [];
  return query.targets.map(({ expr }) =>
    expr.kind === 'column' && expr.name === 'at' ? 'timestamp with time zone' : 'date',
  );
}

/** The query with what is moved; null where nothing is. */
async function pushed(sql: string): Promise<string | null> {
  const result = await readFully(
    sql.replaceAll(/\b(FROM|JOIN) ([ep])\b/g, '$1 public.$2'),
    CATALOG,
  );
  if ('unreadable' in result) throw new Error(JSON.stringify(result.unreadable));
  const moved = pushTime(result.query, typesOf);
  return moved === result.query ? null : deparse(moved).replaceAll(/\s+/g, ' ');
}

test.each([
  [
    'SELECT s.d FROM (SELECT date(at) AS d FROM e) s WHERE s.d >= now() AND s.d > date(now())',
    'WHERE ((pg_catalog.date(e.at) >= pg_catalog.now()) AND (pg_catalog.date(e.at) > ' +
      'pg_catalog.date(pg_catalog.now())))',
  ],
  [
    'SELECT s.d FROM (SELECT due AS d, g FROM e GROUP BY due, g) s WHERE s.d >= now() AND s.g = 1',
    'WHERE (e.due >= pg_catalog.now()) GROUP BY e.due, e.g) AS s WHERE (s.g = 1)',
  ],
  [
    'SELECT u.due FROM (SELECT due FROM e UNION SELECT due FROM p) u WHERE u.due >= now()',
    'FROM public.e WHERE (e.due >= pg_catalog.now())) UNION (SELECT p.due AS due FROM public.p ' +
      'WHERE (p.due >= pg_catalog.now()))',
  ],
  [
    'SELECT r.due FROM (SELECT s.due FROM (SELECT due FROM e) s) r WHERE r.due >= now()',
    'FROM public.e WHERE (e.due >= pg_catalog.now())) AS s) AS r',
  ],
  [
    `SELECT s.due FROM (SELECT DISTINCT ON (due) due, g FROM e ORDER BY due, id) s JOIN p ON true
     WHERE s.due = now()`,
    'FROM public.e WHERE (e.due = pg_catalog.now()) ORDER BY',
  ],
])('%s', async (sql, expected) => {
  expect(await pushed(sql)).toContain(expected);
});

test.each([
  ['no time', 'SELECT s.due FROM (SELECT due FROM e) s WHERE s.due > date(s.due)'],
  ['a table', 'SELECT due FROM e WHERE due >= now()'],
  [
    'shown as NULLs',
    'SELECT p.g FROM p LEFT JOIN (SELECT due, g FROM e) s ON s.g = p.g WHERE s.due >= now()',
  ],
  ['two items', 'SELECT p.g FROM p JOIN (SELECT due FROM e) s ON true WHERE s.due + p.v >= now()'],
  [
    'an aggregate',
    'SELECT s.n FROM (SELECT g, count(*) AS n FROM e GROUP BY g) s WHERE s.n < now()',
  ],
  ['no key', 'SELECT s.n FROM (SELECT count(*) AS n FROM e) s WHERE s.n < now()'],
  [
    'another choice of rows',
    'SELECT s.due FROM (SELECT DISTINCT ON (g) g, due FROM e ORDER BY g, id) s WHERE s.due < now()',
  ],
  [
    'another partition',
    `SELECT s.due FROM (SELECT due, row_number() OVER (PARTITION BY g ORDER BY id) AS r FROM e) s
     WHERE s.due < now()`,
  ],
  ['a limit', 'SELECT s.due FROM (SELECT due FROM e ORDER BY id LIMIT 3) s WHERE s.due < now()'],
  ['a set', 'SELECT s.d FROM (SELECT unnest(v) AS d FROM e) s WHERE s.d < now()'],
  [
    'no union',
    'SELECT s.due FROM (SELECT due FROM e EXCEPT SELECT due FROM p) s WHERE s.due < now()',
  ],
  [
    'another type in a branch',
    'SELECT s.due FROM (SELECT due FROM e UNION ALL SELECT at FROM p) s WHERE s.due < now()',
  ],
  [
    'equal values that can differ',
    `SELECT s.d FROM (SELECT due + 1 AS d, g FROM e GROUP BY due + 1, g) s
     WHERE (s.d)::text < (now())::text`,
  ],
  [
    'equal values of which one is left out',
    `SELECT s.d FROM (SELECT due + 1 AS d, g FROM e GROUP BY due + 1, g) s
     WHERE NULLIF((s.d)::text, (now())::text) IS NULL`,
  ],
  [
    'two collations',
    `SELECT s.d FROM (SELECT g COLLATE "C" AS d FROM e) s
     WHERE s.d < (now())::text COLLATE "POSIX"`,
  ],
  [
    'the same in a set',
    `SELECT s.due FROM (SELECT due FROM e UNION SELECT due FROM p) s
     WHERE (s.due)::text < (now())::text`,
  ],
  [
    'one branch of two',
    `SELECT s.due FROM (SELECT due FROM e UNION ALL SELECT max(due) AS due FROM p) s
     WHERE s.due < now()`.replace('max', 'count'),
  ],
])('what stays: %s', async (_why, sql) => {
  expect(await pushed(sql)).toBeNull();
});
