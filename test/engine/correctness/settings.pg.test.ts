/**
 * What depends on session settings or the moment is never maintained by delta, and never wrong for
 * readers with other settings.
 */
import { afterEach, describe, expect, test } from 'vitest';
import type { Db } from '../../../engine/db/db.ts';
import type { Subject } from './support/bench.ts';
import { useBench } from './support/bench.ts';

const bench = useBench(`
  CREATE TYPE mood AS ENUM ('sad', 'happy');
  CREATE TABLE v (
    id int PRIMARY KEY, x int, n numeric, f float8, r real, t text, d date, ts timestamp,
    tz timestamptz, i interval, b bytea, m money, e mood, a date[], u uuid, j jsonb, tod time,
    todz timetz
  );
  CREATE FUNCTION stable_one(int) RETURNS int STABLE LANGUAGE sql
    AS 'SELECT CASE WHEN now() IS NOT NULL THEN $1 END';
  CREATE FUNCTION volatile_one(int) RETURNS int LANGUAGE plpgsql
    AS 'BEGIN IF random() >= 0 THEN RETURN $1; END IF; END';
  CREATE FUNCTION proved_one(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';
  CREATE FUNCTION proved_two(int) RETURNS int STABLE LANGUAGE sql AS 'SELECT $1';
  CREATE FUNCTION immutable_one(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';
`);

const ROWS = `INSERT INTO v
  SELECT n, n % 3, n * 1.10, n / 3.0, n / 7.0, 'a' || n % 2, '2024-02-01'::date + n,
    '2024-02-01'::timestamp + n * interval '5 hours',
    '2024-02-01 00:00+00'::timestamptz + n * interval '5 hours',
  n * interval '1 day 02:03:04', '\\x00ff41', n, 'sad', ARRAY['2024-02-03'::date],
  '00000000-0000-0000-0000-000000000001', '{"a": 1.5}', '12:00', '12:00+02'`;

/** By expression; what a query over it depends on. */
const DELTA = [
  "date_trunc('month', d::timestamp)",
  'extract(year FROM d)',
  "date_trunc('day', tz AT TIME ZONE 'UTC')",
  "tz AT TIME ZONE 'Europe/Berlin'",
  "ts AT TIME ZONE 'UTC'",
  "extract(epoch FROM tz - '2024-01-01 00:00+00'::timestamptz)",
  'd + 1',
  "ts + interval '1 month'",
  "tz > '2024-02-02 00:00+00'::timestamptz",
  "d >= '2024-02-02'",
  'x::text',
  't || x',
  'concat(t, x, n)',
  'to_jsonb(x)',
  'to_jsonb(d)',
  'to_json(ts)::text',
  "jsonb_build_object('a', ts, 'b', a, 'c', ROW(d, ROW(ts)))",
  'to_json((SELECT d + (SELECT x)))::text',
  'array_send(ARRAY[x, 1])',
  "format('%s', t)",
  'x::text',
  'n::text',
  '(x > 1)::text',
  'u::text',
  "t || 'x'",
  'lower(t)',
  'round(n, 1)',
  'x::numeric / 3',
  'immutable_one(x)',
  'proved_one(x)',
  'proved_two(x)',
  "j ->> 'a'",
  'extract(hour FROM tod)',
  'i * 2',
  'f > 1.5',
  'coalesce(t, $$x$$)',
  'd::timestamp',
  'ts::date',
  'make_date(2024, 1, 1 + x)',
  'to_timestamp(x)',
  'md5(t)',
  'n::int',
  'f::numeric::text',
  "date_part('dow', d)",
  "date_part('year', d)::text",
  "date_part('minute', ts)::varchar(3)",
  't::varchar(1)',
  'ARRAY[x, 1]',
  'ARRAY[x]::text[]',
  "to_char(ts, 'YYYY-MM-DD Day')",
  "to_char(n, '9990.00')",
  "to_char(i, 'HH24:MI')",
  "to_date('02-01-2024', 'DD-MM-YYYY') - d",
  "to_date('2024020' || x + 1, 'YYYYMMDD')",
  "to_date(x + 1 || ' February 24', 'DD Month YY')",
  "to_number('1,00' || x, '9,999')",
  'extract(epoch FROM tz)',
  "date_trunc('day', tz, 'Asia/Tokyo')",
  "tz + interval '26 hours'",
  'ROW(x, t) IS NULL',
  'e::text',
  'now() > tz',
  'transaction_timestamp() > tz',
] as const;

const SETTINGS = [
  'd::text',
  'ts::text',
  'tz::text',
  'i::text',
  "to_char(ts, 'TMMonth')",
  "to_char(n, '9G999D99')",
  'm::text',
  'm::numeric',
  'x::money',
  'f::text',
  "date_part('second', ts)::text",
  'r::text',
  't || f',
  'b::text',
  't || d',
  'concat(t, d)',
  'ARRAY[d]::text',
  'ARRAY[d]::text[]',
  'a::text',
  'a::text[]',
  'ROW(x, d)::text',
  'ROW(x, ROW(tz))::text',
  'to_json(tz)::text',
  'to_json(f)::text',
  'to_json(i)::text',
  'to_json(daterange(d, d + 1))::text',
  'to_json((SELECT tz))::text',
  'tz::timetz',
  "array_to_string(a, ',')",
  "format('%s', d)",
  'CASE WHEN x > 1 THEN d ELSE ts END::text',
  "coalesce(d, '2024-01-01')::text",
  'age(tz, tz)',
  "greatest(d, '2024-02-05')::text",
  "overlay(tz::text placing 'x' from 1 for 1)",
  "jsonb_build_object('a', tz)",
  'length(d::text)',
  "to_date('02-Feb-2024', 'DD-TMMon-YYYY') - d",
  "to_date('2024-02-0' || x, t)",
  "to_number('1,00' || x, '9G999')",
  'i::text::interval',
  'f::text::float8',
] as const;

/** What names a time zone from the conversion on; its values are in completed.pg.test.ts. */
const PINNED = [
  "date_trunc('day', tz)",
  'tz::date',
  'extract(hour FROM tz)',
  "date_part('hour', tz)",
  'tz > d',
  'tz = ts',
  "tz + interval '1 day'",
  'tz::timestamp',
  'd::timestamptz',
  'ts::timestamptz',
  'tz::time',
  "date_trunc('month', tz)::date",
  'NOT (tz > ts)',
  "to_char(tz, 'HH24')",
  'd > CURRENT_DATE',
  'LOCALTIMESTAMP > ts',
  "tz >= CURRENT_DATE - interval '1 month'",
  "current_setting('TIMEZONE') = t",
  "tz AT TIME ZONE (SELECT current_setting('timezone'))",
  "date_part('year', ts AT TIME ZONE (SELECT current_setting('TimeZone')))::text",
] as const;

const MOMENT = [
  'nullif(t, t)::date',
  'nullif(t, t)::timestamptz',
  'tod::timetz',
  "todz AT TIME ZONE 'Europe/Berlin'",
  'now() - tz',
  'CURRENT_USER = t',
  'random() >= 0',
  'clock_timestamp() > tz',
  'stable_one(x)',
  'volatile_one(x)',
  'age(now(), tz) IS NULL',
  'statement_timestamp() > tz',
  'timeofday() IS NULL',
  'pg_catalog.to_regclass(t) IS NULL',
  "current_setting('DateStyle') = t",
  'pg_backend_pid() = x',
  'session_user = t',
  "has_table_privilege('public.v', 'SELECT')",
  'gen_random_uuid() = u',
  'x::regclass::text',
  'inet_client_port() = x',
  'txid_current() > x',
] as const;

const OTHER_SETTINGS = `SET TimeZone = 'America/New_York';
  SET DateStyle = 'SQL, DMY';
  SET IntervalStyle = 'iso_8601';
  SET extra_float_digits = -10;
  SET bytea_output = 'escape';
  SET lc_monetary = 'C';
  SET lc_time = 'C'`;
const USUAL_SETTINGS = `RESET TimeZone;
  RESET DateStyle;
  RESET IntervalStyle;
  RESET extra_float_digits;
  RESET bytea_output;
  RESET lc_monetary;
  RESET lc_time`;

afterEach(() => bench.user.execute(USUAL_SETTINGS));

async function start(): Promise<void> {
  await bench.user.execute(`TRUNCATE v; ${ROWS} FROM generate_series(1, 5) n`);
}

/** Reads under other settings, writes under others, folds or swaps under yet others. */
async function exercise(subjects: readonly Subject[]): Promise<void> {
  const everybody = async (): Promise<void> => {
    for (const subject of subjects)
      for (const db of [bench.user, bench.observer]) await bench.check(subject, db);
  };
  await bench.observer.execute(OTHER_SETTINGS);
  try {
    await everybody();
    await bench.observer.execute(`${ROWS} FROM generate_series(10, 12) n`);
    await everybody();
    await foldAs(bench.observer, subjects);
    await everybody();
    await bench.user.execute('UPDATE v SET x = x + 1, d = d + 1 WHERE id > 3');
    await everybody();
    await foldAs(bench.user, subjects);
    await everybody();
    await foldAs(bench.observer, subjects);
    await bench.observer.execute('DELETE FROM v WHERE id < 11');
    await everybody();
    await foldAs(bench.observer, subjects);
    await everybody();
  } finally {
    await bench.observer.execute(USUAL_SETTINGS);
  }
}

async function foldAs(db: Db, subjects: readonly Subject[]): Promise<void> {
  for (const { name, converted } of subjects)
    await db.query(`CALL imat.${converted.strategy === 'delta' ? 'fold' : 'swap'}($1)`, [name]);
}

/** As a key, as an argument, and in a filter. */
const queries = (expression: string): readonly string[] => [
  `SELECT ${expression} AS k, count(*) AS n FROM v GROUP BY 1`,
  `SELECT x, count(${expression}) AS n FROM v GROUP BY x HAVING count(${expression}) >= 0`,
];

describe('what depends on tables, labels and bounds of time is maintained by delta, always', () => {
  for (const expression of DELTA) {
    test(expression, async () => {
      await start();
      const subjects = [];
      for (const query of queries(expression)) subjects.push(await bench.convert(query));
      await exercise(subjects);
    });
  }
});

describe('what depends on TimeZone alone names it, and is maintained by delta under any', () => {
  for (const expression of PINNED) {
    test(expression, async () => {
      await start();
      const subjects = [];
      for (const query of queries(expression)) subjects.push(await bench.convert(query));
      for (const { converted } of subjects)
        expect(converted.notes).toContain(`computed under TimeZone = ${await zone()}`);
      const named = [];
      for (const subject of subjects)
        named.push({ ...subject, definition: (await bench.imat.explain(subject.name)).definition });
      await exercise(named);
    });
  }
});

/** That of the session that converts. */
async function zone(): Promise<string> {
  const [row] = await bench.session.query<{ zone: string }>(
    `SELECT current_setting('TimeZone') AS zone`,
  );
  return row?.zone ?? '';
}

describe('what depends on session settings is swapped, and never wrong', () => {
  for (const expression of SETTINGS) {
    test(expression, async () => {
      await start();
      const [query] = queries(expression);
      const subject = await bench.convert(query ?? '', { strategy: 'swap' });
      expect(subject.converted.reasons.map((reason) => reason.kind)).toContain(
        'settings_dependent',
      );
      expect(subject.converted.reasons.map((reason) => reason.kind)).not.toContain(
        'moment_dependent',
      );
      expect(subject.converted.notes).toEqual([
        'a live read runs the definition while a source has changed since the last swap',
      ]);
      await exercise([subject]);
    });
  }
});

describe('what depends on the moment is swapped, and read by its definition', () => {
  for (const expression of MOMENT) {
    test(expression, async () => {
      await start();
      const subject = await bench.convert(
        `SELECT x, count(${expression}) AS n FROM v WHERE x <> 3 GROUP BY x`,
        { strategy: 'swap' },
      );
      expect(subject.converted.reasons.map((reason) => reason.kind)).toContain('moment_dependent');
      expect(subject.converted.notes).toContainEqual(
        expect.stringContaining('a live read runs the definition'),
      );
    });
  }

  test('the clock moves on and the answer with it', async () => {
    await bench.user.execute('TRUNCATE v');
    const subject = await bench.convert(
      "SELECT count(*) AS n FROM v WHERE age(now(), tz) < interval '100 milliseconds'",
      { strategy: 'swap' },
    );
    await bench.user.execute('INSERT INTO v (id, tz) VALUES (1, now())');
    await bench.user.execute(`CALL imat.swap('${subject.name}')`);
    await bench.user.execute('SELECT pg_sleep(0.15)');
    expect(await bench.user.query(`SELECT n FROM ${subject.relation}`)).toEqual([{ n: '0' }]);
  });
});

describe('literals of a definition mean the same in every session', () => {
  test.each([
    [
      "DateStyle = 'SQL, DMY'",
      `SELECT count(*) AS n, count(*) FILTER (WHERE d > '2024-02-03'::date) AS later
       FROM v
       WHERE ts >= '2024-02-01 03:00'::timestamp AND tz < '2024-03-04 05:06+00'::timestamptz`,
    ],
    [
      "DateStyle = 'German'",
      "SELECT d = '2024-02-03'::date AS third, count(*) AS n FROM v GROUP BY 1",
    ],
    [
      "IntervalStyle = 'sql_standard'",
      `SELECT i > '-1 day +02:03:04'::interval AS k, sum(i + '1 day -02:00'::interval) AS s
       FROM v
       GROUP BY 1`,
    ],
    [
      "IntervalStyle = 'iso_8601'",
      "SELECT i > '1 day 02:03:04'::interval AS k, sum(i) AS s FROM v GROUP BY 1",
    ],
    [
      'extra_float_digits = -10',
      `SELECT f > 0.3333333333333333::float8 AS k, count(*) AS n, sum(n + 1.00000000000000001) AS s
       FROM v
       GROUP BY 1`,
    ],
    [
      "TimeZone = 'Asia/Kolkata'",
      "SELECT tz > '2024-02-01 10:00+00'::timestamptz AS k, count(*) AS n FROM v GROUP BY 1",
    ],
    [
      "bytea_output = 'escape'",
      "SELECT b = '\\x00ff41'::bytea AS k, count(*) AS n FROM v GROUP BY 1",
    ],
  ])('converted under %s', async (setting, query) => {
    await start();
    await bench.session.execute(`SET ${setting}`);
    try {
      const subject = await bench.convert(query);
      await exercise([subject]);
      const [usual] = [await bench.imat.explain(subject.name)];
      await bench.session.execute('RESET ALL; SET search_path = pg_catalog');
      expect((await bench.imat.explain(subject.name)).sql).toEqual(usual?.sql);
    } finally {
      await bench.session.execute('RESET ALL; SET search_path = pg_catalog');
    }
  });
});
