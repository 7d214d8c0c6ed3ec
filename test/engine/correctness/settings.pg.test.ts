/**
 * What depends on session settings is never wrong for readers with other settings, nor what depends
 * on the moment, which delta does not maintain.
 */
import { afterEach, describe, expect, test } from 'vitest';
import type { Db } from '../../../engine/db/db.ts';
import type { Subject } from './support/bench.ts';
import { quote, useBench } from './support/bench.ts';
import {
  DELTA,
  DELTA_ALONE,
  MOMENT,
  PINNED,
  PINNED_ALONE,
  SETTINGS,
} from './support/expressions.ts';

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

/** Under their own names, so that a difference names the expression. */
const named = (expressions: readonly string[]): string =>
  expressions.map((one) => `${one} AS ${quote(one.slice(0, 60))}`).join(', ');

/** As keys, as arguments, and in a filter. */
const queries = (expressions: readonly string[]): readonly string[] => [
  `SELECT ${named(expressions)}, count(*) AS n FROM v
   GROUP BY ${expressions.map((_, index) => index + 1).join(', ')}`,
  `SELECT x, ${named(expressions.map((one) => `count(${one})`))} FROM v GROUP BY x
   HAVING ${expressions.map((one) => `count(${one}) >= 0`).join(' AND ')}`,
];

/** Several expressions for one definition. */
function batches(expressions: readonly string[], size: number): string[][] {
  const starts = [...expressions.keys()].filter((index) => index % size === 0);
  return starts.map((first) => expressions.slice(first, first + size));
}

async function convertAll(expressions: readonly string[]): Promise<Subject[]> {
  await start();
  const subjects = [];
  for (const query of queries(expressions)) subjects.push(await bench.convert(query));
  return subjects;
}

describe('what depends on tables, labels and bounds of time is maintained by delta, always', () => {
  for (const expressions of [...batches(DELTA, 10), ...batches(DELTA_ALONE, 1)]) {
    test(expressions.join('; '), async () => exercise(await convertAll(expressions)));
  }
});

describe('what depends on TimeZone alone names it, and is maintained by delta under any', () => {
  test.each(PINNED)('%s: named', async (expression) => {
    for (const query of queries([expression]))
      expect(await bench.imat.explain(query, { query: true })).toMatchObject({
        strategy: 'delta',
        notes: expect.arrayContaining([`computed under TimeZone = ${await zone()}`]),
      });
  });

  for (const expressions of [...batches(PINNED, 7), ...batches(PINNED_ALONE, 1)]) {
    test(expressions.join('; '), async () => {
      const subjects = [];
      for (const subject of await convertAll(expressions)) {
        expect(subject.converted.notes).toContain(`computed under TimeZone = ${await zone()}`);
        const { definition } = await bench.imat.explain(subject.name);
        subjects.push({ ...subject, definition });
      }
      await exercise(subjects);
    });
  }
});

describe('a time that a subquery computes names the zone as well', () => {
  test.each([
    "SELECT id FROM v WHERE tz > (SELECT max(tz) - interval '1 day' FROM v)",
    "SELECT x FROM v GROUP BY x HAVING max(tz) >= (SELECT max(tz) - interval '1 week' FROM v)",
    "SELECT id FROM v WHERE tz IN (SELECT w.tz + interval '1 day' FROM v w)",
    `SELECT id, (SELECT max(w.tz) - interval '1 month' FROM v w WHERE w.x = v.x) AS since,
       ARRAY(SELECT w.tz + interval '1 day' FROM v w WHERE w.x = v.x ORDER BY w.id) AS days
     FROM v`,
    `SELECT v.id FROM v WHERE NOT EXISTS (
       SELECT FROM v w WHERE w.x = v.x AND w.tz > (SELECT min(tz) + interval '2 days' FROM v))`,
    `SELECT id FROM v WHERE tz >= ALL (
       SELECT w.tz - interval '1 day' FROM v w UNION ALL SELECT w.tz FROM v w WHERE w.x = 0)`,
  ])('%s', async (query) => {
    await start();
    const subject = await bench.convert(query);
    expect(subject.converted.notes).toContain(`computed under TimeZone = ${await zone()}`);
    const { definition } = await bench.imat.explain(subject.name);
    await exercise([{ ...subject, definition }]);
  });
});

/** That of the session that converts. */
async function zone(): Promise<string> {
  const [row] = await bench.session.query<{ zone: string }>(
    `SELECT current_setting('TimeZone') AS zone`,
  );
  return row?.zone ?? '';
}

describe('what depends on session settings is stored under some, and never wrong', () => {
  test.each(SETTINGS)('%s: the settings', async (expression) => {
    for (const query of queries([expression]))
      expect(await explained(query)).toMatchObject({
        strategy: 'delta',
        reasons: [],
        notes: [expect.stringContaining('a reader under other ones runs the definition')],
      });
  });

  for (const expressions of batches(SETTINGS, 14)) {
    test(expressions.join('; '), async () => {
      await exercise(await convertAll(expressions));
    });

    test(`swapped: ${expressions.join('; ')}`, async () => {
      await start();
      const lists = expressions.map((one) => `array_agg(${one} ORDER BY id)`);
      await exercise([await bench.convert(`SELECT ${named(lists)} FROM v`, { strategy: 'swap' })]);
    });
  }
});

async function explained(query: string): Promise<{
  readonly strategy: string;
  readonly reasons: readonly string[];
  readonly notes: readonly string[];
}> {
  const { strategy, reasons, notes } = await bench.imat.explain(query, { query: true });
  return { strategy, reasons: reasons.map((reason) => reason.kind), notes };
}

describe('what depends on the moment is swapped, and read by its definition', () => {
  test.each(MOMENT)('%s', async (expression) => {
    const { strategy, reasons, notes } = await explained(
      `SELECT x, count(${expression}) AS n FROM v WHERE x <> 3 GROUP BY x`,
    );
    expect(strategy).toBe('swap');
    expect(reasons).toContain('moment_dependent');
    expect(notes).toContainEqual(expect.stringContaining('a live read runs the definition'));
  });

  test('the clock moves on and the answer with it', async () => {
    await bench.user.execute('TRUNCATE v');
    const subject = await bench.convert(
      "SELECT count(*) AS n FROM v WHERE age(clock_timestamp(), tz) < interval '100 milliseconds'",
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
