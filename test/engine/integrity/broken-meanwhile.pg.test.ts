/** An imat is marked as broken while a command waits to store it: it stays broken. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { REBUILT } from '../../setup/rebuilt.ts';
import {
  createWorld,
  outcomeOf,
  sqlstateOf,
  until,
  type World,
} from '../commands/support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld(`
    CREATE TABLE t (g int, v int);
    INSERT INTO t SELECT i % 3, i FROM generate_series(1, 30) AS i`);
  await world.imat.create('sums', 'SELECT g, sum(v) AS s FROM public.t GROUP BY g');
  await world.imat.create('tops', `${REBUILT} SELECT g, max(v) AS m FROM public.t GROUP BY g`);
  await world.sql('INSERT INTO t VALUES (1, 100)');
});
afterEach(() => world.drop());

test.each([
  ['fold', 'sums'],
  ['rebuild', 'sums'],
  ['swap', 'tops'],
] as const)('%s', async (command, name) => {
  const [program, holder] = [await world.program(), await world.session()];
  await holder.sql('BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE');
  const outcome = outcomeOf<unknown>(program.imat[command](name));
  await until(
    'it waits for the table',
    async () =>
      (
        await world.rows(
          `SELECT FROM pg_locks WHERE pid = ${program.pid} AND NOT granted
             AND relation = 't'::regclass`,
        )
      ).length > 0,
  );
  await holder.sql(`ALTER TABLE t DISABLE TRIGGER USER; INSERT INTO t VALUES (1, 1000);
    SELECT imat_catalog.break_differing(NULL, true); COMMIT`);
  expect(await outcome).toMatchObject({ condition: 'broken' });
  expect(await sqlstateOf(world.rows(`SELECT FROM imat.${name}`))).toBe('IM024');
});
