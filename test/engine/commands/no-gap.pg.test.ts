/** Commands that find no gap between writers, however often they try. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createPreparedWorld, expectExact, outcomeOf, type World } from './support/world.ts';

const DEFINITION = 'SELECT g, sum(v) AS s FROM public.t GROUP BY g';
const SUMS = { name: 'sums', definition: DEFINITION };

let world: World;
beforeEach(async () => {
  world = await createPreparedWorld(`
    CREATE TABLE t (g int, v int);
    INSERT INTO t SELECT i % 3, i FROM generate_series(1, 30) AS i;
    CREATE MATERIALIZED VIEW sums AS ${DEFINITION}`);
  // The pauses between the attempts add up to half a minute.
  const wait = setTimeout;
  vi.stubGlobal('setTimeout', (act: () => void, ms = 0) => wait(act, ms > 400 ? ms : 1));
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await world.drop();
});

test('say which table it is, who has locked it, and what is left to do', async () => {
  const program = await world.program();
  const writer = await world.session();
  const role = await writer.value<string>('SELECT current_user');
  const locked = {
    condition: 'contention',
    message: 'could not lock table "public.t" in time',
    detail:
      `Process ${await writer.value<number>('SELECT pg_backend_pid()')} (role ${role}) has ` +
      'locked it in mode RowExclusiveLock.',
  };
  await writer.sql('BEGIN; INSERT INTO t VALUES (1, 1)');
  expect(await outcomeOf(program.imat.convert('sums'))).toMatchObject({
    ...locked,
    hint: 'Try again when that transaction has ended.',
  });
  await writer.sql('COMMIT');
  await program.imat.convert('sums');
  await expectExact(world, SUMS);

  await writer.sql('BEGIN; INSERT INTO t VALUES (2, 2)');
  expect(await outcomeOf(program.imat.revert('sums'))).toMatchObject({
    ...locked,
    hint:
      'imat.sums is gone, but not all triggers and logs are: run imat revert sums again when ' +
      'that transaction has ended.',
  });
  await writer.sql('COMMIT');
  await program.imat.revert('sums');
  expect(await world.imat.list()).toEqual([]);
});
