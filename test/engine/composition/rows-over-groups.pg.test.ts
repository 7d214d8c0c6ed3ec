/**
 * Rows that are computed again by a key from stored groups, under random histories: tables that are
 * joined with what is grouped in subqueries.
 */
import { describe, expect, test } from 'vitest';
import { FOLD, useBench } from '../correctness/support/bench.ts';
import { randomFor, randomHistory } from '../correctness/support/random.ts';
import { RESET, WRITABLE_SHOP } from '../correctness/support/shop.ts';
import { groupsOfFour, LARGE_GROUPS, type Shape, TABLES } from './support/shapes.ts';
import { foldAll } from '../../setup/fold-all.ts';

const bench = useBench(TABLES);

const BY_CUSTOMER = `SELECT customer, count(*) AS n, sum(amount) AS s, max(qty) AS q
  FROM orders GROUP BY customer`;

/** Each has the number of stores below. */
const SHAPES: readonly Shape[] = [
  [
    'a join with groups',
    `SELECT c.id, c.name, t.n, t.s, t.q FROM customer c JOIN (${BY_CUSTOMER}) t
     ON t.customer = c.id`,
    1,
  ],
  [
    'a left join with groups',
    `SELECT c.id, c.region, t.n, t.s FROM customer c LEFT JOIN (${BY_CUSTOMER}) t
     ON t.customer = c.id AND t.n > 1`,
    1,
  ],
  [
    'a left join of groups with a table',
    `SELECT t.customer, t.n, c.name FROM (${BY_CUSTOMER}) t LEFT JOIN customer c
     ON c.id = t.customer`,
    1,
  ],
  [
    'a full join of groups',
    `SELECT a.region AS a, b.region AS b, a.n, b.m
     FROM (SELECT region, count(*) AS n FROM orders GROUP BY region) a
     FULL JOIN (SELECT region, max(score) AS m FROM customer GROUP BY region) b
       ON a.region = b.region`,
    2,
  ],
  [
    'two groups of one table',
    `SELECT c.id, t.n, u.last, u.d FROM customer c LEFT JOIN (${BY_CUSTOMER}) t
     ON t.customer = c.id LEFT JOIN (SELECT customer, max(day) AS last,
       count(DISTINCT product) AS d FROM orders WHERE flag GROUP BY customer) u
     ON u.customer = c.id`,
    3,
  ],
  [
    'the same groups twice',
    `WITH t AS (${BY_CUSTOMER}) SELECT c.id, a.n, b.s FROM customer c
     JOIN t a ON a.customer = c.id LEFT JOIN t b ON b.customer = c.id AND b.n > 1`,
    1,
  ],
  [
    'HAVING and expressions of groups',
    `SELECT c.name, t.region, t.a FROM customer c JOIN (SELECT region, customer,
       sum(amount) / count(*) AS a FROM orders GROUP BY region, customer HAVING count(*) > 1) t
     ON t.customer = c.id AND t.region = c.region`,
    1,
  ],
  [
    'groups of a join, and of groups',
    `SELECT p.id, p.category, t.n, t.m FROM product p LEFT JOIN (SELECT product, count(*) AS n,
       sum(k) AS m FROM (SELECT product, region, count(*) AS k FROM orders
         GROUP BY product, region) u GROUP BY product) t ON t.product = p.id`,
    2,
  ],
  [
    'a window over a join with groups',
    `SELECT t.region, c.name, t.s, rank() OVER (PARTITION BY t.region ORDER BY t.s) AS r
     FROM (SELECT region, customer, sum(amount) AS s FROM orders GROUP BY region, customer) t
     LEFT JOIN customer c ON c.id = t.customer`,
    1,
  ],
  [
    'beside EXISTS and a value of other rows',
    `SELECT c.id, t.s, (SELECT max(o.day) FROM orders o WHERE o.customer = c.id) AS last
     FROM customer c JOIN (${BY_CUSTOMER}) t ON t.customer = c.id
     WHERE EXISTS (SELECT FROM orders o WHERE o.customer = c.id AND o.flag)`,
    1,
  ],
  [
    'groups inside of a subquery',
    `SELECT c.id, x.n, x.name FROM customer c LEFT JOIN (SELECT t.customer, t.n, d.name
       FROM (${BY_CUSTOMER}) t JOIN customer d ON d.id = t.customer) x ON x.customer = c.id`,
    1,
  ],
  [
    'UNION of two joins',
    `SELECT c.id, t.n FROM customer c JOIN (${BY_CUSTOMER}) t ON t.customer = c.id
     UNION SELECT c.id, u.n FROM customer c JOIN (SELECT customer, count(*) AS n FROM orders
       WHERE flag GROUP BY customer) u ON u.customer = c.id`,
    2,
  ],
  [
    'grouped again, with a table',
    `SELECT c.region, array_agg(t.n ORDER BY t.n, c.id) AS all_n, max(t.s) AS s
     FROM customer c LEFT JOIN (${BY_CUSTOMER}) t ON t.customer = c.id GROUP BY c.region`,
    1,
  ],
  [
    'names that the generated SQL uses itself',
    `SELECT c.id AS touched, t.few, t.changed, t.rows FROM customer c LEFT JOIN
       (SELECT customer AS key, count(*) AS few, sum(qty) AS changed, max(qty) AS rows
        FROM orders GROUP BY customer) t ON t.key = c.id`,
    1,
  ],
];

const steps = Number(process.env['IMAT_STEPS'] ?? 40);

describe('random histories', () => {
  test.each(groupsOfFour(SHAPES))('$title', async ({ own, title }) => {
    await bench.user.execute(RESET);
    await bench.user.execute(LARGE_GROUPS);
    for (const [, definition, below] of own) {
      const { name } = await bench.convert(definition);
      const { stores, residual } = await bench.imat.explain(name);
      expect(residual, definition).toBeNull();
      const rules = stores.map(({ rule }) => rule);
      expect(rules, definition).toEqual(['regroup', ...Array<string>(below).fill('add')]);
    }
    await bench.run(randomHistory(randomFor(title), WRITABLE_SHOP, steps));
  });
});

test('a residual and rows read one store of the same groups', async () => {
  await bench.user.execute(RESET);
  await bench.user.execute(LARGE_GROUPS);
  const { name } = await bench.convert(
    `WITH t AS (${BY_CUSTOMER}) SELECT c.id, c.name, t.s FROM customer c, t
     WHERE t.customer = c.id AND t.s = (SELECT max(x.s) FROM t x)`,
  );
  const { stores, residual } = await bench.imat.explain(name);
  expect(stores.map(({ rule }) => rule)).toEqual(['regroup', 'add']);
  expect(residual).toContain('store2');
  await bench.run(randomHistory(randomFor('shared'), WRITABLE_SHOP, steps));
});

test('what is read as it is stored', async () => {
  await bench.user.execute(RESET);
  await bench.user.execute(LARGE_GROUPS);
  const definition = `WITH t AS (${BY_CUSTOMER}) SELECT c.id, t.n, (SELECT max(x.s) FROM t x) AS top
    FROM customer c LEFT JOIN t ON t.customer = c.id`;
  const { name } = await bench.convert(definition, { freshness: '1 hour' });
  for (const change of [
    'UPDATE orders SET amount = amount + 1, customer = 1 WHERE id % 3 = 0',
    'TRUNCATE orders',
    'INSERT INTO orders (id, customer, amount) SELECT i, i % 4, i FROM generate_series(1, 20) i',
    'DELETE FROM customer WHERE id = 2',
  ]) {
    const before = await bench.user.query(`SELECT * FROM imat.${name} ORDER BY 1`);
    await bench.user.execute(change);
    expect(await bench.user.query(`SELECT * FROM imat.${name} ORDER BY 1`)).toEqual(before);
    await bench.run([FOLD]);
  }
});

test('groups of few rows are read from the tables', async () => {
  await bench.user.execute(RESET);
  await bench.user.execute(LARGE_GROUPS);
  await bench.user.execute('ALTER TABLE orders ALTER customer RESET (n_distinct)');
  await bench.user.execute('ANALYZE orders');
  const { name } = await bench.convert(SHAPES[0]?.[1] ?? '');
  expect((await bench.imat.explain(name)).stores.map(({ rule }) => rule)).toEqual(['regroup']);
});

test('repair, another freshness, and revert', async () => {
  await bench.user.execute(RESET);
  await bench.user.execute(LARGE_GROUPS);
  const subject = await bench.convert(SHAPES[1]?.[1] ?? '');
  await bench.imat.repair(subject.name);
  await bench.user.execute('UPDATE orders SET amount = amount * 2, customer = 1 WHERE id % 2 = 0');
  await bench.check(subject);
  for (const freshness of ['1 hour', 'live'])
    await bench.imat.convert(`public.${subject.name}`, { freshness });
  await bench.user.execute('DELETE FROM orders WHERE customer = 1');
  await bench.check(subject);
  await bench.run([FOLD, 'INSERT INTO orders (id, customer) VALUES (900, 1), (901, NULL)']);
});

test('tables and columns that are renamed, and others that get their names', async () => {
  await bench.user.execute(RESET);
  await bench.user.execute(LARGE_GROUPS);
  await bench.convert(SHAPES[1]?.[1] ?? '');
  await bench.convert(SHAPES[4]?.[1] ?? '');
  const turn = (from: string, to: string): string => `ALTER TABLE ${from} RENAME TO ${to}`;
  for (const step of [
    turn('customer', 'client'),
    'CREATE TABLE customer (id int, name text, region text)',
    'ALTER TABLE orders RENAME customer TO client',
    turn('orders', 'sale'),
    'UPDATE sale SET amount = amount + 1, client = 1 WHERE id % 3 = 0',
    FOLD,
    'UPDATE client SET region = name WHERE id = 1',
    'INSERT INTO sale (id, client, amount) VALUES (801, 2, 5)',
    FOLD,
    'TRUNCATE sale',
    FOLD,
    'INSERT INTO sale (id, client, amount) SELECT i, i % 4, i FROM generate_series(1, 20) i',
  ]) {
    if (step === FOLD) await foldAll(bench.imat);
    else await bench.user.execute(step);
    for (const { equal } of (await bench.imat.verify()).results) expect(equal, step).toBe(true);
  }
  await bench.user.execute(`DROP TABLE customer; ${turn('client', 'customer')};
    ${turn('sale', 'orders')}; ALTER TABLE orders RENAME client TO customer`);
  await bench.run([FOLD, 'DELETE FROM orders WHERE customer = 1', FOLD]);
});
