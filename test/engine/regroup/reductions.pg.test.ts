/**
 * Changed rows that matter to nothing touch no key: those that a condition on their table leaves
 * out, and those that meet no row of another table, which is looked up by its primary key. The keys
 * are dropped after the conversion, so that a history can write rows twice, and NULLs.
 */
import { describe, expect, test } from 'vitest';
import { FOLD, useBench } from '../correctness/support/bench.ts';
import { randomFor, randomHistory } from '../correctness/support/random.ts';
import { RESET, SHOP, WRITABLE_SHOP } from '../correctness/support/shop.ts';

const bench = useBench(SHOP);

const QTY = 'array_agg(o.qty ORDER BY o.qty, o.id) AS q';

type Shape = {
  readonly query: string;
  /** The tables of which a row must be met, for each that is asked; none where all rows matter. */
  readonly meets: readonly string[];
};

const shape = (query: string, ...meets: readonly string[]): Shape => ({ query, meets });

const SHAPES: Readonly<Record<string, Shape>> = {
  'a condition on the table': shape(`SELECT o.customer, ${QTY} FROM orders o
    WHERE o.flag AND o.region <> 'west' GROUP BY o.customer`),
  'a condition on a joined table': shape(
    `SELECT o.customer, ${QTY} FROM orders o JOIN product p ON p.id = o.product
    WHERE p.category = 'tea' GROUP BY o.customer`,
    'product',
  ),
  'a chain of joined tables': shape(
    `SELECT o.product, ${QTY} FROM orders o JOIN customer c ON c.id = o.customer
      JOIN customer b ON b.id = c.boss WHERE b.region = 'north' GROUP BY o.product`,
    'customer, customer',
    'customer',
  ),
  'tables that have one another as a condition': shape(
    `SELECT c.boss, array_agg(c.name || p.category ORDER BY c.name || p.category) AS a
    FROM customer c JOIN product p ON p.id = c.id
    WHERE c.region = 'north' AND p.region = 'south' GROUP BY c.boss`,
    'product',
  ),
  'a filtered join on the side that can be missing': shape(
    `SELECT c.id, ${QTY} FROM customer c
      LEFT JOIN (orders o JOIN product p ON p.id = o.product AND p.category = 'tea')
        ON o.customer = c.id AND o.flag GROUP BY c.id`,
    'product',
  ),
  'conditions of an outer join on the side that stays': shape(`SELECT c.id, c.region, o.qty
    FROM customer c LEFT JOIN orders o ON o.customer = c.id AND c.region = 'north' AND o.flag`),
  'a condition above an outer join': shape(`SELECT c.id, c.name, o.qty
    FROM customer c LEFT JOIN orders o ON o.customer = c.id WHERE o.flag IS NOT TRUE`),
  'no partner': shape(`SELECT o.customer, ${QTY}
    FROM orders o LEFT JOIN product p ON p.id = o.product AND p.category = 'tea'
    WHERE p.id IS NULL AND o.flag GROUP BY o.customer`),
  EXISTS: shape(
    `SELECT o.customer, ${QTY} FROM orders o
    WHERE EXISTS (SELECT FROM product p WHERE p.id = o.product AND p.category = 'tea')
    GROUP BY o.customer`,
    'product',
  ),
  'EXISTS in EXISTS': shape(
    `SELECT o.region, ${QTY} FROM orders o WHERE EXISTS (SELECT FROM customer c
      WHERE c.id = o.customer AND EXISTS (SELECT FROM customer b WHERE b.id = c.boss
        AND b.score > 0)) GROUP BY o.region`,
    'customer, customer',
    'customer',
  ),
  'EXISTS over tables that can be missing': shape(`SELECT o.customer, ${QTY} FROM orders o
    WHERE EXISTS (SELECT FROM extra e
      LEFT JOIN product p ON p.id = o.product AND p.category = 'tea'
      LEFT JOIN (customer c JOIN extra x ON c.id = o.customer AND c.region = 'north')
        ON x.k = e.k
      WHERE e.label = 'x') GROUP BY o.customer`),
  'EXISTS over groups': shape(`SELECT o.customer, ${QTY} FROM orders o
    WHERE EXISTS (SELECT FROM product p WHERE p.id = o.product AND p.category = 'tea'
      GROUP BY p.region HAVING count(*) > 1) GROUP BY o.customer`),
  'NOT EXISTS': shape(`SELECT o.customer, ${QTY} FROM orders o
    WHERE NOT EXISTS (SELECT FROM product p WHERE p.id = o.product AND p.category = 'tea')
    GROUP BY o.customer`),
  'EXISTS or something else': shape(`SELECT o.customer, ${QTY} FROM orders o
    WHERE o.flag OR EXISTS (SELECT FROM product p WHERE p.id = o.product AND p.category = 'tea')
    GROUP BY o.customer`),
  IN: shape(
    `SELECT o.customer, ${QTY} FROM orders o
    WHERE o.product IN (SELECT p.id FROM product p WHERE p.price > 1) GROUP BY o.customer`,
    'product',
  ),
  'NOT IN': shape(`SELECT o.customer, ${QTY} FROM orders o
    WHERE o.product NOT IN (SELECT p.id FROM product p WHERE p.price > 1 AND p.id = o.product)
    GROUP BY o.customer`),
  'IN a union': shape(`SELECT o.customer, ${QTY} FROM orders o WHERE o.product IN
      (SELECT p.id FROM product p WHERE p.price > 1 UNION SELECT c.id FROM customer c)
    GROUP BY o.customer`),
  'a subquery that compares with its own table': shape(
    `SELECT o.id, o.qty, p.category FROM orders o JOIN product p ON p.id = o.product
    WHERE p.category = 'tea'
      AND o.qty < (SELECT avg(x.qty) + 1 FROM orders x WHERE x.product = p.id)`,
    'product',
    'product',
  ),
  'a subquery below IN':
    shape(`SELECT c.name, c.id FROM customer c WHERE c.id IN (SELECT b.boss FROM customer b
      WHERE b.region IN (SELECT e.region FROM extra e WHERE e.label = 'x')
        AND b.name <> 'bob' AND b.score < (SELECT sum(o.qty) FROM orders o
          WHERE o.customer = b.id AND o.flag))`),
  'a window': shape(
    `SELECT o.customer, o.id, rank() OVER (PARTITION BY o.customer ORDER BY o.qty) AS r
    FROM orders o JOIN product p ON p.id = o.product WHERE p.category = 'tea' AND o.flag`,
    'product',
  ),
  'DISTINCT ON': shape(
    `SELECT DISTINCT ON (o.customer) o.customer, o.qty, o.note, o.region FROM orders o
      JOIN product p ON p.id = o.product WHERE p.price > 1 AND o.flag
    ORDER BY o.customer, o.qty DESC, o.note, o.region`,
    'product',
  ),
  'branches with conditions of their own': shape(`SELECT o.region, o.qty FROM orders o WHERE o.flag
    UNION SELECT c.region, c.id FROM customer c WHERE c.score > 0`),
  'conditions around subqueries': shape(
    `SELECT v.customer, array_agg(v.qty ORDER BY v.qty) AS q
    FROM (SELECT * FROM orders) v JOIN (SELECT id, category FROM product) w ON w.id = v.product
    WHERE v.flag AND w.category = 'tea' GROUP BY v.customer`,
    'product',
  ),
  'conditions around groups': shape(
    `SELECT v.customer, v.q, c.name FROM (SELECT customer, max(qty) AS q FROM orders WHERE flag
      GROUP BY customer) v JOIN customer c ON c.id = v.customer
    WHERE v.customer > 1 AND v.q > 1 AND c.region = 'north'`,
    'customer',
  ),
  'FULL JOIN': shape(`SELECT id, c.name, p.category
    FROM (SELECT * FROM customer WHERE region = 'north') c
      FULL JOIN (SELECT * FROM product WHERE price > 1) p USING (id)`),
  'a condition that NULL fulfils': shape(
    `SELECT o.customer, ${QTY} FROM orders o JOIN product p ON p.id = o.product
    WHERE coalesce(p.category, 'tea') = 'tea' AND (o.flag IS NULL OR o.qty > 2)
    GROUP BY o.customer`,
    'product',
  ),
  LATERAL: shape(
    `SELECT c.id, x.qty, x.note FROM customer c CROSS JOIN LATERAL
      (SELECT o.qty, o.note FROM orders o WHERE o.customer = c.id AND o.flag
       ORDER BY o.qty DESC, o.note LIMIT 2) x WHERE c.region = 'north'`,
    'customer',
  ),
  'a condition on the time': shape(
    `SELECT o.customer, ${QTY} FROM orders o JOIN product p ON p.id = o.product
    WHERE p.category = 'tea' AND o.day < current_date GROUP BY o.customer`,
    'product',
  ),
  'a condition that can fail': shape(`SELECT o.customer, ${QTY} FROM orders o
    WHERE o.qty > 0 AND 7 / o.qty > 1 GROUP BY o.customer`),
};

/** For each table that is looked up once, what stands in FROM. */
async function lookups(name: string): Promise<readonly string[]> {
  const [views] = await bench.observer.query<{ text: string }>(
    `SELECT string_agg(pg_get_viewdef(oid), E'\\n') AS text FROM pg_class
     WHERE relname ~ ('^touched[0-9]*_' || $1 || '$')`,
    [name],
  );
  return [
    ...(views?.text ?? '').matchAll(/EXISTS \( SELECT\s+FROM ((?:\w+ r\d+,?\s+)+)WHERE/g),
  ].map(([, from = '']) => from.replaceAll(/ r\d+/g, '').trim().replaceAll(/\s+/g, ' '));
}

/** More rows than a read looks up, for few keys, with changes of what they meet among them. */
const MANY: readonly string[] = [
  `INSERT INTO orders SELECT 1000 + i, i % 5, i % 4, (ARRAY['north', 'south', NULL])[1 + i % 3], i,
     i % 7, NULL, date '2024-01-01' + i % 9, i % 2 = 0, 'x' || i % 3
   FROM generate_series(1, 1200) AS i`,
  FOLD,
  'BEGIN',
  'UPDATE orders SET product = product + 1, flag = NOT flag WHERE id > 1000',
  "UPDATE product SET category = 'tea', price = 2 WHERE id = 2",
  'DELETE FROM product WHERE id = 1',
  FOLD,
  'COMMIT',
  FOLD,
  'BEGIN',
  "UPDATE customer SET region = 'north', boss = 1 - boss WHERE id < 3",
  'DELETE FROM customer WHERE id = 4',
  'DELETE FROM orders WHERE id > 1100',
  'COMMIT',
  FOLD,
];

const names = Object.keys(SHAPES);
const GROUPS = 3;

describe('rows that matter to nothing touch no key', () => {
  test.each(
    Array.from({ length: GROUPS }, (_, at) => [
      names.filter((_one, index) => index % GROUPS === at),
    ]),
  )('%s', async (own) => {
    await bench.user.execute(RESET);
    for (const name of own) {
      const { query, meets } = SHAPES[name] ?? expect.fail(name);
      const subject = await bench.convert(query);
      expect((await lookups(subject.name)).toSorted(), name).toEqual(meets.toSorted());
    }
    for (const table of ['customer', 'orders', 'product'])
      await bench.user.execute(`ALTER TABLE ${table} DROP CONSTRAINT ${table}_pkey,
        ALTER COLUMN id DROP NOT NULL`);
    const r = randomFor(own.join());
    await bench.run(randomHistory(r, WRITABLE_SHOP, Number(process.env['IMAT_STEPS'] ?? 60)));
    await bench.run(MANY);
    for (const table of ['customer', 'orders', 'product'])
      await bench.user.execute(`TRUNCATE ${table}; ALTER TABLE ${table} ADD PRIMARY KEY (id)`);
    expect(own.length).toBeGreaterThan(0);
  });
});

test('a fold looks up any number of rows: those that meet none touch no key', async () => {
  await bench.user.execute(RESET);
  const { query } = SHAPES['a condition on a joined table'] ?? expect.fail('no shape');
  const { name } = await bench.convert(query);
  const pies = (count: number): string => `INSERT INTO orders (id, customer, product)
    SELECT ${count} + i, i % 5, 2 FROM generate_series(1, ${count}) AS i`;
  for (const count of [100, 3000]) {
    await bench.run([pies(count)]);
    expect((await bench.imat.fold(name)).map(({ rows }) => rows)).toEqual([0]);
  }
  await bench.run(['UPDATE orders SET product = 1 WHERE id > 3000 AND customer = 1']);
  expect((await bench.imat.fold(name)).map(({ rows }) => rows)).toEqual([2]);
});

describe('a condition that can fail is asked of no rows that the definition keeps it from', () => {
  test('rows that have gone and new rows of another table', async () => {
    await bench.user.execute(`${RESET}; DELETE FROM customer; DELETE FROM product;
      INSERT INTO customer (id, region, boss) VALUES (1, 'north', 5);
      INSERT INTO product (id) VALUES (1)`);
    await bench.convert(`SELECT c.region, array_agg(p.id ORDER BY p.id) AS a
      FROM customer c JOIN product p ON 7 / (c.boss - p.id) > 1 GROUP BY c.region`);
    await bench.run([
      'BEGIN',
      'DELETE FROM product',
      "INSERT INTO customer (id, region, boss) VALUES (2, 'south', 1)",
      'COMMIT',
      FOLD,
      'INSERT INTO product (id) VALUES (3)',
    ]);
    expect.hasAssertions();
  });

  test('rows that an empty table keeps from it', async () => {
    await bench.user.execute(`${RESET}; DELETE FROM extra`);
    await bench.convert(`SELECT o.region, array_agg(e.k ORDER BY e.k) AS a
      FROM extra e LEFT JOIN orders o ON 7 / o.qty > 1 GROUP BY o.region`);
    await bench.run([
      "INSERT INTO orders (id, region, qty) VALUES (90, 'north', 0)",
      FOLD,
      'DELETE FROM orders WHERE id = 90',
      'INSERT INTO extra (k) VALUES (1)',
    ]);
    expect.hasAssertions();
  });
});
