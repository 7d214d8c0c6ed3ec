/**
 * Functions whose bodies read the time of the transaction: what they compute is computed at each
 * read (engine/server/proved-functions.ts). Sessions keep transactions open at moments of their
 * own and under settings of their own, and compare with the definition in the same statement.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import type { Sandbox, Session } from '../commands/support/sandbox.ts';
import { createPreparedSandbox } from '../commands/support/sandbox.ts';
import { everySessionAtItsTime } from './support/sessions-in-time.ts';

const SETUP = `
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE e (id int PRIMARY KEY, g int, v numeric, at timestamptz, local timestamp, d date);
CREATE TABLE p (g int PRIMARY KEY, name text, due timestamptz, m mood DEFAULT 'sad');
INSERT INTO p SELECT i, 'p' || i, clock_timestamp() + i * interval '50 ms'
FROM generate_series(0, 5) AS i;
CREATE FUNCTION hot(score numeric, published timestamptz) RETURNS double precision
LANGUAGE sql AS $$
  SELECT log(greatest(abs(score), 1)) * 2 + extract(epoch FROM now() - published)
$$;
CREATE FUNCTION twice_hot(score numeric, published timestamptz) RETURNS double precision STABLE
LANGUAGE sql AS $$ SELECT public.hot(score, published) * 2 $$;
CREATE FUNCTION label(score numeric, published timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  heat constant double precision := public.twice_hot(score, published);
  word text := 'cold';
BEGIN
  IF published > now() - interval '40 ms' THEN
    word := 'new';
  ELSIF heat > 2 THEN
    RETURN 'hot ' || round(heat::numeric, 6);
  END IF;
  RETURN word || extract(epoch FROM now() - published)::text;
END $$;
CREATE FUNCTION age_in_years(birth date) RETURNS int STABLE LANGUAGE sql
AS 'SELECT extract(year FROM age(birth))::int';
CREATE FUNCTION days_ago(day date) RETURNS int LANGUAGE plpgsql
AS 'BEGIN RETURN CURRENT_DATE - day; END';
CREATE FUNCTION since(moment timestamp) RETURNS interval LANGUAGE sql
AS $$ SELECT timezone('utc', now()) - moment $$;
CREATE FUNCTION clock() RETURNS timestamptz LANGUAGE sql RETURN CURRENT_TIMESTAMP;
CREATE FUNCTION today() RETURNS text LANGUAGE sql
BEGIN ATOMIC SELECT to_char(now(), 'TMDay DD HH24:MI:SS.US TZH') || CURRENT_DATE || LOCALTIME; END;
CREATE FUNCTION divided(a numeric, b numeric) RETURNS numeric LANGUAGE plpgsql
AS 'BEGIN RETURN a / b + extract(epoch FROM now()); END';
CREATE FUNCTION mood_at(m mood, at timestamptz) RETURNS text LANGUAGE sql
AS $$ SELECT m::text || (at < now())::text $$`;

const HOT = 'public.hot(e.v, e.at)';

const DEFINITIONS: Readonly<Record<string, string>> = {
  ranks: `SELECT id, v, ${HOT} AS h FROM public.e`,
  labels: 'SELECT id, public.label(v, at) AS what, public.twice_hot(v, at) AS h FROM public.e',
  ages: `SELECT id, public.age_in_years(d) AS years, public.days_ago(d) AS days FROM public.e`,
  spans: 'SELECT id, g, public.since(local) AS span FROM public.e',
  stamped: `SELECT g, count(*) AS n, public.clock() AS stamp, public.today() AS day FROM public.e
    GROUP BY g, public.clock()`,
  top: `SELECT id, g FROM public.e ORDER BY ${HOT} DESC NULLS LAST, id LIMIT 4`,
  group_top: `SELECT g, public.hot(sum(v), max(at)) AS h, rank() OVER (ORDER BY sum(v)) AS r
    FROM public.e GROUP BY g ORDER BY count(*) DESC, g LIMIT 3 OFFSET 1`,
  first_top: `SELECT DISTINCT ON (g) g, id, ${HOT} AS h FROM public.e ORDER BY g, v, id LIMIT 3`,
  few_different: `SELECT DISTINCT g, public.days_ago(d) AS days FROM public.e
    ORDER BY g NULLS LAST, days NULLS LAST LIMIT 3`,
  shown_top: `SELECT id, ${HOT} AS h FROM public.e ORDER BY v, id LIMIT 4`,
  joined: `SELECT e.id, p.name, ${HOT} AS h FROM public.e JOIN public.p ON p.g = e.g
    WHERE e.at > now() - interval '60 ms' OR e.v > 3`,
  left_joined: `SELECT p.g, p.name, e.id, public.label(e.v, p.due) AS what
    FROM public.p LEFT JOIN public.e ON e.g = p.g AND e.at <= now()`,
  groups: `SELECT g, public.hot(sum(v), max(at)) AS h, count(*) AS n FROM public.e GROUP BY g`,
  having: `SELECT g, sum(v) AS s FROM public.e GROUP BY g
    HAVING public.hot(sum(v), max(at)) > 1.5`,
  hottest: `SELECT g, count(*) AS n FROM public.e GROUP BY g
    ORDER BY public.hot(sum(v), min(at)) DESC NULLS LAST, g LIMIT 2`,
  ranked: `SELECT id, rank() OVER (PARTITION BY g ORDER BY ${HOT}) AS r,
    ${HOT} - lag(${HOT}) OVER (ORDER BY id) AS more FROM public.e`,
  chosen: `SELECT DISTINCT ON (g) g, id FROM public.e ORDER BY g, ${HOT} DESC, id`,
  different: 'SELECT DISTINCT public.days_ago(d) AS days, g FROM public.e',
  filtered: `SELECT id FROM public.e WHERE ${HOT} > 1.2 AND v > 0`,
  parts: `SELECT id, ${HOT} AS h FROM public.e
    UNION ALL SELECT g, public.hot(g, due) FROM public.p`,
  union: `SELECT id, public.age_in_years(d) AS n FROM public.e UNION SELECT g, 0 FROM public.p`,
  over_rows: `WITH s AS (SELECT g, ${HOT} AS h FROM public.e)
    SELECT g, count(*) AS n, max(h) AS top FROM s WHERE h > 1 GROUP BY g`,
  sums: `SELECT g, sum(${HOT}) AS s, count(*) FILTER (WHERE ${HOT} > 1) AS n,
    array_agg(id ORDER BY ${HOT}, id) AS ids FROM public.e GROUP BY g`,
  filtered_sums: `SELECT p.name, sum(e.v) AS s FROM public.e JOIN public.p ON p.g = e.g
    WHERE ${HOT} > 1.2 AND e.v > 0 GROUP BY p.name`,
  divided: 'SELECT id, public.divided(1, v) AS x FROM public.e WHERE v <> 0',
  moods: 'SELECT g, public.mood_at(m, due) AS x FROM public.p',
  series: 'SELECT n, public.hot(n, public.clock()) AS h FROM generate_series(1, 3) AS n',
  nothing: 'SELECT public.clock() AS stamp',
};

let sandbox: Sandbox;
let sessions: readonly Session[];
beforeAll(async () => {
  sandbox = await createPreparedSandbox(SETUP);
  sessions = await Promise.all([sandbox.session(), sandbox.session(), sandbox.session()]);
  const settings = [
    `SET TimeZone = 'Asia/Kolkata'; SET DateStyle = 'SQL, DMY'; SET search_path = nowhere`,
    `SET TimeZone = 'America/St_Johns'; SET IntervalStyle = 'iso_8601'`,
  ];
  for (const [place, setting] of settings.entries()) await sessions[place]?.db.execute(setting);
});
afterAll(() => sandbox.drop());

/** Milliseconds around the present. */
const WRITES: readonly ((n: number) => string)[] = [
  (n) => `INSERT INTO e VALUES (${n % 40}, ${n % 6}, ${n % 9}, clock_timestamp()
    + ${(n % 17) * 10 - 90} * interval '1 ms', localtimestamp + ${n % 90} * interval '1 ms',
    current_date - ${n % 3} * 365 - ${n % 4})
    ON CONFLICT (id) DO UPDATE SET at = excluded.at, g = excluded.g, d = excluded.d`,
  (n) => `UPDATE e SET at = clock_timestamp() + ${(n % 13) * 15 - 60} * interval '1 ms'
    WHERE id % 5 = ${n % 5}`,
  (n) => `UPDATE e SET v = v + 1, g = ${n % 6} WHERE id % 7 = ${n % 7}`,
  (n) => `DELETE FROM e WHERE id % 9 = ${n % 9}`,
  (n) => `UPDATE p SET due = clock_timestamp() + ${(n % 11) * 20 - 80} * interval '1 ms'
    WHERE g % 3 = ${n % 3}`,
  (n) => `UPDATE e SET at = NULL, v = 0 WHERE id = ${n % 40}`,
];

describe('what is computed at each read', () => {
  test('is maintained', async () => {
    for (const [name, definition] of Object.entries(DEFINITIONS))
      expect(await sandbox.imat.create(name, definition), name).toMatchObject({
        reasons: [],
        strategy: 'delta',
      });
  });

  test.each([31, 32, 33])('at the own time of every session, seed %s', async (seed) => {
    await everySessionAtItsTime(
      { sandbox, sessions, definitions: DEFINITIONS, writes: WRITES, steps: 40 },
      seed,
    );
    const verified = [];
    for (const name of Object.keys(DEFINITIONS))
      verified.push(...(await sandbox.imat.verify(name)).results);
    expect(verified.filter(({ equal }) => !equal)).toEqual([]);
    expect(verified).toHaveLength(Object.keys(DEFINITIONS).length);
  });

  test('in an imat of an imat', async () => {
    const definition =
      'SELECT g, max(h) AS top FROM imat.ranks JOIN public.e USING (id) GROUP BY g';
    await sandbox.imat.create('above', definition);
    for (const pause of [0, 0.02]) {
      await sandbox.sql(`SELECT pg_sleep(${pause})`);
      await expectEqual(
        sandbox.db,
        'imat.above',
        definition.replace('imat.ranks', `(${DEFINITIONS['ranks'] ?? ''}) AS r`),
      );
    }
    await sandbox.imat.revert('above');
  });

  test('is told, and how PostgreSQL would plan better', async () => {
    const { notes } = await sandbox.imat.explain('ranks');
    expect(notes.join()).toContain(
      'function "public.hot" is declared VOLATILE; its body was read, and it depends on its ' +
        'arguments and on the time and the settings of whoever reads: each read computes it; ' +
        'ALTER FUNCTION ... STABLE lets PostgreSQL plan better',
    );
  });
});

test('what fails for rows that a limit or a condition leaves out is not computed', async () => {
  await sandbox.sql('CREATE TABLE f (id int PRIMARY KEY, v numeric)');
  await sandbox.sql('INSERT INTO f SELECT i, i FROM generate_series(0, 9) AS i');
  const definitions = {
    limited: 'SELECT id, public.divided(1, v) AS x FROM public.f ORDER BY v DESC, id LIMIT 3',
    limited_groups: `SELECT id % 5 AS k, public.divided(1, min(v)) AS x FROM public.f
      GROUP BY id % 5 ORDER BY min(v) DESC, 1 LIMIT 3`,
    kept: 'SELECT id FROM public.f WHERE v > 0 AND public.divided(1, v) > 0.2',
    had: `SELECT id % 5 AS k FROM public.f WHERE v <> 0 GROUP BY id % 5
      HAVING public.divided(1, min(v)) > 0.1`,
  };
  for (const [name, definition] of Object.entries(definitions)) {
    expect(await sandbox.imat.create(name, definition)).toMatchObject({ strategy: 'delta' });
    await expectEqual(sandbox.db, `imat.${name}`, definition);
  }
  await sandbox.sql('UPDATE f SET v = v + 1 WHERE id > 3; DELETE FROM f WHERE id = 9');
  for (const [name, definition] of Object.entries(definitions))
    await expectEqual(sandbox.db, `imat.${name}`, definition);
});

test('a definition that stores what such a function computes is swapped', async () => {
  const definitions = [
    'SELECT public.age_in_years(d) AS years, count(*) AS n FROM public.e GROUP BY 1',
    'SELECT e.id, p.g FROM public.e, public.p WHERE public.age_in_years(e.d) = p.g',
    'SELECT e.id, p.g FROM public.e LEFT JOIN public.p ON public.days_ago(e.d) = p.g',
    `SELECT id FROM public.e WHERE at > public.clock() - interval '1 day'`,
    'SELECT id, x FROM public.e, public.hot(v, at) AS x',
    'SELECT id, x FROM public.e, generate_series(1, public.days_ago(CURRENT_DATE) + 2) AS x',
    `SELECT id, (SELECT max(public.hot(1, p.due)) FROM public.p WHERE p.g = e.g) AS x
      FROM public.e`,
  ];
  for (const definition of definitions) {
    const { strategy, reasons } = await sandbox.imat.explain(definition, { query: true });
    expect(strategy, definition).toBe('swap');
    expect(
      reasons.map(({ hint }) => hint),
      definition,
    ).toContain(
      'Its body reads the time: imat computes it at each read in a SELECT list, or in an ORDER ' +
        'BY with its LIMIT, but stores nothing that it computes. Put it there, or into the ' +
        'queries that read the imat.',
    );
  }
});
