/**
 * Queries put together at random from what the query rewrites take apart: after every step of a
 * random history each one equals its definition.
 */
import { afterEach, describe, test } from 'vitest';
import type { Random, Writable } from './support/random.ts';
import { mixedDecimal, oneOf, randomFor, randomHistory } from './support/random.ts';
import { FOLD, useBench } from './support/bench.ts';
import { seedsHere } from './support/seeds.ts';

const bench = useBench(`
  CREATE TABLE t (id serial PRIMARY KEY, a int, b text, n numeric);
  CREATE TABLE u (id serial PRIMARY KEY, a int, c text, v int[]);
`);
const TABLES: readonly Writable[] = [
  {
    table: 't',
    columns: { a: oneOf('0', '1', '2', '3'), b: oneOf("'x'", "'y'"), n: mixedDecimal },
  },
  {
    table: 'u',
    columns: { a: oneOf('0', '1', '2'), c: oneOf("'x'", "'Z'"), v: oneOf("'{1,2,3}'") },
  },
];

/** Queries with the columns k, x and a. */
const SOURCES: readonly string[] = [
  'SELECT b AS k, a * 2 AS x, a FROM t',
  'SELECT a AS k, a + 1 AS x, a AS a FROM t WHERE a > 0',
  'SELECT 1 AS k, a AS x, a FROM t',
  "SELECT 'w' AS k, a AS x, a FROM t",
  'SELECT k, x, x AS a FROM (SELECT b AS k, a + 1 AS x FROM t WHERE b IS NOT NULL) t WHERE x < 4',
  'SELECT c AS k, (v[1:2])[1] AS x, a FROM u WHERE a <> 0',
  `SELECT j.c AS k, t.x, j.a
   FROM (SELECT a, b AS c, a AS x FROM t) t JOIN u AS j (id, a, c) USING (a)`,
  'SELECT c AS k, j.a AS x, a FROM t JOIN u USING (a) AS j',
  'SELECT l.k, l.x, t.a FROM t, LATERAL (SELECT u.c AS k, t.a + u.a AS x FROM u WHERE u.a = t.a) l',
  'SELECT p.q AS k, p.r AS x, p.r AS a FROM t AS p (o, r, q)',
  'SELECT t.b COLLATE "C" AS k, (t.*).a AS x, 6 / a AS a FROM t WHERE a <> 0',
  'SELECT b AS k, extract(day FROM make_interval(days => a))::int AS x, a FROM t',
];
const AROUND: readonly ((source: string, inner: string) => string)[] = [
  (source) => `(${source}) s`,
  (source, inner) => `(SELECT t.k, t.x, t.a FROM (${source}) t WHERE ${inner}) s`,
  (source) => `(SELECT k, a AS x, x AS a FROM (${source}) s) s`,
];
const OUTER: readonly string[] = [
  'SELECT s.k, count(*) AS c, sum(s.x) AS t FROM # WHERE s.x IS NOT NULL GROUP BY s.k',
  'SELECT k, count(x) FILTER (WHERE x > 1) AS c FROM # GROUP BY 1',
  'SELECT s.x + 1 AS e, count(*) AS c FROM # GROUP BY s.x + 1 HAVING count(*) > 1',
  'SELECT count(*) AS c, avg(s.x) AS l FROM # WHERE s.a > 0',
  'SELECT t.b, s.k, count(*) AS c FROM # JOIN t ON t.a = s.x GROUP BY t.b, s.k',
];

function randomQuery(r: Random): string {
  const around = r.pick(AROUND)(
    r.pick(SOURCES),
    r.pick(['t.x > 0', 't.a IS NOT NULL', 't.x <> t.a']),
  );
  const outer = r.pick(OUTER);
  return r.chance(20)
    ? `WITH w AS (SELECT * FROM ${around}) ${outer.replace('#', 'w AS s')}`
    : outer.replace('#', around);
}

describe('random queries', () => {
  afterEach(() => bench.user.execute('TRUNCATE t, u'));
  test.each(seedsHere(60))('seed %i', async (seed) => {
    const r = randomFor(`random query ${seed}`);
    await bench.convert(randomQuery(r));
    await bench.run([...randomHistory(r, TABLES, 8), FOLD]);
  });
});

describe('a constant key of a subquery', () => {
  test.each([
    'SELECT s.k, count(*) AS c FROM (SELECT 1 AS k, a FROM t) s GROUP BY s.k',
    'SELECT s.k, sum(s.a) AS c FROM (SELECT 2 AS k, a FROM t) s GROUP BY s.k',
    "SELECT s.k, count(*) AS c FROM (SELECT 'w' AS k, a FROM t) s GROUP BY s.k",
    "SELECT s.k || 'z' AS k, count(*) AS c FROM (SELECT 'w' AS k, a FROM t) s GROUP BY s.k || 'z'",
    "SELECT to_jsonb(s.k) AS k, count(*) AS c FROM (SELECT 'w' AS k, b FROM t) s GROUP BY 1",
    'SELECT s.k, count(*) AS c FROM (SELECT NULL AS k, b FROM t) s GROUP BY s.k',
    'SELECT count(s.k) AS c FROM (SELECT NULL AS k, b FROM t) s',
    `SELECT s.k, count(*) AS c
     FROM (SELECT true AS k, b FROM t) s
     GROUP BY s.k
     HAVING count(*) > 0`,
  ])('%s', async (definition) => {
    await bench.convert(definition);
    await bench.run([
      "INSERT INTO t (a, b) VALUES (1, 'x'), (2, NULL)",
      FOLD,
      'DELETE FROM t',
      FOLD,
    ]);
  });
});
