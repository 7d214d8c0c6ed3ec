/** Texts that are one date in every session, and words that mean the day. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import type { Sandbox } from '../commands/support/sandbox.ts';
import { createPreparedSandbox } from '../commands/support/sandbox.ts';

/** `read_as(text, type)`: what the text is, without DateStyle in it, or that it is nothing. */
const ROWS = `INSERT INTO e SELECT i, 20240100 + i % 28 + 1, 'd' || i % 3,
  timestamp '2024-01-01' + i * interval '7 hours', CURRENT_DATE - 4 + i % 8,
  ARRAY[i % 2, 1.0, i % 3] FROM generate_series(1, 60) i`;
const SETUP = `
CREATE FUNCTION read_as(given text, type text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE seconds text;
BEGIN
  EXECUTE format('SELECT extract(epoch FROM %L::text::%s)::text', given, type) INTO seconds;
  RETURN seconds;
EXCEPTION WHEN OTHERS THEN RETURN 'fails';
END $$;
CREATE FUNCTION to_char(timestamp, text) RETURNS text IMMUTABLE LANGUAGE sql
  AS $$ SELECT pg_catalog.to_char($1, 'DD-MM-YYYY') $$;
CREATE FUNCTION halved(numeric, numeric) RETURNS numeric IMMUTABLE LANGUAGE sql
  AS 'SELECT $2 / 2';
CREATE AGGREGATE max(numeric) (SFUNC = halved, STYPE = numeric);
CREATE TABLE number (v text);
INSERT INTO number
  SELECT trunc((random() * 10 ^ n)::numeric)::text
    FROM generate_series(1, 15) n, generate_series(1, 60)
  UNION SELECT (-trunc((random() * 10 ^ n)::numeric))::text
    FROM generate_series(1, 10) n, generate_series(1, 15)
  UNION SELECT to_char(date '1990-01-01' + n * 37, 'YYYYMMDD') FROM generate_series(0, 400) n
  UNION SELECT to_char(date '1990-01-01' + n * 37, 'YYMMDD') FROM generate_series(0, 400) n
  UNION SELECT unnest(ARRAY['NaN', 'Infinity', '-Infinity', '0']);
CREATE TABLE written (t timestamp);
INSERT INTO written SELECT timestamp '0001-01-01 BC' + n * interval '913 days 7 hours 13 minutes'
  FROM generate_series(-500, 4000) n;
INSERT INTO written VALUES ('infinity'), ('-infinity'), ('294276-12-31'), ('4713-01-01 BC');
CREATE TABLE e (id int PRIMARY KEY, day numeric(8), named text, at timestamp, due date,
  tags numeric[]);
${ROWS}`;

const STYLES = ['ISO, DMY', 'ISO, MDY', 'ISO, YMD', 'SQL, DMY', 'German, DMY', 'Postgres, MDY'];

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createPreparedSandbox(SETUP);
});
afterAll(() => sandbox.drop());

/** How many of the texts a style reads otherwise than the first one does. */
async function differing(texts: string, type: string): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  const session = await sandbox.session();
  await session.sql(`SET DateStyle = '${STYLES[0]}';
    CREATE TEMPORARY TABLE first_style AS SELECT v, read_as(v, '${type}') AS r FROM (${texts}) t`);
  for (const style of STYLES) {
    await session.sql(`SET DateStyle = '${style}'`);
    found[style] = await session.value(
      `SELECT count(*)::int FROM first_style WHERE r IS DISTINCT FROM read_as(v, '${type}')`,
    );
  }
  await session.sql('DROP TABLE first_style');
  return found;
}

const NONE = Object.fromEntries(STYLES.map((style) => [style, 0]));

test.each(['date', 'timestamp'])('a number is one %s in every style', async (type) => {
  expect(await differing('SELECT v FROM number', type)).toEqual(NONE);
  const read = await sandbox.value<number>(
    `SELECT count(*)::int FROM number WHERE read_as(v, '${type}') <> 'fails'`,
  );
  expect(read).toBeGreaterThan(500);
});

const FORMATS = ['YYYY-MM-DD', 'YYYY-MM-01', 'YYYYMMDD', 'YYYY-MM-DD HH24:MI:SS'];

test.each(FORMATS)('what to_char prints by %s is one date in every style', async (format) => {
  const texts = `SELECT to_char(t, '${format}') AS v FROM written`;
  expect(await differing(texts, 'date')).toEqual(NONE);
  expect(await differing(texts, 'timestamp')).toEqual(NONE);
});

test('a day first is another date in another style', async () => {
  const found = await differing(`SELECT to_char(t, 'DD-MM-YYYY') AS v FROM written`, 'date');
  expect(found).toMatchObject({ 'ISO, MDY': expect.any(Number) });
  expect(found['ISO, MDY']).toBeGreaterThan(400);
});

const MAINTAINED: Readonly<Record<string, string>> = {
  numbers: 'SELECT day::text::date AS day, count(*) AS n FROM public.e GROUP BY 1',
  extremes: 'SELECT named, max(day)::varchar::timestamp AS d FROM public.e GROUP BY named',
  months: `SELECT to_char(at, 'YYYY-MM-01')::date AS month, count(*) AS n FROM public.e GROUP BY 1`,
  since: `SELECT named, count(*) AS n FROM public.e WHERE due >= 'yesterday'::text::date
    AND due <= 'now'::text::date GROUP BY named`,
  at_times: `SELECT named, count(*) AS n FROM public.e
    WHERE due < 'tomorrow'::text::timestamp AND at < 'now'::text::timestamp GROUP BY named`,
  shown: `SELECT id, 'today'::text::date - due AS age FROM public.e`,
  arrays: `SELECT DISTINCT ON (named) named, t.tags FROM public.e
    CROSS JOIN LATERAL (SELECT e.tags, e.named AS n) t ORDER BY named, t.n`,
};

test.each(Object.entries(MAINTAINED))('%s are maintained', async (name, definition) => {
  expect(await sandbox.imat.create(name, definition)).toMatchObject({ strategy: 'delta' });
  // What an order leaves open was completed: the definition that is stored is compared.
  const completed = await sandbox.value<string>(
    `SELECT format('SELECT * FROM %I.%I', n.nspname, c.relname) FROM imat_catalog.imat i
     JOIN pg_class c ON c.oid = i.definition_view JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE i.name = '${name}'`,
  );
  const changes = [
    `UPDATE e SET day = day - 1, due = due + 1, at = at - interval '9 days' WHERE id % 4 = 1
       AND day::int % 100 > 1`,
    'DELETE FROM e WHERE id % 5 = 0',
    `INSERT INTO e SELECT 1000 + i, 20240200 + i, 'd' || i % 3, now(), CURRENT_DATE - i % 3,
       ARRAY[1.00, i % 2] FROM generate_series(1, 9) i`,
  ];
  for (const change of changes) {
    await sandbox.sql(change);
    await expectEqual(sandbox.db, `imat.${name}`, completed, change);
    if (name !== 'arrays') await expectEqual(sandbox.db, `imat.${name}`, definition, change);
    await sandbox.imat.fold(name);
    await expectEqual(sandbox.db, `imat.${name}`, completed, `${change}, folded`);
  }
  await sandbox.imat.revert(name);
  await sandbox.sql(`TRUNCATE e; ${ROWS}`);
});

test.each([
  ['a day first', `SELECT id, to_char(at, 'DD-MM-YYYY')::date AS d FROM public.e`],
  ['with a time zone', 'SELECT id, day::text::timestamptz AS d FROM public.e'],
  ['a number with a fraction', 'SELECT id, (day / 3)::text::date AS d FROM public.e'],
  ['a number of any scale', 'SELECT id, day::numeric::text::date AS d FROM public.e'],
  ['an aggregate of one', 'SELECT named, public.max(day)::text::date FROM public.e GROUP BY named'],
])('what is another date under other settings: %s', async (_what, definition) => {
  expect(await sandbox.imat.explain(definition, { query: true })).toMatchObject({
    strategy: 'delta',
    notes: expect.arrayContaining([expect.stringContaining('runs the definition')]),
  });
});

test.each([
  ['a column', 'SELECT id, named::date AS d FROM public.e'],
  ['a name of a month', `SELECT id, to_char(at, 'DD-Mon-YYYY')::date AS d FROM public.e`],
  ['a format of a column', `SELECT id, to_char(at, named)::date AS d FROM public.e`],
  [
    'a function of another schema',
    `SELECT id, public.to_char(at, 'YYYY-MM-DD')::date FROM public.e`,
  ],
  ['a number as a time of day', 'SELECT id, (day % 24)::text::timetz AS d FROM public.e'],
])('what is rebuilt: %s', async (_what, definition) => {
  const result = await sandbox.imat.create('rebuilt', definition, { dryRun: true });
  expect(result).toMatchObject({ strategy: 'swap' });
});

const BODY = (type: string, text: string): string => `
  CREATE OR REPLACE FUNCTION since(given date) RETURNS int LANGUAGE plpgsql AS $$
  DECLARE first ${type} := '${text}';
  BEGIN
    IF given < first THEN RETURN 0; END IF;
    first := '2024-01-01';
    RETURN given - first::date;
  END $$`;
const SINCE = 'SELECT id, public.since(due) AS days FROM public.e';

test.each([
  ['date', '2024-03-23'],
  ['timestamp', '2024-03-23 07:30'],
  ['timestamp', '2024-03-23'],
])('a body reads a literal as the same %s in every session: %s', async (type, text) => {
  await sandbox.sql(BODY(type, text));
  expect(await sandbox.imat.create('literal', SINCE)).toMatchObject({ strategy: 'delta' });
  await sandbox.sql('UPDATE e SET due = due + 2 WHERE id % 3 = 0');
  for (const style of STYLES) {
    await sandbox.sql(`SET DateStyle = '${style}'`);
    await expectEqual(sandbox.db, 'imat.literal', SINCE, style);
  }
  await sandbox.sql('RESET DateStyle');
  await sandbox.imat.revert('literal');
});

test.each([
  ['date', '01/02/2024'],
  ['date', 'today'],
  ['date', '24-01-02'],
  ['timestamptz', '2024-03-23'],
])('a body reads a literal as another %s in another session: %s', async (type, text) => {
  await sandbox.sql(BODY(type, text));
  expect(await sandbox.imat.create('literal', SINCE, { dryRun: true })).toMatchObject({
    strategy: 'swap',
  });
});
