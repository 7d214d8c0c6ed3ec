/**
 * Groups that are added up over rows which are computed again by their own keys, under random
 * histories: totals, which have no key, and groups of many rows.
 */
import { describe, expect, test } from 'vitest';
import { FOLD, useBench } from '../correctness/support/bench.ts';
import { randomFor, randomHistory } from '../correctness/support/random.ts';
import { RESET, WRITABLE_SHOP } from '../correctness/support/shop.ts';
import { groupsOfFour, type Shape, TABLES } from './support/shapes.ts';

const bench = useBench(TABLES);

/** Statistics by which few rows count as many: to a key, that is. */
const COARSE = ['orders.region', 'orders.flag', 'customer.region', 'product.category']
  .map((column) => column.split('.'))
  .map(
    ([table, column]) =>
      `ALTER TABLE ${table} ALTER ${column} SET (n_distinct = 0.0001); ANALYZE ${table}`,
  )
  .join(';');

const TOTALS: readonly Shape[] = [
  [
    'rows that have others',
    `SELECT count(*) AS n, sum(o.amount) AS s FROM orders o
     WHERE EXISTS (SELECT FROM customer c WHERE c.id = o.customer AND c.region = o.region)`,
    1,
  ],
  [
    'rows that have none',
    `SELECT count(*) AS n, avg(c.score) AS a FROM customer c
     WHERE NOT EXISTS (SELECT FROM orders o WHERE o.customer = c.id AND o.flag)`,
    1,
  ],
  [
    'NOT IN with NULL',
    `SELECT count(*) AS n, sum(o.qty) AS q FROM orders o
     WHERE o.customer NOT IN (SELECT c.boss FROM customer c WHERE c.region = o.region)`,
    1,
  ],
  [
    'a left join',
    `SELECT count(*) AS n, count(o.id) AS m, sum(o.amount) AS s, bool_or(o.flag) AS f
     FROM customer c LEFT JOIN orders o ON o.customer = c.id AND o.qty > 1`,
    1,
  ],
  [
    'a full join',
    `SELECT count(o.id) AS m, count(c.id) AS n, sum(o.qty) AS s
     FROM customer c FULL JOIN orders o ON o.customer = c.id`,
    1,
  ],
  [
    'less than the average of its group',
    `SELECT sum(o.amount) / 7.0 AS s FROM orders o JOIN product p ON p.id = o.product
     WHERE o.qty < (SELECT 1.2 * avg(i.qty) FROM orders i WHERE i.product = p.id)`,
    1,
  ],
  [
    'aggregates with DISTINCT and FILTER',
    `SELECT count(DISTINCT o.region) AS r, count(DISTINCT o.qty) FILTER (WHERE o.flag) AS q,
       count(*) FILTER (WHERE o.amount > 5) AS n
     FROM orders o LEFT JOIN customer c ON c.id = o.customer`,
    3,
  ],
  [
    'queries in FILTER and in arguments',
    `SELECT count(*) AS n, count(*) FILTER (WHERE EXISTS (
         SELECT FROM orders i WHERE i.customer = c.id AND i.flag)) AS flagged,
       sum((SELECT count(*) FROM orders i WHERE i.customer = c.id)) FILTER (WHERE c.score > 1) AS o,
       count(DISTINCT (SELECT max(i.region) FROM orders i WHERE i.customer = c.id)) AS r
     FROM customer c`,
    2,
  ],
  [
    'HAVING, and nothing of the rows',
    `SELECT count(*) AS n FROM orders o
     WHERE EXISTS (SELECT FROM product p WHERE p.id = o.product) HAVING count(*) <> 3`,
    1,
  ],
];

const GROUPS: readonly Shape[] = [
  [
    'groups of rows that have others',
    `SELECT o.region, count(*) AS n, sum(o.amount) AS s FROM orders o
     WHERE EXISTS (SELECT FROM customer c WHERE c.id = o.customer) GROUP BY o.region`,
    1,
  ],
  [
    'groups of a left join, with HAVING',
    `SELECT c.region, count(o.id) AS n, sum(o.qty) AS q, count(DISTINCT o.note) AS d
     FROM customer c LEFT JOIN orders o ON o.customer = c.id
     GROUP BY c.region HAVING count(o.id) > 1`,
    2,
  ],
  [
    'an expression as key',
    `SELECT upper(p.category) AS c, p.category, count(o.id) AS n
     FROM product p LEFT JOIN orders o ON o.product = p.id
     GROUP BY p.category, upper(p.category)`,
    1,
  ],
  [
    'rows chosen by a subquery of their own',
    `SELECT o.flag, count(*) AS n, sum(o.qty) AS q FROM orders o
     WHERE o.id = (SELECT max(i.id) FROM orders i WHERE i.customer = o.customer)
     GROUP BY o.flag`,
    1,
  ],
  [
    'a query as key',
    `SELECT CASE WHEN EXISTS (SELECT FROM orders o WHERE o.customer = c.id) THEN 'some'
         ELSE 'none' END AS has, count(*) AS n, sum(c.score) AS s
     FROM customer c GROUP BY 1 HAVING count(*) > 1`,
    1,
  ],
  [
    'how many have how many',
    `SELECT (SELECT count(*) FROM orders o WHERE o.customer = c.id) AS n,
       count(*) AS m, sum((SELECT sum(o.qty) FROM orders o WHERE o.customer = c.id)) AS q
     FROM customer c GROUP BY 1`,
    1,
  ],
];

const steps = Number(process.env['IMAT_STEPS'] ?? 40);

describe('random histories', () => {
  test.each(groupsOfFour([...TOTALS, ...GROUPS]))('$title', async ({ own, title }) => {
    await bench.user.execute(RESET);
    await bench.user.execute(COARSE);
    for (const [, definition, below] of own) {
      const { name } = await bench.convert(definition);
      const { stores, residual } = await bench.imat.explain(name);
      expect(residual, definition).toBeNull();
      expect(stores, definition).toHaveLength(below + 1);
      expect(
        stores.map(({ rule }) => rule),
        definition,
      ).toEqual([...Array.from({ length: below }, () => 'add'), 'regroup']);
    }
    await bench.run(randomHistory(randomFor(title), WRITABLE_SHOP, steps));
  });
});

test('few rows to a key are computed again', async () => {
  await bench.user.execute(RESET);
  await bench.user.execute(`${COARSE};
    ALTER TABLE orders ALTER region RESET (n_distinct); ANALYZE orders`);
  const { name } = await bench.convert(GROUPS[0]?.[1] ?? '');
  expect((await bench.imat.explain(name)).stores.map(({ rule }) => rule)).toEqual(['regroup']);
});

test('rows that have no finer key than their groups are not stored', async () => {
  await bench.user.execute(RESET);
  const byCustomer = ['customer.id', 'orders.customer'].map((column) => column.split('.'));
  const set = (option: string): Promise<void> =>
    bench.user.execute(
      byCustomer
        .map(
          ([table, column]) => `ALTER TABLE ${table} ALTER ${column} ${option}; ANALYZE ${table}`,
        )
        .join(';'),
    );
  await set('SET (n_distinct = 0.0001)');
  const { name } = await bench.convert(
    `SELECT c.id, count(o.id) AS n FROM customer c LEFT JOIN orders o ON o.customer = c.id
     GROUP BY c.id`,
  );
  expect((await bench.imat.explain(name)).stores.map(({ rule }) => rule)).toEqual(['regroup']);
  await set('RESET (n_distinct)');
});

test('the indexes that the rows are read by are asked for', async () => {
  await bench.user.execute(RESET);
  const { name, converted } = await bench.convert(TOTALS[3]?.[1] ?? '');
  const wanted = ['customer (id)', 'orders (customer)'].map(
    (list) => `an index would save reading the table: CREATE INDEX CONCURRENTLY ON public.${list};`,
  );
  expect(converted.notes.filter((note) => note.startsWith('an index')).toSorted()).toEqual(wanted);
  await bench.user.execute('CREATE INDEX orders_customer ON orders (customer)');
  const { stores } = await bench.imat.explain(name);
  expect(stores[1]?.tables.map(({ relation, indexes }) => [relation, indexes])).toEqual([
    ['public.customer', [{ column: 'id', present: false }]],
    ['public.orders', [{ column: 'customer', present: true }]],
  ]);
  await bench.user.execute('DROP INDEX orders_customer');
});

test('a query over such groups', async () => {
  await bench.user.execute(RESET);
  await bench.user.execute(COARSE);
  const { name } = await bench.convert(
    `SELECT region, n, rank() OVER (ORDER BY n DESC) AS place FROM (
       SELECT o.region, count(*) AS n FROM orders o
       WHERE EXISTS (SELECT FROM customer c WHERE c.id = o.customer) GROUP BY o.region) t
     ORDER BY n DESC, region LIMIT 2`,
  );
  const { stores } = await bench.imat.explain(name);
  expect(stores.map(({ rule }) => rule)).toEqual(['add', 'regroup']);
  await bench.run(randomHistory(randomFor('over coarse'), WRITABLE_SHOP, steps));
});

test('more touched keys than are computed one by one', async () => {
  await bench.user.execute(RESET);
  for (const [, definition] of TOTALS.slice(0, 5)) await bench.convert(definition);
  await bench.run([
    `INSERT INTO customer SELECT i, 'c', 'north', i - 1, i FROM generate_series(10, 2000) i;
     INSERT INTO orders (id, customer, region, amount, qty, flag)
     SELECT i, i, 'north', i, i % 5, i % 2 = 0 FROM generate_series(20, 2500) i`,
    "UPDATE customer SET region = 'south' WHERE id % 2 = 0",
    FOLD,
    'UPDATE orders SET customer = customer + 1',
    'DELETE FROM orders WHERE id % 3 = 0; INSERT INTO customer (id) VALUES (5000)',
    FOLD,
  ]);
});

test('more touched keys than are few: the definition alone is read', async () => {
  for (const definition of [TOTALS[3]?.[1] ?? '', GROUPS[0]?.[1] ?? '']) {
    await bench.user.execute(RESET);
    await bench.user.execute(COARSE);
    const { name } = await bench.convert(definition);
    const rows = new RegExp(`on state2_${name} `);
    /** What the function that a read calls does with the rows below. */
    const readings = async (): Promise<readonly string[]> => {
      const plan = await bench.user.query<Record<string, string>>(
        `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT * FROM imat_store.merge1_${name}`,
      );
      const lines = plan.flatMap((line) => Object.values(line)).filter((line) => rows.test(line));
      return lines.filter((line) => !line.includes('never executed'));
    };
    await bench.user.execute(
      `INSERT INTO customer SELECT i, 'c', 'north', NULL, 1 FROM generate_series(10, 15) i;
       INSERT INTO orders (id, customer, region, qty)
       SELECT i, i, 'north', 2 FROM generate_series(10, 15) i`,
    );
    expect(await readings(), definition).not.toEqual([]);
    await bench.user.execute(
      `INSERT INTO customer SELECT i, 'c', 'south', NULL, 1 FROM generate_series(901, 2000) i;
       INSERT INTO orders (id, customer, region, qty)
       SELECT i, i, 'south', 2 FROM generate_series(901, 2000) i`,
    );
    expect(await readings(), definition).toEqual([]);
    await bench.run(['SELECT', 'BEGIN', 'DELETE FROM orders WHERE id % 2 = 0', 'ROLLBACK', FOLD]);
  }
});

test('a reader keeps its snapshot while another session writes, folds and truncates', async () => {
  await bench.user.execute(RESET);
  const subjects = [];
  for (const [, definition] of TOTALS.slice(0, 4)) subjects.push(await bench.convert(definition));
  const writer = await bench.connect();
  await bench.user.execute('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM orders');
  for (const step of [
    `INSERT INTO orders (id, customer, region, qty)
     VALUES (30, 1, 'north', 3), (31, 2, 'south', 3)`,
    "UPDATE customer SET region = 'south'",
    'DELETE FROM orders WHERE customer = 1',
  ]) {
    await writer.execute(step);
    for (const subject of subjects)
      for (const session of [bench.user, writer]) await bench.check(subject, session);
    await bench.fold();
    for (const subject of subjects)
      for (const session of [bench.user, writer]) await bench.check(subject, session);
  }
  await bench.user.execute('COMMIT');
  await bench.user.execute('TRUNCATE orders');
  for (const subject of subjects) await bench.check(subject);
  await bench.fold();
  for (const subject of subjects) await bench.check(subject);
});

test('a reader keeps its snapshot while the only table is truncated', async () => {
  await bench.user.execute(RESET);
  const subject = await bench.convert(
    `SELECT count(*) AS n, sum(o.qty) AS q FROM orders o
     WHERE o.id = (SELECT max(i.id) FROM orders i WHERE i.customer = o.customer)`,
  );
  await bench.user.execute('UPDATE orders SET qty = 7 WHERE id = 1');
  const writer = await bench.connect();
  await bench.user.execute('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT');
  await bench.user.query('SELECT pg_current_snapshot()');
  await writer.execute('TRUNCATE orders');
  await bench.check(subject);
  await writer.execute('INSERT INTO orders (id, customer, qty) VALUES (30, 1, 3)');
  for (const session of [bench.user, writer]) await bench.check(subject, session);
  await bench.user.execute('COMMIT');
  await bench.fold();
  await bench.check(subject);
});

/** Groups by one table's column are coarse, and those by another one's are not. */
const MIXED = `SELECT a.region, a.n, b.category, b.m, t.k FROM (
    SELECT o.region, count(*) AS n FROM orders o
    WHERE EXISTS (SELECT FROM customer c WHERE c.id = o.customer) GROUP BY o.region) a,
  (SELECT p.category, count(o.id) AS m FROM product p LEFT JOIN orders o ON o.product = p.id
    GROUP BY p.category) b,
  (SELECT count(*) AS k FROM customer c WHERE NOT EXISTS (
    SELECT FROM orders o WHERE o.customer = c.id)) t`;

test('what statistics chose for each store stays with another freshness', async () => {
  await bench.user.execute(RESET);
  await bench.user.execute(`${COARSE};
    ALTER TABLE product ALTER category RESET (n_distinct); ANALYZE product`);
  const subject = await bench.convert(MIXED);
  const rules = async (): Promise<readonly string[]> =>
    (await bench.imat.explain(subject.name)).stores.map(({ rule }) => rule);
  expect(await rules()).toEqual(['add', 'regroup', 'add', 'regroup', 'regroup']);
  await bench.user.execute(`${COARSE};
    ALTER TABLE orders ALTER region RESET (n_distinct); ANALYZE orders`);
  for (const freshness of ['manual', 'live'] as const) {
    await bench.imat.convert(subject.name, { freshness });
    expect(await rules()).toEqual(['add', 'regroup', 'add', 'regroup', 'regroup']);
  }
  await bench.run(randomHistory(randomFor('mixed'), WRITABLE_SHOP, 15));
  // A repair chooses anew.
  await bench.imat.repair(subject.name);
  expect(await rules()).toEqual(['regroup', 'add', 'add', 'regroup', 'regroup']);
  await bench.run(randomHistory(randomFor('mixed, repaired'), WRITABLE_SHOP, 15));
});

test('another freshness after columns of sources were renamed', async () => {
  await bench.user.execute(RESET);
  const definition = (qty: string, customer: string): string =>
    `SELECT count(*) AS n, sum(o.${qty}) AS s FROM orders o
     WHERE EXISTS (SELECT FROM customer c WHERE c.id = o.${customer})`;
  const subject = await bench.convert(definition('qty', 'customer'));
  await bench.user.execute(`ALTER TABLE orders RENAME qty TO quantity;
    ALTER TABLE orders RENAME customer TO buyer`);
  try {
    const renamed = { ...subject, definition: definition('quantity', 'buyer') };
    for (const freshness of ['manual', 'live'] as const) {
      await bench.imat.convert(subject.name, { freshness });
      await bench.user.execute('UPDATE orders SET quantity = quantity + 1, buyer = 5 - buyer');
      await bench.imat.fold(subject.name);
      await bench.check(renamed);
    }
    await bench.user.execute('DELETE FROM orders WHERE id < 3');
    await bench.check(renamed);
  } finally {
    await bench.user.execute(`ALTER TABLE orders RENAME quantity TO qty;
      ALTER TABLE orders RENAME buyer TO customer`);
  }
});

test('columns of one name as long as names can be', async () => {
  const name = 'n'.repeat(63);
  await bench.user.execute(RESET);
  await bench.user.execute(`ALTER TABLE orders ADD ${name} int DEFAULT 1;
    ALTER TABLE customer ADD ${name} int DEFAULT 2`);
  try {
    await bench.convert(
      `SELECT sum(o.${name}) AS o, sum(c.${name}) AS c
       FROM customer c LEFT JOIN orders o ON o.customer = c.id`,
    );
    await bench.run(['UPDATE orders SET customer = customer + 1', FOLD, 'DELETE FROM customer']);
  } finally {
    await bench.clear();
    await bench.user.execute(`ALTER TABLE orders DROP ${name}; ALTER TABLE customer DROP ${name}`);
  }
});

test('another freshness and a rebuild', async () => {
  await bench.user.execute(RESET);
  const subject = await bench.convert(TOTALS[3]?.[1] ?? '');
  const { name } = subject;
  for (const freshness of ['manual', 'live'] as const) {
    await bench.imat.convert(name, { freshness });
    await bench.user.execute("INSERT INTO customer VALUES (70, 'g', 'west', 1, 1)");
    await bench.imat.fold(name);
    await bench.check(subject);
    await bench.user.execute('DELETE FROM customer WHERE id = 70');
    await bench.imat.fold(name);
    await bench.check(subject);
  }
  await bench.imat.rebuild(name);
  await bench.run(randomHistory(randomFor('rebuilt'), WRITABLE_SHOP, 15));
});
