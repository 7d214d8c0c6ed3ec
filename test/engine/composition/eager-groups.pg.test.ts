/**
 * Aggregates over a LEFT JOIN that are taken before it, under random histories: each definition is
 * grouped by what it joins.
 */
import { describe, expect, test } from 'vitest';
import { useBench } from '../correctness/support/bench.ts';
import { randomFor, randomHistory } from '../correctness/support/random.ts';
import { RESET, WRITABLE_SHOP } from '../correctness/support/shop.ts';
import { groupsOfFour, LARGE_GROUPS, type Shape, TABLES } from './support/shapes.ts';

const bench = useBench(TABLES);

const LEFT = 'FROM customer c LEFT JOIN orders o ON o.customer = c.id';

/** Each has the number of stores below; without any, the aggregates stay above the join. */
const SHAPES: readonly Shape[] = [
  [
    'count, sum, avg and extremes by the key of what is joined',
    `SELECT c.id, c.name, count(o.id) AS n, count(*) AS all_n, sum(o.qty) AS q, avg(o.qty) AS a,
       sum(o.amount) AS s, avg(o.amount) AS m, min(o.day) AS first, max(o.day) AS last
     ${LEFT} GROUP BY c.id, c.name`,
    1,
  ],
  [
    'by a column that several rows share',
    `SELECT c.region, count(o.id) AS n, count(*) AS all_n, count(c.name) AS names,
       sum(o.amount) AS s, avg(o.qty) AS a, max(o.amount) AS top, count(DISTINCT c.id) AS c,
       max(c.name) AS name ${LEFT} GROUP BY c.region`,
    1,
  ],
  [
    'rows of NULLs that count',
    `SELECT c.id, sum(COALESCE(o.amount, 0)) AS s, count(COALESCE(o.qty, 1)) AS n,
       avg(COALESCE(o.qty, 7)) AS a, min(COALESCE(o.region, 'none')) AS r,
       bool_or(o.flag IS NULL) AS b, count(*) FILTER (WHERE o.id IS NULL) AS missing,
       sum(COALESCE(o.qty, 3)) FILTER (WHERE o.flag IS NOT TRUE) AS f
     ${LEFT} GROUP BY c.id`,
    1,
  ],
  [
    'filters',
    `SELECT c.id, count(*) FILTER (WHERE o.flag) AS n, sum(o.amount) FILTER (WHERE o.qty > 2) AS s,
       count(*) FILTER (WHERE c.region = 'north') AS c, max(o.qty) FILTER (WHERE NOT o.flag) AS q,
       avg(o.amount) FILTER (WHERE o.flag AND o.qty IN (1, 2, 3)) AS a,
       bool_and(o.flag) AS every ${LEFT} GROUP BY c.id`,
    1,
  ],
  [
    'conditions of either side beside the equality',
    `SELECT c.id, c.region, count(o.id) AS n, sum(o.amount) AS s ${LEFT}
       AND o.flag AND o.qty BETWEEN 1 AND 4 AND c.region IS NOT NULL AND o.region = c.region
     WHERE c.id % 3 <> 1 GROUP BY c.id, c.region HAVING count(o.id) <> 2`,
    1,
  ],
  [
    'a RIGHT JOIN, and expressions of aggregates',
    `SELECT c.id, COALESCE(sum(o.amount), 0) AS s, round(avg(o.qty) * 2, 1) AS a,
       CASE WHEN count(o.id) > 1 THEN 'many' ELSE 'few' END AS class
     FROM orders o RIGHT JOIN customer c ON c.id = o.customer GROUP BY c.id`,
    1,
  ],
  [
    'a table joined before and one joined after',
    `SELECT c.id, p.category, count(o.id) AS n, max(o.day) AS last
     FROM customer c JOIN product p ON p.id = c.id LEFT JOIN orders o ON o.customer = c.id
       LEFT JOIN product q ON q.id = c.id AND q.category IS NOT NULL
     GROUP BY c.id, p.category, q.category`,
    1,
  ],
  [
    'a chain, of which the last is grouped',
    `SELECT p.id, p.category, count(o.id) AS n, sum(o.amount) AS s
     FROM product p LEFT JOIN customer c ON c.id = p.id LEFT JOIN orders o ON o.customer = c.id
     GROUP BY p.id, p.category`,
    1,
  ],
  [
    'USING',
    `SELECT region, count(o.id) AS n, sum(o.amount) AS s, count(*) AS rows
     FROM customer c LEFT JOIN orders o USING (region) GROUP BY region`,
    1,
  ],
  [
    'a subquery that is joined',
    `SELECT c.id, count(o.oid) AS n, sum(o.a) AS s FROM customer c
       LEFT JOIN (SELECT id AS oid, customer AS by, amount AS a FROM orders WHERE flag) o
       ON o.by = c.id GROUP BY c.id`,
    1,
  ],
  [
    'names that the groups use themselves',
    `SELECT key.id AS key, count(rows.id) AS count, sum(rows.amount) AS sum, count(*) AS rows
     FROM customer key LEFT JOIN orders rows ON rows.customer = key.id GROUP BY key.id`,
    1,
  ],
  [
    'a window over the groups',
    `SELECT c.id, c.region, sum(o.amount) AS s,
       rank() OVER (PARTITION BY c.region ORDER BY sum(o.amount) DESC NULLS LAST, c.id) AS r
     ${LEFT} GROUP BY c.id, c.region`,
    1,
  ],
  [
    'what both sides decide stays above',
    `SELECT c.id, sum(o.qty + c.id) AS s, count(o.id) AS n ${LEFT} GROUP BY c.id`,
    0,
  ],
  [
    'what is different, ordered or fails stays above',
    `SELECT c.id, array_agg(o.qty ORDER BY o.qty, o.id) AS list, sum(12 / (o.qty + 100)) AS f
     ${LEFT} GROUP BY c.id`,
    0,
  ],
  [
    'what is read beside aggregates stays above',
    `SELECT c.id, o.region, count(o.id) AS n ${LEFT} GROUP BY c.id, o.region`,
    0,
  ],
];

const steps = Number(process.env['IMAT_STEPS'] ?? 40);

describe('random histories', () => {
  test.each(groupsOfFour(SHAPES))('$title', async ({ own, title }) => {
    await bench.user.execute(RESET);
    await bench.user.execute(LARGE_GROUPS);
    for (const [, definition, below] of own) {
      const { name } = await bench.convert(definition);
      const rules = (await bench.imat.explain(name)).stores.map(({ rule }) => rule);
      expect(rules, definition).toEqual(['regroup', ...Array<string>(below).fill('add')]);
    }
    await bench.run(randomHistory(randomFor(title), WRITABLE_SHOP, steps));
  });
});
