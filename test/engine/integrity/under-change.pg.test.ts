/**
 * What a definition depends on is changed in a transaction that is older than the imat: the event
 * trigger has not seen it, and nothing would notice the commit.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWorld, expectExact, outcomeOf, type World } from '../commands/support/world.ts';

const CHILD = 'CREATE TABLE child () INHERITS (t); INSERT INTO child VALUES (1, 70)';
const DOUBLED = 'SELECT g, sum(public.doubled(v)) AS s FROM public.t GROUP BY g';
const COUNTED = 'SELECT g, count(*) AS n FROM public.t GROUP BY g';
const ADDRESSES = 'SELECT g, home::text AS home FROM public.u';

/**
 * Whether as many imats have noted what they depend on, the one under way among them. PostgreSQL of
 * November 2026 and later (15.20) lets no view be created over a function that is under change:
 * then a convert waits for the other transaction before it notes anything.
 */
async function haveNoted(imats: number): Promise<boolean> {
  for (let attempt = 1; attempt <= 60; attempt++) {
    const noted = await world
      .value<number>('SELECT count(DISTINCT imat_id)::int FROM imat_catalog.fact')
      .catch(() => 0);
    if (noted === imats) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

let world: World;
beforeEach(async () => {
  world = await createWorld(`
    CREATE TYPE address AS (street text);
    CREATE TABLE t (g int, v int);
    INSERT INTO t SELECT i % 3, i FROM generate_series(1, 30) AS i;
    CREATE TABLE u (g int, home address);
    INSERT INTO u VALUES (1, ROW('a'));
    CREATE FUNCTION doubled(v int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT v * 2'`);
});
afterEach(() => world.drop());

const cases = [
  {
    title: 'a function is replaced',
    definition: DOUBLED,
    change: `CREATE OR REPLACE FUNCTION doubled(v int) RETURNS int IMMUTABLE LANGUAGE sql
      AS 'SELECT v * 3'`,
  },
  {
    title: 'a capture trigger is disabled',
    definition: COUNTED,
    change: 'ALTER TABLE t DISABLE TRIGGER "!imat_insert"',
  },
  { title: 'a table inherits from a source', definition: COUNTED, change: CHILD },
  {
    title: 'a composite type gets another attribute',
    definition: ADDRESSES,
    change: 'ALTER TYPE address ADD ATTRIBUTE zip text',
  },
];

test.each(cases)('$title before a convert, and commits', async ({ definition, change }) => {
  // Capture is there already, so nothing waits for locks.
  await world.imat.create('first', 'SELECT g, v FROM public.t');
  await world.imat.create('other', 'SELECT g, home FROM public.u');
  const changer = await world.session();
  await changer.sql(`BEGIN; ${change}`);
  const created = outcomeOf<unknown>(world.imat.create('v', definition));
  const sees = await haveNoted(3);
  // By then it waits, or is through.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await changer.sql('COMMIT');
  const outcome = await created;
  const refused = { condition: 'contention' };
  if (definition === DOUBLED) expect(outcome).toMatchObject(sees ? refused : { name: 'v' });
  // On a busy machine a convert can put capture right after the commit.
  else if (outcome instanceof Error) expect(outcome).toMatchObject(refused);
  await world.imat.repair();
  if (outcome instanceof Error) await world.imat.create('v', definition);
  await world.sql(`INSERT INTO t VALUES (1, 7); INSERT INTO u (g) VALUES (2)`);
  await expectExact(world, { name: 'v', definition });
});

test('a function is replaced before a convert, and is rolled back', async () => {
  const changer = await world.session();
  await changer.sql(`BEGIN; ${cases[0]?.change ?? ''}`);
  const created = outcomeOf<unknown>(world.imat.create('v', DOUBLED));
  await haveNoted(1);
  await changer.sql('ROLLBACK');
  expect(await created).toMatchObject({ name: 'v' });
  await expectExact(world, { name: 'v', definition: DOUBLED });
});

test('a transaction that replaces a function does not end', async () => {
  const changer = await world.session();
  await changer.sql(`BEGIN; SAVEPOINT a; ${cases[0]?.change ?? ''}; RELEASE a`);
  const outcome = await outcomeOf<unknown>(world.imat.create('v', DOUBLED));
  expect(outcome).toMatchObject({ condition: 'contention' });
  expect([
    'another session is changing what the definition reads: function public.doubled(integer)',
    'a lock was not free in time',
  ]).toContain((outcome as Error).message);
  await changer.sql('COMMIT');
  await world.imat.create('v', DOUBLED);
  await expectExact(world, { name: 'v', definition: DOUBLED });
}, 120_000);

test('a function is replaced before a repair', async () => {
  await world.imat.create('v', DOUBLED);
  const id = await world.value<number>(`SELECT id FROM imat_catalog.imat WHERE name = 'v'`);
  await world.sql(`SELECT imat_catalog.break_imat(${id}, 'a test')`);
  const changer = await world.session();
  await changer.sql(`BEGIN; ${cases[0]?.change ?? ''}`);
  const repaired = outcomeOf<unknown>(world.imat.repair('v'));
  const sees = await haveNoted(2);
  await changer.sql('COMMIT');
  expect(await repaired).toMatchObject(sees ? { condition: 'contention' } : [{ error: null }]);
  expect(await world.imat.repair('v')).toMatchObject([{ error: null }]);
  await expectExact(world, { name: 'v', definition: DOUBLED });
});
