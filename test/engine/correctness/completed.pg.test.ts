/**
 * What convert completes in a definition: each form that names a time zone against what PostgreSQL
 * computes from the original under that TimeZone, and orders with ties against every plan.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ImatError } from '../../../engine/errors/imat-error.ts';
import { createPreparedWorld, expectExact, outcomeOf } from '../commands/support/world.ts';
import type { World } from '../commands/support/world.ts';
import { OTHERS, valuesUnder, type Values } from './support/values.ts';

/** Around changes of the clock, ends of years, in a far past, and what is no time. */
const TIMES = `
CREATE DOMAIN instant AS timestamptz;
CREATE TABLE times (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tz timestamptz, ts timestamp, d date,
  i interval, w instant
);
INSERT INTO times (tz)
  SELECT s + n * interval '30 minutes'
  FROM unnest(ARRAY['2024-03-30 12:00+00', '2024-10-26 12:00+00', '2018-11-03 12:00+00',
      '2018-02-17 12:00+00', '2024-11-02 12:00+00', '2024-04-06 00:00+00', '2023-12-31 06:00+00',
      '2024-02-28 20:00+00', '1899-12-31 12:00+00', '0044-03-15 06:00+00 BC']::timestamptz[]) s,
    generate_series(0, 70) n;
INSERT INTO times (tz) VALUES (NULL), ('infinity'), ('-infinity');
UPDATE times SET ts = tz AT TIME ZONE 'UTC', d = (tz AT TIME ZONE 'UTC')::date, w = tz,
  i = (ARRAY['1 day', '1 mon', '-1 mon', '1 year -1 days', '25 hours', '1 mon 1 day 01:30:00',
    '-00:30:00', '0', '3 days -02:00:00', '12 mons']::interval[])[1 + id % 10];
CREATE TABLE small AS SELECT * FROM times WHERE id % 23 = 0 OR id > 710;`;

/** All that can be pinned, on every version. */
const PINNED = [
  "date_trunc('day', tz)",
  "date_trunc('week', tz)",
  "date_trunc('month', d)",
  "date_trunc('hour', w)",
  'tz::date',
  'date(tz)',
  'ARRAY[tz, w]::date[]',
  'tz::time',
  'tz::time(0)',
  'tz::timestamp',
  'tz::timestamp(0)',
  'w::date',
  'd::timestamptz',
  'ts::timestamptz',
  'ts::timestamptz(0)',
  'timestamptz(d)',
  'extract(year FROM tz)',
  'extract(hour FROM tz)',
  'extract(dow FROM tz)',
  'extract(epoch FROM tz)',
  'extract(julian FROM tz)',
  "date_part('week', tz)",
  "date_part('minute', w)",
  "to_char(tz, 'YYYY-MM-DD HH24:MI Dy Mon IW')",
  "to_char(d, 'YYYY-MM')",
  "to_char(ts, 'YYYY-MM')",
  "to_char(i, 'HH24:MI')",
  "tz + interval '1 day'",
  "tz - interval '1 day'",
  "tz + interval '1 mon'",
  "tz - interval '1 mon 3 days 01:30:00'",
  "tz + interval '36 hours'",
  "interval '1 year -1 days' + tz",
  'tz + i',
  'tz - i',
  "w + interval '1 day'",
  'tz > d',
  'd >= tz',
  'tz = ts',
  'ts < tz',
  'tz IS DISTINCT FROM d',
  'd = ANY (ARRAY[tz])',
  "CASE WHEN tz > '2024-06-01' THEN tz ELSE d END",
  "coalesce(tz, d) - interval '1 day'",
  'greatest(tz, ts)',
  "tz::date - interval '1 day' < tz",
  'make_timestamptz(2024, 3, 31, 2, extract(minute FROM ts)::int, 0)',
  "date_trunc('month', tz)::date",
  "to_timestamp(to_char(ts, 'YYYY-MM-DD HH24:MI'), 'YYYY-MM-DD HH24:MI')",
  "to_timestamp(to_char(ts, 'DD.MM.YYYY'), 'DD.MM.YYYY')::timestamp",
  "to_timestamp(to_char(ts, '  MM/DD/YY  HH12:MI AM'), 'MM/DD/YY HH12:MI AM')::date",
  "to_timestamp(to_char(ts, 'YYYY-MM-DD HH24:15:00.5'), 'YYYY-MM-DD HH24:00:00.MS') - tz",
  "to_timestamp(left(to_char(ts, '-YYYY-MM'), 2 + id::int % 8), 'YYYY-MM')",
  '(SELECT max(o.tz::date) FROM small o WHERE o.tz::date < t.tz)',
  'EXISTS (SELECT FROM small o WHERE o.ts = t.tz)',
] as const;
/** With functions that PostgreSQL has from some version on. */
const NEWER: readonly (readonly [major: number, expression: string])[] = [
  [16, "date_add(tz, interval '1 day')"],
  [16, 'date_subtract(tz, i)'],
  [
    16,
    `CASE WHEN isfinite(tz) AND i > interval '0' THEN
      (SELECT max(g) FROM generate_series(tz, tz + interval '9 days', i + interval '1 day') g) END`,
  ],
  [17, 'ts AT LOCAL'],
];
const ZONES = [
  'Europe/Berlin',
  'America/Sao_Paulo',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  '<-03>+03',
  'UTC',
];

let world: World;
let major: number;
beforeAll(async () => {
  world = await createPreparedWorld(TIMES);
  major = Math.trunc(
    (await world.value<number>(`SELECT current_setting('server_version_num')::int`)) / 10000,
  );
});
afterAll(() => world.drop());

describe('what names a time zone has the value that it has under that TimeZone', () => {
  test.each(ZONES)('%s', async (zone) => {
    const expressions = [
      ...PINNED,
      ...NEWER.filter(([since]) => since <= major).map(([, expression]) => expression),
    ];
    const columns = expressions.map((expression, index) => `${expression} AS x${index}`);
    const query = `SELECT t.id, ${columns.join(', ')} FROM public.times t`;
    const { definition, reasons, notes } = await world.imat.explain(query, {
      query: true,
      settings: { timezone: zone },
    });
    expect(reasons.map(({ kind }) => kind)).not.toContain('settings_dependent');
    expect(notes).toContain(`computed under TimeZone = ${zone}`);
    const wanted = await valuesUnder(world, `SET TimeZone = '${zone}'`, query);
    const found = await valuesUnder(world, OTHERS, definition);
    expect(found.length).toBeGreaterThan(700);
    for (const [index, expression] of expressions.entries()) {
      const column = (rows: readonly Values[]): unknown[] => rows.map((row) => row[`x${index}`]);
      expect(column(found), `${expression} in ${definition}`).toEqual(column(wanted));
    }
  });
});

const RUNS = 'a reader under other ones runs the definition';
test('what cannot be pinned makes others run the definition; the rest is pinned', async () => {
  const explain = async (expression: string) => {
    const query = `SELECT ${expression} AS x, date_trunc('day', tz) AS y FROM public.times t`;
    return world.imat.explain(query, { query: true, settings: { TimeZone: 'Europe/Berlin' } });
  };
  for (const expression of [
    'tz::text',
    "to_char(tz, 'HH24 TZ')",
    'age(tz, ts::timestamptz)',
    'array_fill(tz, ARRAY[1])::date[]',
    'NULLIF(d, tz)',
    "count(*) OVER (ORDER BY tz RANGE interval '1 day' PRECEDING)",
  ]) {
    const found = await explain(expression);
    expect(found, expression).toMatchObject({ strategy: 'delta' });
    expect(found.notes.join(), expression).toContain(RUNS);
    expect(found.definition).toContain("'Europe/Berlin'");
  }
  const hours = await explain("count(*) OVER (ORDER BY tz RANGE interval '1 hour' PRECEDING)");
  expect(hours.notes.join()).not.toContain(RUNS);
});

test('what views leave open is completed in the definition, where it can be', async () => {
  await world.sql(`CREATE VIEW public.firsts AS SELECT DISTINCT ON (d) d, id FROM times ORDER BY d;
    CREATE VIEW public.days AS SELECT tz::date AS day FROM times;
    CREATE VIEW public.texts AS SELECT tz::text AS t FROM times`);
  const explained = async (query: string) => world.imat.explain(query, { query: true });
  const firsts = await explained('SELECT d, max(id) AS id FROM public.firsts GROUP BY d');
  expect(firsts).toMatchObject({ strategy: 'delta' });
  expect(firsts.definition).toMatch(/ORDER BY times\.d, times\.id/);
  const days = await explained('SELECT day, count(*) AS n FROM public.days GROUP BY day');
  expect(days).toMatchObject({ strategy: 'delta' });
  expect(days.notes.join()).toContain('computed under TimeZone = ');
  const plain = await explained('SELECT id, count(*) AS n FROM public.firsts GROUP BY id');
  expect(plain.definition).toContain('FROM public.times');
  const texts = await explained('SELECT t, count(*) AS n FROM public.texts GROUP BY t');
  expect(texts.notes.join()).toContain(RUNS);
});

test('a zone whose name is also an abbreviation is not pinned', async () => {
  const options = { query: true, settings: { TimeZone: 'CET' } };
  const query = 'SELECT tz::date AS d FROM public.times';
  const { definition, notes } = await world.imat.explain(query, options);
  expect(definition).not.toContain('CET');
  expect(notes.join()).toContain(RUNS);
});

test('wrong settings are refused, and the session has its own again', async () => {
  const convert = (settings: Record<string, string>): Promise<unknown> =>
    outcomeOf(world.imat.create('wrong', 'SELECT 1 AS x', { settings, dryRun: true }));
  expect(await convert({ TimeZone: 'Europe/Atlantis' })).toMatchObject({
    condition: 'invalid_argument',
    message: '"Europe/Atlantis" is not a value of TimeZone',
  } satisfies Partial<ImatError>);
  expect(await convert({ work_mem: '1MB' })).toMatchObject({
    condition: 'invalid_argument',
    message: '"work_mem" is not a setting that a definition is computed under',
  } satisfies Partial<ImatError>);
  const program = await world.program();
  const query = `SELECT date_trunc('day', tz) AS day FROM public.times`;
  const zoneOf = async (): Promise<string> =>
    (await program.imat.explain(query, { query: true })).notes.join();
  const before = await zoneOf();
  await program.imat.explain(query, { query: true, settings: { TimeZone: 'Asia/Tokyo' } });
  expect(await zoneOf()).toBe(before);
});

test('an imat keeps its time zone through every command', async () => {
  await world.sql(`CREATE TABLE kept (id int PRIMARY KEY, tz timestamptz);
    INSERT INTO kept SELECT n, '2024-03-30 00:00+00'::timestamptz + n * interval '1 hour'
      FROM generate_series(1, 100) n;
    CREATE MATERIALIZED VIEW by_day AS SELECT tz::date AS day, count(*) AS n FROM kept GROUP BY 1`);
  const settings = { TimeZone: 'Europe/Berlin' };
  const explained = await world.imat.explain('by_day', { settings });
  const converted = await world.imat.convert('by_day', { settings });
  expect(converted.strategy).toBe('delta');
  expect(converted.notes).toEqual(['computed under TimeZone = Europe/Berlin']);
  expect(explained.notes).toEqual(converted.notes);
  const expectKept = async (): Promise<void> => {
    expect((await world.imat.explain('by_day')).notes).toContain(
      'computed under TimeZone = Europe/Berlin',
    );
    const zoned = `(tz AT TIME ZONE 'Europe/Berlin')::date`;
    for (const zone of ['UTC', 'Asia/Tokyo']) {
      const reader = await world.session();
      await reader.sql(`SET TimeZone = '${zone}'`);
      await expectExact(reader, {
        name: 'by_day',
        definition: `SELECT ${zoned} AS day, count(*) AS n FROM public.kept GROUP BY 1`,
      });
      await reader.db.close();
    }
    expect((await world.imat.verify('by_day')).results).toMatchObject([{ equal: true }]);
  };
  await expectKept();
  await world.sql(`SET TimeZone = 'Asia/Tokyo'; UPDATE kept SET tz = tz + interval '3 hours'
    WHERE id % 3 = 0; DELETE FROM kept WHERE id % 7 = 0; RESET TimeZone`);
  await expectKept();
  await world.imat.fold('by_day');
  await expectKept();
  await world.imat.repair('by_day');
  await expectKept();
  expect((await world.imat.convert('by_day', { freshness: 'manual' })).freshness).toBe('manual');
  expect((await world.imat.convert('by_day', { freshness: 'live' })).notes).toContain(
    'computed under TimeZone = Europe/Berlin',
  );
  await expectKept();
  expect(
    await outcomeOf(
      world.imat.convert('by_day', { freshness: 'manual', settings: { TimeZone: 'UTC' } }),
    ),
  ).toMatchObject({ condition: 'invalid_argument' });
  const altered = await world.imat.alter(
    'by_day',
    'SELECT tz::date AS day, count(*) AS n FROM public.kept GROUP BY tz::date',
  );
  expect(altered.notes).toContain('computed under TimeZone = Europe/Berlin');
  await expectKept();
  await world.imat.revert('by_day');
});

const SALES = `
CREATE FUNCTION join_one(text, text) RETURNS text IMMUTABLE LANGUAGE sql
  RETURN concat_ws(',', $1, $2);
CREATE AGGREGATE joined (text) (sfunc = join_one, stype = text);
CREATE FUNCTION take_one(int, int) RETURNS int IMMUTABLE LANGUAGE sql RETURN $2;
CREATE AGGREGATE last_of (int) (sfunc = take_one, stype = int);
  CREATE TABLE sales (id int PRIMARY KEY, region text, amount int, at int);
  INSERT INTO sales SELECT n, 'r' || n % 3, n % 4, n % 5 FROM generate_series(1, 60) n;
  CREATE TABLE heap (kind text, size numeric, doc json);
  INSERT INTO heap SELECT 'k' || n % 2, (ARRAY[1.0, 1.00])[1 + n % 2], json_build_object('n', n % 3)
    FROM generate_series(1, 30) n`;

/** With many ties; the answer by hand, of which nothing is left open. */
const TIES: readonly (readonly [name: string, query: string, byHand: string])[] = [
  [
    'limited',
    'SELECT id, amount FROM public.sales ORDER BY amount DESC LIMIT 7',
    'SELECT id, amount FROM public.sales ORDER BY amount DESC, id LIMIT 7',
  ],
  [
    'distinct_on',
    'SELECT DISTINCT ON (region) region, id FROM public.sales ORDER BY region, amount DESC',
    'SELECT DISTINCT ON (region) region, id FROM public.sales ORDER BY region, amount DESC, id',
  ],
  [
    'numbered',
    `SELECT id, row_number() OVER w AS n, rank() OVER w AS r, sum(amount) OVER w AS s
      FROM public.sales WINDOW w AS (PARTITION BY region ORDER BY amount)`,
    `SELECT id, row_number() OVER (PARTITION BY region ORDER BY amount, id) AS n,
      rank() OVER w AS r, sum(amount) OVER w AS s
      FROM public.sales WINDOW w AS (PARTITION BY region ORDER BY amount)`,
  ],
  [
    'firsts_and_lasts',
    `SELECT id, first_value(id) OVER w AS f, last_value(id) OVER w AS l,
        lag(id) OVER w AS g, sum(at) OVER (ORDER BY amount ROWS 2 PRECEDING) AS s
      FROM public.sales WINDOW w AS (PARTITION BY region ORDER BY amount)`,
    `SELECT id,
        (SELECT o.id FROM public.sales o WHERE o.region = s.region ORDER BY o.amount, o.id LIMIT 1)
          AS f,
        (SELECT max(o.id) FROM public.sales o WHERE o.region = s.region AND o.amount = s.amount)
          AS l,
        lag(id) OVER (PARTITION BY region ORDER BY amount, id) AS g,
        sum(at) OVER (ORDER BY amount, id ROWS 2 PRECEDING) AS s
      FROM public.sales s`,
  ],
  [
    'aggregated',
    `SELECT region, array_agg(at ORDER BY amount) AS a, string_agg(id::text, ',') AS b,
      jsonb_agg(at) AS c FROM public.sales GROUP BY region`,
    `SELECT region, array_agg(at ORDER BY amount, id) AS a,
      string_agg(id::text, ',' ORDER BY id) AS b, jsonb_agg(at ORDER BY id) AS c
      FROM public.sales GROUP BY region`,
  ],
  [
    'own_aggregates',
    `SELECT region, public.joined(id::text) AS a, public.last_of(at) AS b
      FROM public.sales GROUP BY region`,
    `SELECT region, string_agg(id::text, ',' ORDER BY id) AS a,
      (array_agg(at ORDER BY id DESC))[1] AS b FROM public.sales GROUP BY region`,
  ],
  [
    'top_of_each',
    `SELECT r.region, t.id FROM (SELECT DISTINCT region FROM public.sales) r
      CROSS JOIN LATERAL (SELECT s.id FROM public.sales s WHERE s.region = r.region
        ORDER BY s.amount DESC LIMIT 2) t`,
    `SELECT region, id FROM (SELECT region, id, row_number()
        OVER (PARTITION BY region ORDER BY amount DESC, id) AS n FROM public.sales) v WHERE n <= 2`,
  ],
  [
    'sorted_subquery',
    `SELECT region, array_agg(id) AS a FROM
      (SELECT region, id, amount FROM public.sales ORDER BY amount DESC) v GROUP BY region`,
    'SELECT region, array_agg(id ORDER BY amount DESC, id) AS a FROM public.sales GROUP BY region',
  ],
  [
    'largest_groups',
    `SELECT at, region, count(*) AS n FROM public.sales GROUP BY at, region
      ORDER BY count(*) DESC LIMIT 4`,
    `SELECT at, region, count(*) AS n FROM public.sales GROUP BY at, region
      ORDER BY count(*) DESC, at, region LIMIT 4`,
  ],
  [
    'without_a_key',
    'SELECT size, doc::text AS doc FROM public.heap ORDER BY size LIMIT 11',
    `SELECT size, doc::text AS doc FROM public.heap
      ORDER BY size, numeric_send(size), doc::text LIMIT 11`,
  ],
];

/** Each makes PostgreSQL read or sort in another way. */
const PLANS = [
  'SET enable_sort = off; SET enable_hashagg = off',
  'SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_incremental_sort = off',
  'SET enable_seqscan = off; SET enable_hashagg = off',
  'SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_memoize = off',
];

describe('orders with ties have one answer', () => {
  beforeAll(() => world.sql(SALES));

  test.each(TIES)('%s', async (name, query, byHand) => {
    const created = await world.imat.create(name, query);
    expect(created.notes.some((note) => /are broken by|in the order of/.test(note))).toBe(true);
    const checked = { name, definition: byHand };
    const { definition } = await world.imat.explain(name);
    const everyPlan = async (): Promise<void> => {
      for (const plan of PLANS) {
        const reader = await world.session();
        await reader.sql(`SET jit = off; ${plan}`);
        await expectExact(reader, checked, plan);
        const differing = `SELECT * FROM ((${definition}) EXCEPT ALL (${byHand})) v`;
        expect(await reader.rows(differing), plan).toEqual([]);
        await reader.db.close();
      }
    };
    await everyPlan();
    // In another physical order, with other values.
    await world.sql(`UPDATE sales SET amount = (amount + 1) % 4 WHERE id % 5 = 0;
      DELETE FROM heap WHERE ctid IN (SELECT ctid FROM heap LIMIT 3);
      INSERT INTO heap VALUES ('k1', 1.00, '{"n": 1}'), ('k0', 0.50, '{"n": 1}')`);
    await everyPlan();
    await (created.strategy === 'delta' ? world.imat.fold(name) : world.imat.swap(name));
    await everyPlan();
    expect((await world.imat.verify(name)).results).toMatchObject([{ equal: true }]);
    await world.imat.revert(name);
  });

  test('what cannot be completed is a reason', async () => {
    const { reasons } = await world.imat.explain(
      'SELECT nth_value(id, 2) OVER (ORDER BY amount) AS x FROM public.sales',
      { query: true },
    );
    expect(reasons.map(({ kind }) => kind)).toContain('unspecified_order');
  });
});
