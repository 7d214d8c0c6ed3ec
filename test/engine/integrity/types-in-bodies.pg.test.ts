/**
 * Types that only the bodies of functions have, and types below ranges: what is computed of their
 * values changes with them, and no row is written.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createPreparedWorld,
  expectExact,
  sqlstateOf,
  type World,
} from '../commands/support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createPreparedWorld(`
    CREATE TYPE mood AS ENUM ('sad', 'ok');
    CREATE TYPE pair AS (a int, m mood);
    CREATE TYPE span AS RANGE (subtype = pair, multirange_type_name = spans);
    CREATE TYPE made AS (x int, m mood);
    CREATE DOMAIN short AS varchar(3);
    CREATE TABLE named (x int, y int);
    CREATE TABLE t (id int PRIMARY KEY, g int, s span, m spans, e mood);
    INSERT INTO t SELECT i, i % 3, s.s, spans(s.s), 'sad' FROM generate_series(1, 9) AS i,
      span(ROW(i, 'sad')::pair, ROW(i + 1, 'ok')::pair) AS s(s);
    CREATE FUNCTION quoted(int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
      'DECLARE r public.made; BEGIN r.m := chr(111) || chr(107); RETURN to_jsonb(r)::text; END';
    CREATE FUNCTION bound(int) RETURNS text IMMUTABLE LANGUAGE sql
      RETURN ROW($1, 'ok')::public.made::text;
    CREATE FUNCTION above(int) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT public.bound($1)';
    CREATE FUNCTION made(int) RETURNS made IMMUTABLE LANGUAGE sql
      RETURN ROW($1, 'ok')::public.made;
    CREATE FUNCTION taken(int) RETURNS text IMMUTABLE LANGUAGE sql
      AS 'SELECT public.made($1)::text';
    CREATE FUNCTION listed(int) RETURNS TABLE (o text) IMMUTABLE LANGUAGE plpgsql AS 'DECLARE
      r public.made; BEGIN r.x := 1; r.m := chr(111) || chr(107); o := r; RETURN NEXT; END';
    CREATE FUNCTION label(mood) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1::text';
    CREATE FUNCTION word(int) RETURNS text IMMUTABLE LANGUAGE sql
      RETURN CASE WHEN $1 > 3 THEN 'ok'::public.mood ELSE 'sad' END::text;
    CREATE FUNCTION cut(text) RETURNS text IMMUTABLE LANGUAGE sql
      AS 'SELECT $1::public.short::text';
    CREATE FUNCTION of_table(jsonb) RETURNS text IMMUTABLE LANGUAGE sql
      AS 'SELECT jsonb_populate_record(NULL::public.named, $1)::text'`);
});
afterEach(() => world.drop());

const SPAN = 'SELECT id, s::text AS s FROM public.t';
const SPANS = 'SELECT g, jsonb_agg(m ORDER BY id) AS s FROM public.t GROUP BY g';
const QUOTED = 'SELECT id, public.quoted(g) AS s FROM public.t';
const BOUND = 'SELECT id, public.bound(g) AS s FROM public.t';
const ABOVE = 'SELECT id, public.above(g) AS s FROM public.t';
const TAKEN = 'SELECT id, public.taken(g) AS s FROM public.t';
const LISTED = 'SELECT id, l.o AS s FROM public.t, public.listed(t.g) AS l';
const WORD = 'SELECT id, public.word(id) AS s FROM public.t';
const CUT = "SELECT id, public.cut(id || 'abcd') AS s FROM public.t";
const OF_TABLE = "SELECT id, public.of_table(jsonb_build_object('x', id)) AS s FROM public.t";

const broken = async (): Promise<string> => sqlstateOf(world.rows('SELECT FROM imat.v'));

test.each([
  ['a range', SPAN, 'pair'],
  ['a multirange', SPANS, 'pair'],
  ['a variable of a body', QUOTED, 'made'],
  ['a body that is not in quotes', BOUND, 'made'],
  ['such a body that one in quotes calls', ABOVE, 'made'],
  ['the result of a function that a body calls', TAKEN, 'made'],
  ['a body that returns a table', LISTED, 'made'],
])('a composite type below %s gets another attribute', async (_, definition, type) => {
  await world.imat.create('v', definition);
  await world.sql(`ALTER TYPE ${type} ADD ATTRIBUTE more int`);
  expect(await broken()).toBe('IM024');
});

test('an attribute of a type that only a body has gets another type', async () => {
  await world.imat.create('v', QUOTED);
  await world.sql('ALTER TYPE made ALTER ATTRIBUTE m TYPE text');
  expect(await broken()).toBe('IM024');
  expect(await world.imat.repair('v')).toMatchObject([{ error: null }]);
  await expectExact(world, { name: 'v', definition: QUOTED });
});

test.each([
  ['a variable of a body', QUOTED],
  ['a body that is not in quotes', BOUND],
  ['such a body that one in quotes calls', ABOVE],
  ['the result of a function that a body calls', TAKEN],
  ['a constant', WORD],
])('a label below %s gets another name', async (_, definition) => {
  await world.imat.create('v', definition);
  await world.sql(`ALTER TYPE mood ADD VALUE 'new' BEFORE 'sad'`);
  await world.sql('UPDATE t SET g = g + 1');
  await expectExact(world, { name: 'v', definition });
  await world.sql(`ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'`);
  expect(await broken()).toBe('IM024');
});

test.each([
  ['a range', SPAN],
  ['a multirange', SPANS],
  ['an argument of a function', 'SELECT g, max(public.label(e)) AS s FROM public.t GROUP BY g'],
])('a label below %s gets another name, and the answer is computed anew', async (_, definition) => {
  await world.imat.create('v', definition);
  for (const [from, to] of [
    ['sad', 'blue'],
    ['blue', 'grey'],
  ]) {
    await world.sql(`ALTER TYPE mood RENAME VALUE '${from}' TO '${to}'`);
    await expectExact(world, { name: 'v', definition });
    await world.sql('UPDATE t SET g = g + 1 WHERE id < 4');
    await expectExact(world, { name: 'v', definition });
    await world.imat.fold('v');
    await expectExact(world, { name: 'v', definition });
  }
});

test.each([
  ['is another one', 'DROP DOMAIN short; CREATE DOMAIN short AS varchar(2)'],
  ['gets another name', 'ALTER DOMAIN short RENAME TO cut; CREATE DOMAIN short AS varchar(2)'],
  [
    'gets another schema',
    'CREATE SCHEMA s; ALTER TYPE short SET SCHEMA s; CREATE DOMAIN short AS varchar(2)',
  ],
  [
    'has a schema that gets another name',
    `ALTER SCHEMA public RENAME TO away; CREATE SCHEMA public;
     CREATE DOMAIN public.short AS varchar(2)`,
  ],
])('a type that a body names %s', async (_, change) => {
  await world.imat.create('v', CUT);
  await world.sql(change);
  expect(await broken()).toBe('IM024');
});

test('a table whose rows a body makes gets another column', async () => {
  await world.imat.create('v', OF_TABLE);
  await world.sql('ALTER TABLE named ADD COLUMN z int');
  expect(await broken()).toBe('IM024');
  expect(await world.imat.repair('v')).toMatchObject([{ error: null }]);
  await expectExact(world, { name: 'v', definition: OF_TABLE });
});

test('types that no body names', async () => {
  await world.sql('CREATE TYPE apart AS (a int); CREATE CAST (apart AS text) WITH INOUT');
  await world.imat.create('v', CUT);
  await world.sql(`ALTER TYPE apart ADD ATTRIBUTE b int; DROP CAST (apart AS text);
    ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'; ALTER TYPE made ADD ATTRIBUTE more int;
    ALTER TABLE named ADD COLUMN z int; ALTER DOMAIN short SET DEFAULT 'a'`);
  await world.sql('UPDATE t SET g = g + 1');
  await expectExact(world, { name: 'v', definition: CUT });
});
