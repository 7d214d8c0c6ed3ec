/**
 * An imat is reverted while it is built anew. One of the two ends first, and nothing stays behind
 * that has no row in the catalog.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LOCK_CLASS } from '../../../engine/catalog/migrate.ts';
import { createWorld, outcomeOf, until, untilBlocked, type World } from './support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld(`
    CREATE TABLE t (g int, v int);
    INSERT INTO t SELECT i % 3, i FROM generate_series(1, 30) AS i`);
  await world.imat.create('sums', 'SELECT g, sum(v) AS s FROM public.t GROUP BY g');
});
afterEach(() => world.drop());

const isReverting = async (): Promise<boolean> =>
  (await world.value<string>(`SELECT state FROM imat_catalog.imat WHERE name = 'sums'`)) ===
  'reverting';

async function expectNothingLeft(): Promise<void> {
  expect(await world.rows(`SELECT FROM pg_namespace WHERE nspname LIKE 'imat%'`)).toEqual([]);
  expect(await world.rows(`SELECT FROM pg_trigger WHERE NOT tgisinternal`)).toEqual([]);
}

test('before what is built is registered', async () => {
  // So that the catalog stays.
  await world.imat.create('kept', 'SELECT count(*) AS n FROM public.t');
  const [builder, reverter, holder] = [
    await world.program(),
    await world.program(),
    await world.session(),
  ];
  await holder.sql('BEGIN; LOCK TABLE imat_catalog.fact IN SHARE MODE');
  const repaired = outcomeOf<unknown>(builder.imat.repair('sums'));
  await untilBlocked(world, builder.pid);
  const reverted = outcomeOf<unknown>(reverter.imat.revert('sums'));
  await until('it is being reverted', isReverting);
  await holder.sql('COMMIT');
  expect(await repaired).toMatchObject({ condition: 'not_found' });
  expect(await reverted).toMatchObject({ name: 'sums' });
  await world.imat.revert('kept');
  await expectNothingLeft();
});

test('when what is built is about to take its place', async () => {
  const [builder, reverter, holder, other] = [
    await world.program(),
    await world.program(),
    await world.session(),
    await world.session(),
  ];
  const id = await world.value<number>('SELECT id FROM imat_catalog.imat');
  // Revert has seen that nothing is built beside the imat when it waits for this lock.
  await holder.sql(`BEGIN; SELECT pg_advisory_xact_lock(${LOCK_CLASS}, ${id})`);
  const reverted = outcomeOf<unknown>(reverter.imat.revert('sums'));
  await untilBlocked(world, reverter.pid);
  const repaired = outcomeOf<unknown>(builder.imat.repair('sums'));
  await untilBlocked(world, builder.pid);
  // Only the switch writes here now, so revert comes first.
  await other.sql('BEGIN; LOCK TABLE imat_catalog.fact IN SHARE MODE');
  await holder.sql('COMMIT');
  await until('it is being reverted', isReverting);
  await other.sql('COMMIT');
  expect(await repaired).toMatchObject({ condition: 'not_found' });
  expect(await reverted).toMatchObject({ name: 'sums' });
  await expectNothingLeft();
});

test('after a fold has its snapshot', async () => {
  await world.imat.create('kept', 'SELECT count(*) AS n FROM public.t');
  await world.sql('INSERT INTO t VALUES (1, 1)');
  const [folder, holder] = [await world.program(), await world.session()];
  await holder.sql('BEGIN; LOCK TABLE imat_store.log_public_t IN ACCESS EXCLUSIVE MODE');
  const folded = outcomeOf<unknown>(folder.imat.fold('sums'));
  await untilBlocked(world, folder.pid);
  await world.imat.revert('sums');
  await holder.sql('COMMIT');
  expect(await folded).toMatchObject({ condition: 'not_found' });
  await world.imat.revert('kept');
  await expectNothingLeft();
});

test.each([
  ['built anew', () => world.imat.repair('sums')],
  ['altered', () => world.imat.alter('sums', 'SELECT g, max(v) AS s FROM public.t GROUP BY g')],
  ['reverted', () => world.imat.revert('sums')],
])(
  'what was %s after a snapshot is not held at it, and is not said to be broken',
  async (_, change) => {
    await world.imat.create('kept', 'SELECT count(*) AS n FROM public.t');
    const holder = await world.session();
    await holder.sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const id = await holder.value<number>(`SELECT id FROM imat_catalog.imat WHERE name = 'sums'`);
    await change();
    expect(await holder.value(`SELECT imat_catalog.hold_sources(${id})`)).toBe(false);
    await holder.sql('ROLLBACK');
  },
);
