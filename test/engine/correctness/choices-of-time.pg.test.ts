/**
 * Comparisons of a value that is now() in some rows, of ranges that contain it, of its difference
 * from a column with an interval of columns, and of the seconds and days of such a difference.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import type { Sandbox, Session } from '../commands/support/sandbox.ts';
import { createPreparedSandbox } from '../commands/support/sandbox.ts';
import { seedsHere } from './support/seeds.ts';
import { everySessionAtItsTime } from './support/sessions-in-time.ts';

const SETUP = `
CREATE TABLE t (id int PRIMARY KEY, g int, due int, rate numeric, opened timestamptz,
  closed timestamptz, local timestamp, since timestamptz, until timestamptz);
CREATE INDEX ON t (opened);
CREATE TABLE p (g int PRIMARY KEY, name text);
INSERT INTO p SELECT g, 'p' || g FROM generate_series(0, 4) g;
CREATE VIEW slow AS SELECT * FROM t WHERE coalesce(closed, now()) - opened > '50 ms'`;

const ADD: Readonly<Record<string, string>> = {
  coalesced: `SELECT g, count(*) FILTER (WHERE coalesce(closed, now()) - opened > '40 ms') AS n
    FROM public.t GROUP BY g`,
  until: `SELECT g, count(*) AS n FROM public.t
    WHERE now() BETWEEN opened AND coalesce(closed, now()) GROUP BY g`,
  least: `SELECT g, count(*) AS n FROM public.t
    WHERE LEAST(closed, now()) < opened + interval '60 ms' GROUP BY g`,
  greatest: `SELECT id FROM public.t WHERE GREATEST(now(), closed) - interval '30 ms' >= opened`,
  cased: `SELECT g, count(*) AS n FROM public.t WHERE CASE WHEN closed IS NULL THEN now() - opened
    WHEN closed < now() THEN closed - opened END > interval '25 ms' GROUP BY g`,
  nested: `SELECT id FROM public.t
    WHERE LEAST(coalesce(closed, now()), now()) - opened < interval '70 ms'`,
  open: `SELECT id, tstzrange(since, until) @> now() AS inside FROM public.t`,
  closed: `SELECT g, count(*) AS n FROM public.t
    WHERE now() <@ tstzrange(since, coalesce(until, 'infinity'), '[]') GROUP BY g`,
  local: `SELECT g, count(*) AS n FROM public.t
    WHERE coalesce(local, LOCALTIMESTAMP) - since::timestamp > interval '50 ms' GROUP BY g`,
  columns: `SELECT g, count(*) AS n FROM public.t
    WHERE now() - opened > due * interval '0.01 s' GROUP BY g`,
  parts: `SELECT g, count(*) FILTER (WHERE opened - now() < rate * interval '-0.02 s') AS n,
    count(*) FILTER (WHERE now() - opened >= make_interval(days => due, secs => 0.05)) AS d,
    count(*) FILTER (WHERE opened + make_interval(hours => due) < now()) AS h
    FROM public.t GROUP BY g`,
  seconds: `SELECT g, count(*) FILTER (WHERE extract(epoch FROM now() - opened) > 0.04) AS a,
    count(*) FILTER (WHERE date_part('epoch', opened - now()) / 60 < 0.001) AS b,
    count(*) FILTER (WHERE extract(epoch FROM now() - opened) * 100 > due) AS c,
    count(*) FILTER (WHERE floor(extract(epoch FROM now() - opened) * 20) = due) AS d,
    count(*) FILTER (WHERE round(extract(epoch FROM now() - opened) / 0.5, 1) <= rate) AS e
    FROM public.t GROUP BY g`,
  days: `SELECT g, count(*) FILTER (WHERE extract(day FROM now() - opened) >= 2) AS a,
    count(*) FILTER (WHERE date_part('day', now() - opened) = due) AS b FROM public.t GROUP BY g`,
  floors: `SELECT id FROM public.t WHERE floor(extract(epoch FROM now() - opened) * 20) = due`,
  hours: `SELECT id FROM public.t
    WHERE now() - opened > make_interval(hours => due, secs => 0.03)`,
  whole_days: `SELECT id FROM public.t WHERE extract(day FROM now() - opened) = due`,
  viewed: 'SELECT g, count(*) AS n FROM public.slow GROUP BY g',
};
/** Conditions that are asked at each read. */
const LIFTED: Readonly<Record<string, string>> = {
  hours_anew: 'extract(hour FROM now() - opened) > 2',
  days_of_months: 'extract(day FROM age(now(), opened)) > 2',
  integers: 'extract(epoch FROM now() - opened)::int > due',
  chosen_within: 'nullif(coalesce(closed, now()), closed) > opened',
};
const REGROUP: Readonly<Record<string, string>> = {
  left: `SELECT p.g, p.name, string_agg(t.id::text, ',' ORDER BY t.id) AS ids FROM public.p
    LEFT JOIN public.t ON t.g = p.g AND coalesce(t.closed, now()) - t.opened > '30 ms'
    GROUP BY p.g, p.name`,
  strings: `SELECT g, string_agg(id::text, ',' ORDER BY id) FILTER
    (WHERE extract(epoch FROM now() - opened) > 0.03) AS s FROM public.t GROUP BY g`,
  ranked: `SELECT id, rank() OVER (PARTITION BY g
    ORDER BY LEAST(closed, now()) > opened + due * interval '10 ms', id) AS r FROM public.t`,
};
const RESIDUAL: Readonly<Record<string, string>> = {
  ages: `SELECT g, max(coalesce(closed, now()) - opened) AS top,
    min(opened - coalesce(closed, now())) FILTER (WHERE due > 1) AS low,
    sum(extract(epoch FROM coalesce(closed, now()) - opened)) AS s,
    avg(extract(epoch FROM coalesce(closed, now()) - opened)) AS a,
    avg(extract(epoch FROM coalesce(local, LOCALTIMESTAMP) - local)) AS l
    FROM public.t GROUP BY g`,
  spans: `SELECT g, sum(now() - opened) AS a, avg(opened - now()) AS b,
    avg(coalesce(closed, now()) - opened) FILTER (WHERE due > 1) AS c,
    sum(local - coalesce(local, LOCALTIMESTAMP)) AS d, avg(LOCALTIMESTAMP - local) AS e
    FROM public.t GROUP BY g`,
  ages_left: `SELECT p.name, avg(extract(epoch FROM coalesce(t.closed, now()) - t.opened)) AS a,
    max(coalesce(t.closed, now()) - t.opened) AS m FROM public.p
    LEFT JOIN public.t ON t.g = p.g GROUP BY p.name`,
};
const ALL = {
  ...ADD,
  ...REGROUP,
  ...RESIDUAL,
  ...Object.fromEntries(
    Object.entries(LIFTED).map(([name, condition]) => [
      name,
      `SELECT g, count(*) AS n FROM public.t WHERE ${condition} GROUP BY g`,
    ]),
  ),
};

let sandbox: Sandbox;
let sessions: readonly Session[];
beforeAll(async () => {
  sandbox = await createPreparedSandbox(SETUP);
  sessions = await Promise.all([sandbox.session(), sandbox.session(), sandbox.session()]);
});
afterAll(() => sandbox.drop());

/** Milliseconds around the present, also days, hours and tenths of seconds ago. */
const near = (n: number): string =>
  `clock_timestamp() + ${(n % 17) * 10 - 90} * interval '1 ms'
    - ${n % 4} * interval '${n % 3 === 0 ? '1 day' : n % 3 === 1 ? '1 hour' : '0.1 s'}'`;
const WRITES: readonly ((n: number) => string)[] = [
  (n) => `INSERT INTO t VALUES (${n % 40}, ${n % 5}, ${n % 6}, ${n % 7}.${n % 3}, ${near(n)},
    ${n % 3 === 0 ? 'NULL' : near(n + 5)}, localtimestamp - ${n % 90} * interval '1 ms',
    ${n % 5 === 0 ? 'NULL' : near(n)}, NULL)
    ON CONFLICT (id) DO UPDATE SET opened = excluded.opened, closed = excluded.closed`,
  (n) => `UPDATE t SET opened = ${near(n)} WHERE id % 5 = ${n % 5}`,
  (n) => `UPDATE t SET closed = ${n % 2 === 0 ? 'NULL' : near(n)} WHERE id % 4 = ${n % 4}`,
  (n) => `UPDATE t SET until = since + ${n % 9} * interval '20 ms' WHERE id % 3 = ${n % 3}`,
  (n) => `UPDATE t SET until = NULL, since = ${near(n)} WHERE id % 6 = ${n % 6}`,
  (n) => `UPDATE t SET due = ${n % 8}, rate = NULL, local = NULL WHERE id % 7 = ${n % 7}`,
  (n) => `UPDATE t SET rate = ${n % 4}.5, opened = NULL WHERE id % 11 = ${n % 11}`,
  (n) => `DELETE FROM t WHERE id % 9 = ${n % 9}`,
];

test('they are maintained', async () => {
  for (const [name, definition] of Object.entries(ALL))
    expect(await sandbox.imat.create(name, definition)).toMatchObject({ name, strategy: 'delta' });
});

test.each(seedsHere(3))('every session reads them at its own time: %i', async (seed) => {
  await everySessionAtItsTime(
    { sandbox, sessions, definitions: ALL, writes: WRITES, steps: 40 },
    seed,
  );
});

test('a range whose bounds are in the wrong order fails as in the definition', async () => {
  await sandbox.sql(`INSERT INTO t (id, since, until) VALUES (90, now(), now() - interval '1 s')`);
  const failure = /range lower bound must be less than or equal to range upper bound/;
  await expect(sandbox.sql('TABLE imat.open')).rejects.toThrow(failure);
  await expect(sandbox.sql(ALL['open'] ?? '')).rejects.toThrow(failure);
  await sandbox.sql('DELETE FROM t WHERE id = 90');
  await sandbox.sql('TABLE imat.open');
});

test('a range up to the time fails while it begins later, as in the definition', async () => {
  await sandbox.sql('DELETE FROM t');
  const definition = `SELECT g, count(*) AS n FROM public.t
    WHERE tstzrange(opened, coalesce(closed, now())) @> now() - interval '1 ms' GROUP BY g`;
  expect(await sandbox.imat.create('up_to_now', definition)).toMatchObject({ strategy: 'delta' });
  await sandbox.sql(`INSERT INTO t (id, g, opened, closed)
    SELECT n, n % 2, now() - n * interval '1 s', CASE WHEN n = 3 THEN now() - interval '2 s' END
      FROM generate_series(1, 5) n`);
  await expectEqual(sandbox.db, 'imat.up_to_now', definition);
  await sandbox.sql(`INSERT INTO t (id, g, opened) VALUES (90, 1, now() + interval '1 day')`);
  const failure = /range lower bound must be less than or equal to range upper bound/;
  await expect(sandbox.sql(definition)).rejects.toThrow(failure);
  await expect(sandbox.sql('TABLE imat.up_to_now')).rejects.toThrow(failure);
  await sandbox.sql("CALL imat.fold('up_to_now')");
  await sandbox.sql('DELETE FROM t WHERE id = 90');
  await expectEqual(sandbox.db, 'imat.up_to_now', definition);
  await sandbox.imat.revert('up_to_now');
});

test('a whole day ends long after the time at which it was compared', async () => {
  await sandbox.sql(`INSERT INTO t (id, due, opened)
    SELECT 70 + n, n, clock_timestamp() - interval '48 hours' + interval '2 s'
      FROM generate_series(0, 3) n`);
  const definition = `SELECT id FROM public.t WHERE id >= 70
    AND extract(day FROM now() - opened) = due`;
  await sandbox.imat.create('ending', definition);
  await expectEqual(sandbox.db, 'imat.ending', definition);
  await sandbox.sql('SELECT pg_sleep(2.1)');
  await expectEqual(sandbox.db, 'imat.ending', definition);
  await sandbox.imat.revert('ending');
});

test('ranges contain their ends as they are written', async () => {
  await sandbox.sql(`CREATE TABLE r (id int PRIMARY KEY, a date, b date);
    INSERT INTO r SELECT n, CURRENT_DATE - 1 + n % 3, CURRENT_DATE - 1 + n % 3 + n / 3
      FROM generate_series(0, 8) n;
    INSERT INTO r VALUES (9, NULL, CURRENT_DATE), (10, CURRENT_DATE, NULL), (11, NULL, NULL)`);
  for (const bounds of ['', `, '[)'`, `, '[]'`, `, '()'`, `, '(]'`]) {
    const definition = `SELECT id, daterange(a, b${bounds}) @> CURRENT_DATE AS inside,
        tsrange(a, b${bounds}) @> CURRENT_DATE::timestamp AS at_midnight
      FROM public.r WHERE CURRENT_DATE <@ daterange(a, b${bounds}) OR id % 2 = 0`;
    expect(await sandbox.imat.create('ends', definition)).toMatchObject({ strategy: 'delta' });
    await expectEqual(sandbox.db, 'imat.ends', definition, bounds);
    await sandbox.sql('UPDATE r SET a = a - 1 WHERE id = 4');
    await expectEqual(sandbox.db, 'imat.ends', definition, bounds);
    await sandbox.imat.revert('ends');
  }
});
