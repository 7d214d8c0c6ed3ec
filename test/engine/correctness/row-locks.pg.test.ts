/** Definitions with FOR UPDATE and the like: the rows are those of the query without them. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPreparedWorld, expectExact, type World } from '../commands/support/world.ts';

let world: World;
beforeAll(async () => {
  world =
    await createPreparedWorld(`CREATE TABLE sale (id int PRIMARY KEY, region text, amount int);
    INSERT INTO sale SELECT n, 'r' || n % 3, n % 5 FROM generate_series(1, 40) n`);
});
afterAll(() => world.drop());

/** With the same without locks. */
const LOCKING: readonly (readonly [name: string, query: string, lock: string, same: string])[] = [
  [
    'whole_rows',
    'SELECT id, amount FROM public.sale WHERE amount > 1 FOR UPDATE',
    'FOR UPDATE',
    'SELECT id, amount FROM public.sale WHERE amount > 1',
  ],
  [
    'of_a_subquery',
    `SELECT region, sum(amount) AS total
     FROM (SELECT region, amount FROM public.sale FOR NO KEY UPDATE NOWAIT) s GROUP BY region`,
    'FOR NO KEY UPDATE',
    'SELECT region, sum(amount) AS total FROM public.sale GROUP BY region',
  ],
  [
    'of_a_condition',
    `SELECT s.id FROM public.sale s
     WHERE s.amount > (SELECT o.amount FROM public.sale o WHERE o.id = 1 FOR KEY SHARE)`,
    'FOR KEY SHARE',
    'SELECT id FROM public.sale WHERE amount > (SELECT amount FROM public.sale WHERE id = 1)',
  ],
  [
    'of_the_first',
    'SELECT id FROM public.sale ORDER BY amount DESC, id LIMIT 3 FOR SHARE OF sale',
    'FOR SHARE',
    'SELECT id FROM public.sale ORDER BY amount DESC, id LIMIT 3',
  ],
];

test.each(LOCKING)('%s', async (name, query, lock, definition) => {
  const { strategy, notes } = await world.imat.create(name, query);
  expect(strategy).toBe('delta');
  expect(notes).toContainEqual(expect.stringContaining(`locks no rows: without ${lock}`));
  const writer = await world.session();
  await writer.sql('BEGIN; SELECT FROM sale FOR UPDATE');
  const reader = await world.session();
  const read = async (): Promise<void> => {
    await reader.sql(`BEGIN READ ONLY; SET LOCAL lock_timeout = '1s'`);
    await expectExact(reader, { name, definition });
    await reader.sql('COMMIT');
  };
  await read();
  await writer.sql(`UPDATE sale SET amount = (amount + 2) % 6 WHERE id % 4 = 1;
    DELETE FROM sale WHERE id % 11 = 0; COMMIT`);
  await read();
  await world.imat.fold(name);
  await read();
  expect((await world.imat.verify(name)).results).toMatchObject([{ equal: true }]);
  await world.imat.revert(name);
  for (const { db } of [reader, writer]) await db.close();
});

test('SKIP LOCKED leaves out what is locked at the moment', async () => {
  const query = 'SELECT id FROM public.sale WHERE id < 6 FOR UPDATE SKIP LOCKED';
  const { strategy, reasons } = await world.imat.create('unlocked', query);
  expect(strategy).toBe('swap');
  expect(reasons.map(({ kind }) => kind)).toContain('moment_dependent');
  const writer = await world.session();
  await writer.sql('BEGIN; SELECT FROM sale WHERE id = 3 FOR UPDATE');
  const shown = 'SELECT id FROM imat.unlocked ORDER BY id';
  expect(await world.rows(shown)).toEqual([{ id: 1 }, { id: 2 }, { id: 4 }, { id: 5 }]);
  await writer.sql('ROLLBACK');
  expect(await world.rows(shown)).toHaveLength(5);
  await writer.db.close();
  await world.imat.revert('unlocked');
});
