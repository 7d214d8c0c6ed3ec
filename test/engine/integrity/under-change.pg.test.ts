/**
 * What a definition depends on is changed in a transaction that is older than the imat: the event
 * trigger has not seen it, and nothing would notice the commit.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createImat } from '../../../engine/index.ts';
import { before } from '../commands/support/before.ts';
import {
  createPreparedWorld,
  expectExact,
  outcomeOf,
  type World,
} from '../commands/support/world.ts';

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
  world = await createPreparedWorld(`
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

const OF_BODY = 'SELECT g, sum(public.f(v)) AS s FROM public.t GROUP BY g';
const FIRST = 'SELECT q.g, q.v FROM (SELECT g, v FROM public.t ORDER BY g, v LIMIT 5) AS q';

test.each([
  {
    title: 'an attribute of a composite type that a body has gets another name',
    definition: 'SELECT g, max(public.printed(v)) AS s FROM public.t GROUP BY g',
    change: 'ALTER TYPE s.pair RENAME ATTRIBUTE a TO c',
  },
  {
    title: 'a schema whose function a body calls gets another name',
    definition: OF_BODY,
    change: `ALTER SCHEMA s RENAME TO away; CREATE SCHEMA s;
      CREATE FUNCTION s.step(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 2'`,
  },
  {
    title: 'a view whose query the definition has is replaced',
    definition: 'SELECT g, v FROM public.firsts',
    compared: FIRST.replace('ORDER BY g, v', 'ORDER BY g DESC, v DESC'),
    change: `CREATE OR REPLACE RULE "_RETURN" AS ON SELECT TO firsts
      DO INSTEAD SELECT g, v FROM t ORDER BY g DESC, v DESC LIMIT 5`,
  },
  {
    title: 'an operator that a body uses is another one',
    definition: 'SELECT g, sum(public.added(v)) AS s FROM public.t GROUP BY g',
    change: `ALTER OPERATOR s.+@+ (int, int) SET SCHEMA public;
      CREATE OPERATOR s.+@+ (leftarg = int, rightarg = int, function = int4mul)`,
  },
  {
    title: 'a cast that a body uses is dropped',
    definition: 'SELECT g, sum(public.length_of(v)) AS s FROM public.t GROUP BY g',
    change: 'DROP CAST (s.pair AS text)',
  },
  {
    title: 'a type that a body names gets another name',
    definition: "SELECT g, max(public.cut(v || 'abcd')) AS s FROM public.t GROUP BY g",
    change: `ALTER DOMAIN s.short RENAME TO former; CREATE DOMAIN s.short AS varchar(2)`,
  },
  {
    title: 'a label that a body has gets another name',
    definition: 'SELECT g, max(public.label(v)) AS s FROM public.t GROUP BY g',
    change: `ALTER TYPE s.mood RENAME VALUE 'ok' TO 'fine'`,
  },
])('$title between the look and the snapshot', async ({ definition, change, compared }) => {
  await world.sql(`
    CREATE SCHEMA s;
    CREATE FUNCTION s.step(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1';
    CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT s.step($1)';
    CREATE VIEW firsts AS SELECT g, v FROM t ORDER BY g, v LIMIT 5;
    CREATE OPERATOR s.+@+ (leftarg = int, rightarg = int, function = int4pl);
    CREATE FUNCTION added(int) RETURNS int IMMUTABLE LANGUAGE sql
      AS 'SELECT $1 OPERATOR(s.+@+) 4';
    CREATE TYPE s.pair AS (a int, b int);
    CREATE FUNCTION s.text(s.pair) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT ''abcdefghi''';
    CREATE CAST (s.pair AS text) WITH FUNCTION s.text(s.pair);
    CREATE FUNCTION length_of(int) RETURNS int IMMUTABLE LANGUAGE sql
      AS 'SELECT length(ROW($1, 1)::s.pair::text)';
    CREATE FUNCTION printed(int) RETURNS text IMMUTABLE LANGUAGE sql
      AS 'SELECT to_jsonb(ROW($1, 1)::s.pair)::text';
    CREATE DOMAIN s.short AS varchar(3);
    CREATE FUNCTION cut(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1::s.short::text';
    CREATE TYPE s.mood AS ENUM ('sad', 'ok');
    CREATE FUNCTION label(int) RETURNS text IMMUTABLE LANGUAGE sql RETURN ('ok'::s.mood)::text`);
  await world.imat.create('first', 'SELECT g, v FROM public.t');
  await world.imat.create('other', 'SELECT g, home FROM public.u');
  const changer = await world.session();
  let isCommitted: Promise<void> = Promise.resolve();
  const session = before((await world.session()).db, 'imat_catalog.hold_sources', async () => {
    await changer.sql(`BEGIN; ${change}`);
    isCommitted = new Promise((resolve) => setTimeout(resolve, 1500)).then(() =>
      changer.sql('COMMIT'),
    );
  });
  const outcome = await outcomeOf<unknown>(createImat(session).create('v', definition));
  await isCommitted;
  expect(outcome).toMatchObject({ condition: 'contention' });
  await world.imat.repair();
  await world.imat.create('v', definition);
  await expectExact(world, { name: 'v', definition: compared ?? definition });
});
