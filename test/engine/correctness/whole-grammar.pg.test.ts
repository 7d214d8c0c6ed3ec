/**
 * What the complete grammar reads and delta maintains by rewrites alone, each through the whole
 * history of the shop.
 */
import { describe, expect, test } from 'vitest';
import { lacks } from '../../setup/database.ts';
import { useBench } from './support/bench.ts';
import { HISTORY, RESET, SHOP } from './support/shop.ts';

const BLIND = `CREATE COLLATION blind (
    provider = icu, locale = 'und-u-ks-level2', deterministic = false);`;

const SETUP = `${SHOP}
  CREATE TYPE point3 AS (x int, y int, z text);
  CREATE TABLE things (
    id int PRIMARY KEY, at point3, tags text[], grid int[][], since timestamp, until timestamp
  );
  ${lacks('icu') ? '' : BLIND}
  CREATE FUNCTION twice(value int, plus int DEFAULT 0) RETURNS int IMMUTABLE
  LANGUAGE sql AS 'SELECT value * 2 + plus';
  CREATE FUNCTION longest(VARIADIC texts text[]) RETURNS int IMMUTABLE
  LANGUAGE sql AS 'SELECT max(length(t)) FROM unnest(texts) t';
`;

const RESET_THINGS = `
  DELETE FROM things;
  INSERT INTO things VALUES
    (1, (1, 2, 'a'), '{a,b,c}', '{{1,2},{3,4}}', '2024-01-01', '2024-03-01'),
    (2, (3, NULL, NULL), '{b}', NULL, '2024-02-01', NULL),
    (3, NULL, '{}', '{{5,6},{7,8}}', NULL, NULL),
    (5, ROW(NULL, NULL, NULL), NULL, NULL, NULL, NULL)`;

const QUERIES: Readonly<Record<string, readonly string[]>> = {
  'subqueries in FROM': [
    `SELECT s.region, count(*) AS n, sum(s.total) AS t
     FROM (SELECT region, amount * qty AS total FROM orders WHERE flag) s
     GROUP BY s.region`,
    `SELECT s.name, o.qty
     FROM (SELECT c.id AS who, c.name FROM customer c WHERE c.score > 0) s
       JOIN orders o ON o.customer = s.who`,
    `SELECT a.r, count(*) AS n
     FROM (
       SELECT o.region AS r, c.name FROM orders o JOIN customer c ON c.id = o.customer
     ) a (r, who)
       JOIN extra e ON e.region = a.r
     GROUP BY a.r`,
    `SELECT outermost.k, count(*) AS n
     FROM (
       SELECT inner1.k + 1 AS k FROM (SELECT e.k FROM extra e WHERE e.label IS NOT NULL) inner1
     ) outermost
     GROUP BY outermost.k`,
    'SELECT o.id, x.big FROM orders o, LATERAL (SELECT o.amount * 2 AS big) x WHERE x.big > 5',
    `SELECT o.id, x.category
     FROM orders o CROSS JOIN LATERAL (SELECT p.category FROM product p WHERE p.id = o.product) x`,
    `SELECT o.region, k.factor, count(*) AS n
     FROM orders o, (SELECT 3 AS factor, 'x' AS label) k
     GROUP BY o.region, k.factor`,
    `SELECT o.region, v.label
     FROM orders o JOIN (VALUES (1, 'one')) v(number, label) ON v.number = o.customer`,
    'SELECT s.region, s.qty FROM (SELECT region, qty FROM orders ORDER BY id) s WHERE s.qty > 1',
  ],
  CTEs: [
    `WITH paid AS (SELECT region, amount FROM orders WHERE flag)
     SELECT region, count(*) AS n, sum(amount) AS t FROM paid GROUP BY region`,
    `WITH a AS (SELECT id, name FROM customer),
       b (who, total) AS (SELECT o.customer, o.amount FROM orders o JOIN a ON a.id = o.customer)
     SELECT who, sum(total) AS t FROM b GROUP BY who`,
    `WITH e AS MATERIALIZED (SELECT k, region FROM extra WHERE k IS NOT NULL)
     SELECT region, count(*) AS n FROM e GROUP BY region`,
    `WITH e AS (SELECT k, label FROM extra)
     SELECT a.label, b.label AS other FROM e a JOIN e b ON a.k = b.k`,
    'WITH unread AS (SELECT 1 / id AS x FROM product) SELECT region, qty FROM orders',
    `WITH p AS NOT MATERIALIZED (SELECT id, price * 2 AS twice FROM product)
     SELECT o.region, sum(p.twice) AS s
     FROM orders o JOIN p ON p.id = o.product JOIN p q ON q.id = p.id
     GROUP BY o.region`,
    'SELECT s.n FROM (WITH w AS (SELECT k AS n FROM extra) SELECT n FROM w WHERE n > 0) s',
  ],
  'names of FROM': [
    'SELECT a.x, count(*) AS n FROM ONLY extra a(x, y) WHERE a.y IS NOT NULL GROUP BY a.x',
    'SELECT u.region, count(*) AS n FROM orders JOIN extra USING (region) AS u GROUP BY u.region',
    'SELECT j.label, j.flag FROM (orders o JOIN extra e USING (region)) AS j',
    `SELECT count(*) AS n
     FROM orders o JOIN (customer c JOIN extra e ON e.region = c.region) ON c.id = o.customer`,
  ],
  'rows, fields, arrays': [
    'SELECT (t.at).x AS x, count(*) AS n, sum((t.at).y) AS y FROM things t GROUP BY (t.at).x',
    `SELECT t.id, t.tags[1:2] AS two, t.tags[2:] AS rest, t.grid[1:1][2:2] AS part,
       t.tags[1] AS first
     FROM things t`,
    'SELECT count(e.*) AS n, e.k FROM extra e GROUP BY e.k',
    'SELECT count(e.*) FILTER (WHERE e.k IS NULL) AS n FROM extra e',
    `SELECT t.id > 1 AS late, count(t.at) AS n, count(t.at) FILTER (WHERE t.at IS NULL) AS empty,
       count(t.at) FILTER (WHERE t.at IS DISTINCT FROM NULL) AS rows
     FROM things t
     GROUP BY 1`,
    'SELECT t.at, t.at IS NULL AS empty, t.at IS NOT NULL AS full FROM things t',
    'SELECT to_jsonb(e.*) AS j FROM extra e WHERE e.k > 0',
    'SELECT e.k, row_to_json(e) ->> $$label$$ AS l FROM extra AS e(k, place, label)',
  ],
  'regrouped, or computed over stores': [
    'SELECT s.n FROM (SELECT count(*) AS n FROM orders) s',
    'SELECT s.region FROM (SELECT DISTINCT region FROM orders) s',
    `WITH f AS MATERIALIZED (SELECT 10 / nullif(qty, 0) AS x, id FROM orders)
     SELECT x FROM f WHERE id > 3`,
    'WITH f AS (SELECT 10 / nullif(qty, 0) AS x FROM orders) SELECT a.x FROM f a, f b',
    'SELECT x.region FROM extra FULL JOIN orders x USING (region)',
    'SELECT o.id, s.one FROM orders o LEFT JOIN (SELECT 1 AS one, k FROM extra) s ON s.k = o.qty',
  ],
  'function syntaxes': [
    `SELECT t.id,
       (t.since, t.until) OVERLAPS (TIMESTAMP $$2024-02-01$$, TIMESTAMP $$2024-02-10$$) AS during
     FROM things t`,
    `SELECT o.id, trim(both 'a' FROM o.note) AS t, position('t' IN o.note) AS p,
       overlay(o.note placing 'x' FROM 1) AS v, substring(o.note FROM 1 FOR 1) AS s,
       extract(year FROM o.day) AS y, normalize(o.note, NFC) AS z
     FROM orders o
     WHERE o.note IS NFC NORMALIZED OR o.note IS NULL`,
    `SELECT o.region COLLATE "C" AS r, count(*) AS n
     FROM orders o
     WHERE o.note COLLATE "C" >= $$a$$
     GROUP BY o.region COLLATE "C"`,
    'SELECT count(*) AS n, sum(c.score) AS s FROM customer c GROUP BY c.name COLLATE blind',
    'SELECT count(*) AS n FROM customer c WHERE c.name COLLATE blind = $$ADA$$',
    'SELECT twice(value => o.qty, plus => 1) AS t, count(*) AS n FROM orders o GROUP BY 1',
    'SELECT longest(VARIADIC t.tags) AS l, concat_ws($$,$$, VARIADIC t.tags) AS c FROM things t',
    "SELECT o.id, o.at AT TIME ZONE 'UTC' IS NULL AS z FROM orders o",
    'SELECT r.region, 1.0000 * r.qty AS q FROM orders r WHERE (r.qty, r.id) > (1, 1)',
  ],
};

const HISTORY_OF_THINGS = [
  `INSERT INTO things
   VALUES (4, (1, 5, 'q'), '{a,zz,c,d}', '{{9,9},{9,8}}', '2024-01-20', '2024-02-05')`,
  'FOLD',
  "UPDATE things SET tags = tags[2:], until = since + interval '45 days'",
  'UPDATE things SET at.x = 7, grid = NULL WHERE id = 1',
  'FOLD',
  'DELETE FROM things WHERE id = 2',
  'BEGIN',
  'DELETE FROM things',
  'ROLLBACK',
];

const bench = useBench(SETUP);

for (const [theme, queries] of Object.entries(QUERIES)) {
  describe(theme, () => {
    for (const query of queries) {
      test.skipIf(query.includes('COLLATE blind') && lacks('icu'))(query, async () => {
        await bench.user.execute(`${RESET};${RESET_THINGS}`);
        await bench.convert(query);
        await bench.run(/\bthings\b/.test(query) ? HISTORY_OF_THINGS : HISTORY);
      });
    }
  });
}

describe('a limit without an order', () => {
  test.each([
    'SELECT s.k FROM (SELECT k FROM extra LIMIT 1) s',
    'SELECT count(DISTINCT s.k) AS n FROM (SELECT k FROM extra OFFSET 1) s',
    'WITH f AS (SELECT 10 / k AS x FROM extra LIMIT 2) SELECT a.x FROM f a, f b',
    '(SELECT k FROM extra LIMIT 1) UNION SELECT id FROM customer',
  ])('takes rows in an order that is said: %s', async (query) => {
    await bench.user.execute(RESET);
    const { name, converted } = await bench.convert(query);
    expect(converted.notes.join()).toMatch(/LIMIT takes its rows in the order of extra\.k/);
    const { definition } = await bench.imat.explain(name);
    expect(definition).toContain('ORDER BY');
  });
});

describe('stays a swap, with its reason', () => {
  test.each([
    ['SELECT s.k FROM (SELECT k FROM extra) s, (SELECT random() AS r) t', 'moment_dependent'],
    ['WITH RECURSIVE f AS (VALUES (1)) SELECT region FROM orders', 'recursive_cte'],
    ['SELECT string_agg(x.label, $$,$$ ORDER BY x.k) AS l FROM extra x', 'aggregate_order_by'],
  ])('%s', async (query, kind) => {
    const { strategy, reasons } = await bench.imat.explain(query, { query: true });
    expect(strategy).toBe('swap');
    expect(reasons.map((reason) => reason.kind)).toContain(kind);
    const first = reasons[0]?.message ?? '';
    expect(first).not.toContain('by delta');
  });
});
