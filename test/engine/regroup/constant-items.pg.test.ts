/** Series and lists that hold keys or lead to them, and what only looks like one. */
import { expect, test } from 'vitest';
import { FOLD, useBench } from '../correctness/support/bench.ts';

const bench = useBench(`
CREATE TABLE a (id int PRIMARY KEY, k int, codes int[]);
CREATE TABLE b (id int PRIMARY KEY, k int, x int, label varchar(9));
`);

const ROWS = [
  'TRUNCATE a, b',
  `INSERT INTO a VALUES (1, 1, '{1,2}'), (2, 2, '{3}'), (3, NULL, NULL), (4, 2, '{}'),
    (5, 9, '{0}')`,
  `INSERT INTO b VALUES (1, 5, 10, 'p'), (2, 0, 20, 'q'), (3, NULL, 30, NULL), (4, 2, 0, 'p'),
    (5, 2, 1, 'far')`,
];

const CHANGES = [
  ...ROWS,
  FOLD,
  'DELETE FROM b WHERE id = 1',
  "INSERT INTO b VALUES (9, 7, 40, 'q'), (10, 1, 1, 'q')",
  FOLD,
  'UPDATE b SET k = 3 WHERE id = 2',
  "UPDATE a SET codes = '{5,5,2}' WHERE id = 4",
  "UPDATE b SET k = NULL, label = 'far' WHERE id = 10",
  FOLD,
  'UPDATE a SET k = 0 WHERE k IS NULL',
  'DELETE FROM a WHERE id IN (1, 5)',
  'UPDATE b SET k = 1 WHERE k IS NULL',
  FOLD,
  'TRUNCATE b',
  "INSERT INTO b VALUES (1, 2, 3, 'p')",
];

const N = 'generate_series(0, 6) AS n(n)';

test.each<[string, 'delta' | 'swap', string]>([
  [
    'a value that no row of the table has',
    'delta',
    `SELECT n, count(b.id) AS c FROM ${N} LEFT JOIN b ON COALESCE(b.k, 0) = n GROUP BY n`,
  ],
  [
    'NULL meets every row',
    'delta',
    `SELECT n, max(b.x) AS m FROM ${N} LEFT JOIN b ON b.k = n OR b.k IS NULL GROUP BY n`,
  ],
  [
    'equal to a value of two columns',
    'delta',
    `SELECT n, max(b.x) AS m FROM ${N} LEFT JOIN b ON b.k::numeric + b.x = n GROUP BY n`,
  ],
  [
    'columns of two types',
    'delta',
    `SELECT d.n, max(b.x) AS m FROM (SELECT 1 AS n UNION ALL SELECT 2.0 UNION ALL SELECT NULL) d
       LEFT JOIN b ON b.k = d.n GROUP BY d.n`,
  ],
  [
    'text and a text with a length',
    'delta',
    `SELECT v.name, max(b.x) AS m FROM (VALUES ('p'), ('r'), (NULL)) v(name)
       LEFT JOIN b ON b.label = v.name GROUP BY v.name`,
  ],
  [
    'two series',
    'delta',
    `SELECT n, m, max(b.id) AS i FROM ${N} CROSS JOIN generate_series(0, 10, 10) AS m(m)
       LEFT JOIN b ON b.k = n AND b.x = m GROUP BY n, m`,
  ],
  [
    'within the other side of an outer join',
    'delta',
    `SELECT a.k, max(b.x) AS m, count(n) AS c FROM a LEFT JOIN (${N} JOIN b ON b.k = n) ON a.k = n
       GROUP BY a.k`,
  ],
  [
    'within EXISTS',
    'delta',
    `SELECT a.id FROM a WHERE EXISTS (SELECT FROM ${N} JOIN b ON b.k = n WHERE n = a.k)`,
  ],
  [
    'both sides of a FULL JOIN',
    'delta',
    `SELECT COALESCE(n, b.k) AS k, max(b.x) AS m FROM ${N} FULL JOIN b ON b.k = n GROUP BY 1`,
  ],
  [
    'the other side of a FULL JOIN',
    'swap',
    `SELECT n, max(b.x) AS m FROM ${N} FULL JOIN b ON b.k = n GROUP BY n`,
  ],
  [
    'the other side of a LEFT JOIN',
    'swap',
    `SELECT n, max(b.x) AS m FROM b LEFT JOIN ${N} ON b.k = n GROUP BY n`,
  ],
  [
    'a window',
    'delta',
    `SELECT n, b.x, row_number() OVER (PARTITION BY n ORDER BY b.x, b.id) AS r
       FROM ${N} LEFT JOIN b ON b.k = n`,
  ],
  [
    'DISTINCT ON',
    'delta',
    `SELECT DISTINCT ON (n) n, b.x FROM ${N} LEFT JOIN b ON b.k = n ORDER BY n, b.x, b.id`,
  ],
  [
    'a series of the values of a table',
    'delta',
    `SELECT u.c, max(b.x) AS m FROM a CROSS JOIN LATERAL unnest(a.codes) AS u(c)
       LEFT JOIN b ON b.k = u.c GROUP BY u.c`,
  ],
  [
    'an expression that fails for a row which is left out, beside the key',
    'delta',
    `SELECT d.n, d.share, max(b.x) AS m FROM (SELECT n, 60 / n AS share FROM ${N}) d
       LEFT JOIN b ON b.k = d.n WHERE d.n <> 0 GROUP BY d.n, d.share`,
  ],
  [
    'an expression that fails for a row which is left out, on the path',
    'swap',
    `SELECT d.n, d.share, max(b.x) AS m FROM (SELECT n, 60 / n AS share FROM ${N}) d
       LEFT JOIN b ON b.x < d.share WHERE d.n <> 0 GROUP BY d.n, d.share`,
  ],
  [
    'the first rows of a series, on the path',
    'swap',
    `SELECT d.n, max(b.x) AS m FROM (SELECT n FROM ${N} ORDER BY n LIMIT 3) d
       LEFT JOIN b ON b.k < d.n GROUP BY d.n`,
  ],
  [
    'a condition of a higher join',
    'delta',
    `SELECT n, count(a.id) AS c, max(b.x) AS m FROM ${N} LEFT JOIN b ON b.k = n
       LEFT JOIN a ON a.k = b.k AND a.id > n GROUP BY n`,
  ],
])('%s: %s', async (_, strategy, definition) => {
  await bench.user.execute(ROWS.join('; '));
  await bench.convert(definition, { strategy });
  await bench.run(CHANGES);
  expect(await bench.user.query('SELECT FROM b')).toHaveLength(1);
});
