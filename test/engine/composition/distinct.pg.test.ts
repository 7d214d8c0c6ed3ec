/**
 * Aggregates with DISTINCT, added up over stores of different values, under random histories and
 * under histories that take values away and bring them back.
 */
import { describe, expect, test } from 'vitest';
import { FOLD, useBench } from '../correctness/support/bench.ts';
import { randomFor, randomHistory } from '../correctness/support/random.ts';
import { RESET, WRITABLE_SHOP } from '../correctness/support/shop.ts';
import { DISTINCT_SHAPES, TABLES, groupsOfFour } from './support/shapes.ts';

const bench = useBench(TABLES);

async function stores(name: string): Promise<readonly string[]> {
  const { stores: found, residual } = await bench.imat.explain(name);
  expect(residual).toBeNull();
  return found.map(({ rule }) => rule);
}

describe('random histories', () => {
  test.each(groupsOfFour(DISTINCT_SHAPES))('$title', async ({ own, title }) => {
    await bench.user.execute(RESET);
    for (const [, definition, below] of own) {
      const { name } = await bench.convert(definition);
      expect(await stores(name)).toEqual(Array.from({ length: below + 1 }, () => 'add'));
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
  for (const [, definition] of DISTINCT_SHAPES.slice(0, 7)) await bench.convert(definition);
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
  const subject = await bench.convert(DISTINCT_SHAPES[3]?.[1] ?? '');
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
  const subject = await bench.convert(DISTINCT_SHAPES[0]?.[1] ?? '');
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

test('DISTINCT that changes nothing has no store', async () => {
  await bench.user.execute(RESET);
  const { name } = await bench.convert(
    `SELECT region, bool_or(DISTINCT flag) AS b, every(DISTINCT qty > 1) AS e FROM orders
     GROUP BY region`,
  );
  expect(await stores(name)).toEqual(['add']);
  await bench.run(['UPDATE orders SET flag = NOT flag, qty = 1', FOLD]);
});

test('a limit stands above', async () => {
  await bench.user.execute(RESET);
  const { name } = await bench.convert(
    `SELECT region, count(DISTINCT customer) AS c, count(*) AS n FROM orders GROUP BY region
     ORDER BY c DESC, region LIMIT 2`,
  );
  const { stores: found, residual } = await bench.imat.explain(name);
  expect(residual).not.toBeNull();
  expect(found.map(({ rule }) => rule)).toEqual(['add', 'add']);
  await bench.run(randomHistory(randomFor('a limit stands above'), WRITABLE_SHOP, 40));
});

test('a partitioned source', async () => {
  await bench.user.execute(`CREATE TABLE event (region text, customer int)
      PARTITION BY LIST (region);
    CREATE TABLE event_north PARTITION OF event FOR VALUES IN ('north');
    CREATE TABLE event_rest PARTITION OF event DEFAULT;
    INSERT INTO event VALUES ('north', 1), ('north', 1), ('south', 1), (NULL, 2)`);
  await bench.convert('SELECT count(DISTINCT customer) AS c, count(*) AS n FROM event');
  await bench.convert('SELECT region, count(DISTINCT customer) AS c FROM event GROUP BY region');
  await bench.run([
    "INSERT INTO event VALUES ('north', 3), ('west', 3), (NULL, NULL)",
    FOLD,
    "UPDATE event SET region = 'north' WHERE region = 'west'",
    "DELETE FROM event_north WHERE customer = 1 AND region = 'north'",
    FOLD,
    'TRUNCATE event_rest',
    "INSERT INTO event VALUES ('east', 1)",
    FOLD,
    'ALTER TABLE event DETACH PARTITION event_north',
  ]);
});
