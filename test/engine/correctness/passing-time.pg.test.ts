/**
 * Definitions that compare columns with now(): the passing of time changes rows that nobody writes.
 * Every session compares with the definition at its own now(), whether that is before or after the
 * moment of the state. Bounds lie milliseconds from the present, so time passes in every step; the
 * comparison is of one statement, so nothing depends on how long that takes.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import type { Sandbox, Session } from '../commands/support/sandbox.ts';
import { createPreparedSandbox } from '../commands/support/sandbox.ts';
import { everySessionAtItsTime } from './support/sessions-in-time.ts';

const SETUP = `
CREATE TABLE e (id int PRIMARY KEY, g int, v numeric, at timestamptz, local timestamp,
  during tstzrange DEFAULT tstzrange(clock_timestamp(), clock_timestamp() + interval '60 ms'));
CREATE TABLE p (g int PRIMARY KEY, name text, due timestamptz);
CREATE INDEX ON e (at);
CREATE VIEW recent AS SELECT * FROM e WHERE at > now() - interval '40 ms';
INSERT INTO p SELECT i, 'p' || i, clock_timestamp() + i * interval '50 ms'
FROM generate_series(0, 5) AS i`;

const after = (ms: number): string => `at > now() - interval '${ms} ms'`;

const ADD: Readonly<Record<string, string>> = {
  rows: `SELECT id, v FROM public.e WHERE ${after(50)}`,
  groups: `SELECT g, count(*) AS n, sum(v) AS s FROM public.e WHERE ${after(80)} GROUP BY g`,
  future: 'SELECT count(*) AS n, avg(v) AS a FROM public.e WHERE at > CURRENT_TIMESTAMP',
  between: `SELECT g, sum(v) AS s FROM public.e
    WHERE at BETWEEN now() - interval '60 ms' AND now() + interval '30 ms' GROUP BY g`,
  flipped: `SELECT g FROM public.e WHERE now() - interval '0.02 s' >= at`,
  either: `SELECT id FROM public.e WHERE at < now() - interval '90 ms' OR at > now() OR v > 7`,
  filter: `SELECT g, count(*) FILTER (WHERE ${after(40)}) AS recent, count(*) AS n FROM public.e
    GROUP BY g`,
  flag: `SELECT at <= now() AS passed, count(*) AS n FROM public.e GROUP BY at <= now()`,
  joined: `SELECT p.name, count(*) AS n, sum(e.v) AS s FROM public.e JOIN public.p ON p.g = e.g
    WHERE ${after(60)} GROUP BY p.name`,
  both: `SELECT p.name, e.id FROM public.e, public.p
    WHERE p.g = e.g AND p.due > now() AND e.at < now() - interval '10 ms'`,
  itself: `SELECT a.g, count(*) AS n FROM public.e a JOIN public.e b ON a.g = b.g
    WHERE a.${after(70)} AND b.at <= now() GROUP BY a.g`,
  four: `SELECT a.id, count(*) AS n FROM public.e a, public.e b, public.p c, public.p d
    WHERE a.g = b.g AND c.g = a.g AND d.g = b.g AND a.${after(50)} AND c.due < now()
    GROUP BY a.id`,
  union: `SELECT id FROM public.e WHERE ${after(30)} UNION ALL SELECT g FROM public.p
    WHERE due > now()`,
  local: 'SELECT g, count(*) AS n FROM public.e WHERE local > LOCALTIMESTAMP GROUP BY g',
  second: `SELECT g, count(*) AS n FROM public.e WHERE at >= date_trunc('second', now())
    GROUP BY g`,
  viewed: 'SELECT g, count(*) AS n FROM public.recent GROUP BY g',
  extremes: `SELECT g, max(v) AS top, min(at) AS first FROM public.e WHERE ${after(60)} GROUP BY g`,
  different: `SELECT g, count(DISTINCT v) AS n, sum(v) AS s, max(id) AS top FROM public.e
    WHERE ${after(60)} GROUP BY g`,
  levels: `SELECT n, count(*) AS groups FROM (SELECT g, count(*) AS n FROM public.e
    WHERE ${after(50)} GROUP BY g) t GROUP BY n`,
  // No index finds these rows.
  same_second: `SELECT g, count(*) AS n FROM public.e
    WHERE date_trunc('second', at) = date_trunc('second', now()) GROUP BY g`,
  aged: `SELECT g, sum(v) AS s FROM public.e WHERE now() - at < interval '60 ms' GROUP BY g`,
  aging: `SELECT g, sum(v) FILTER (WHERE now() - at BETWEEN '10 ms' AND '50 ms') AS young,
    sum(v) FILTER (WHERE '80 ms' < now() - at) AS older, count(*) FILTER (WHERE
    at - now() >= '-1 month -1 day') AS n FROM public.e GROUP BY g`,
  coalesced: `SELECT g, count(*) AS n FROM public.e
    WHERE coalesce(at, '-infinity') < now() - interval '30 ms' GROUP BY g`,
  due_soon: `SELECT g, count(*) AS n FROM public.e WHERE at::date - CURRENT_DATE < 1
    OR CURRENT_DATE - local::date > 30 OR extract(hour FROM at) = extract(hour FROM now())
    GROUP BY g`,
  cased: `SELECT id, CASE WHEN now() - at < '0 s' THEN 'future' WHEN now() - at < '40 ms'
    THEN 'now' ELSE 'past' END AS what FROM public.e`,
  ranges: `SELECT g, count(*) AS n FROM public.e
    WHERE during @> date_trunc('second', now()) GROUP BY g`,
  aged_both: `SELECT p.name, count(*) AS n FROM public.e JOIN public.p ON p.g = e.g
    WHERE now() - e.at < '80 ms' AND p.due - now() > '-90 ms' GROUP BY p.name`,
  contained: 'SELECT g, count(*) AS n FROM public.e WHERE during @> now() GROUP BY g',
  met: `SELECT g, count(*) AS n FROM public.e
    WHERE tstzrange(now() - interval '50 ms', now()) && during GROUP BY g`,
  meant: `SELECT g, count(*) FILTER (WHERE now() <@ during) AS n, sum(v) FILTER (WHERE NOT
    during && tstzrange(now(), now() + interval '20 ms')) AS s FROM public.e GROUP BY g`,
  failing: `SELECT g, sum(100 / (v + 1)::int) AS s FROM public.e WHERE ${after(60)} GROUP BY g`,
};
const REGROUP: Readonly<Record<string, string>> = {
  left: `SELECT p.g, p.name, count(e.id) AS n, max(e.v) AS m
    FROM public.p LEFT JOIN public.e ON e.g = p.g AND e.${after(50)} GROUP BY p.g, p.name`,
  exists: `SELECT p.name FROM public.p
    WHERE EXISTS (SELECT FROM public.e WHERE e.g = p.g AND e.at > now())`,
  latest: `SELECT DISTINCT ON (g) g, id, v FROM public.e WHERE at <= now()
    ORDER BY g, at DESC, id`,
  strings: `SELECT g, string_agg(v::text, ',' ORDER BY id) AS s FROM public.e
    WHERE ${after(70)} GROUP BY g`,
  ranked: `SELECT id, rank() OVER (PARTITION BY g ORDER BY at <= now(), id) AS r FROM public.e`,
  nullable: `SELECT e.g, count(*) AS n, max(p.name) AS m FROM public.p
    LEFT JOIN public.e ON e.g = p.g AND e.${after(60)} GROUP BY e.g`,
  // The time tells neither which rows belong together nor which rows meet.
  parted: `SELECT at > now() AS future, g, string_agg(v::text, ',' ORDER BY id) AS s
    FROM public.e GROUP BY at > now(), g`,
  meeting: `SELECT p.name, count(e.id) AS n, bit_or(e.id) AS b FROM public.p
    LEFT JOIN public.e ON e.g = p.g OR e.at > now() GROUP BY p.g, p.name`,
  subquery: `SELECT p.name, s.n FROM public.p LEFT JOIN (SELECT g, count(*) AS n FROM public.e
    WHERE ${after(40)} GROUP BY g) s ON s.g = p.g`,
  left_aged: `SELECT p.g, p.name, count(e.id) AS n, max(e.v) AS m FROM public.p
    LEFT JOIN public.e ON e.g = p.g AND now() - e.at < '50 ms' GROUP BY p.g, p.name`,
  left_second: `SELECT p.g, string_agg(e.v::text, ',' ORDER BY e.id) FILTER
    (WHERE date_trunc('second', e.at) = date_trunc('second', now())) AS s
    FROM public.p LEFT JOIN public.e ON e.g = p.g GROUP BY p.g`,
  coalesced_part: `SELECT g, string_agg(v::text, ',' ORDER BY id) AS s FROM public.e
    WHERE coalesce(at, '-infinity') < now() - interval '30 ms' GROUP BY g`,
  intersection: `SELECT g FROM public.e WHERE ${after(60)} INTERSECT SELECT g FROM public.p
    WHERE due > now()`,
};
const RESIDUAL: Readonly<Record<string, string>> = {
  top: `SELECT g, count(*) AS n FROM public.e WHERE ${after(60)} GROUP BY g
    ORDER BY n DESC, g LIMIT 2`,
  share: `SELECT g, sum(v) AS s, sum(sum(v)) OVER () AS total FROM public.e WHERE ${after(60)}
    GROUP BY g`,
  ages: 'SELECT id, now() - at AS age FROM public.e',
  late: `SELECT e.id, p.name, p.due - now() AS rest FROM public.e JOIN public.p ON p.g = e.g
    WHERE p.due > now() AND e.v > 2`,
  idle: `SELECT p.g, p.name, now() - max(e.at) AS idle, max(e.at) < now() - interval '40 ms' AS gone
    FROM public.p LEFT JOIN public.e ON e.g = p.g GROUP BY p.g, p.name`,
  oldest: `SELECT p.name, max(now() - e.at) AS oldest, min(now() - e.at) FILTER (WHERE e.v > 2) AS
    youngest, max(e.local - LOCALTIMESTAMP) AS last
    FROM public.e JOIN public.p ON p.g = e.g GROUP BY p.name`,
  oldest_left: `SELECT p.name, max(now() - e.at) AS oldest FROM public.p
    LEFT JOIN public.e ON e.g = p.g GROUP BY p.name`,
  // The aggregates are computed at each read, from rows that are stored.
  future_parts: `SELECT at > now() AS future, string_agg(v::text, ',' ORDER BY id) AS s
    FROM public.e GROUP BY 1`,
  rounded: `SELECT g, avg(extract(epoch FROM now() - at) / 60) AS m,
    sum(extract(minute FROM now() - at)) AS s FROM public.e GROUP BY g`,
  rounded_some: `SELECT p.name, avg(extract(epoch FROM now() - e.at) / 3600) AS h, count(*) AS n
    FROM public.e JOIN public.p ON p.g = e.g WHERE e.${after(60)} AND e.v > 1 GROUP BY p.name`,
  different_ages: `SELECT g, sum(DISTINCT extract(epoch FROM now() - at)) AS s FROM public.e
    GROUP BY g`,
  median_age: `SELECT g, percentile_disc(0.5) WITHIN GROUP (ORDER BY now() - at) AS m,
    sum(now() - at) FILTER (WHERE v > 1) AS s FROM public.e GROUP BY g`,
  median: `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY v::float8) AS m FROM public.e
    WHERE ${after(60)}`,
  of_two: `SELECT p.name, sum(e.v) AS s FROM public.p LEFT JOIN public.e ON e.g = p.g
    WHERE now() > e.at + (p.g || ' milliseconds')::interval GROUP BY p.name`,
  ages_of: `SELECT g, count(*) AS n FROM public.e WHERE age(now(), at) > interval '40 ms'
    GROUP BY g`,
  late_after: `SELECT p.g, p.name FROM public.p WHERE greatest(p.due,
    (SELECT max(e.at) FROM public.e WHERE e.g = p.g)) < now() - interval '20 ms'`,
  of_nulls: `SELECT p.g, bit_or(e.id) FILTER (WHERE coalesce(e.at, p.due) > now()) AS b
    FROM public.p LEFT JOIN public.e ON e.g = p.g GROUP BY p.g`,
  waited: `SELECT g, sum(extract(epoch FROM now() - at)) AS s,
    avg(extract(epoch FROM at - now())) AS a,
    avg(extract(epoch FROM LOCALTIMESTAMP - local)) FILTER (WHERE v > 2) AS l,
    round(avg(extract(epoch FROM now() - at)) / 3600, 9) AS hours FROM public.e GROUP BY g`,
  waited_left: `SELECT p.name, avg(extract(epoch FROM now() - e.at)) AS a, count(*) AS n,
    sum(extract(epoch FROM local - LOCALTIMESTAMP)) AS s FROM public.p
    LEFT JOIN public.e ON e.g = p.g AND e.${after(70)} GROUP BY p.g, p.name`,
  waited_all: 'SELECT avg(extract(epoch FROM now() - at)) AS a FROM public.e',
  stamped: 'SELECT g, count(*) AS n, now() AS stamp FROM public.e GROUP BY g',
  gone: `SELECT g, max(at) AS last FROM public.e GROUP BY g
    HAVING max(at) < now() - interval '20 ms'`,
  youngest: `SELECT id, now() - at AS age FROM public.e WHERE at < now()
    ORDER BY now() - at, id LIMIT 3`,
  greatest: `SELECT e.id FROM public.e JOIN public.p ON p.g = e.g
    WHERE greatest(e.at, p.due) < now()`,
};
const ALL = { ...ADD, ...REGROUP, ...RESIDUAL };

let sandbox: Sandbox;
let sessions: readonly Session[];
beforeAll(async () => {
  sandbox = await createPreparedSandbox(SETUP);
  sessions = await Promise.all([sandbox.session(), sandbox.session(), sandbox.session()]);
});
afterAll(() => sandbox.drop());

/** Milliseconds around the present. */
const WRITES: readonly ((n: number) => string)[] = [
  (n) => `INSERT INTO e VALUES (${n % 40}, ${n % 6}, ${n % 9}, clock_timestamp()
    + ${(n % 17) * 10 - 90} * interval '1 ms', localtimestamp + ${n % 90} * interval '1 ms')
    ON CONFLICT (id) DO UPDATE SET at = excluded.at, g = excluded.g, local = excluded.local`,
  (n) => `UPDATE e SET at = clock_timestamp() + ${(n % 13) * 15 - 60} * interval '1 ms'
    WHERE id % 5 = ${n % 5}`,
  (n) => `UPDATE e SET v = v + 1, g = ${n % 6} WHERE id % 7 = ${n % 7}`,
  (n) => `DELETE FROM e WHERE id % 9 = ${n % 9}`,
  (n) => `UPDATE p SET due = clock_timestamp() + ${(n % 11) * 20 - 80} * interval '1 ms'
    WHERE g % 3 = ${n % 3}`,
  (n) => `UPDATE e SET at = NULL WHERE id = ${n % 40}`,
];

test('definitions with bounds that move are maintained', async () => {
  for (const [name, definition] of Object.entries(ALL))
    expect(await sandbox.imat.create(name, definition)).toMatchObject({ name, strategy: 'delta' });
});

test('what would store all pairs of rows of two tables is rebuilt', async () => {
  await sandbox.sql(`CREATE TABLE big (id int PRIMARY KEY, at timestamptz, days int);
    INSERT INTO big SELECT i, now(), i FROM generate_series(1, 300) i; ANALYZE big`);
  const pairs =
    'FROM public.big a, public.big b WHERE now() > b.at + make_interval(days => a.days)';
  const strategies = [
    `SELECT a.days, count(*) AS n ${pairs} AND a.id < b.id GROUP BY a.days`,
    `SELECT a.id, b.id AS other ${pairs}`,
    `SELECT DISTINCT a.days ${pairs}`,
    // Each finds its row.
    `SELECT a.id, b.id AS other ${pairs} AND a.id = b.days`,
  ].map(async (query) => (await sandbox.imat.explain(query, { query: true })).strategy);
  expect(await Promise.all(strategies)).toEqual(['swap', 'swap', 'swap', 'delta']);
});

test('an imat of an imat follows the time', async () => {
  await sandbox.sql("INSERT INTO e VALUES (99, 1, 1, clock_timestamp() + interval '40 ms')");
  const { notes } = await sandbox.imat.create('above', 'SELECT g, n FROM imat.groups');
  expect(notes.join(' ')).toContain('run');
  for (const pause of [0, 0.05, 0.1]) {
    await sandbox.sql(`SELECT pg_sleep(${pause})`);
    await expectEqual(sandbox.db, 'imat.above', `SELECT g, n FROM (${ADD['groups'] ?? ''}) t`);
  }
  await sandbox.imat.revert('above');
});

test('an imat of an imat that reads the time only when it is read follows it too', async () => {
  await sandbox.sql('INSERT INTO e VALUES (98, 1, 1, clock_timestamp()) ON CONFLICT DO NOTHING');
  await sandbox.imat.create('above', 'SELECT count(*) AS n, max(age) AS age FROM imat.ages');
  for (const pause of [0, 0.05])
    await expectEqual(
      sandbox.db,
      'imat.above',
      `SELECT count(*) AS n, max(age) AS age
       FROM (${RESIDUAL['ages'] ?? ''}) t, pg_sleep(${pause})`,
    );
  await sandbox.imat.revert('above');
});

test('what is stored for a while is of one moment', async () => {
  const definition = RESIDUAL['idle'] ?? '';
  await sandbox.imat.create('stored_idle', definition, { freshness: '1h' });
  const moment = `(SELECT f.moment FROM imat_catalog.frontier f JOIN imat_catalog.imat i
    ON i.id = f.imat_id WHERE i.name = 'stored_idle')`;
  const moments = new Set<unknown>();
  for (const fold of [false, true]) {
    if (fold) await sandbox.imat.fold('stored_idle');
    moments.add(await sandbox.value(`SELECT ${moment}::text`));
    await sandbox.sql('SELECT pg_sleep(0.05)');
    const expected = definition.replaceAll('now()', moment);
    await expectEqual(sandbox.db, 'imat.stored_idle', expected);
  }
  // Nothing was written: the time alone is work for a fold.
  expect(moments.size).toBe(2);
  await sandbox.imat.revert('stored_idle');
});

test('another freshness in place changes whose time is read', async () => {
  const definition = RESIDUAL['ages'] ?? '';
  await sandbox.sql('INSERT INTO e VALUES (97, 1, 1, clock_timestamp()) ON CONFLICT DO NOTHING');
  await sandbox.sql(`CREATE MATERIALIZED VIEW changing AS ${definition}`);
  await sandbox.imat.convert('changing');
  await expectEqual(sandbox.db, 'imat.changing', definition);
  const ages = (): Promise<unknown> =>
    sandbox.value(
      `SELECT md5(string_agg(age::text, ',' ORDER BY id)) FROM imat.changing, pg_sleep(0.01)`,
    );
  await sandbox.imat.convert('changing', { freshness: 'manual' });
  const stored = await ages();
  expect(await ages()).toBe(stored);
  await sandbox.imat.fold('changing');
  expect(await ages()).not.toBe(stored);
  await sandbox.imat.convert('changing', { freshness: 'live' });
  await expectEqual(sandbox.db, 'imat.changing', definition);
  await sandbox.imat.revert('changing');
  await sandbox.sql('DROP MATERIALIZED VIEW changing');
});

test('sums of seconds since a time are those of the definition to the last digit', async () => {
  await sandbox.sql(`CREATE TABLE w (id int PRIMARY KEY, at timestamptz, local timestamp);
    INSERT INTO w SELECT i, at, at AT TIME ZONE 'UTC' FROM (
      SELECT i, '2024-01-01 00:00+00'::timestamptz + (i * i * 7919 % 100003) * interval '0.987654 s'
      FROM generate_series(1, 300) AS i
      UNION ALL VALUES (301, '4713-01-01 00:00:00.000001+00 BC'::timestamptz),
        (302, '294276-12-31 23:59:59.999999+00'), (303, NULL)) AS x(i, at)`);
  const shown = `sum(extract(epoch FROM now() - at)) AS a, avg(extract(epoch FROM now() - at)) AS b,
    sum(extract(epoch FROM local - LOCALTIMESTAMP)) AS c,
    avg(extract(epoch FROM local - LOCALTIMESTAMP)) FILTER (WHERE id % 3 = 1) AS d`;
  const definition = `SELECT id % 7 AS k, ${shown} FROM public.w GROUP BY id % 7`;
  expect(await sandbox.imat.create('seconds', definition)).toMatchObject({ strategy: 'delta' });
  const check = (): Promise<void> => expectEqual(sandbox.db, 'imat.seconds', definition);
  for (const write of [
    'SELECT',
    'DELETE FROM w WHERE id % 5 = 0 OR id = 302',
    'UPDATE w SET at = NULL',
  ]) {
    await sandbox.sql(write);
    await check();
    await sandbox.imat.fold('seconds');
    await check();
  }
  // Below PostgreSQL 17 a difference from an infinite time fails in the definition.
  await sandbox.sql(`UPDATE w SET at = (CASE
    WHEN id % 7 = 1 OR id % 14 = 3 THEN 'infinity'
    WHEN id % 7 IN (2, 3) THEN '-infinity'
    ELSE now()::text END)::timestamptz`);
  if (Number(await sandbox.value('SHOW server_version_num')) >= 170000) await check();
  await sandbox.sql('UPDATE w SET at = now() WHERE id % 7 < 4');
  await check();
  await sandbox.imat.revert('seconds');
});

test.each([11, 12])('every session at its own time, seed %s', async (seed) => {
  let elapsed = 0;
  await everySessionAtItsTime(
    {
      sandbox,
      sessions,
      definitions: ALL,
      writes: WRITES,
      steps: 40,
      after: async () => {
        elapsed += Number(
          await sandbox.value('SELECT count(*)::int FROM imat_store.elapsed_groups'),
        );
      },
    },
    seed,
  );
  expect(elapsed).toBeGreaterThan(0);
});
