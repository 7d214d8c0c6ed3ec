/**
 * The first check in another cluster notes the evidence anew (pg_upgrade writes PostgreSQL's
 * catalogs anew). What is broken by then must not be taken for whole.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWorld, expectExact, sqlstateOf, type World } from '../commands/support/world.ts';

const SUMS = 'SELECT g, sum(v) AS s FROM public.t GROUP BY g';

let world: World;
beforeEach(async () => {
  world = await createWorld(`
    CREATE TABLE t (g int, v int);
    INSERT INTO t SELECT i % 3, i FROM generate_series(1, 30) AS i`);
  for (const name of ['first', 'second']) await world.imat.create(name, SUMS);
});
afterEach(() => world.drop());

/** As pg_upgrade leaves it. */
const upgraded = (...names: string[]): Promise<void> =>
  world.sql(`UPDATE imat_catalog.imat SET facts_cluster = 1
    WHERE name IN (${names.map((name) => `'${name}'`).join(', ')})`);
/** Unnoticed by the event triggers. */
const unnoticed = (commands: string): Promise<void> =>
  world.sql(`SET imat.maintaining = on; ${commands}; RESET imat.maintaining`);
const check = (): Promise<number> =>
  world.value<number>('SELECT imat_catalog.break_differing(NULL, false)');
const states = async (): Promise<string[]> =>
  Promise.all(
    ['first', 'second'].map((name) =>
      world.rows(`SELECT FROM imat.${name}`).then(
        () => 'whole',
        (error: unknown) => sqlstateOf(Promise.reject(error)),
      ),
    ),
  );

test('whole imats are whole afterwards, and their evidence is noted', async () => {
  await upgraded('first', 'second');
  expect(await check()).toBe(0);
  expect(await world.rows('SELECT FROM imat_catalog.imat WHERE facts_cluster = 1')).toEqual([]);
  await world.sql('INSERT INTO t VALUES (1, 5)');
  for (const name of ['first', 'second']) await expectExact(world, { name, definition: SUMS });
  await unnoticed('ALTER TABLE t DISABLE TRIGGER "!imat_insert"');
  expect(await check()).toBe(2);
  expect(await states()).toEqual(['IM024', 'IM024']);
});

test('capture that is disabled while another session has the imat', async () => {
  await upgraded('first', 'second');
  await unnoticed('ALTER TABLE t DISABLE TRIGGER "!imat_insert"; INSERT INTO t VALUES (1, 1000)');
  const holder = await world.session();
  await holder.sql(`BEGIN; SELECT FROM imat_catalog.imat WHERE name = 'first' FOR NO KEY UPDATE`);
  // The other session ends while the second imat is marked.
  await world.sql(`CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN PERFORM pg_sleep(1); RETURN NEW; END';
    CREATE TRIGGER slow BEFORE UPDATE OF broken ON imat_catalog.imat FOR EACH ROW
      EXECUTE FUNCTION public.slow()`);
  const checked = check();
  await new Promise((resolve) => setTimeout(resolve, 500));
  await holder.sql('COMMIT');
  await checked;
  await check();
  expect(await states()).toEqual(['IM024', 'IM024']);
});

test('evidence of another imat on the same table stays', async () => {
  await check();
  await upgraded('second');
  await unnoticed(`ALTER TABLE t DISABLE TRIGGER "!imat_insert"; INSERT INTO t VALUES (1, 1000);
    ALTER TABLE t ENABLE ALWAYS TRIGGER "!imat_insert"`);
  const holder = await world.session();
  await holder.sql(`BEGIN; SELECT FROM imat_catalog.imat WHERE name = 'first' FOR NO KEY UPDATE`);
  await check();
  await holder.sql('COMMIT');
  await check();
  expect((await states())[0]).toBe('IM024');
});

test('an imat that another session has keeps no other one from being marked', async () => {
  await world.imat.create('above', 'SELECT count(*) AS n FROM imat.first');
  await unnoticed('ALTER TABLE t DISABLE TRIGGER "!imat_insert"; INSERT INTO t VALUES (1, 1000)');
  const holder = await world.session();
  await holder.sql(`BEGIN; SELECT FROM imat_catalog.imat WHERE name = 'above' FOR NO KEY UPDATE`);
  await check();
  expect((await states())[1]).toBe('IM024');
  await holder.sql('COMMIT');
  await check();
  expect(await states()).toEqual(['IM024', 'IM024']);
});
