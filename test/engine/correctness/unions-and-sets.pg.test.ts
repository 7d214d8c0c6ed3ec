/**
 * UNION ALL, VALUES, functions in FROM and set-returning functions in SELECT, each through a
 * history with folds, transactions, NULLs, duplicates and empty tables.
 */
import { describe, expect, test } from 'vitest';
import { useBench } from './support/bench.ts';
import { HISTORY, RESET, SHOP } from './support/shop.ts';

const SETUP = `${SHOP}
  CREATE DOMAIN small AS int CHECK (value < 1000);
  CREATE TABLE bags (
    id int PRIMARY KEY, a int, b int, tags text[], doc jsonb, word varchar(20), code char(3),
    pile numeric(8,2), c_word text COLLATE "C", few small
  );
  CREATE VIEW all_places AS SELECT id, region FROM orders UNION ALL SELECT id, region FROM customer;
  CREATE VIEW tagged AS SELECT b.id, t.tag FROM bags b, unnest(b.tags) t(tag);
  CREATE VIEW flat AS SELECT id, unnest(tags) AS tag FROM bags;
  CREATE TABLE keyless (a int);
  CREATE TYPE pair AS (x int, y text);
  CREATE FUNCTION typed_pairs(n int) RETURNS SETOF pair IMMUTABLE
  LANGUAGE sql AS 'SELECT nullif(g, 2), g::text FROM generate_series(1, n) g';
  CREATE FUNCTION pairs(n int) RETURNS TABLE (x int, y text) IMMUTABLE
  LANGUAGE sql AS 'SELECT g, g::text FROM generate_series(1, n) g';
`;

const RESET_BAGS = `
  DELETE FROM bags;
  INSERT INTO bags VALUES
    (1, 1, 3, '{x,y,x}', '[1, 2, 2]', 'one', 'a', 1.50, 'b', 1),
    (2, 2, 2, '{}', '[]', 'two', 'bb', 1.5, 'B', 2),
    (3, NULL, 4, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, 1, 3, '{x,NULL}', '[{"k": 1}]', 'one', 'a', 2, 'b', 1)`;

const HISTORY_OF_BAGS = [
  `INSERT INTO bags
   VALUES (5, 3, 1, '{y}', '[3]', 'x', 'x', 3, 'a', 3),
     (6, 1, 3, '{x,y,x}', '[1, 2, 2]', 'one', 'a', 1.50, 'b', 1)`,
  'FOLD',
  "UPDATE bags SET tags = array_append(tags, 'z'), b = b + 1, pile = pile + 0.01 WHERE id <> 2",
  "UPDATE bags SET doc = '[]', word = 'two', few = NULL WHERE id = 1",
  'FOLD',
  'DELETE FROM bags WHERE id IN (2, 3)',
  'BEGIN',
  "UPDATE bags SET tags = NULL, a = 5, c_word = 'Z'",
  'SAVEPOINT s',
  'DELETE FROM bags',
  'ROLLBACK TO s',
  'COMMIT',
  'BEGIN',
  'DELETE FROM bags',
  'ROLLBACK',
  'FOLD',
  'DELETE FROM bags',
  'FOLD',
  "INSERT INTO bags (id, tags, a, b) VALUES (1, '{q}', 1, 2)",
  'TRUNCATE bags',
];

const OF_SHOP: Readonly<Record<string, readonly string[]>> = {
  'UNION ALL': [
    `SELECT region, -1 AS sign, DATE '2024-01-01' AS day, 1.5 AS x FROM orders
     UNION ALL SELECT 'a', -2, '2024-02-01', -1
     UNION ALL SELECT region, NULL, NULL, NULL FROM extra`,
    'SELECT region FROM orders UNION ALL SELECT region FROM customer',
    `SELECT s.region, count(*) AS n, sum(s.x) AS x
     FROM (SELECT region, amount AS x FROM orders UNION ALL SELECT region, score FROM customer) s
     GROUP BY s.region`,
    `SELECT region, amount FROM orders WHERE flag
     UNION ALL SELECT region, amount FROM orders WHERE qty > 1`,
    `SELECT 'all' AS what, region, qty / 2 AS half FROM orders
     UNION ALL SELECT NULL, region, k * 1.5 FROM extra
     UNION ALL SELECT 'constant', 'nowhere', 7`,
    `SELECT s.half, s.x / 2 AS x
     FROM (SELECT qty / 2 AS half, qty AS x FROM orders UNION ALL SELECT k, k + 0.5 FROM extra) s
     WHERE s.x > 0`,
    'SELECT p.region, count(*) AS n FROM all_places p GROUP BY p.region',
    `SELECT a.region, e.label, count(*) AS n
     FROM all_places a JOIN extra e ON e.region = a.region
     GROUP BY a.region, e.label`,
    `SELECT a.id, b.id AS other
     FROM all_places a JOIN all_places b ON a.region = b.region AND a.id < b.id`,
    'SELECT DISTINCT region FROM (SELECT region FROM orders UNION ALL SELECT region FROM extra) s',
    `WITH u AS (SELECT k FROM extra UNION ALL SELECT qty FROM orders)
     SELECT k, count(*) AS n FROM u GROUP BY k`,
    `SELECT count(*) AS n
     FROM (SELECT k FROM extra UNION ALL SELECT qty FROM orders UNION ALL VALUES (1), (2)) u,
       product p, customer c, extra e
     WHERE p.id = u.k AND c.id = p.id AND e.k = c.id`,
    `SELECT 10 / s.q AS x
     FROM (
       SELECT qty AS q FROM orders WHERE qty <> 0 UNION ALL SELECT k FROM extra WHERE k <> 0
     ) s`,
    `SELECT region FROM (SELECT region FROM orders ORDER BY id) o
     UNION ALL (SELECT place FROM (SELECT region AS place FROM extra) e ORDER BY 1) ORDER BY 1`,
  ],
  constants: [
    `SELECT o.id, v.label
     FROM orders o JOIN (VALUES (1, 'one'), (2, 'two'), (2, NULL)) v(n, label) ON v.n = o.qty`,
    `SELECT v.n, count(*) AS c, sum(v.n * o.amount) AS s
     FROM orders o, (VALUES (1), (2.5), (NULL)) v(n)
     GROUP BY v.n`,
    `SELECT o.id, v.what, v.value
     FROM orders o, LATERAL (VALUES ('qty', o.qty), ('customer', o.customer)) v(what, value)`,
    'SELECT region, qty FROM orders UNION ALL VALUES (NULL, 1), ($$x$$, 2)',
    `SELECT s.x, v.y
     FROM (SELECT o.qty AS x FROM orders o) s, LATERAL (VALUES (s.x + 1), (s.x)) v(y)
     WHERE v.y > 1`,
    'SELECT k.v, count(*) AS n FROM orders o, (SELECT 3 AS v UNION ALL SELECT 4) k GROUP BY k.v',
  ],
  'functions over several tables': [
    `SELECT c.name, g.n, count(*) AS m
     FROM orders o JOIN customer c ON c.id = o.customer, generate_series(1, o.qty) g(n)
     GROUP BY c.name, g.n`,
    `SELECT o.id, e.label
     FROM orders o, generate_series(1, 3) g(n) JOIN extra e ON e.k = g.n
     WHERE o.qty = g.n`,
    `SELECT o.region, g.n
     FROM orders o CROSS JOIN LATERAL generate_series(o.qty, 1, -1) WITH ORDINALITY g(n, place)
     WHERE g.place < 3`,
  ],
};

const OF_BAGS: readonly string[] = [
  // Converted at each level: 16777217 is no real.
  `SELECT id + 16777216 AS x FROM bags UNION ALL SELECT a::real FROM bags
   UNION ALL SELECT pile::double precision FROM bags`,
  `SELECT a AS x, word, 1 AS n FROM bags UNION ALL SELECT b, word, 2 FROM bags WHERE id > 1
   UNION ALL SELECT id, word, NULL FROM bags
   UNION ALL (SELECT a AS y, word, 3 FROM bags UNION ALL SELECT b, NULL, 4 FROM bags)`,
  `SELECT x, count(*) AS n, sum(m) AS s FROM (SELECT a AS x, 1 AS m FROM bags
     UNION ALL SELECT b, 2 FROM bags UNION ALL SELECT id, 3 FROM bags
     UNION ALL SELECT a, 4 FROM bags WHERE b > 2) u GROUP BY x`,
  'SELECT b.id, t.tag FROM bags b, unnest(b.tags) t(tag)',
  `SELECT t.tag, count(*) AS n, sum(t.place) AS s
   FROM bags b, unnest(b.tags) WITH ORDINALITY t(tag, place)
   GROUP BY t.tag`,
  'SELECT b.id, g.n FROM bags b, generate_series(b.a, b.b) g(n) WHERE g.n <> 2',
  `SELECT e.value, count(*) AS n
   FROM bags b, jsonb_array_elements(b.doc) e(value)
   GROUP BY e.value`,
  `SELECT w.part, count(*) AS n
   FROM bags b, regexp_split_to_table(b.word, '') w(part)
   GROUP BY w.part`,
  'SELECT b.id, p.x, p.y FROM bags b, pairs(b.b) p',
  `SELECT b.id, r.tag, r.n
   FROM bags b, ROWS FROM (unnest(b.tags), generate_series(b.a, b.b)) r(tag, n)`,
  `SELECT b.id, r.tag, r.n, r.place
   FROM bags b, ROWS FROM (unnest(b.tags), pairs(b.a)) WITH ORDINALITY r(tag, n, t, place)`,
  'SELECT x.k, count(*) AS n FROM bags b, unnest(ARRAY[b.a, b.b]) x(k) GROUP BY x.k',
  'SELECT id, unnest(tags) AS tag FROM bags',
  'SELECT id, unnest(tags) AS tag, generate_series(a, b) AS n, a + 1 AS more FROM bags WHERE b > 2',
  'SELECT unnest(tags) AS tag, count(*) AS n, sum(pile) AS s FROM bags GROUP BY 1',
  'SELECT DISTINCT unnest(tags) AS tag FROM bags',
  `SELECT id, upper(unnest(tags)) AS tag, generate_series(1, 2) + a AS n
   FROM bags
   ORDER BY upper(unnest(tags))`,
  `SELECT s.tag, count(*) AS n
   FROM (SELECT unnest(tags) AS tag, id FROM bags WHERE a > 0) s
   WHERE s.tag IS NOT NULL
   GROUP BY s.tag`,
  'SELECT id, generate_series(1, unnest(ARRAY[1, a])) AS n FROM bags',
  'SELECT t.tag, f.tag AS other FROM tagged t JOIN flat f ON f.id = t.id',
  `SELECT b.id, u.part
   FROM bags b, unnest(b.tags) t(tag), regexp_split_to_table(t.tag, $$$$) u(part)
   WHERE b.a = 1`,
  `SELECT s.id, t.tag
   FROM (SELECT id, tags AS list FROM bags WHERE a > 0) s, unnest(s.list) t(tag)`,
  'SELECT typed_pairs(b) AS p, id FROM bags',
  'SELECT g FROM bags b, typed_pairs(b.a) g',
  `SELECT word AS w, code AS c, pile AS p FROM bags
   UNION ALL SELECT code, word::char(5), a FROM bags`,
  `SELECT s.w, count(*) AS n
   FROM (SELECT c_word AS w FROM bags UNION ALL SELECT word COLLATE "C" FROM bags) s
   WHERE s.w > $$a$$
   GROUP BY s.w`,
  'SELECT few FROM bags UNION ALL SELECT few FROM bags WHERE few > 1',
  'SELECT few FROM bags UNION ALL SELECT a FROM bags',
  'SELECT pile FROM bags UNION ALL SELECT pile FROM bags WHERE a = 1',
  `SELECT u.x, t.tag
   FROM (SELECT id AS x, tags FROM bags UNION ALL SELECT a, tags FROM bags) u,
     unnest(u.tags) t(tag)`,
  'SELECT x.tag FROM (SELECT unnest(tags) AS tag FROM bags UNION ALL SELECT word FROM bags) x',
];

/** By keys that are computed again. */
const REGROUPED_OF_BAGS = [
  'SELECT id FROM bags ORDER BY unnest(tags)',
  'SELECT b.id FROM bags b LEFT JOIN LATERAL unnest(b.tags) t(tag) ON true',
];

const bench = useBench(SETUP);

for (const [theme, queries] of Object.entries(OF_SHOP)) {
  describe(theme, () => {
    for (const query of queries) {
      test(query, async () => {
        await bench.user.execute(RESET);
        await bench.convert(query, { ambiguous: /v\.n, count/.test(query) ? ['n'] : [] });
        await bench.run(HISTORY);
      });
    }
  });
}

describe('functions over one table', () => {
  for (const query of [...OF_BAGS, ...REGROUPED_OF_BAGS]) {
    test(query, async () => {
      await bench.user.execute(RESET_BAGS);
      await bench.convert(query);
      await bench.run(HISTORY_OF_BAGS);
    });
  }
});

test('a second writer commits in between', async () => {
  await bench.user.execute(RESET_BAGS);
  await bench.convert(
    'SELECT id, unnest(tags) AS tag FROM bags UNION ALL SELECT a, word FROM bags',
  );
  const other = await bench.connect();
  await other.execute("BEGIN; INSERT INTO bags (id, tags, word) VALUES (20, '{o,p}', 'w')");
  await bench.run(["INSERT INTO bags (id, tags, word) VALUES (21, '{q}', NULL)", 'FOLD']);
  await other.execute('COMMIT');
  await bench.run(['DELETE FROM bags WHERE id = 21', 'FOLD', 'DELETE FROM bags WHERE id = 20']);
});

test('a function that fails for a row fails no longer than the definition does', async () => {
  await bench.user.execute(RESET_BAGS);
  await bench.convert('SELECT b.id, g.n FROM bags b, generate_series(1, 3, b.a) g(n)');
  await bench.user.execute(
    'UPDATE bags SET a = 0 WHERE id = 1; UPDATE bags SET a = 2 WHERE id = 1',
  );
  await bench.run(['FOLD', 'UPDATE bags SET a = 3 WHERE id = 1', 'FOLD']);
});

describe('stays a swap, with its reason', () => {
  test.each([
    ['SELECT count(*) AS n, unnest(ARRAY[1, 2]) AS x FROM orders', 'set_returning_function'],
    [
      `SELECT o.id, g.t
       FROM orders o, generate_series(now(), now() + interval '1 day', interval '1 hour') g(t)`,
      'moment_dependent',
    ],
    [
      `SELECT g.t FROM generate_series(timestamp '2024-01-01', '2034-01-01', interval '1 day') g(t)
       WHERE g.t < now()`,
      'moment_dependent',
    ],
    ['SELECT g FROM keyless k, typed_pairs(k.a) g', 'whole_row'],
  ])('%s', async (query, kind) => {
    const { strategy, reasons } = await bench.imat.explain(query, { query: true });
    expect(strategy).toBe('swap');
    expect(reasons.map((reason) => reason.kind)).toContain(kind);
  });
});
