/** Groups of groups, added up over stores of the groups below, under random histories. */
import { describe, expect, test } from 'vitest';
import { FOLD, useBench } from '../correctness/support/bench.ts';
import { randomFor, randomHistory } from '../correctness/support/random.ts';
import { RESET, WRITABLE_SHOP } from '../correctness/support/shop.ts';
import {
  DISTINCT_GROUPS,
  GROUP_SHAPES,
  NAMED_SHAPES,
  TABLES,
  groupsOfFour,
} from './support/shapes.ts';

const bench = useBench(TABLES);

describe('random histories', () => {
  test.each(groupsOfFour(GROUP_SHAPES))('$title', async ({ own, title }) => {
    await bench.user.execute(RESET);
    for (const [, definition, below] of own) {
      const { name } = await bench.convert(definition);
      const { stores, residual } = await bench.imat.explain(name);
      expect(residual).toBeNull();
      expect(stores.map(({ rule }) => rule)).toEqual(
        Array.from({ length: below + 1 }, () => 'add'),
      );
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

test('names of columns are no names of ours; a row of NULL is a row', async () => {
  await bench.user.execute(RESET);
  for (const definition of NAMED_SHAPES)
    expect((await bench.convert(definition)).converted.strategy, definition).toBe('delta');
  await bench.run(randomHistory(randomFor('names'), WRITABLE_SHOP, 40));
});

test('DISTINCT over groups, below groups', async () => {
  await bench.user.execute(RESET);
  for (const definition of DISTINCT_GROUPS) await bench.convert(definition);
  await bench.run(randomHistory(randomFor('distinct groups'), WRITABLE_SHOP, 30));
});

test('a reader keeps its snapshot while another session writes and folds', async () => {
  await bench.user.execute(RESET);
  const subject = await bench.convert(GROUP_SHAPES[5]?.[1] ?? '');
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
