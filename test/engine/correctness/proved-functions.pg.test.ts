/**
 * Functions that nobody declared IMMUTABLE are maintained by delta if their bodies prove that they
 * depend on their arguments alone (engine/server/proved-functions.ts), and by swap if not.
 */
import { describe, expect, test } from 'vitest';
import { useBench } from './support/bench.ts';

const bench = useBench(`
  CREATE TYPE mood AS ENUM ('sad', 'happy');
  CREATE DOMAIN positive AS int CHECK (VALUE > 0);
  CREATE TABLE v (id int PRIMARY KEY, k int, t text, d date, n numeric, e mood, ts timestamptz);
  CREATE TABLE other (id int PRIMARY KEY, t text);
  CREATE SCHEMA apart;
  CREATE FUNCTION plus(int, int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + $2';
  CREATE OPERATOR <+> (LEFTARG = int, RIGHTARG = int, FUNCTION = plus);
  CREATE FUNCTION to_mood(int) RETURNS mood IMMUTABLE LANGUAGE sql
    AS $$ SELECT 'sad'::public.mood $$;
  CREATE CAST (int AS mood) WITH FUNCTION to_mood(int);
  CREATE FUNCTION twice(a int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 2 * $1';
  CREATE FUNCTION shout(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT $1 || '!' $$;
  CREATE FUNCTION any_one(anyelement) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
  CREATE FUNCTION many(VARIADIC int[]) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
  INSERT INTO v SELECT n, n % 4, substr('PVSx', n % 5, 1), '2024-01-01'::date + n, n * 1.5,
    CASE WHEN n % 2 = 0 THEN 'sad' ELSE 'happy' END::mood, '2024-01-01'::timestamptz + n *
       interval '7 hours'
  FROM generate_series(1, 20) n;
  INSERT INTO v VALUES (21, NULL, NULL, NULL, NULL, NULL, NULL);
`);

/** A function `f` of the rows, as it is declared, and its call. */
type Case = readonly [name: string, declared: string, call: string];

const PROVED: readonly Case[] = [
  [
    'an operator and a cast in a body that is not in quotes',
    '(a int) RETURNS text BEGIN ATOMIC SELECT (a <+> 1)::mood || public.shout(a::varchar); END',
    'f(k)',
  ],
  [
    'CASE in RETURN',
    `(acronym text) RETURNS text LANGUAGE plpgsql AS $$ begin
       -- drop table v; select from other
       return case acronym when 'P' then 'President' when 'V' then 'from other' else 'Unknown' end;
     end $$`,
    'f(t)',
  ],
  [
    'variables, assignments, IF',
    `(a text, b int) RETURNS varchar LANGUAGE plpgsql AS $$
     declare x varchar(40) := coalesce(a, '-'); y constant numeric := 3; z int;
     begin
       x := x || $2;
       if b is null then return null;
       elsif b > y then return upper(x); -- ; RETURN now()
       else z = b + 1; end if;
       case when z = 2 then null; else x := x || z; end case;
       begin x := f.a || x; end;
       return x;
     end $$`,
    'f(t, k)',
  ],
  [
    'CASE as a statement',
    `(a text) RETURNS int LANGUAGE plpgsql AS $$
     begin case a when 'P', 'V' then return 1; when 'S' then return length(a) + 1;
       else return 3; end case;
     end $$`,
    'f(t)',
  ],
  [
    'several RETURNs of other types',
    `(a int) RETURNS numeric LANGUAGE plpgsql AS $$ begin
       if a = 1 then return 1; end if; if a = 2 then return null; end if; return a::bigint; end $$`,
    'f(k)',
  ],
  [
    'SQL with $1',
    `(int, text) RETURNS text LANGUAGE sql AS 'SELECT $2 || $1 AS "from" -- x'`,
    'f(k, t)',
  ],
  [
    'SQL, STABLE, STRICT',
    `(a int) RETURNS int STABLE STRICT LANGUAGE sql AS 'select a * 2;'`,
    'f(k)',
  ],
  [
    'defaults of arguments',
    `(a int, b timestamptz = now(), c int = 1, d text = 'x') RETURNS text LANGUAGE sql
       AS $$ SELECT (a + c) || d $$`,
    `f(k, '2024-01-01 00:00+00')`,
  ],
  ['SQL, RETURN', '(a int) RETURNS bigint LANGUAGE sql RETURN a * 2', 'f(k)'],
  ['SQL, BEGIN ATOMIC', '(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT a * 2; END', 'f(k)'],
  [
    'names of functions, columns and words',
    `("lower" text, "sel ect" int, id text) RETURNS text LANGUAGE plpgsql AS $$
     begin "sel ect" := "sel ect" + 1; return lower("lower") || "sel ect" || id; end $$`,
    'f(t, k, t)',
  ],
  [
    'SECURITY DEFINER, search_path',
    `(a text) RETURNS text SECURITY DEFINER SET search_path = public, pg_temp
     LANGUAGE sql AS $$ SELECT left(a, 1) $$`,
    'f(t)',
  ],
  [
    'an alias',
    `(text) RETURNS text LANGUAGE plpgsql
       AS $$ declare x alias for $1; begin x := x || '!'; return $1; end $$`,
    'f(t)',
  ],
  [
    'constants of dates',
    `(a date) RETURNS text LANGUAGE plpgsql AS $$
     begin return case when a < '2024-01-10'
       then 'old' when a = date '2024-01-12' + interval '1 day' then 'one'
       else 'new' end; end $$`,
    'f(d)',
  ],
  [
    'an array',
    `(a text) RETURNS boolean LANGUAGE sql AS $$ SELECT a = ANY ('{P,V}'::text[]) OR a IN ('S') $$`,
    'f(t)',
  ],
  [
    'a text search configuration',
    `(a text) RETURNS tsvector LANGUAGE sql
       AS $$ SELECT to_tsvector('english', coalesce(a, '')) $$`,
    'f(t)',
  ],
  [
    'regular expressions',
    `(a text) RETURNS text LANGUAGE plpgsql
       AS $$ BEGIN RETURN regexp_replace(a, '[^\\w"]+', '', 'g'); END $$`,
    'f(t)',
  ],
  [
    'a call with a number',
    `(a int) RETURNS int LANGUAGE sql AS 'SELECT a + public.twice(1)'`,
    'f(k)',
  ],
  [
    'a call with a text',
    `(a int) RETURNS int LANGUAGE sql AS $$ SELECT a + length(public.shout('x')) $$`,
    'f(k)',
  ],
  [
    'numbers',
    '(a numeric) RETURNS int LANGUAGE plpgsql AS $$ begin return round(a / 3, 1); end $$',
    'f(n)',
  ],
  [
    'another time zone',
    `(a timestamptz) RETURNS timestamp LANGUAGE sql AS $$ SELECT a AT TIME ZONE 'Asia/Tokyo' $$`,
    'f(ts)',
  ],
];

const REFUSED: readonly Case[] = [
  [
    'uses an operator or a cast',
    '(a int) RETURNS int LANGUAGE plpgsql AS $$ begin return a OPERATOR(public.<+>) 1; end $$',
    'f(k)',
  ],
  [
    'uses an operator or a cast',
    '(a int) RETURNS mood LANGUAGE plpgsql AS $$ begin return a::public.mood; end $$',
    'f(k)',
  ],
  [
    'an overload could fit better',
    '(a text) RETURNS text LANGUAGE plpgsql AS $$ begin return public.shout(a::varchar); end $$',
    'f(t)',
  ],
  [
    'an overload could fit better',
    '(a int) RETURNS int LANGUAGE plpgsql AS $$ begin return public.any_one(a); end $$',
    'f(k)',
  ],
  [
    'an overload could fit better',
    '(a int) RETURNS int LANGUAGE sql AS $$ SELECT public.many(a, a) $$',
    'f(k)',
  ],
  [
    'an overload could fit better',
    `(a int) RETURNS int LANGUAGE plpgsql AS $$ begin return a + public.twice('1'); end $$`,
    'f(k)',
  ],
  [
    'an overload could fit better',
    `(a int) RETURNS int LANGUAGE plpgsql
       AS $$ begin return coalesce(public.twice(NULL), a); end $$`,
    'f(k)',
  ],
  [
    'reads a table',
    `(a int) RETURNS text LANGUAGE sql AS 'SELECT t FROM public.other WHERE id = a'`,
    'f(k)',
  ],
  [
    'has a subquery',
    `(a int) RETURNS text LANGUAGE sql AS 'SELECT (SELECT t FROM public.other WHERE id = a)'`,
    'f(k)',
  ],
  [
    'has a subquery',
    `(a int) RETURNS text LANGUAGE plpgsql
       AS $$ begin return (select t from public.other where id = a); end $$`,
    'f(k)',
  ],
  [
    'more than an expression',
    `(a int) RETURNS text LANGUAGE plpgsql
       AS $$ begin return t from public.other where id = a; end $$`,
    'f(k)',
  ],
  [
    'runs a query',
    `(a int) RETURNS text LANGUAGE plpgsql
       AS $$ declare x text; begin select t into x from other; return x; end $$`,
    'f(k)',
  ],
  [
    'made as text',
    `(a int) RETURNS text LANGUAGE plpgsql
       AS $$ declare x text; begin execute 'select 1' into x; return x; end $$`,
    'f(k)',
  ],
  [
    'catches',
    `(a int) RETURNS int LANGUAGE plpgsql
       AS $$ begin return 1 / a; exception when others then return 0; end $$`,
    'f(k)',
  ],
  [
    'raises',
    `(a int) RETURNS int LANGUAGE plpgsql AS $$ begin raise notice 'x'; return 0; end $$`,
    'f(k)',
  ],
  [
    'uses clock_timestamp',
    `(a int) RETURNS interval LANGUAGE sql AS 'SELECT clock_timestamp() - now()'`,
    'f(k)',
  ],
  [
    'uses current_date',
    `(a text) RETURNS text LANGUAGE plpgsql AS $$ begin return current_user || a; end $$`,
    'f(t)',
  ],
  [
    'uses current_setting',
    `(a text) RETURNS text LANGUAGE sql AS $$ SELECT current_setting('x.y', true) || a $$`,
    'f(t)',
  ],
  [
    'converts a value',
    `(a date) RETURNS text LANGUAGE plpgsql AS $$ begin return a; end $$`,
    'f(d)',
  ],
  [
    'converts a value',
    `(a date) RETURNS int LANGUAGE plpgsql
       AS $$ declare x text := a; begin return length(x); end $$`,
    'f(d)',
  ],
  [
    'converts a value',
    `(a text) RETURNS date LANGUAGE plpgsql AS $$ begin return '2024-01-0' || length(a); end $$`,
    'f(t)',
  ],
  [
    'converts a value',
    `(a text) RETURNS boolean LANGUAGE plpgsql AS $$ begin return 'true'; end $$`,
    'f(t)',
  ],
  [
    'converts to a domain',
    `(a int) RETURNS int LANGUAGE plpgsql AS $$ begin return (a + 1)::public.positive; end $$`,
    'f(k)',
  ],
  ['a constant', `(a date) RETURNS boolean LANGUAGE sql AS $$ SELECT a > '01/02/2024' $$`, 'f(d)'],
  ['a constant', `(a date) RETURNS boolean LANGUAGE sql AS $$ SELECT a > 'today' $$`, 'f(d)'],
  ['a constant', `(a date) RETURNS boolean LANGUAGE sql AS $$ SELECT a > E'to\\x64ay' $$`, 'f(d)'],
  ['a constant', `(a date) RETURNS boolean LANGUAGE sql AS $$ SELECT a > 'to'\n'day' $$`, 'f(d)'],
  [
    'Write all arguments',
    `(a int, b text = current_user) RETURNS text LANGUAGE sql AS 'SELECT b || a'`,
    'f(k)',
  ],
  [
    'Write all arguments',
    `(a int, b date = CURRENT_DATE) RETURNS int IMMUTABLE LANGUAGE sql
       AS $$ SELECT a + (b - '2024-01-01') $$`,
    'f(k)',
  ],
  [
    'Write all arguments',
    `(a int, b timestamptz = now(), c int = 1) RETURNS boolean IMMUTABLE LANGUAGE sql
       AS $$ SELECT b > '2024-01-01' AND a > c $$`,
    'f(k, c => 3)',
  ],
  [
    'a constant',
    `(a timestamptz) RETURNS boolean LANGUAGE sql AS $$ SELECT a > '2024-01-02' $$`,
    'f(ts)',
  ],
  [
    'a constant',
    `(a text) RETURNS boolean LANGUAGE sql
       AS $$ SELECT a IS NULL OR 'public.other'::regclass::oid > 0 $$`,
    'f(t)',
  ],
  ['has an aggregate', `(a int) RETURNS bigint LANGUAGE sql AS 'SELECT max(a)'`, 'f(k)'],
  ['is more than', `(a int) RETURNS int LANGUAGE sql AS 'SELECT a; SELECT a + 1'`, 'f(k)'],
  [
    'has a loop',
    `(a int) RETURNS int LANGUAGE plpgsql
       AS $$ begin for i in 1..3 loop a := a + i; end loop; return a; end $$`,
    'f(k)',
  ],
  [
    'two variables',
    `(a int) RETURNS int LANGUAGE plpgsql
       AS $$ declare a text := 'x'; begin return length(a); end $$`,
    'f(k)',
  ],
  [
    'the function itself',
    `(a int) RETURNS int LANGUAGE sql AS 'SELECT CASE WHEN a > 0 THEN public.f(a - 1) ELSE 0 END'`,
    'f(k)',
  ],
  [
    'settings of its own',
    `(a date) RETURNS text SET DateStyle = 'ISO' LANGUAGE sql AS 'SELECT a::text'`,
    'f(d)',
  ],
  [
    'settings of its own',
    `(a text) RETURNS text SET search_path = "$user" LANGUAGE sql AS 'SELECT a'`,
    'f(t)',
  ],
];

const STEPS = [
  `UPDATE v SET t = 'V', k = 1, n = 7 WHERE id = 3`,
  'DELETE FROM v WHERE id IN (4, 21)',
  `INSERT INTO v VALUES (30, 2, 'P', '2024-01-13', 4, 'sad', '2024-06-01 22:30+00')`,
  'INSERT INTO v (id) VALUES (31)',
];

async function afterSteps(check: () => Promise<void>): Promise<void> {
  for (const step of STEPS) {
    await bench.user.execute(step);
    await check();
  }
  await bench.fold();
  await check();
}

describe('functions by their bodies', () => {
  test.each(PROVED)('%s', async (_, declared, call) => {
    await bench.user.execute(`DROP FUNCTION IF EXISTS f CASCADE; CREATE FUNCTION f${declared}`);
    const key = await bench.convert(
      `SELECT ${call} AS x, count(*) AS c, sum(n) AS s FROM v GROUP BY 1`,
    );
    const row = await bench.convert(`SELECT id, ${call} AS x FROM v WHERE ${call} IS NOT NULL`);
    expect(key.converted.reasons).toEqual([]);
    expect(key.converted.strategy).toBe('delta');
    expect(key.converted.notes.join()).toMatch(
      /function "public\.f" is declared (VOLATILE|STABLE); its body/,
    );
    expect(row.converted.strategy).toBe('delta');
    await afterSteps(async () => {
      await bench.check(key);
      await bench.check(row);
    });
    await bench.user.execute(`DELETE FROM v WHERE id IN (30, 31)`);
  });

  test.each(REFUSED)('not: its body %s', async (why, declared, call) => {
    await bench.user.execute(`DROP FUNCTION IF EXISTS f CASCADE; CREATE FUNCTION f${declared}`);
    await bench.user.execute(`DROP MATERIALIZED VIEW IF EXISTS m`);
    await bench.user.execute(
      `CREATE MATERIALIZED VIEW m AS SELECT id, ${call} AS x FROM v WITH NO DATA`,
    );
    const [found] = (await bench.imat.check({ targets: [{ name: 'm' }] })).results;
    expect(JSON.stringify(found), declared).toContain(why);
    await bench.user.execute(`DROP MATERIALIZED VIEW m`);
  });
});
