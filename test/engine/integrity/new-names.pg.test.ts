/**
 * Bodies in quotes look their names up when they run. What is created, renamed or moved later can
 * be taken in place of what was there: then the imat does not answer until it is repaired.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lacks } from '../../setup/database.ts';
import { createPreparedWorld, expectExact, sqlstateOf } from '../commands/support/world.ts';
import type { World } from '../commands/support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createPreparedWorld(`
    CREATE TABLE t (g int, v int);
    INSERT INTO t SELECT i % 3, i FROM generate_series(1, 9) AS i;
    SET check_function_bodies = off;
    CREATE SCHEMA s;
    CREATE SCHEMA first;
    CREATE FUNCTION s.step(bigint) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1::int + 1';
    CREATE FUNCTION s.other(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 100';
    CREATE FUNCTION s.added(int, int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 100';
    CREATE FUNCTION s.never(int, int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT false';
    CREATE TYPE s.pair AS (a int, b int);
    CREATE FUNCTION s.of_pair(s.pair) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT ''abc''';
    CREATE DOMAIN s.short AS varchar(3)`);
});
afterEach(() => world.drop());

const DEFINITION = 'SELECT g, sum(public.f(v)) AS s FROM public.t GROUP BY g';

const f = (body: string, settings = '', language = 'sql'): string =>
  `CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE ${language} ${settings} AS $f$${body}$f$`;
const step = (name: string, type = 'int'): string =>
  `CREATE FUNCTION ${name}(${type}) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1::int + 100'`;
const operator = (name: string, procedure = 's.added', left = 'int'): string =>
  `CREATE OPERATOR ${name} (leftarg = ${left}, rightarg = int, function = ${procedure})`;
const MIXED = `CREATE FUNCTION s.mixed(int, numeric) RETURNS int IMMUTABLE LANGUAGE sql
    AS 'SELECT 100';
  CREATE OPERATOR public.+ (leftarg = int, rightarg = numeric, function = s.mixed)`;
const SHORTER = 'AS varchar(1)';
const CUT = `SELECT length(('abc' || $1)::short::text)`;

type Case = readonly [what: string, body: string, change: string];

const COLLATION: Case = [
  'a collation',
  `CREATE COLLATION s.own FROM "C"; CREATE COLLATION first.away (provider = icu, locale = 'en');
    ${f(`SELECT CASE WHEN 'B' < 'a' COLLATE own THEN 1 ELSE 2 END`, 'SET search_path = first, s')}`,
  'ALTER COLLATION first.away RENAME TO own',
];

const OF_EXTENSION: Case = [
  'one of an extension',
  f('SELECT (ARRAY[$1, 1] + 5)[1]', 'SET search_path = s, pg_catalog')
    .replace(
      'CREATE FUNCTION f',
      `${operator('s.+', 's.whole', 'int[]').replace(
        'CREATE',
        `CREATE FUNCTION s.whole(int[], int) RETURNS int[] IMMUTABLE LANGUAGE sql
          AS 'SELECT ARRAY[7]'; CREATE`,
      )}; CREATE FUNCTION f`,
    )
    .replace('= s, pg_catalog', '= first, s, pg_catalog'),
  'CREATE EXTENSION intarray SCHEMA first',
];

const LATER: readonly Case[] = [
  ...(lacks('icu') ? [] : [COLLATION]),
  ['an overload that fits better', f('SELECT s.step($1)'), step('s.step')],
  [
    'one in PL/pgSQL that fits better',
    f('BEGIN RETURN s.step($1); END', '', 'plpgsql'),
    step('s.step'),
  ],
  [
    'a function in a schema that is found first',
    f('SELECT step($1)', 'SET search_path = first, s'),
    step('first.step', 'bigint'),
  ],
  [
    'a function in a schema before that of PostgreSQL',
    f('SELECT abs($1)', 'SET search_path = s, pg_catalog'),
    step('s.abs'),
  ],
  [
    "one that fits better than PostgreSQL's",
    f('SELECT sign($1)::int').replace('IMMUTABLE', ''),
    step('public.sign'),
  ],
  [
    "one that fits better than PostgreSQL's, in a body that is taken at its word",
    f('SELECT sign($1)::int'),
    step('public.sign'),
  ],
  ["an operator that fits better than PostgreSQL's", f('SELECT ($1 + 1.5)::int'), MIXED],
  [
    'one that a function further down calls',
    `CREATE FUNCTION s.middle(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT step($1)';
      ${f('SELECT s.middle($1)', 'SET search_path = s')}`,
    step('s.step'),
  ],
  [
    'one with a default',
    f('SELECT s.step($1)'),
    `CREATE FUNCTION s.step(int, int = 1) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 100'`,
  ],
  [
    'an aggregate',
    f('SELECT sum(x)::int FROM unnest(ARRAY[$1]) AS x', 'SET search_path = s, pg_catalog'),
    'CREATE AGGREGATE s.sum(int) (sfunc = s.added, stype = int)',
  ],
  [
    'a function that gets the name',
    f('SELECT s.step($1)'),
    'ALTER FUNCTION s.other(int) RENAME TO step',
  ],
  [
    'a function that comes into the schema',
    `${step('first.step')}; ${f('SELECT step($1)', 'SET search_path = s')}`,
    'ALTER FUNCTION first.step(int) SET SCHEMA s',
  ],
  [
    'a schema that gets the name',
    `CREATE SCHEMA away; ${step('away.step', 'bigint')};
      ${f('SELECT step($1)', 'SET search_path = nowhere, s')}`,
    'ALTER SCHEMA away RENAME TO nowhere',
  ],
  ['an operator', f('SELECT $1+1', 'SET search_path = s, pg_catalog'), operator('s.+')],
  [
    'an operator that gets the schema',
    `${operator('first.+')}; ${f('SELECT $1 + 1', 'SET search_path = s, pg_catalog')}`,
    'ALTER OPERATOR first.+ (int, int) SET SCHEMA s',
  ],
  [
    'an operator that no text names',
    f('SELECT CASE $1 WHEN 3 THEN 1 ELSE 0 END', 'SET search_path = s, pg_catalog'),
    operator('s.=', 's.never'),
  ],
  [
    'a cast',
    f('SELECT length(ROW($1, 1)::s.pair::text)'),
    'CREATE CAST (s.pair AS text) WITH FUNCTION s.of_pair(s.pair)',
  ],
  [
    'a cast that is not written',
    f(`DECLARE x text; BEGIN x := ROW($1, 1)::s.pair; RETURN length(x); END`, '', 'plpgsql'),
    'CREATE CAST (s.pair AS text) WITH FUNCTION s.of_pair(s.pair) AS ASSIGNMENT',
  ],
  ['a type', f(CUT, 'SET search_path = first, s'), `CREATE DOMAIN first.short ${SHORTER}`],
  [
    'a type that gets the name',
    `CREATE DOMAIN first.long ${SHORTER}; ${f(CUT, 'SET search_path = first, s')}`,
    'ALTER DOMAIN first.long RENAME TO short',
  ],
  [
    "a type of the name of one of PostgreSQL's",
    f(`SELECT length(('abc' || $1)::text)`, 'SET search_path = first, pg_catalog'),
    `CREATE DOMAIN first.text ${SHORTER}`,
  ],
  [
    'a type that is called',
    `${step('public.made')}; ${f(`SELECT $1 + public.made('7')`)}`,
    'CREATE DOMAIN public.made AS int',
  ],
  [
    'a function in the notation of a column',
    `CREATE FUNCTION s.both(s.pair) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1.a + $1.b';
      ${f('SELECT (ROW($1, 1)::s.pair).both', 'SET search_path = first, s')}`,
    `CREATE FUNCTION first.both(s.pair) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1.a * 100'`,
  ],
  [
    'a text search configuration',
    f(`SELECT length(to_tsvector('english', 'the x'))`, 'SET search_path = first, pg_catalog'),
    'CREATE TEXT SEARCH CONFIGURATION first.english (COPY = pg_catalog.simple)',
  ],
  [
    'a table of the name',
    `CREATE TABLE s.named (x int);
      ${f(
        `SELECT length(jsonb_populate_record(NULL::named, jsonb_build_object('x', $1))::text)`,
        'SET search_path = first, s',
      )}`,
    'CREATE TABLE first.named (y int, x int, z int)',
  ],
  [
    'a table that gets the name',
    `CREATE TABLE s.named (x int); CREATE TABLE first.draft (y int, x int, z int);
      ${f(
        `SELECT length(jsonb_populate_record(NULL::named, jsonb_build_object('x', $1))::text)`,
        'SET search_path = first, s',
      )}`,
    'ALTER TABLE first.draft RENAME TO named',
  ],
  ...(lacks('contrib') ? [] : [OF_EXTENSION]),
  [
    'a function that is written with escapes',
    f(`SELECT U&"\\0073".U&"st!0065p" UESCAPE '!' ($1)`),
    step('s.step'),
  ],
];

/** In a session of its own: PL/pgSQL keeps what it has looked up. */
const answer = async (): Promise<unknown> =>
  (await world.session()).rows(`${DEFINITION} ORDER BY 1`);

test.each(LATER)('%s', async (_, body, change) => {
  await world.sql(body);
  const before = await answer();
  await world.imat.create('v', DEFINITION);
  await expectExact(world, { name: 'v', definition: DEFINITION });
  await world.sql(change);
  expect(await answer()).not.toEqual(before);
  expect(await sqlstateOf(world.rows('SELECT FROM imat.v'))).toBe('IM024');
  expect(await world.imat.repair('v')).toMatchObject([{ error: null }]);
  await world.sql('UPDATE t SET v = v + 1 WHERE v < 3');
  await expectExact(await world.session(), { name: 'v', definition: DEFINITION });
});

test.each([
  ['an overload that fits better', 'SELECT sign($1)::int', step('public.sign'), 'swap'],
  ['an operator', 'SELECT ($1 + 1.5)::int', MIXED, 'swap'],
  ['a function further down', 'SELECT public.below($1)', step('public.sign'), 'swap'],
  [
    'an overload that fits worse',
    'SELECT round($1 * 1.0, 1)::int',
    `CREATE FUNCTION public.round(float8, int) RETURNS float8 LANGUAGE sql AS 'SELECT 100.0'`,
    'delta',
  ],
  ['names with a schema', 'SELECT pg_catalog.sign($1)::int', step('public.sign'), 'delta'],
])("%s in another schema than PostgreSQL's", async (_, body, other, strategy) => {
  await world.sql(`${f(body)}; ${other};
    CREATE FUNCTION public.below(int) RETURNS int IMMUTABLE LANGUAGE sql
      AS 'SELECT sign($1)::int'`);
  await world.imat.create('v', DEFINITION);
  expect((await world.imat.list())[0]?.strategy).toBe(strategy);
  for (const path of ['public', 'pg_catalog', 'public, pg_catalog']) {
    const session = await world.session();
    await session.sql(`SET search_path = ${path}`);
    await expectExact(session, { name: 'v', definition: DEFINITION });
  }
});

/** Unnoticed by the event triggers, as where no superuser has created them. */
const unnoticed = (commands: string): Promise<void> =>
  world.sql(`SET imat.maintaining = on; ${commands}; RESET imat.maintaining`);

test.each([
  ['fold', 'a function', f('SELECT s.step($1)'), step('s.step'), {}],
  [
    'fold',
    'an operator',
    f('SELECT $1 + 1', 'SET search_path = s, pg_catalog'),
    operator('s.+'),
    {},
  ],
  [
    'swap',
    'a cast',
    f('SELECT length(ROW($1, 1)::s.pair::text)'),
    'CREATE CAST (s.pair AS text) WITH FUNCTION s.of_pair(s.pair)',
    { strategy: 'swap' as const },
  ],
  [
    'look',
    'a type',
    f(CUT, 'SET search_path = first, s'),
    `CREATE DOMAIN first.short ${SHORTER}`,
    {},
  ],
])('a %s notices %s without event triggers', async (by, _, body, change, options) => {
  await world.sql(body);
  await world.imat.create('v', DEFINITION, options);
  await unnoticed(change);
  if (by === 'look') await world.sql('SELECT imat_catalog.look(NULL, 10, NULL)');
  else expect(await sqlstateOf(world.sql(`CALL imat.${by}('v')`))).toBe('IM024');
  expect(await sqlstateOf(world.rows('SELECT FROM imat.v'))).toBe('IM024');
  expect(await world.imat.repair('v')).toMatchObject([{ error: null }]);
  await expectExact(await world.session(), { name: 'v', definition: DEFINITION });
});

const RUN_TIME = `CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE couple AS (a int, b int);
  CREATE TABLE moods (id int PRIMARY KEY, m mood, p couple);
  INSERT INTO moods SELECT i, 'sad', ROW(i, 1)::couple FROM generate_series(1, 3) AS i;
  CREATE FUNCTION s.of_mood(mood) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT ''a''';
  CREATE FUNCTION s.of_couple(couple) RETURNS json IMMUTABLE LANGUAGE sql AS 'SELECT ''1''::json'`;

test.each([
  [
    '||',
    "SELECT id, m || 'x' AS s FROM public.moods",
    'mood AS text) WITH FUNCTION s.of_mood(mood',
  ],
  [
    'to_jsonb',
    'SELECT id, to_jsonb(ARRAY[p]) AS s FROM public.moods',
    'couple AS json) WITH FUNCTION s.of_couple(couple',
  ],
])("a cast that PostgreSQL's own functions find: %s", async (_, definition, cast) => {
  await world.sql(RUN_TIME);
  await world.imat.create('v', definition);
  await world.sql(`CREATE CAST (couple AS int) WITH INOUT AS ASSIGNMENT;
    CREATE CAST (couple AS xml) WITH INOUT`);
  await world.sql('CREATE FUNCTION s.length(mood) RETURNS int LANGUAGE sql AS $$SELECT 1$$');
  await expectExact(world, { name: 'v', definition });
  await world.sql(`CREATE CAST (${cast}) AS ASSIGNMENT`);
  expect(await sqlstateOf(world.rows('SELECT FROM imat.v'))).toBe('IM024');
  expect(await world.imat.repair('v')).toMatchObject([{ error: null }]);
  await expectExact(await world.session(), { name: 'v', definition });
});

const WITHIN = 'SET search_path = first, s, pg_catalog';

const EXTENSIONS: readonly Case[] = [
  [
    'extensions with types of their own',
    f(`SELECT length(replace('abc', 'a', $1 || 'x')) + 1 WHERE $1 = 0 OR 'a' = 'a'`, WITHIN),
    'CREATE EXTENSION citext SCHEMA first; CREATE EXTENSION hstore SCHEMA s',
  ],
  [
    'an extension that is brought up to date',
    `CREATE EXTENSION pg_trgm SCHEMA first VERSION '1.3';
      ${f('SELECT $1 + /* %>> strict_word_similarity() */ 1', WITHIN)}`,
    'ALTER EXTENSION pg_trgm UPDATE',
  ],
];

const WITHOUT_EFFECT: readonly Case[] = [
  [
    'a schema that is not in its search_path',
    f('SELECT step($1)::short::int', 'SET search_path = s'),
    `${step('first.step')}; ${step('public.step')}; CREATE DOMAIN first.short ${SHORTER};
      ${operator('first.=')}`,
  ],
  [
    'a schema that it does not name',
    f('SELECT s.step(length($1::s.short)) + 1'),
    `CREATE SCHEMA tenant; ${step('tenant.step')}; ${step('first.step')};
      CREATE TABLE tenant.short (a int)`,
  ],
  [
    'names that it does not call',
    f('SELECT step(v) FROM (SELECT $1) AS q(v)', WITHIN),
    `${step('s.v')}; ${step('s.other_step')}; CREATE TABLE s.v (a int); CREATE TABLE s.step (a int);
      ${operator('s.@@@@')}; CREATE TYPE first.unnamed AS (a int)`,
  ],
  [
    'types of others, with operators, functions and casts',
    f(`SELECT length(replace('abc', 'a', $1 || 'x')) + 1 WHERE $1 > 0`, WITHIN),
    `CREATE TYPE first.size AS ENUM ('a');
      CREATE FUNCTION first.replace(first.size, first.size, text) RETURNS text LANGUAGE sql AS '';
      CREATE FUNCTION first.bigger(first.size, first.size) RETURNS bool LANGUAGE sql AS '';
      CREATE OPERATOR first.> (leftarg = first.size, rightarg = first.size,
        function = first.bigger);
      CREATE CAST (text AS first.size) WITH INOUT AS ASSIGNMENT;
      CREATE CAST (first.size AS text) WITH INOUT AS IMPLICIT`,
  ],
  ...(lacks('contrib') ? [] : EXTENSIONS),
  [
    'a command that is rolled back',
    f('SELECT step($1)', WITHIN),
    `BEGIN; ${step('first.step')}; ROLLBACK`,
  ],
  [
    'the function itself, which is replaced by the same',
    f('SELECT s.step($1)', WITHIN),
    f('SELECT s.step($1)', WITHIN).replace('CREATE', 'CREATE OR REPLACE'),
  ],
];

test.each(WITHOUT_EFFECT)('what changes nothing: %s', async (_, body, change) => {
  await world.sql(body);
  await world.imat.create('v', DEFINITION);
  await world.sql(change);
  await world.sql('UPDATE t SET v = v + 1 WHERE v < 3');
  await expectExact(world, { name: 'v', definition: DEFINITION });
  await world.imat.fold('v');
  expect(await world.rows('SELECT * FROM imat_catalog.differences(NULL)')).toEqual([]);
  await expectExact(await world.session(), { name: 'v', definition: DEFINITION });
});

test('what others have in schemas for temporary objects', async () => {
  await world.sql(f('SELECT step($1)::short::int', WITHIN));
  await world.imat.create('v', DEFINITION);
  const other = await world.session();
  await other.sql(`CREATE TEMPORARY TABLE short (a int); ${step('pg_temp.step')};
    ${operator('pg_temp.=')}`);
  await world.imat.fold('v');
  await expectExact(world, { name: 'v', definition: DEFINITION });
});

test('imats that an earlier version has made', async () => {
  await world.sql(f('SELECT s.step($1)'));
  await world.imat.create('v', DEFINITION);
  await world.sql(`DROP TABLE imat_catalog.name_use;
    DELETE FROM imat_catalog.migration
    WHERE version = (SELECT max(version) FROM imat_catalog.migration)`);
  await world.imat.init();
  await world.imat.fold('v');
  await world.sql(step('s.step'));
  expect(await sqlstateOf(world.rows('SELECT FROM imat.v'))).toBe('IM024');
});
