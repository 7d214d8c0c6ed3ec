/** An imat breaks while a command is about to store it, or after the command has its snapshot. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { REBUILT } from '../../setup/rebuilt.ts';
import {
  createPreparedWorld,
  outcomeOf,
  sqlstateOf,
  until,
  untilBlocked,
  type World,
} from '../commands/support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createPreparedWorld(`
    CREATE TABLE t (g int, v int);
    INSERT INTO t SELECT i % 3, i FROM generate_series(1, 30) AS i`);
  await world.imat.create('sums', 'SELECT g, sum(v) AS s FROM public.t GROUP BY g');
  await world.imat.create('tops', `${REBUILT} SELECT g, max(v) AS m FROM public.t GROUP BY g`);
  await world.sql('INSERT INTO t VALUES (1, 100)');
});
afterEach(() => world.drop());

test.each(['added', 'regrouped'])(
  'a function is replaced after a fold of %s has its snapshot',
  async (name) => {
    await world.sql('DROP EVENT TRIGGER imat_ddl, imat_drop');
    const replace = (change: string): Promise<unknown> =>
      world.sql(`CREATE OR REPLACE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql
        AS 'SELECT $1 + ${change}'`);
    await replace('1');
    const shown = name === 'added' ? 'sum(public.f(v))' : 'array_agg(public.f(v) ORDER BY v)';
    await world.imat.create(name, `SELECT g, ${shown} AS s FROM public.t GROUP BY g`);
    await world.sql('INSERT INTO t VALUES (1, 100)');
    const [program, holder] = [await world.program(), await world.session()];
    const log = await world.value<string>(
      `SELECT log::text FROM imat_catalog.source WHERE relation = 't'::regclass`,
    );
    await holder.sql(`BEGIN; LOCK TABLE ${log} IN ACCESS EXCLUSIVE MODE`);
    const outcome = outcomeOf<unknown>(program.imat.fold(name));
    await untilBlocked(world, program.pid);
    await replace('1000');
    await holder.sql('COMMIT');
    expect(await outcome).toMatchObject({ condition: 'broken' });
  },
);

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

test.each([
  ['a reset', 'TRUNCATE t; INSERT INTO t VALUES (1, 100)'],
  ['rows', 'INSERT INTO t VALUES (2, 100)'],
])('a column goes with the definition after a fold of %s has its snapshot', async (_, change) => {
  await world.sql(change);
  const [program, holder] = [await world.program(), await world.session()];
  const log = await world.value<string>(
    `SELECT log::text FROM imat_catalog.source WHERE relation = 't'::regclass`,
  );
  await holder.sql(`BEGIN; LOCK TABLE ${log} IN ACCESS EXCLUSIVE MODE`);
  const outcome = outcomeOf<unknown>(program.imat.fold('sums'));
  await untilBlocked(world, program.pid);
  await holder.sql('ALTER TABLE t DROP COLUMN v CASCADE; COMMIT');
  expect(await outcome).toMatchObject({ condition: 'source_changed' });
});

test.each([
  ['fold', 'sums'],
  ['swap', 'tops'],
])('imat.%s, called as SQL, says that the definition is gone', async (procedure, name) => {
  await world.sql('ALTER TABLE t DROP COLUMN v CASCADE');
  expect(await sqlstateOf(world.sql(`CALL imat.${procedure}('${name}')`))).toBe('IM021');
});

test.each([
  ['fold', 'added', 'frontier'],
  ['fold', 'regrouped', 'frontier'],
  ['rebuild', 'added', 'frontier'],
  ['swap', 'rebuilt', 'imat'],
] as const)('%s of %s: a function goes with what reads it, and the locks let it', async (...on) => {
  const [command, name, row] = on;
  await world.sql(`CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1'`);
  const largest = 'SELECT g, max(public.f(v)) AS m FROM public.t GROUP BY g';
  await world.imat.create('added', 'SELECT g, sum(public.f(v)) AS s FROM public.t GROUP BY g');
  await world.imat.create('regrouped', largest);
  await world.imat.create('rebuilt', `${REBUILT} ${largest}`);
  await world.sql('INSERT INTO t VALUES (1, 100)');
  const [program, holder] = [await world.program(), await world.session()];
  await holder.sql(`BEGIN; SELECT FROM imat_catalog.${row} FOR UPDATE`);
  const outcome = outcomeOf<unknown>(program.imat[command](name));
  await untilBlocked(world, program.pid);
  await world.sql('DROP FUNCTION f(int) CASCADE');
  await holder.sql('COMMIT');
  expect(await outcome).toMatchObject({
    condition: 'source_changed',
    message: `imat "${name}" is broken: objects it depends on are missing`,
    hint: `Run imat repair ${name}.`,
  });
});
