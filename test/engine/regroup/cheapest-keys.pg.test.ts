/**
 * By which key rows are computed again: the one that has fewest of them for a changed row, by
 * statistics, also where neither the definition nor an index would suggest it. The primary keys are
 * dropped after the conversion, so that a history can write rows twice, and NULLs.
 */
import { expect, test } from 'vitest';
import { FOLD, useBench } from '../correctness/support/bench.ts';
import { randomFor, randomHistory } from '../correctness/support/random.ts';
import { RESET, SHOP, WRITABLE_SHOP } from '../correctness/support/shop.ts';

const bench = useBench(SHOP);

const KEYED = ['customer', 'orders', 'product'];

/** 800 orders of four customers in two months. */
const MANY = `INSERT INTO orders
  SELECT i, 1 + i % 4, 1 + i % 3, 'north', i, i % 5,
    '2024-01-01'::timestamp + i * interval '1 hour', '2024-01-01'::date + i / 24, i % 2 = 0, 'n'
  FROM generate_series(10, 809) i;
  ANALYZE`;

/** Each with the keys of its rows. */
const SHAPES: readonly (readonly [definition: string, keys: readonly string[]])[] = [
  // A key that both tables hold has 200 rows.
  [
    `SELECT o.id, c.region, o.amount FROM orders o LEFT JOIN customer c ON c.id = o.customer`,
    ['o.id'],
  ],
  [
    `SELECT c.region, count(*) AS n, sum(o.amount) AS s
     FROM orders o LEFT JOIN customer c ON c.id = o.customer GROUP BY c.region`,
    ['o.id'],
  ],
  // The same of an expression, which has no statistics.
  [
    `SELECT date_trunc('month', o.at) AS m, p.category, count(*) AS n, sum(o.qty) AS q
     FROM orders o LEFT JOIN product p ON p.id = o.product GROUP BY 1, 2`,
    ['o.id'],
  ],
  [
    `SELECT date_trunc('month', o.at) AS m, count(DISTINCT o.customer) AS c FROM orders o
     WHERE NOT EXISTS (SELECT FROM product p WHERE p.id = o.product AND p.category = 'tea')
     GROUP BY 1`,
    ['o.id', 'o.id'],
  ],
  // An expression that can fail is no key, and one with few rows is one.
  [
    `SELECT 10 / (o.qty - 4) AS d, count(*) AS n FROM orders o
     LEFT JOIN customer c ON c.id = o.customer WHERE o.qty <> 4 AND o.qty IS NOT NULL
     GROUP BY 10 / (o.qty - 4)`,
    ['o.id'],
  ],
  [
    `SELECT date_trunc('hour', o.at) AS h, count(*) AS n, count(c.id) AS m
     FROM orders o LEFT JOIN customer c ON c.id = o.customer GROUP BY 1`,
    ["pg_catalog.date_trunc(('hour')::text, o.at)"],
  ],
  // What a row of the same table touches counts, too.
  [
    `WITH f AS (SELECT customer, min(day) AS since FROM orders GROUP BY customer)
     SELECT o.id, f.since, o.qty FROM orders o JOIN f ON f.customer = o.customer`,
    ['f.customer'],
  ],
  // Keys of subqueries that the query does not show.
  [
    `SELECT x.n, count(*) AS m FROM (
       SELECT c.id, count(o.id) AS n FROM customer c LEFT JOIN orders o ON o.customer = c.id
       GROUP BY c.id) x
     GROUP BY x.n`,
    ['x.id'],
  ],
  [
    `SELECT avg(x.n) AS a, count(DISTINCT x.r) AS r FROM (
       SELECT c.id, count(o.id) AS n, min(c.region) AS r
       FROM customer c LEFT JOIN orders o ON o.customer = c.id GROUP BY c.id) x`,
    ['x.id', 'x.id'],
  ],
  [
    `SELECT x.all_notes, count(*) AS m FROM (
       SELECT customer, array_agg(note ORDER BY note) AS all_notes FROM orders GROUP BY customer) x
     GROUP BY x.all_notes`,
    ['x.customer'],
  ],
  [
    `SELECT x.place, sum(x.qty) AS q FROM (
       SELECT customer, qty, rank() OVER (PARTITION BY customer ORDER BY qty) AS place
       FROM orders) x
     GROUP BY x.place`,
    ['x.customer'],
  ],
];

test.each(SHAPES.map((_, at) => at).filter((at) => at % 4 === 0))(
  'from shape %i on',
  async (first) => {
    await bench.user.execute(RESET);
    await bench.user.execute(MANY);
    for (const [definition, keys] of SHAPES.slice(first, first + 4)) {
      const { name } = await bench.convert(definition);
      const { plan } = await bench.imat.explain(name);
      const by = plan.flatMap(({ clause }) => /^rows by (.*)$/.exec(clause)?.slice(1) ?? []);
      expect(by, definition).toEqual(keys);
    }
    for (const table of KEYED)
      await bench.user.execute(`ALTER TABLE ${table} DROP CONSTRAINT ${table}_pkey,
        ALTER COLUMN id DROP NOT NULL`);
    const steps = Number(process.env['IMAT_STEPS'] ?? 60);
    await bench.run(randomHistory(randomFor(`keys ${first}`), WRITABLE_SHOP, steps));
    for (const table of KEYED)
      await bench.user.execute(`TRUNCATE ${table}; ALTER TABLE ${table} ADD PRIMARY KEY (id)`);
  },
);

test('an expression that fails for a row of the sample is explained all the same', async () => {
  await bench.user.execute(RESET);
  await bench.user.execute(MANY);
  const { plan } = await bench.imat.explain(
    `SELECT 10 / (o.qty - 4) AS d, array_agg(o.id ORDER BY o.id) AS ids FROM public.orders o
     GROUP BY 1`,
    { query: true },
  );
  expect(plan[0]?.clause).toBe('rows by (10 / (o.qty - 4))');
});

test('the key stays with another freshness, and a repair chooses anew', async () => {
  await bench.user.execute(RESET);
  await bench.user.execute(MANY);
  const { name } = await bench.convert(SHAPES[0]?.[0] ?? '');
  const key = async (): Promise<readonly string[]> =>
    (await bench.imat.explain(name)).plan.map(({ clause }) => clause).slice(0, 1);
  expect(await key()).toEqual(['rows by o.id']);
  await bench.user.execute('TRUNCATE orders; ANALYZE orders');
  await bench.imat.convert(name, { freshness: 'manual' });
  expect(await key()).toEqual(['rows by o.id']);
  await bench.imat.convert(name, { freshness: 'live' });
  await bench.imat.repair(name);
  expect(await key()).toEqual(['rows by o.customer']);
  await bench.run([
    'INSERT INTO orders (id, customer, amount) VALUES (1, 2, 3), (2, 2, 4), (3, 9, 5)',
    "UPDATE customer SET region = 'west' WHERE id = 2",
    FOLD,
    'UPDATE orders SET customer = 2 WHERE id = 3; DELETE FROM customer WHERE id = 1',
    'DELETE FROM orders WHERE id = 2',
  ]);
});
