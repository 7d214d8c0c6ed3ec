/**
 * A view keeps the functions, casts and operators that it was created with, and its text can mean
 * others by now: that is not what imat stores in its place.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createPreparedWorld,
  expectExact,
  outcomeOf,
  type World,
} from '../commands/support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createPreparedWorld(`
    CREATE TYPE pair AS (a int, b text);
    CREATE TABLE t (id int PRIMARY KEY, g int, v smallint, p pair);
    INSERT INTO t SELECT i, i % 3, i, ROW(i, 'b')::pair FROM generate_series(1, 9) AS i;
    CREATE FUNCTION any_type(anyelement) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT ''any''';
    CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1'`);
});
afterEach(() => world.drop());

const CAST = `
  CREATE FUNCTION as_text(pair) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT ''by a cast''';
  CREATE CAST (pair AS text) WITH FUNCTION as_text(pair)`;
const OVERLOAD = `CREATE FUNCTION any_type(smallint) RETURNS text IMMUTABLE LANGUAGE sql
  AS 'SELECT ''smallint'''`;
const OTHER_MEANING = {
  condition: 'definition_failed',
  message: expect.stringContaining(
    'the query of the view, as PostgreSQL prints it, has another meaning now',
  ),
};

const cases: readonly (readonly [string, string, string])[] = [
  ['a cast', 'SELECT id, p::text AS s FROM public.t', CAST],
  ['a function', 'SELECT id, public.any_type(v) AS s FROM public.t', OVERLOAD],
  [
    'a function of what is added up',
    'SELECT g, max(public.any_type(v)) AS s FROM public.t GROUP BY g',
    OVERLOAD,
  ],
];

test.each(cases)('%s that was created since: a convert', async (_, definition, created) => {
  await world.sql(`CREATE MATERIALIZED VIEW v AS ${definition}; ${created}`);
  expect(await outcomeOf(world.imat.convert('v'))).toMatchObject(OTHER_MEANING);
  await world.sql(`DROP MATERIALIZED VIEW v; CREATE MATERIALIZED VIEW v AS ${definition}`);
  await world.imat.convert('v');
  await expectExact(world, { name: 'v', definition });
});

test.each(cases)('%s that was created since: a repair', async (_, definition, created) => {
  await world.imat.create('v', definition);
  await world.sql(`CREATE VIEW former AS ${definition}; ${created};
    UPDATE t SET v = v + 1, g = 7 WHERE id < 4`);
  await expectExact(world, { name: 'v', definition: 'TABLE public.former' });
  await world.sql('SELECT imat_catalog.break_imat(1, $$a test$$)');
  expect(await outcomeOf(world.imat.repair('v'))).toMatchObject(OTHER_MEANING);
  await world.imat.alter('v', definition);
  await expectExact(world, { name: 'v', definition });
});

test('functions and casts that fit no better', async () => {
  const definition = 'SELECT g, sum(public.f(v)) AS s, max(p::text) AS p FROM public.t GROUP BY g';
  await world.sql(`CREATE MATERIALIZED VIEW v AS ${definition};
    CREATE FUNCTION f(smallint) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 0';
    CREATE CAST (pair AS xml) WITH INOUT`);
  await world.imat.convert('v');
  await world.sql('UPDATE t SET v = v + 1, g = 7 WHERE id < 4; REFRESH MATERIALIZED VIEW v');
  await expectExact(world, { name: 'v', definition: 'TABLE public.v' });
});
