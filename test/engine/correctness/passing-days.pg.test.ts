/**
 * Definitions that read the day otherwise than by comparing columns with it: days between it and a
 * column in aggregates and keys, and calendars that move with it. A day here lasts 100 ms, so that
 * some pass in every history; each session compares with the definition at its own now().
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import type { Sandbox, Session } from '../commands/support/sandbox.ts';
import { createPreparedSandbox } from '../commands/support/sandbox.ts';
import { everySessionAtItsTime } from './support/sessions-in-time.ts';

const SETUP = `
CREATE TABLE e (id int PRIMARY KEY, g int, v numeric, due date NOT NULL, paid date,
  until date DEFAULT 'infinity');
CREATE TABLE p (g int PRIMARY KEY, name text, since date);
INSERT INTO p SELECT i, 'p' || i, DATE '2024-01-18' + 3 * i FROM generate_series(0, 5) AS i;
CREATE VIEW late AS SELECT g, sum(DAY - due) AS days FROM e GROUP BY g;
CREATE VIEW calendar AS SELECT d::date AS day, to_char(d, 'YYYY-MM') AS month
  FROM generate_series(DAY::timestamp - interval '9 days', DAY::timestamp, '1 day') d;
CREATE VIEW marked AS SELECT id, g, v, due, DAY AS today FROM e;
CREATE VIEW recent AS SELECT id, g, v, due FROM e WHERE due >= DAY - 5;
CREATE VIEW recent_days AS SELECT c.day, c.month, r.id, r.g, r.v
  FROM calendar c LEFT JOIN recent r ON r.due = c.day`;

/** With DAY in the place of the day. */
const VALUES: Readonly<Record<string, string>> = {
  sums: 'SELECT g, sum(DAY - due) AS s, avg(DAY - due) AS a, count(*) AS n FROM e GROUP BY g',
  open: 'SELECT g, sum(coalesce(paid, DAY) - due) AS days FROM e GROUP BY g',
  capped: 'SELECT g, sum(least(coalesce(paid, DAY), due + 3) - due) AS d FROM e GROUP BY g',
  scaled: `SELECT g, sum(v * CASE extract(dow FROM DAY) WHEN 1 THEN 1.0 WHEN 3 THEN 1.0 WHEN 5
    THEN 1.0 ELSE 1.00 END) AS s FROM e GROUP BY g`,
  weighted: 'SELECT g, sum(v * (DAY - due)) AS s FROM e GROUP BY g',
  whole: 'SELECT sum(DAY - due) AS s, max(DAY - due) FILTER (WHERE v > 3) AS m FROM e',
  keys: 'SELECT DAY - due AS age, count(*) AS n, sum(v) AS s FROM e GROUP BY 1',
  weeks: 'SELECT (DAY - due) / 7 AS weeks, g, count(*) AS n FROM e GROUP BY 1, 2',
  months: `SELECT date_part('month', age(DAY::timestamp, due::timestamp)) AS m, count(*) AS n
    FROM e GROUP BY 1`,
  bands: `SELECT CASE WHEN date_part('day', age(DAY::timestamp, due::timestamp)) < 5 THEN 'new'
    ELSE 'old' END AS band, count(*) AS n FROM e GROUP BY 1`,
  zoned: `SELECT date_part('day', age(DAY, due)) AS d, count(*) AS n FROM e GROUP BY 1`,
  stepped: `SELECT g, count(*) AS n FROM e WHERE extract(day FROM due)::float8 >=
    CASE WHEN date_part('day', DAY)::int % 2 = 1 THEN date_part('day', DAY)
      ELSE date_part('day', DAY) - 3 END GROUP BY g`,
  stepped_or_none: `SELECT g, sum(v) AS s FROM e WHERE extract(day FROM due)::float8 <=
    CASE WHEN date_part('day', DAY)::int % 3 = 1 THEN date_part('day', DAY)
      WHEN date_part('day', DAY)::int % 3 = 2 THEN date_part('day', DAY)::int / 2 END GROUP BY g`,
  spans: `SELECT g, max(v) AS m FROM e WHERE due >= DAY - CASE WHEN extract(day FROM DAY) > 20
    AND extract(dow FROM DAY) <> 3 THEN 2 ELSE 9 END GROUP BY g`,
  listed: 'SELECT g, count(*) AS n FROM e WHERE due IN (DAY, DAY - 1, DAY + 2) GROUP BY g',
  rows: `SELECT g, count(*) AS n, sum(v) AS s FROM e
    WHERE (g, due) >= (extract(dow FROM DAY)::int, DAY - 5) GROUP BY g`,
  rows_value: `SELECT g, count(*) FILTER (WHERE ROW(due, g) > ROW(DAY - 3, 2)) AS n FROM e
    GROUP BY g`,
  month: `SELECT g, count(*) AS n FROM e
    WHERE to_char(due, 'YYYY-MM') = to_char(DAY, 'YYYY-MM') GROUP BY g`,
  joined: `SELECT p.name, sum(DAY - e.due) AS s, sum(DAY - p.since) AS o
    FROM e JOIN p ON p.g = e.g GROUP BY p.name`,
  united: `SELECT age, count(*) AS n FROM (SELECT DAY - due AS age FROM e UNION ALL
    SELECT DAY - since FROM p) u GROUP BY age`,
  finite: `SELECT g, sum(DAY - until) AS s FROM e WHERE until < 'infinity' GROUP BY g`,
  finite_keys: `SELECT DAY - until AS age, count(*) AS n FROM e WHERE until <> 'infinity'
    GROUP BY 1`,
  texts: `SELECT g, string_agg((DAY - due)::text, ',' ORDER BY id) AS s FROM e GROUP BY g`,
  left_values: `SELECT p.g, bit_xor(DAY - e.due) AS x, count(e.id) AS n
    FROM p LEFT JOIN e ON e.g = p.g GROUP BY p.g`,
  percentile: `SELECT g, percentile_disc(0.5) WITHIN GROUP (ORDER BY DAY - due) AS m
    FROM e GROUP BY g`,
  above: `SELECT g, sum(DAY - due) AS s, DAY - max(due) AS last, DAY AS stamp FROM e GROUP BY g`,
  viewed: 'SELECT g, days FROM late WHERE days > 3',
};
const MOMENTS: Readonly<Record<string, string>> = {
  stamped: 'SELECT DAY AS day, g, count(*) AS n FROM e GROUP BY DAY, g',
  stamped_alone: 'SELECT DAY AS day, count(*) AS n FROM e WHERE v > 7 GROUP BY DAY',
  stamped_now: `SELECT now() AS at, DAY + 1 AS next, sum(v) AS s FROM e GROUP BY now(), DAY + 1
    HAVING sum(v) > 3`,
  params: `WITH q AS (SELECT DAY - 3 AS since, DAY AS until) SELECT g, count(*) AS n FROM e
    WHERE due >= (SELECT since FROM q) AND due < (SELECT until FROM q) GROUP BY g`,
  params_left: `WITH q AS (SELECT DAY - 3 AS since) SELECT p.g, count(e.id) AS n FROM p
    LEFT JOIN e ON e.g = p.g AND e.due >= (SELECT q.since FROM q) GROUP BY p.g`,
};
const DAYS = `generate_series(DAY::timestamp - interval '9 days', DAY::timestamp, '1 day')`;
const LIST = `(SELECT ${DAYS}::date AS day)`;
const CALENDARS: Readonly<Record<string, string>> = {
  days: `SELECT d::date AS day, count(e.id) AS n, coalesce(sum(e.v), 0) AS s, max(e.v) AS m
    FROM ${DAYS} d LEFT JOIN e ON e.due = d::date GROUP BY d`,
  days_zoned: `SELECT d::date AS day, count(e.id) AS n
    FROM generate_series(DAY - 9, DAY, interval '1 day') d LEFT JOIN e ON e.due = d::date
    GROUP BY 1`,
  days_cte: `WITH days AS ${LIST} SELECT days.day, count(DISTINCT e.g) AS n,
    string_agg(e.v::text, ',' ORDER BY e.id) AS s
    FROM days LEFT JOIN e ON e.due = days.day GROUP BY days.day`,
  days_rows: `SELECT d.day, e.id, e.v FROM ${LIST} d LEFT JOIN e ON e.due = d.day`,
  days_inner: `SELECT d.day, max(e.v) AS m, bit_or(e.id) AS b FROM ${LIST} d
    JOIN e ON e.due = d.day GROUP BY d.day`,
  days_where: `SELECT d.day, count(e.id) AS n FROM ${LIST} d LEFT JOIN e ON e.due = d.day
    WHERE extract(isodow FROM d.day) < 6 GROUP BY d.day`,
  days_until: `SELECT d.day, count(e.id) AS n, sum(e.v) AS s FROM ${LIST} d
    LEFT JOIN e ON e.due <= d.day AND coalesce(e.paid, 'infinity') >= d.day GROUP BY d.day`,
  days_crossed: `SELECT p.g, d.day, count(e.id) AS n FROM p CROSS JOIN ${LIST} d
    LEFT JOIN e ON e.g = p.g AND e.due = d.day GROUP BY p.g, d.day`,
  days_by_month: `SELECT to_char(d, 'YYYY-MM') AS month, count(e.id) AS n, count(DISTINCT d) AS days
    FROM ${DAYS} d LEFT JOIN e ON e.due = d::date GROUP BY 1`,
  months_left: `SELECT m::date AS month, count(e.id) AS n
    FROM generate_series(date_trunc('month', DAY::timestamp) - interval '2 months',
      date_trunc('month', DAY::timestamp), interval '1 month') m
    LEFT JOIN e ON date_trunc('month', e.due::timestamp) = m GROUP BY m`,
  months_range: `SELECT m.first, count(e.id) AS n
    FROM (SELECT m::date AS first, (m + interval '1 month')::date AS next FROM generate_series(
      date_trunc('month', DAY::timestamp) - interval '1 month', DAY::timestamp, '1 month') m) m
    LEFT JOIN e ON e.due >= m.first AND e.due < m.next GROUP BY m.first`,
  days_right: `SELECT d.day, count(e.id) AS n FROM e RIGHT JOIN ${LIST} d ON e.due = d.day
    GROUP BY d.day`,
  days_nullable: `SELECT e.g, count(d.day) AS recent, count(*) AS n, bit_xor(e.id) AS x
    FROM e LEFT JOIN ${LIST} d ON e.due = d.day GROUP BY e.g`,
  days_nullable_key: `SELECT e.due, d.day, bit_xor(e.id) AS x FROM e
    LEFT JOIN ${LIST} d ON e.due = d.day GROUP BY e.due, d.day`,
  days_full: `SELECT coalesce(d.day, e.due) AS day, count(e.id) AS n, count(d.day) AS shown
    FROM ${LIST} d FULL JOIN e ON e.due = d.day GROUP BY 1`,
  days_missing: `SELECT d.day FROM ${LIST} d WHERE NOT EXISTS (SELECT FROM e WHERE e.due = d.day)`,
  days_in: `SELECT e.id, e.g FROM e WHERE e.due IN (SELECT d.day FROM ${LIST} d)`,
  days_not_in: `SELECT d.day FROM ${LIST} d WHERE d.day NOT IN (SELECT e.due FROM e)`,
  days_except: `SELECT d.day FROM ${LIST} d EXCEPT SELECT e.due FROM e`,
  days_union: `SELECT d.day FROM ${LIST} d UNION SELECT p.since FROM p`,
  days_running: `SELECT d.day, sum(count(e.id)) OVER (ORDER BY d.day) AS so_far
    FROM ${LIST} d LEFT JOIN e ON e.due = d.day GROUP BY d.day`,
  days_of_groups: `SELECT d.day, coalesce(x.n, 0) AS n, y.s FROM ${LIST} d
    LEFT JOIN (SELECT due, count(*) AS n FROM e GROUP BY due) x ON x.due = d.day
    LEFT JOIN (SELECT paid, sum(v) AS s FROM e GROUP BY paid) y ON y.paid = d.day`,
  days_scalar: `SELECT d.day, (SELECT count(*) FROM e WHERE e.due = d.day) AS due,
    (SELECT sum(e.v) FROM e WHERE e.paid = d.day) AS paid FROM ${LIST} d`,
  days_two: `SELECT d.day, count(DISTINCT e.id) AS due, count(DISTINCT p.g) AS begun FROM ${LIST} d
    LEFT JOIN e ON e.due = d.day LEFT JOIN p ON p.since = d.day GROUP BY d.day`,
  days_twice: `SELECT d.day, count(e.id) AS n
    FROM (SELECT * FROM ${LIST} a UNION ALL SELECT * FROM ${LIST} b WHERE b.day <> '2024-02-03') d
    LEFT JOIN e ON e.due = d.day GROUP BY d.day`,
  days_recent: `SELECT d.day, count(e.id) AS n, sum(DAY - e.due) AS age FROM ${LIST} d
    LEFT JOIN e ON e.due = d.day AND e.paid < DAY GROUP BY d.day`,
  days_numbered: `SELECT d.n, count(e.id) AS due FROM ${DAYS} WITH ORDINALITY AS d(day, n)
    LEFT JOIN e ON e.due = d.day::date GROUP BY d.n`,
  list: `SELECT l.day, l.what, count(e.id) AS n FROM (VALUES (DAY, 'today'), (DAY - 1, 'before'),
    (DAY - 7, 'a week ago')) l(day, what) LEFT JOIN e ON e.due = l.day GROUP BY l.day, l.what`,
  array: `SELECT d.day, count(e.id) AS n FROM unnest(ARRAY[DAY, DAY - 2, DAY - 9]) d(day)
    LEFT JOIN e ON e.due = d.day GROUP BY d.day`,
  labels: `SELECT l.what, count(e.id) AS n, max(e.v) AS m FROM (VALUES (DAY, 'new'),
    (DAY - 1, 'new'), (DAY - 2, 'old')) l(day, what) LEFT JOIN e ON e.due = l.day GROUP BY l.what`,
};

/** Conditions that are moved to the tables, and times that are shown. */
const MOVED: Readonly<Record<string, string>> = {
  groups: `SELECT s.due, s.n, p.name FROM (SELECT due, g, count(*) AS n FROM e GROUP BY due, g) s
    JOIN p ON p.g = s.g WHERE s.due >= DAY - 3`,
  expressions: `SELECT s.d, s.n, p.name FROM (SELECT due + 1 AS d, g, count(*) AS n FROM e
    GROUP BY due + 1, g) s JOIN p ON p.g = s.g WHERE s.d >= DAY - 3 AND s.d <= DAY`,
  correlated: `SELECT s.d, s.n, p.name, (SELECT max(u.x) FROM (SELECT e.id AS x FROM e
    WHERE e.g = p.g UNION ALL SELECT p.g) u) AS m FROM (SELECT due + 1 AS d, g, count(*) AS n FROM e
    GROUP BY due + 1, g) s JOIN p ON p.g = s.g WHERE s.d >= DAY - 3`,
  unions: `SELECT u.d, p.name, rank() OVER (PARTITION BY p.g ORDER BY u.d, u.x) AS r
    FROM (SELECT due AS d, g, id AS x FROM e UNION ALL SELECT since, g, -g FROM p) u
    JOIN p ON p.g = u.g WHERE u.d > DAY - 5`,
  sets: `SELECT u.d, p.name FROM (SELECT due AS d, g FROM e UNION SELECT since, g FROM p
    UNION SELECT paid, g FROM e) u JOIN p ON p.g = u.g WHERE u.d > DAY - 5 OR u.d IS NULL`,
  first_rows: `SELECT s.due, s.v, p.name FROM (SELECT DISTINCT ON (due, g) due, g, v FROM e
    ORDER BY due, g, id) s JOIN p ON p.g = s.g WHERE s.due = DAY - 1 OR s.due = DAY`,
  partitions: `SELECT s.d, s.r, p.name FROM (SELECT due + 1 AS d, g,
    row_number() OVER (PARTITION BY due + 1 ORDER BY id) AS r FROM e) s JOIN p ON p.g = s.g
    WHERE s.d >= DAY - 2`,
  month_text: `SELECT g, count(*) AS n FROM e WHERE due < to_char(DAY, 'YYYY-MM-01')::date + 9
    AND extract(year FROM due) >= to_char(DAY, 'YYYY')::int GROUP BY g`,
  all_rows: `SELECT p.g, p.name, e.id, DAY AS stamp FROM p LEFT JOIN e ON e.v > p.g`,
  exists_key: `SELECT g, EXISTS (SELECT FROM p WHERE p.g = e.g AND p.since < '2024-01-24') AS early,
    count(*) AS n, DAY AS stamp FROM e
    GROUP BY g, EXISTS (SELECT FROM p WHERE p.g = e.g AND p.since < '2024-01-24')`,
  view_of_days: `SELECT c.day, c.month, count(e.id) AS n FROM calendar c
    LEFT JOIN e ON e.due = c.day GROUP BY c.day, c.month`,
  view_of_rows: `SELECT p.name, string_agg(r.v::text, ',' ORDER BY r.id) AS vs FROM p
    LEFT JOIN recent r ON r.g = p.g GROUP BY p.name`,
  view_of_views: `SELECT day, month, count(id) AS n, max(v) AS m FROM recent_days
    GROUP BY day, month`,
};

/** Times that a subquery shows as a column. */
const COLUMNS: Readonly<Record<string, string>> = {
  column_latest: `SELECT p.g, p.name, w.due, w.old, w.r FROM p LEFT JOIN (SELECT x.g, x.due,
    row_number() OVER (PARTITION BY x.g ORDER BY x.due DESC, x.id) AS r,
    avg(CASE WHEN x.due <= x.today - 4 THEN x.v END) OVER (PARTITION BY x.g) AS old
    FROM (SELECT e.*, DAY AS today FROM e WHERE due >= DAY - 9) x) w ON w.g = p.g AND w.r = 1`,
  column_latest_groups: `SELECT y.early, count(*) AS n, sum(y.old) AS old FROM (SELECT p.g,
    p.since < '2024-01-24' AS early, w.old FROM p LEFT JOIN (SELECT x.g, x.due,
    row_number() OVER (PARTITION BY x.g ORDER BY x.due DESC, x.id) AS r,
    avg(CASE WHEN x.due <= x.today - 4 THEN x.v END) OVER (PARTITION BY x.g) AS old
    FROM (SELECT e.*, DAY AS today FROM e) x) w ON w.g = p.g AND w.r = 1) y GROUP BY y.early`,
  column_sets: `SELECT p.g, s.due FROM p JOIN (SELECT DISTINCT g, due, DAY AS today FROM e) s
    ON s.g = p.g WHERE s.due >= s.today - 3`,
  column_groups: `SELECT s.g, p.name, s.n, s.m FROM (SELECT g, due, DAY - 3 AS since,
    count(*) AS n, max(v) AS m FROM e GROUP BY g, due) s JOIN p ON p.g = s.g
    WHERE s.due >= s.since`,
  column_listed: `SELECT b.g, b.id, p.name FROM (SELECT a.g, a.due, a.id, a.x + 1 AS y FROM
    (SELECT g, due, id, DAY - 4 FROM e) a(g, due, id, x)) b LEFT JOIN p ON p.g = b.g
    WHERE b.due > b.y`,
  column_correlated: `SELECT s.g, (SELECT count(*) FROM e WHERE e.g = s.g AND e.due > s.since) AS n,
    EXISTS (SELECT FROM e WHERE e.g = s.g AND e.due = s.since) AS some
    FROM (SELECT p.g, DAY - 3 AS since FROM p) s`,
  column_lateral: `SELECT s.g, l.n, l.x FROM (SELECT p.g, DAY - 3 AS since FROM p) s,
    LATERAL (SELECT count(*) AS n, bit_xor(e.id) AS x FROM e
      WHERE e.g = s.g AND e.due > s.since) l`,
  column_twice: `WITH r AS (SELECT e.g, e.v, e.due, DAY - 3 AS since FROM e)
    SELECT p.g, count(a.v) AS a, count(DISTINCT b.v) AS b FROM p
    LEFT JOIN (SELECT g, v FROM r WHERE due > since) a ON a.g = p.g
    LEFT JOIN (SELECT g, v FROM r WHERE due <= since) b ON b.g = p.g GROUP BY p.g`,
  column_sets_two: `SELECT s.a, s.b, bit_xor(s.id) AS x
    FROM (SELECT e.id, DAY AS a, DAY AS b FROM e) s GROUP BY GROUPING SETS ((s.a), (s.b))`,
  column_sets_other: `SELECT s.a, DAY AS b, bit_xor(s.id) AS x
    FROM (SELECT e.id, DAY AS a FROM e) s GROUP BY ROLLUP (s.a)`,
  column_row: `SELECT s.id, s.r >= ROW(s.due, NULL::int) AS x
    FROM (SELECT e.id, e.due, ROW(DAY, NULL::int) AS r FROM e) s`,
  column_using: `SELECT g, s.id, s.since - 1 AS before FROM (SELECT e.g, e.id, e.due,
    DAY - 3 AS since FROM e) s JOIN p USING (g) WHERE s.due > s.since`,
  column_viewed: `SELECT p.g, m.id FROM p JOIN marked m ON m.g = p.g WHERE m.due >= m.today - 2`,
  column_shown: `SELECT p.g, m.id, m.today - 1 AS yesterday FROM p JOIN marked m ON m.g = p.g`,
};

let day = '';
const withDay = (text: string): string => text.replaceAll('DAY', day);
const definitionsOf = (all: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(all).map(([name, text]) => [
      name,
      withDay(text).replaceAll(
        /\b(FROM|JOIN) (e|p|late|calendar|marked|recent|recent_days)\b/g,
        '$1 public.$2',
      ),
    ]),
  );

let sandbox: Sandbox;
let sessions: readonly Session[];
beforeAll(async () => {
  sandbox = await createPreparedSandbox();
  const database = await sandbox.value<string>('SELECT quote_ident(current_database())');
  await sandbox.sql(`ALTER DATABASE ${database} SET TimeZone = 'Europe/Berlin'`);
  const since = await sandbox.value<string>("SELECT (now() AT TIME ZONE 'UTC')::text");
  const passed = `((now() AT TIME ZONE 'UTC') - timestamp '${since}')`;
  day = `(timestamp '2024-01-24' + ${passed} * 864000)::date`;
  await sandbox.sql(withDay(SETUP));
  sessions = await Promise.all([sandbox.session(), sandbox.session(), sandbox.session()]);
});
afterAll(() => sandbox.drop());

const WRITES: readonly ((n: number) => string)[] = [
  (n) => `INSERT INTO e (id, g, v, due, paid) VALUES (${n % 40}, ${n % 6}, ${n % 9},
    DAY + ${(n % 17) - 12}, CASE WHEN ${n % 2} = 0 THEN DAY - ${n % 5} END)
    ON CONFLICT (id) DO UPDATE SET due = excluded.due, g = excluded.g, paid = excluded.paid`,
  (n) => `UPDATE e SET due = DAY - ${n % 12}, until = DAY + ${n % 3} WHERE id % 5 = ${n % 5}`,
  (n) => `UPDATE e SET v = v + 1, g = ${n % 6}, until = 'infinity' WHERE id % 7 = ${n % 7}`,
  (n) => `DELETE FROM e WHERE id % 9 = ${n % 9}`,
  (n) => `UPDATE p SET since = DAY - ${n % 11} WHERE g % 3 = ${n % 3}`,
  (n) => `UPDATE e SET paid = nullif(DAY - ${n % 6}, paid) WHERE id % 6 = ${n % 6}`,
];

const BATCHES = [
  ['values', VALUES],
  ['moments', MOMENTS],
  ['calendars', CALENDARS],
  ['moved', MOVED],
  ['columns', COLUMNS],
] as const;

describe.each(BATCHES)('%s', (batch, given) => {
  test('are maintained', async () => {
    for (const [name, definition] of Object.entries(definitionsOf(given)))
      expect(await sandbox.imat.create(name, definition)).toMatchObject({
        name,
        strategy: 'delta',
      });
  });

  test.each([21, 22])('every session at its own day, seed %s', async (seed) => {
    const definitions = definitionsOf(given);
    const writes = WRITES.map(
      (write) =>
        (n: number): string =>
          withDay(write(n)),
    );
    await everySessionAtItsTime({ sandbox, sessions, definitions, writes, steps: 25 }, seed);
  });

  test('without a write', async () => {
    const definitions = Object.entries(definitionsOf(given));
    for (const [name, definition] of definitions)
      await expectEqual(sandbox.db, `imat.${name}`, definition, name);
    for (const [name] of definitions) await sandbox.imat.fold(name);
    await sandbox.sql('SELECT pg_sleep(0.11)');
    for (const [name, definition] of definitions)
      await expectEqual(sandbox.db, `imat.${name}`, definition, `${name} of ${batch}`);
  });
});

test('groups over few rows of many: the time is read above the rows that are stored', async () => {
  await sandbox.sql(
    withDay(`CREATE TABLE visit (id int PRIMARY KEY, g int, at date);
    INSERT INTO visit SELECT i, i % 300, DAY - i % 12 FROM generate_series(1, 20000) AS i;
    CREATE TABLE member (g int PRIMARY KEY, region text, doc json);
    INSERT INTO member SELECT i, 'r' || i % 7, '{}' FROM generate_series(0, 330) AS i;
    CREATE INDEX ON visit (g); ANALYZE visit; ANALYZE member`),
  );
  const last = '(SELECT g, max(at) AS last FROM public.visit GROUP BY g)';
  const definitions = {
    active: withDay(`SELECT m.region, count(*) FILTER (WHERE x.last > DAY - 2) AS active,
      count(x.g) AS known, count(*) AS n
      FROM public.member m LEFT JOIN ${last} x ON x.g = m.g GROUP BY m.region`),
    ages: withDay(`SELECT coalesce(DAY - x.last, -1) AS age, m.region, min(m.g) AS first,
      percentile_disc(0.5) WITHIN GROUP (ORDER BY DAY - x.last) AS middle
      FROM public.member m LEFT JOIN ${last} x ON x.g = m.g GROUP BY 1, 2
      HAVING count(*) > 2 AND bool_or(x.last IS NULL OR x.last <= DAY)`),
    determined: withDay(`SELECT m.g, m.region || '.' AS region,
      count(*) FILTER (WHERE x.last > DAY - 2) AS active
      FROM public.member m LEFT JOIN ${last} x ON x.g = m.g GROUP BY m.g`),
    merged: withDay(`SELECT g, count(*) FILTER (WHERE x.last > DAY - 2) AS active
      FROM public.member m LEFT JOIN ${last} x USING (g) GROUP BY m.g`),
  };
  for (const [name, definition] of Object.entries(definitions))
    expect(await sandbox.imat.create(name, definition)).toMatchObject({ strategy: 'delta' });
  const writes = [
    (n: number) =>
      withDay(`INSERT INTO visit VALUES (${30_000 + n}, ${n % 330}, DAY - ${n % 4})
        ON CONFLICT (id) DO NOTHING`),
    (n: number) => withDay(`UPDATE visit SET at = at + 1 WHERE g = ${n % 300} AND at < DAY`),
    (n: number) => `DELETE FROM visit WHERE g = ${n % 300}`,
    (n: number) => `UPDATE member SET region = 'r' || ${n % 8} WHERE g % 40 = ${n % 40}`,
  ];
  await everySessionAtItsTime({ sandbox, sessions, definitions, writes, steps: 25 }, 23);
  for (const name of Object.keys(definitions)) await sandbox.imat.revert(name);
  const undecided = withDay(`SELECT m.g, m.doc, count(*) FILTER (WHERE x.last > DAY - 2) AS active
    FROM public.member m LEFT JOIN ${last} x ON x.g = m.g GROUP BY m.g`);
  expect(await sandbox.imat.create('undecided', undecided)).toMatchObject({ strategy: 'swap' });
  await sandbox.imat.revert('undecided');
});

test('a day that is twice in a set is one group', async () => {
  const definition = withDay(`SELECT unnest(ARRAY[DAY, DAY - 1, DAY]) AS day, g, count(*) AS n
    FROM public.e GROUP BY 1, 2`);
  await sandbox.sql(withDay('INSERT INTO e (id, g, due) VALUES (1001, 1, DAY), (1002, 1, DAY)'));
  await sandbox.imat.create('stamped_by_set', definition);
  await expectEqual(sandbox.db, 'imat.stamped_by_set', definition);
  await sandbox.sql('UPDATE e SET g = 2 WHERE id = 1001');
  await expectEqual(sandbox.db, 'imat.stamped_by_set', definition);
  await sandbox.imat.revert('stamped_by_set');
  await sandbox.sql('DELETE FROM e WHERE id > 1000');
});

// Below PostgreSQL 16 generate_series takes no time zone.
test.each(['America/Havana', 'Europe/Berlin'])('a calendar in %s', async (TimeZone) => {
  const definition = `SELECT d::date AS day, count(e.id) AS n
    FROM generate_series(CURRENT_DATE - 9, CURRENT_DATE, interval '1 day') d
    LEFT JOIN public.e ON e.due = d::date GROUP BY 1`;
  const takesZone = await sandbox.value<boolean>(
    "SELECT current_setting('server_version_num')::int >= 160000",
  );
  const options = { settings: { TimeZone }, dryRun: true };
  const { strategy } = await sandbox.imat.create('zoned_calendar', definition, options);
  expect(strategy).toBe(takesZone || TimeZone === 'Europe/Berlin' ? 'delta' : 'swap');
});

test.each([
  ['a field of a row', 'ROW(due, g) >= ROW(DAY, 10 / (DAY - due))'],
  ['a bound', 'ROW(due, g) >= ROW(DAY, 10 / (extract(day FROM DAY)::int % 2))'],
  ['rows of other types', 'ROW(g, ROW(due, v)) > ROW(2, ROW(DAY, 3))'],
])('what can fail for rows that are kept away is computed at each read: %s', async (_, fails) => {
  const definition = withDay(`SELECT g, count(*) FILTER (WHERE v > 1000 AND ${fails}) AS n
    FROM public.e GROUP BY g`);
  expect(await sandbox.imat.create('failing', definition)).toMatchObject({ strategy: 'delta' });
  await expectEqual(sandbox.db, 'imat.failing', definition);
  await sandbox.imat.revert('failing');
});

test.each([
  ['a series up to the present', "generate_series(now() - interval '9 days', now(), '1 day')"],
  ['a series of times', `generate_series(CURRENT_DATE, now(), interval '1 hour')`],
])('what is rebuilt: %s', async (_what, series) => {
  const definition = `SELECT d, count(e.id) AS n FROM ${series} d
    LEFT JOIN public.e ON e.due = d::date GROUP BY d`;
  expect(await sandbox.imat.create('rebuilt', definition, { dryRun: true })).toMatchObject({
    strategy: 'swap',
  });
});
