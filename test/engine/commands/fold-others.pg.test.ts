/** A fold of all imats, beside some that cannot be folded. */
import { expect, test } from 'vitest';
import { createImat } from '../../../engine/index.ts';
import { createPreparedWorld, outcomeOf } from './support/world.ts';

test('an imat that fails or is broken does not keep the others from being folded', async () => {
  const world = await createPreparedWorld(`CREATE TABLE sale (region text);
    CREATE TABLE ratio_of (id int, b int); CREATE TABLE lost (id int)`);
  await world.imat.create('sums', 'SELECT region, count(*) AS n FROM public.sale GROUP BY region');
  await world.imat.create(
    'a_ratio',
    'SELECT id, sum(10 / b) AS r FROM public.ratio_of GROUP BY id',
  );
  await world.imat.create('b_ratio', 'SELECT sum(10 / b) AS r FROM public.ratio_of');
  await world.imat.create('lost_rows', 'SELECT id, count(*) AS n FROM public.lost GROUP BY id');
  await world.sql(`INSERT INTO ratio_of VALUES (1, 0); INSERT INTO sale VALUES ('r');
    ALTER TABLE lost DISABLE TRIGGER USER; ALTER TABLE lost ENABLE TRIGGER USER`);
  const failed = (name: string) => ({
    name,
    rows: 0,
    ms: 0,
    error: {
      code: 'IM012',
      category: 'user',
      message: 'division by zero',
      detail: `PostgreSQL said so while imat "${name}" was maintained.`,
      hint: `Fix the rows or the definition, then run imat fold ${name} to retry now.`,
    },
  });
  const first = await world.imat.fold();
  expect(first.map(({ name }) => name)).toEqual(['a_ratio', 'b_ratio', 'lost_rows', 'sums']);
  expect(first.slice(0, 2)).toEqual([failed('a_ratio'), failed('b_ratio')]);
  expect(first.slice(2)).toMatchObject([{ error: { code: 'IM024' } }, { rows: 1, error: null }]);
  expect(await outcomeOf(world.imat.fold('b_ratio'))).toMatchObject({
    message: 'division by zero',
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
  expect(results.map(({ name }) => name)).toEqual(['a_ratio', 'b_ratio', 'lost_rows', 'sums']);
  await world.drop();
});

test('one that is cut off or has to wait does not keep the others from it either', async () => {
  const world = await createPreparedWorld(`CREATE TABLE slow (id int); CREATE TABLE quick (id int);
    CREATE FUNCTION public.waited(n bigint) RETURNS bigint IMMUTABLE LANGUAGE plpgsql
      AS 'BEGIN PERFORM pg_catalog.pg_sleep(CASE WHEN n > 0 THEN 60 ELSE 0 END); RETURN n; END'`);
  await world.imat.create(
    'a',
    'SELECT id, sum(public.waited(id)) AS n FROM public.slow GROUP BY id',
  );
  await world.imat.create('b', 'SELECT id, count(*) AS n FROM public.quick GROUP BY id');
  await world.sql('INSERT INTO slow VALUES (1); INSERT INTO quick VALUES (1)');
  const program = createImat(world.db);
  await world.sql("SET statement_timeout = '2s'");
  const stopped = { code: 'IM019', message: 'the command was stopped' };
  expect(await program.fold()).toMatchObject([
    { name: 'a', error: stopped },
    { name: 'b', rows: 1, error: null },
  ]);
  const { results } = await program.verify();
  expect(results).toMatchObject([
    { name: 'a', error: stopped },
    { name: 'b', equal: true, error: null },
  ]);
  await world.drop();
});
