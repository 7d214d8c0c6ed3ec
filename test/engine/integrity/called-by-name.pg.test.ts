/**
 * Bodies in quotes find what they use by its name. What a definition computes through them is
 * another value once that is replaced: then the imat does not answer.
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
    CREATE TABLE t (g int, v int);
    INSERT INTO t SELECT i % 3, i FROM generate_series(1, 9) AS i;
    SET check_function_bodies = off;
    CREATE SCHEMA s;
    CREATE SCHEMA "S ""2";
    CREATE FUNCTION s.step(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1';
    CREATE FUNCTION "S ""2"."My ""F"(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1'`);
});
afterEach(() => world.drop());

const DEFINITION = 'SELECT g, sum(public.f(v)) AS s FROM public.t GROUP BY g';

const replaced = (name: string): string =>
  `CREATE OR REPLACE FUNCTION ${name}(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 2'`;

const f = (body: string, language = 'sql', settings = ''): string =>
  `CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE ${language} ${settings} AS $f$${body}$f$`;

const QUALIFIED: readonly (readonly [string, string])[] = [
  ['a name as it is', 'SELECT s.step($1)'],
  ['spaces', 'SELECT s . step  ($1)'],
  ['a comment before the parenthesis', 'SELECT s.step /* x */ ($1)'],
  ['a comment in a comment', 'SELECT s.step /* x /* y */ ( */ ($1)'],
  ['a comment up to the end of the line', 'SELECT s.step -- (x)\n ($1)'],
  ['comments around the dot', 'SELECT s /* a */ . -- b\n step($1)'],
  ['upper case', 'SELECT S.STEP($1)'],
  ['quotes', 'SELECT "s"."step"($1)'],
  ['a quotation mark in a string before', `SELECT s.step($1) WHERE '"' <> '' AND '""' <> '"'`],
  ['a comment in a string before', `SELECT s.step($1) WHERE '--' <> '/*'`],
  ['a string in dollars', `SELECT length($q$s.step(1)$q$) * 0 + s.step($1)`],
];

async function expectBroken(change: string): Promise<void> {
  await world.imat.create('v', DEFINITION);
  await world.sql(change);
  expect(await sqlstateOf(world.rows('SELECT FROM imat.v'))).toBe('IM024');
  expect(await world.imat.repair('v')).toMatchObject([{ error: null }]);
  await world.sql('UPDATE t SET v = v + 1 WHERE v < 3');
  await expectExact(world, { name: 'v', definition: DEFINITION });
}

test.each(QUALIFIED)('a function that is called by %s', async (_, body) => {
  await world.sql(f(body));
  await expectBroken(replaced('s.step'));
});

test.each([
  ['quotes in quotes', 'SELECT "S ""2"."My ""F"($1)'],
  ['a quotation mark in a string before', `SELECT "S ""2"."My ""F"($1) WHERE '"' <> ''`],
  ['one in a string behind', `SELECT '"' <> '' , "S ""2"."My ""F"($1) , '"'`],
])('a function whose name has quotation marks: %s', async (_, body) => {
  await world.sql(f(body.startsWith("SELECT '") ? `SELECT b FROM (${body}) AS q(a, b, c)` : body));
  await expectBroken(replaced('"S ""2"."My ""F"'));
});

test.each([
  ['letters', 'x'.repeat(80), 'x'.repeat(80).toUpperCase()],
  ['characters of two bytes', `x${'ä'.repeat(40)}`, `X${'ä'.repeat(40)}`],
])('a name of more than 63 bytes: %s', async (_, name, called) => {
  await world.sql(`SET client_min_messages = error;
    CREATE FUNCTION ${name}(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1';
    ${f(`SELECT public.${called}($1)`)}`);
  await expectBroken(replaced(name));
});

test('letters that PostgreSQL does not fold', async () => {
  await world.sql(`CREATE FUNCTION "stÄp"(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';
    ${f('SELECT public.STÄP($1)')}`);
  await expectBroken(replaced('stÄp'));
});

test.each([
  ['its own', 'sql', 'SET search_path = s'],
  ['that of a body in PL/pgSQL', 'plpgsql', 'SET search_path = pg_catalog, s'],
])('a name without a schema under the search_path: %s', async (_, language, settings) => {
  await world.sql(
    f(language === 'sql' ? 'SELECT step($1)' : 'BEGIN RETURN step($1); END', language, settings),
  );
  await expectBroken(replaced('s.step'));
});

test('the search_path of the function that calls', async () => {
  await world.sql(`
    CREATE FUNCTION s.middle(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT step($1)';
    ${f('SELECT s.middle($1)', 'sql', 'SET search_path = s')}`);
  await expectBroken(replaced('s.step'));
});

test('the search_path of the function that calls, by a body that is not in quotes', async () => {
  await world.sql(`
    CREATE FUNCTION s.middle(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT step($1)';
    CREATE FUNCTION s.bound(int) RETURNS int IMMUTABLE LANGUAGE sql RETURN s.middle($1);
    ${f('SELECT bound($1)', 'sql', 'SET search_path = s')}`);
  await expectBroken(replaced('s.step'));
});

test('a search_path that a body sets', async () => {
  await world.sql(
    f(
      `BEGIN PERFORM set_config('search_path', 's', true); RETURN step($1); END`,
      'plpgsql',
      'SET search_path = public',
    ),
  );
  await expectBroken(replaced('s.step'));
});

test('"$user" in a search_path', async () => {
  const user = await world.value<string>('SELECT quote_ident(current_user)');
  await world.sql(`CREATE SCHEMA ${user};
    CREATE FUNCTION ${user}.own(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1';
    ${f('SELECT own($1)', 'sql', 'SET search_path = "$user", public')}`);
  await expectBroken(replaced(`${user}.own`));
});

test('the search_path of a session that stores it', async () => {
  await world.sql(`DELETE FROM t; ${f('BEGIN RETURN step($1); END', 'plpgsql')}`);
  await world.imat.create('v', DEFINITION, { strategy: 'swap' });
  await world.sql(`SET search_path = s, public; INSERT INTO t VALUES (1, 1)`);
  await world.sql(`CALL imat.swap('v')`);
  await world.sql(replaced('s.step'));
  expect(await sqlstateOf(world.rows('SELECT FROM imat.v'))).toBe('IM024');
});

test('a function in the notation of a column', async () => {
  await world.sql(`CREATE TYPE s.pair AS (a int, b int);
    CREATE FUNCTION s.added(s.pair) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1.a + $1.b';
    ${f('SELECT (ROW($1, 1)::s.pair).added', 'sql', 'SET search_path = s')}`);
  await expectBroken(`CREATE OR REPLACE FUNCTION s.added(s.pair) RETURNS int IMMUTABLE LANGUAGE sql
    AS 'SELECT $1.a * $1.b'`);
});

const OPERATOR = `
  CREATE FUNCTION s.plus(int, int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + $2';
  CREATE OPERATOR s.+@+ (leftarg = int, rightarg = int, function = s.plus);`;
const OTHER_PLUS = `CREATE FUNCTION s.other(int, int) RETURNS int IMMUTABLE LANGUAGE sql
  AS 'SELECT $1 + $2 + 1'`;

test.each([
  ['by its schema', 'SELECT $1 OPERATOR(s.+@+) 1', ''],
  ['by the search_path', 'SELECT $1+@+1', 'SET search_path = s'],
])('an operator in a body: %s', async (_, body, settings) => {
  await world.sql(`${OPERATOR} ${f(body, 'sql', settings)}`);
  await expectBroken(`CREATE OR REPLACE FUNCTION s.plus(int, int) RETURNS int IMMUTABLE LANGUAGE sql
    AS 'SELECT $1 * $2'`);
});

test.each([
  ['is dropped and created', 'DROP OPERATOR s.+@+ (int, int)'],
  ['gets another schema', 'CREATE SCHEMA away; ALTER OPERATOR s.+@+ (int, int) SET SCHEMA away'],
  ['has a schema that gets another name', 'ALTER SCHEMA s RENAME TO away; CREATE SCHEMA s'],
])('an operator in a body %s', async (_, change) => {
  await world.sql(`${OPERATOR} ${OTHER_PLUS}; ${f('SELECT $1 OPERATOR(s.+@+) 1')}`);
  await world.imat.create('v', DEFINITION);
  await world.sql(`${change};
    ${change.startsWith('ALTER SCHEMA') ? OTHER_PLUS : ''};
    CREATE OPERATOR s.+@+ (leftarg = int, rightarg = int, function = s.other)`);
  expect(await sqlstateOf(world.rows('SELECT FROM imat.v'))).toBe('IM024');
});

test('an operator that no text names', async () => {
  await world.sql(`CREATE TYPE s.pair AS (a int, b int);
    CREATE FUNCTION s.same(s.pair, s.pair) RETURNS boolean IMMUTABLE LANGUAGE sql
      AS 'SELECT $1.a = $2.a';
    CREATE OPERATOR s.= (leftarg = s.pair, rightarg = s.pair, function = s.same);
    ${f(
      'SELECT CASE WHEN ROW($1, 1)::s.pair IN (ROW(5, 2)::s.pair) THEN 1 ELSE 0 END',
      'sql',
      'SET search_path = s, pg_catalog',
    )}`);
  await expectBroken(`CREATE OR REPLACE FUNCTION s.same(s.pair, s.pair) RETURNS boolean IMMUTABLE
    LANGUAGE sql AS 'SELECT $1.a <> $2.a'`);
});

const CAST = `CREATE TYPE s.pair AS (a int, b int);
  CREATE FUNCTION s.whole(s.pair) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1.a + $1.b';
  CREATE CAST (s.pair AS int) WITH FUNCTION s.whole(s.pair) AS ASSIGNMENT;`;

test.each([
  ['with ::', 'SELECT ROW($1, 1)::s.pair::int', 'sql'],
  ['with CAST', 'SELECT CAST(CAST(ROW($1, 1) AS s.pair) AS int)', 'sql'],
  ['that is not written', 'BEGIN RETURN ROW($1, 1)::s.pair; END', 'plpgsql'],
])('a cast in a body %s', async (_, body, language) => {
  await world.sql(`${CAST} ${f(body, language)}`);
  await expectBroken(`CREATE OR REPLACE FUNCTION s.whole(s.pair) RETURNS int IMMUTABLE LANGUAGE sql
    AS 'SELECT $1.a * $1.b'`);
});

test('a cast in a body that is dropped', async () => {
  await world.sql(`CREATE TYPE s.pair AS (a int, b int);
    CREATE FUNCTION s.whole(s.pair) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT ''abc''';
    CREATE CAST (s.pair AS text) WITH FUNCTION s.whole(s.pair);
    ${f('SELECT length(ROW($1, 1)::s.pair::text)')}`);
  await expectBroken('DROP CAST (s.pair AS text)');
});

test('functions of other schemas that have the name', async () => {
  await world.sql(`CREATE SCHEMA apart;
    CREATE FUNCTION apart.step(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';
    CREATE FUNCTION apart.v(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';
    CREATE FUNCTION s.middle(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT step($1)';
    ${f('SELECT middle(v) FROM (SELECT $1) AS q(v)', 'sql', 'SET search_path = s')}`);
  await world.imat.create('v', DEFINITION);
  await world.sql(`${replaced('apart.step')}; ${replaced('apart.v')}; DROP FUNCTION apart.v(int)`);
  await expectExact(world, { name: 'v', definition: DEFINITION });
});

test('what others have in schemas for temporary objects', async () => {
  await world.sql(f('SELECT s.step(n) FROM (SELECT $1) AS draft(n)'));
  const other = await world.session();
  await other.sql(`CREATE TEMPORARY TABLE draft (a int);
    CREATE FUNCTION pg_temp.step(int) RETURNS int LANGUAGE sql AS 'SELECT 1'`);
  await world.imat.create('v', DEFINITION);
  await other.sql('DROP FUNCTION pg_temp.step(int); DROP TABLE draft');
  await expectExact(world, { name: 'v', definition: DEFINITION });
});

test('other names of what is found by no name', async () => {
  await world.sql(`${CAST} CREATE SCHEMA apart;
    ALTER FUNCTION s.whole(s.pair) SET SCHEMA apart;
    CREATE FUNCTION apart.ten() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 10';
    CREATE FUNCTION apart.plus(int, int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + $2';
    CREATE OPERATOR s.+@+ (leftarg = int, rightarg = int, function = apart.plus);
    CREATE FUNCTION s.more(int, int = apart.ten()) RETURNS int IMMUTABLE LANGUAGE sql
      RETURN $1 + $2;
    ${f('SELECT s.more(ROW($1, 1)::s.pair::int) OPERATOR(s.+@+) 1')}`);
  await world.imat.create('v', DEFINITION);
  await world.sql(`ALTER SCHEMA apart RENAME TO away; ALTER FUNCTION away.ten() RENAME TO eleven`);
  await expectExact(world, { name: 'v', definition: DEFINITION });
  await world.sql(`CREATE OR REPLACE FUNCTION away.eleven() RETURNS int IMMUTABLE LANGUAGE sql
    AS 'SELECT 11'`);
  expect(await sqlstateOf(world.rows('SELECT FROM imat.v'))).toBe('IM024');
});

test.each([
  ['||', "SELECT id, m || 'x' AS s FROM public.moods"],
  ['concatenation in a view', 'SELECT s FROM public.labels'],
  ['to_jsonb', 'SELECT id, to_jsonb(p) AS s FROM public.moods'],
  ['to_jsonb of what has it', 'SELECT id, to_jsonb(ARRAY[p]) AS s FROM public.moods'],
])("the function of a cast that PostgreSQL's own functions find: %s", async (_, definition) => {
  await world.sql(`CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE pair AS (a int, b int);
    CREATE TABLE moods (id int PRIMARY KEY, m mood, p pair);
    INSERT INTO moods SELECT i, 'sad', ROW(i, 1)::pair FROM generate_series(1, 3) AS i;
    CREATE FUNCTION s.of_mood(mood) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT ''a''';
    CREATE FUNCTION s.of_pair(pair) RETURNS json IMMUTABLE LANGUAGE sql AS 'SELECT ''1''::json';
    CREATE CAST (mood AS text) WITH FUNCTION s.of_mood(mood) AS ASSIGNMENT;
    CREATE CAST (pair AS json) WITH FUNCTION s.of_pair(pair);
    CREATE VIEW labels AS SELECT id, 'x' || m AS s FROM moods`);
  await world.imat.create('v', definition);
  await expectExact(world, { name: 'v', definition });
  await world.sql(`
    CREATE OR REPLACE FUNCTION s.of_mood(mood) RETURNS text IMMUTABLE LANGUAGE sql
      AS 'SELECT ''b''';
    CREATE OR REPLACE FUNCTION s.of_pair(pair) RETURNS json IMMUTABLE LANGUAGE sql
      AS 'SELECT ''2''::json'`);
  expect(await sqlstateOf(world.rows('SELECT FROM imat.v'))).toBe('IM024');
  expect(await world.imat.repair('v')).toMatchObject([{ error: null }]);
  await expectExact(world, { name: 'v', definition });
});
