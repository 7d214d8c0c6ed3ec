/**
 * Aggregates with DISTINCT, added up over stores of different values, under random histories and
 * under histories that take values away and bring them back.
 */
import { describe, expect, test } from 'vitest';
import { FOLD, useBench } from '../correctness/support/bench.ts';
import { randomFor, randomHistory } from '../correctness/support/random.ts';
import { LOOSE_SHOP, RESET, WRITABLE_SHOP } from '../correctness/support/shop.ts';

const bench = useBench(LOOSE_SHOP);

/** Each definition, and how many stores of different values it has. */
const SHAPES: readonly (readonly [name: string, definition: string, different: number])[] = [
  [
    'one argument beside other aggregates',
    `SELECT region, count(DISTINCT customer) AS c, sum(amount) AS s, avg(qty) AS a, count(*) AS n
     FROM orders GROUP BY region`,
    1,
  ],
  ['no other aggregate', 'SELECT count(DISTINCT qty) AS q FROM orders GROUP BY region', 1],
  [
    'several aggregates of one argument',
    `SELECT region, count(DISTINCT qty) AS c, sum(DISTINCT qty) AS s, avg(DISTINCT qty) AS a,
       stddev(DISTINCT qty) AS d
     FROM orders GROUP BY region`,
    1,
  ],
  [
    'several arguments',
    `SELECT flag, count(DISTINCT customer) AS c, sum(DISTINCT amount) AS s,
       avg(DISTINCT amount) AS a, count(DISTINCT note) AS n
     FROM orders GROUP BY flag`,
    3,
  ],
  [
    'all rows',
    'SELECT count(DISTINCT customer) AS c, sum(DISTINCT qty) AS q, count(note) AS n FROM orders',
    2,
  ],
  [
    'FILTER',
    `SELECT region, count(DISTINCT qty) FILTER (WHERE flag) AS a, count(DISTINCT qty) AS b,
       sum(DISTINCT qty) FILTER (WHERE flag) AS c, count(*) FILTER (WHERE flag) AS d
     FROM orders GROUP BY region`,
    2,
  ],
  [
    'rows of several columns',
    `SELECT region, count(DISTINCT (customer, product)) AS c, count(DISTINCT (qty, note)) AS d
     FROM orders GROUP BY region`,
    2,
  ],
  [
    'two arguments',
    'SELECT region, regr_slope(DISTINCT qty, customer) AS s FROM orders GROUP BY region',
    1,
  ],
  [
    'values that are keys',
    `SELECT region, qty, count(DISTINCT region) AS r, count(DISTINCT qty) AS q
     FROM orders GROUP BY region, qty`,
    2,
  ],
  [
    'HAVING and expressions above',
    `SELECT region, count(DISTINCT qty) * 2 AS c, count(*) - count(DISTINCT customer) AS d
     FROM orders GROUP BY region HAVING count(DISTINCT qty) > 1`,
    2,
  ],
  [
    'a join',
    `SELECT c.region, count(DISTINCT p.category) AS n, count(DISTINCT o.customer) AS m,
       sum(o.amount) AS s
     FROM customer c JOIN orders o ON o.customer = c.id JOIN product p ON p.id = o.product
     GROUP BY c.region`,
    2,
  ],
  [
    'UNION ALL',
    `SELECT u.region, count(DISTINCT u.id) AS n, count(*) AS m FROM (
       SELECT region, id FROM customer UNION ALL SELECT region, id FROM product) u
     GROUP BY u.region`,
    1,
  ],
  [
    'a key and a value that are computed',
    `SELECT date_trunc('month', day::timestamp) AS m, count(DISTINCT qty % 3) AS n,
       count(DISTINCT lower(note)) AS l
     FROM orders GROUP BY 1`,
    2,
  ],
  [
    'numbers of every kind',
    `SELECT region, count(DISTINCT score) AS c, sum(DISTINCT score) AS s, avg(DISTINCT score) AS a,
       sum(DISTINCT score::float8) AS f, avg(DISTINCT id::bigint) AS i
     FROM customer GROUP BY region`,
    3,
  ],
  [
    'values that can be equal and differ, counted',
    'SELECT category, count(DISTINCT price) AS n FROM product GROUP BY category',
    1,
  ],
  [
    'expressions that fail for some rows',
    `SELECT region, count(DISTINCT 100 / nullif(qty, 0)) AS n FROM orders
     WHERE qty > 0 GROUP BY region`,
    1,
  ],
];

async function stores(name: string): Promise<readonly string[]> {
  const { stores: found, residual } = await bench.imat.explain(name);
  expect(residual).toBeNull();
  return found.map(({ rule }) => rule);
}

describe('random histories', () => {
  test.each(
    Array.from({ length: Math.ceil(SHAPES.length / 4) }, (_, at) => {
      const own = SHAPES.slice(at * 4, at * 4 + 4);
      return { own, title: own.map(([name]) => name).join(', ') };
    }),
  )('$title', async ({ own, title }) => {
    await bench.user.execute(RESET);
    for (const [, definition, different] of own) {
      const { name } = await bench.convert(definition);
      expect(await stores(name)).toEqual(Array.from({ length: different + 1 }, () => 'add'));
    }
    const steps = Number(process.env['IMAT_STEPS'] ?? 40);
    await bench.run(randomHistory(randomFor(title), WRITABLE_SHOP, steps));
  });
});

test.each([
  ['sum', 'sum(DISTINCT price)'],
  ['a FILTER that can fail', 'count(DISTINCT id) FILTER (WHERE 1 / id > 0)'],
])('%s of what one store cannot hold is computed again', async (_, call) => {
  await bench.user.execute(RESET);
  const { name } = await bench.convert(`SELECT region, ${call} AS s FROM product GROUP BY region`);
  expect(await stores(name)).toEqual(['regroup']);
  await bench.run(["INSERT INTO product VALUES (9, 'x', 1.50, 'north'), (8, 'x', 1.5, 'north')"]);
});

const order = (id: number, customer: number | null, qty: number | null, region = "'north'") =>
  `INSERT INTO orders (id, customer, qty, region, amount, flag)
   VALUES (${id}, ${customer ?? 'NULL'}, ${qty ?? 'NULL'}, ${region}, ${id}, true)`;

test('values come and go', async () => {
  await bench.user.execute(RESET);
  for (const [, definition] of SHAPES.slice(0, 7)) await bench.convert(definition);
  await bench.run([
    // forth and back in one transaction
    'BEGIN',
    order(20, 70, 7),
    'DELETE FROM orders WHERE customer = 70',
    order(21, 70, 7),
    'SAVEPOINT a',
    'DELETE FROM orders WHERE customer = 70',
    'ROLLBACK TO a',
    'COMMIT',
    FOLD,
    // there twice: neither comes
    order(22, 70, 7),
    'DELETE FROM orders WHERE id = 21',
    FOLD,
    // the last row of a value, and of a group
    'DELETE FROM orders WHERE id = 22',
    order(23, 71, 8, "'west'"),
    FOLD,
    'DELETE FROM orders WHERE id = 23',
    order(24, 71, 8, "'west'"),
    FOLD,
    "DELETE FROM orders WHERE region = 'west'",
    FOLD,
    // from group to group
    "UPDATE orders SET region = CASE region WHEN 'north' THEN 'south' ELSE 'north' END",
    FOLD,
    // NULL as a value, as a key, and as both
    order(25, null, null),
    order(26, null, null, 'NULL'),
    order(27, 70, null, 'NULL'),
    order(28, null, 3, 'NULL'),
    FOLD,
    'UPDATE orders SET customer = NULL, qty = NULL WHERE id IN (27, 28)',
    'UPDATE orders SET region = NULL WHERE id = 25',
    FOLD,
    'DELETE FROM orders WHERE id = 26',
    'DELETE FROM orders WHERE region IS NULL',
    FOLD,
    // nothing, and everything again
    'BEGIN',
    'DELETE FROM orders',
    order(30, 1, 1),
    'COMMIT',
    'DELETE FROM orders',
    FOLD,
    order(31, 1, 1),
    'TRUNCATE orders',
    order(32, 1, 2),
    FOLD,
    'BEGIN',
    'TRUNCATE orders',
    order(33, 4, 2),
    'ROLLBACK',
    order(34, 5, 2),
  ]);
});

test('another session folds and writes while one reads at its snapshot', async () => {
  await bench.user.execute(RESET);
  const subject = await bench.convert(SHAPES[3]?.[1] ?? '');
  const writer = await bench.connect();
  const pending = order(41, 71, 8);
  await bench.user.execute(pending);
  await bench.user.execute('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM orders');
  await bench.check(subject);
  const open = await bench.connect();
  await open.execute(`BEGIN; ${order(40, 70, 7)}`);
  for (const step of [order(42, 72, 9), 'DELETE FROM orders WHERE id = 41', order(43, 70, 7)]) {
    await writer.execute(step);
    for (const session of [bench.user, writer, open]) await bench.check(subject, session);
    await bench.imat.fold(subject.name);
    for (const session of [bench.user, writer, open]) await bench.check(subject, session);
  }
  await open.execute('COMMIT');
  for (const session of [bench.user, writer]) await bench.check(subject, session);
  await bench.user.execute('COMMIT');
  await bench.imat.fold(subject.name);
  await bench.check(subject);
});

test('a prepared transaction takes the last row of a value away', async () => {
  await bench.user.execute(RESET);
  const subject = await bench.convert(SHAPES[0]?.[1] ?? '');
  await bench.run([
    order(50, 90, 1),
    FOLD,
    'BEGIN',
    'DELETE FROM orders WHERE id = 50',
    "PREPARE TRANSACTION 'last_of_value'",
    FOLD,
    order(51, 90, 1),
    FOLD,
    "COMMIT PREPARED 'last_of_value'",
    FOLD,
    'DELETE FROM orders WHERE id = 51',
    FOLD,
  ]);
  await bench.check(subject);
});
