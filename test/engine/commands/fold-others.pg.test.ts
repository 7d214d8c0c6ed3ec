/** A fold of all imats, beside some that cannot be folded. */
import { expect, test } from 'vitest';
import { createPreparedWorld, outcomeOf } from './support/world.ts';

test('an imat that fails or is broken does not keep the others from being folded', async () => {
  const world = await createPreparedWorld(`CREATE TABLE sale (region text);
    CREATE TABLE ratio_of (id int, b int); CREATE TABLE lost (id int)`);
  await world.imat.create('sums', 'SELECT region, count(*) AS n FROM public.sale GROUP BY region');
  await world.imat.create(
    'a_ratio',
    'SELECT id, sum(10 / b) AS r FROM public.ratio_of GROUP BY id',
  );
  await world.imat.create('lost_rows', 'SELECT id, count(*) AS n FROM public.lost GROUP BY id');
  await world.sql(`INSERT INTO ratio_of VALUES (1, 0); INSERT INTO sale VALUES ('r');
    ALTER TABLE lost DISABLE TRIGGER USER; ALTER TABLE lost ENABLE TRIGGER USER`);
  const failed = await outcomeOf(world.imat.fold());
  expect(failed).toMatchObject({
    message: 'division by zero',
    detail: 'PostgreSQL said so while imat "a_ratio" was maintained.',
  });
  const statusOf = async (name: string) => (await world.imat.status(name)).imats[0];
  expect((await statusOf('sums'))?.pendingRows).toBe(0);
  expect((await statusOf('a_ratio'))?.pendingRows).toBe(1);
  expect((await world.imat.doctor()).checks).toContainEqual({
    check: 'imat lost_rows',
    status: 'error',
    message: expect.stringContaining('public.lost'),
    hint: 'Run imat repair lost_rows.',
  });
  await world.sql('DELETE FROM ratio_of');
  const results = await world.imat.fold();
  expect(results.filter(({ error }) => error !== null)).toEqual([
    {
      name: 'lost_rows',
      rows: 0,
      ms: 0,
      error: expect.objectContaining({ code: 'IM024', hint: 'Run imat repair lost_rows.' }),
    },
  ]);
  expect(results.map(({ name }) => name)).toEqual(['a_ratio', 'lost_rows', 'sums']);
  await world.drop();
});
