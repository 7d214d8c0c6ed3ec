/** Groups of groups, added up over stores of the groups below, under random histories. */
import { describe, expect, test } from 'vitest';
import { FOLD, useBench } from '../correctness/support/bench.ts';
import { randomFor, randomHistory } from '../correctness/support/random.ts';
import { LOOSE_SHOP, RESET, WRITABLE_SHOP } from '../correctness/support/shop.ts';

const bench = useBench(`${LOOSE_SHOP}
  CREATE VIEW totals AS SELECT customer, region, sum(amount) AS total, count(*) AS n
  FROM orders GROUP BY customer, region`);

/** Each definition, and how many stores it has. */
const SHAPES: readonly (readonly [name: string, definition: string, stores: number])[] = [
  [
    'sums of sums',
    `SELECT region, sum(total) AS s, avg(total) AS a, count(*) AS n, count(total) AS m
     FROM (SELECT customer, region, sum(amount) AS total FROM orders GROUP BY customer, region) t
     GROUP BY region`,
    2,
  ],
  [
    'groups by an aggregate',
    `SELECT n, count(*) AS customers, sum(customer) AS s
     FROM (SELECT customer, count(*) AS n FROM orders GROUP BY customer) t GROUP BY n`,
    2,
  ],
  [
    'HAVING and WHERE between',
    `SELECT region, sum(total + n) AS s, bool_or(total > 10) AS b
     FROM (SELECT customer, region, sum(amount) AS total, count(*) AS n FROM orders
       GROUP BY customer, region HAVING count(*) > 1) t
     WHERE total > 0 GROUP BY region HAVING count(*) > 0`,
    2,
  ],
  [
    'all groups, of a join',
    `SELECT count(*) AS n, sum(total) AS s, max_n > 0 AS b FROM (
       SELECT c.region, sum(o.amount) AS total, count(p.id) AS max_n
       FROM customer c JOIN orders o ON o.customer = c.id JOIN product p ON p.id = o.product
       GROUP BY c.region) t GROUP BY b`,
    2,
  ],
  [
    'averages to the last digit',
    `SELECT region, sum(a) AS s, avg(a) AS m, sum(d) AS d FROM (
       SELECT region, category, avg(price) AS a, stddev(id) AS d FROM product
       GROUP BY region, category) t
     GROUP BY region`,
    2,
  ],
  [
    'three levels',
    `SELECT n, sum(m) AS s, count(*) AS c FROM (
       SELECT region, count(*) AS n, sum(total) AS m FROM (
         SELECT region, customer, sum(qty) AS total FROM orders GROUP BY region, customer) a
       GROUP BY region) b
     GROUP BY n`,
    3,
  ],
  [
    'different values of groups',
    `SELECT region, count(DISTINCT n) AS n, sum(DISTINCT customer) AS s, count(*) AS c
     FROM (SELECT region, customer, count(*) AS n FROM orders GROUP BY region, customer) t
     GROUP BY region`,
    4,
  ],
  [
    'groups of different values',
    `SELECT n, count(*) AS regions
     FROM (SELECT region, count(DISTINCT customer) AS n FROM orders GROUP BY region) t GROUP BY n`,
    3,
  ],
  [
    'groups of one row',
    `SELECT count(*) AS n, sum(total) AS s
     FROM (SELECT sum(qty) AS total FROM orders WHERE flag) t`,
    2,
  ],
  [
    'a CTE',
    `WITH t AS (SELECT customer, region, count(*) AS n FROM orders GROUP BY customer, region)
     SELECT region, sum(n) AS n FROM t GROUP BY region`,
    2,
  ],
  ['a view', 'SELECT region, sum(total) AS s, sum(n) AS n FROM totals GROUP BY region', 2],
  [
    'different rows',
    `SELECT region, count(*) AS n FROM (SELECT DISTINCT region, note, flag FROM orders) t
     GROUP BY region`,
    2,
  ],
];

describe('random histories', () => {
  test.each(
    Array.from({ length: Math.ceil(SHAPES.length / 4) }, (_, at) => {
      const own = SHAPES.slice(at * 4, at * 4 + 4);
      return { own, title: own.map(([name]) => name).join(', ') };
    }),
  )('$title', async ({ own, title }) => {
    await bench.user.execute(RESET);
    for (const [, definition, count] of own) {
      const { name } = await bench.convert(definition);
      const { stores, residual } = await bench.imat.explain(name);
      expect(residual).toBeNull();
      expect(stores.map(({ rule }) => rule)).toEqual(Array.from({ length: count }, () => 'add'));
    }
    const steps = Number(process.env['IMAT_STEPS'] ?? 40);
    await bench.run(randomHistory(randomFor(title), WRITABLE_SHOP, steps));
  });
});

test.each([
  [
    'an aggregate that is not exact',
    `SELECT region, sum(a) AS s FROM (SELECT region, customer, avg(qty::float8) AS a FROM orders
       GROUP BY region, customer) t GROUP BY region`,
  ],
  [
    'a key of which equal values can differ',
    `SELECT region, sum(price) AS s FROM (SELECT region, price, count(*) AS n FROM product
       GROUP BY region, price) t GROUP BY region`,
  ],
])('%s is not added up', async (_, definition) => {
  await bench.user.execute(RESET);
  const { name } = await bench.convert(definition);
  expect((await bench.imat.explain(name)).stores).toHaveLength(1);
  await bench.run(["INSERT INTO orders (customer, region, qty) VALUES (1, 'west', 3)", FOLD]);
});

test('a reader keeps its snapshot while another session writes and folds', async () => {
  await bench.user.execute(RESET);
  const subject = await bench.convert(SHAPES[5]?.[1] ?? '');
  const writer = await bench.connect();
  await bench.user.execute('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM orders');
  await bench.check(subject);
  for (const step of [
    "INSERT INTO orders (customer, region, qty) VALUES (1, 'west', 3), (2, 'west', 3)",
    "UPDATE orders SET qty = qty + 1 WHERE region = 'west'",
    'DELETE FROM orders WHERE customer = 1',
  ]) {
    await writer.execute(step);
    for (const session of [bench.user, writer]) await bench.check(subject, session);
    await bench.imat.fold(subject.name);
    for (const session of [bench.user, writer]) await bench.check(subject, session);
  }
  await bench.user.execute('COMMIT');
  await bench.check(subject);
});
