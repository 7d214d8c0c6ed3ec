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

/** Until the function is noted for so many imats: what convert compares begins with that. */
async function noted(imats: number): Promise<void> {
  await expect
    .poll(
      () =>
        world
          .value<number>(
            `SELECT count(*)::int FROM imat_catalog.fact
             WHERE object = 'public.doubled(int)'::regprocedure`,
          )
          .catch(() => 0),
      { timeout: 30_000 },
    )
    .toBe(imats);
}

/** Long enough for a convert that waits for a lock to have begun to. */
const begun = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1000));

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
  await (definition === DOUBLED ? noted(1) : begun());
  await changer.sql('COMMIT');
  expect(await created).toMatchObject({ condition: 'contention' });
  await world.imat.repair();
  await world.imat.create('v', definition);
  await world.sql(`INSERT INTO t VALUES (1, 7); INSERT INTO u (g) VALUES (2)`);
  await expectExact(world, { name: 'v', definition });
});

test('a function is replaced before a convert, and is rolled back', async () => {
  const changer = await world.session();
  await changer.sql(`BEGIN; ${cases[0]?.change ?? ''}`);
  const created = outcomeOf<unknown>(world.imat.create('v', DOUBLED));
  await noted(1);
  await changer.sql('ROLLBACK');
  expect(await created).toMatchObject({ name: 'v' });
  await expectExact(world, { name: 'v', definition: DOUBLED });
});

test('a transaction that replaces a function does not end', async () => {
  const changer = await world.session();
  await changer.sql(`BEGIN; SAVEPOINT a; ${cases[0]?.change ?? ''}; RELEASE a`);
  expect(await outcomeOf<unknown>(world.imat.create('v', DOUBLED))).toMatchObject({
    condition: 'contention',
    message:
      'another session is changing what the definition reads: function public.doubled(integer)',
  });
  await changer.sql('COMMIT');
  await world.imat.create('v', DOUBLED);
  await expectExact(world, { name: 'v', definition: DOUBLED });
}, 60_000);

test('a function is replaced before a repair', async () => {
  await world.imat.create('v', DOUBLED);
  const id = await world.value<number>(`SELECT id FROM imat_catalog.imat WHERE name = 'v'`);
  await world.sql(`SELECT imat_catalog.break_imat(${id}, 'a test')`);
  const changer = await world.session();
  await changer.sql(`BEGIN; ${cases[0]?.change ?? ''}`);
  const repaired = outcomeOf<unknown>(world.imat.repair('v'));
  await noted(2);
  await changer.sql('COMMIT');
  expect(await repaired).toMatchObject({ condition: 'contention' });
  expect(await world.imat.repair('v')).toMatchObject([{ error: null }]);
  await expectExact(world, { name: 'v', definition: DOUBLED });
});
