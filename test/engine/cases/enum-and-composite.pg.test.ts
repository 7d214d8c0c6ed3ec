/** An enum as text, and a field of a composite column. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPreparedWorld, expectExact, type World } from '../commands/support/world.ts';

const IMATS = [
  {
    name: 'texts',
    definition: 'SELECT s::text AS status, count(*) FROM public.t GROUP BY s::text',
  },
  { name: 'values', definition: 'SELECT s AS status, count(*) FROM public.t GROUP BY s' },
  { name: 'fields', definition: 'SELECT id, (total).amount AS amount FROM public.t' },
];

let world: World;
beforeAll(async () => {
  world = await createPreparedWorld(`CREATE TYPE st AS ENUM ('new', 'paid');
    CREATE TYPE money_amount AS (amount numeric, cur text);
    CREATE TABLE t (id int PRIMARY KEY, s st, total money_amount);
    INSERT INTO t SELECT i, (ARRAY['new', 'paid']::st[])[1 + i % 2], ROW(i, 'eur')::money_amount
      FROM generate_series(1, 100) AS i`);
});
afterAll(() => world.drop());

test.each(IMATS)('$name is maintained', async ({ name, definition }) => {
  expect(await world.imat.create(name, definition)).toMatchObject({ strategy: 'delta' });
});

test.each([
  "UPDATE t SET s = 'paid' WHERE id < 20",
  'UPDATE t SET total.amount = 1.50 WHERE id % 7 = 0',
  "ALTER TYPE st RENAME VALUE 'paid' TO 'settled'",
  "INSERT INTO t VALUES (200, 'settled', ROW(1.5, 'usd'))",
  'DELETE FROM t WHERE id % 3 = 0',
])('%s', async (statement) => {
  await world.sql(statement);
  await expectExact(world, IMATS, statement);
  for (const { name } of IMATS) await world.imat.fold(name);
  await expectExact(world, IMATS, `${statement}, folded`);
});
