/**
 * What changes about a function whose body reads the time, after an imat computes it at each read;
 * who may read that, and which such functions are none.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import { createPreparedSandbox, type Sandbox } from '../commands/support/sandbox.ts';
import { sqlstateOf } from '../commands/support/world.ts';

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await createPreparedSandbox(`
    CREATE SCHEMA s;
    CREATE TABLE t (id int PRIMARY KEY, k int, at timestamptz, d date);
    INSERT INTO t SELECT i, i % 3, now() - i * interval '1 hour', current_date - i
    FROM generate_series(1, 9) AS i;
    CREATE FUNCTION s.inner_age(timestamptz) RETURNS numeric LANGUAGE sql
    AS 'SELECT extract(epoch FROM now() - $1)';
    CREATE FUNCTION age_of(int, timestamptz) RETURNS numeric LANGUAGE plpgsql
    AS 'BEGIN RETURN $1 + s.inner_age($2); END'`);
});
afterEach(() => sandbox.drop());

const DEFINITION = 'SELECT id, public.age_of(k, at) AS age FROM public.t';

test.each([
  [
    'the function is replaced',
    `CREATE OR REPLACE FUNCTION age_of(int, timestamptz) RETURNS numeric LANGUAGE sql
     AS 'SELECT $1 + 2 * s.inner_age($2)'`,
  ],
  [
    'one that its body calls is replaced',
    `CREATE OR REPLACE FUNCTION s.inner_age(timestamptz) RETURNS numeric LANGUAGE sql
     AS 'SELECT extract(epoch FROM now() - $1) * 3'`,
  ],
  [
    'one that its body calls is another one',
    `ALTER FUNCTION s.inner_age(timestamptz) RENAME TO former;
     CREATE FUNCTION s.inner_age(timestamptz) RETURNS numeric LANGUAGE sql
     AS 'SELECT extract(epoch FROM now() - $1) * 4'`,
  ],
  [
    'an overload comes that fits as well',
    `CREATE FUNCTION s.inner_age(timestamp) RETURNS numeric LANGUAGE sql AS 'SELECT 1.0'`,
  ],
  [
    'another schema gets a function of a name of PostgreSQL',
    `CREATE FUNCTION s.now() RETURNS timestamptz LANGUAGE sql
     AS $$ SELECT '-infinity'::timestamptz $$`,
  ],
])('the imat breaks and can be repaired: %s', async (_, change) => {
  await sandbox.imat.create('v', DEFINITION);
  await sandbox.sql(change);
  expect(await sqlstateOf(sandbox.rows('SELECT FROM imat.v'))).toBe('IM024');
  expect(await sandbox.imat.repair('v')).toMatchObject([{ error: null }]);
  await sandbox.sql('UPDATE t SET k = k + 1 WHERE id < 3');
  await expectEqual(sandbox.db, 'imat.v', DEFINITION);
});

test('a function that is dropped is told, and what it becomes is followed', async () => {
  await sandbox.imat.create('v', DEFINITION);
  await sandbox.sql('DROP FUNCTION s.inner_age(timestamptz)');
  expect(await sqlstateOf(sandbox.rows('SELECT FROM imat.v'))).toBe('IM024');
  await sandbox.sql(`CREATE FUNCTION s.inner_age(timestamptz) RETURNS numeric LANGUAGE sql
    AS 'SELECT random()::numeric + extract(epoch FROM $1)'`);
  const { strategy, reasons } = await sandbox.imat.explain(DEFINITION, { query: true });
  expect(strategy).toBe('swap');
  expect(reasons[0]?.hint).toContain('its body calls inner_age, whose body uses random.');
});

describe('another freshness than live', () => {
  const REASON = {
    kind: 'moment_dependent',
    message: '"age_of" reads the time when it runs, later than the time of what is stored',
    hint: 'Give it the time as an argument: age_of(..., now()). Or leave the imat live.',
    position: { line: 2, column: 5 },
  };

  test.each(['5s', 'manual'])('%s swaps, and says why', async (freshness) => {
    const converted = await sandbox.imat.create('v', DEFINITION, { freshness });
    expect(converted).toMatchObject({ strategy: 'swap', reasons: [REASON] });
    expect(converted.notes.join()).not.toContain('each read computes it');
    await expect(
      sandbox.imat.create('w', DEFINITION, { freshness, strategy: 'delta' }),
    ).rejects.toMatchObject({ condition: 'strategy_unavailable' });
  });

  test('is not given to a live one in place', async () => {
    await sandbox.sql(`CREATE MATERIALIZED VIEW v AS ${DEFINITION}`);
    expect(await sandbox.imat.convert('v')).toMatchObject({ strategy: 'delta' });
    await expect(sandbox.imat.convert('v', { freshness: '1h' })).rejects.toMatchObject({
      condition: 'already_exists',
    });
    await sandbox.sql('UPDATE t SET k = k + 1 WHERE id < 3');
    await expectEqual(sandbox.db, 'imat.v', DEFINITION);
  });

  test('takes a function that is told the time', async () => {
    await sandbox.sql(`CREATE FUNCTION age_at(timestamptz, timestamptz) RETURNS numeric
      LANGUAGE sql AS 'SELECT extract(epoch FROM $2 - $1)'`);
    const definition = 'SELECT id, public.age_at(at, now()) AS age FROM public.t';
    expect(await sandbox.imat.create('v', definition, { freshness: '1h' })).toMatchObject({
      strategy: 'delta',
    });
  });
});

test('a reader needs the right to execute it, as for the definition', async () => {
  await sandbox.imat.create('v', DEFINITION);
  await sandbox.sql(`CREATE VIEW plain AS ${DEFINITION};
    CREATE ROLE time_reader LOGIN; GRANT SELECT ON imat.v, plain TO time_reader;
    REVOKE EXECUTE ON FUNCTION age_of FROM PUBLIC;
    CREATE SCHEMA other; GRANT USAGE ON SCHEMA other, s, public TO time_reader`);
  const reader = await sandbox.session('time_reader');
  try {
    await reader.db.execute('SET search_path = other, public');
    for (const relation of ['plain', 'imat.v'])
      expect(await sqlstateOf(reader.rows(`SELECT age FROM ${relation}`))).toBe('42501');
    await sandbox.sql('GRANT EXECUTE ON FUNCTION age_of TO time_reader');
    await expectEqual(reader.db, 'imat.v', 'TABLE public.plain');
  } finally {
    await reader.db.close();
    await sandbox.sql('DROP OWNED BY time_reader CASCADE; DROP ROLE time_reader');
  }
});

/** What the body reads, how it is said, and the function. */
const REFUSED: readonly (readonly [why: string, declared: string, call?: string])[] = [
  [
    'uses random',
    `(a int) RETURNS float8 LANGUAGE sql AS 'SELECT random() + extract(day FROM now())'`,
  ],
  [
    'uses clock_timestamp',
    `(a int) RETURNS interval LANGUAGE sql AS 'SELECT clock_timestamp() - now()'`,
  ],
  [
    'uses statement_timestamp',
    `(a int) RETURNS interval LANGUAGE plpgsql
     AS $$ DECLARE x timestamptz := statement_timestamp(); BEGIN RETURN now() - x; END $$`,
  ],
  ['uses timeofday', `(a int) RETURNS text LANGUAGE sql AS 'SELECT timeofday() || now()'`],
  [
    'uses current_date/current_timestamp/current_user',
    `(a int) RETURNS text LANGUAGE sql AS 'SELECT CURRENT_DATE::text || CURRENT_USER'`,
  ],
  [
    'uses current_setting',
    `(a int) RETURNS text LANGUAGE sql AS $$ SELECT now()::text || current_setting('x.y') $$`,
  ],
  ['reads a table', `(a int) RETURNS text LANGUAGE sql AS 'SELECT now()::text FROM public.t'`],
  [
    'has a subquery',
    `(a int) RETURNS boolean LANGUAGE sql AS 'SELECT now() > (SELECT max(at) FROM public.t)'`,
  ],
  [
    'runs under settings of its own',
    `(a int) RETURNS date SET TimeZone = 'UTC' LANGUAGE sql AS 'SELECT CURRENT_DATE'`,
  ],
  [
    'has a constant that depends on the session',
    `(a int) RETURNS boolean LANGUAGE sql
     AS $$ SELECT now() > '1 day'::interval + 'now()'::timestamp $$`,
  ],
  [
    'calls the function itself',
    `(a int) RETURNS text LANGUAGE sql AS 'SELECT CASE WHEN now() > now() THEN public.f(a) END'`,
  ],
  [
    'Write all arguments',
    `(a int, b timestamptz = now()) RETURNS interval LANGUAGE sql AS 'SELECT now() - b'`,
  ],
];

describe('what is computed anew', () => {
  beforeEach(() => sandbox.sql('SET check_function_bodies = off'));

  test.each(REFUSED)('%s', async (why, declared) => {
    await sandbox.sql(`CREATE FUNCTION f${declared}`);
    const explained = await sandbox.imat.explain('SELECT id, public.f(k) AS x FROM public.t', {
      query: true,
    });
    expect(explained.strategy).toBe('swap');
    expect(JSON.stringify(explained.reasons)).toContain(why);
  });

  test('an overload of another kind is not taken for the one that reads the time', async () => {
    await sandbox.sql(`
      CREATE FUNCTION f(int) RETURNS timestamptz LANGUAGE sql AS 'SELECT now()';
      CREATE FUNCTION f(text) RETURNS timestamptz LANGUAGE sql AS 'SELECT clock_timestamp()';
      CREATE FUNCTION f(date, at timestamptz = clock_timestamp()) RETURNS timestamptz
      LANGUAGE sql AS 'SELECT greatest(at, now())'`);
    for (const other of [`'x'::text`, 'd'])
      expect(
        await sandbox.imat.explain(
          `SELECT id, public.f(k) AS x, public.f(${other}) AS y FROM public.t`,
          { query: true },
        ),
      ).toMatchObject({ strategy: 'swap' });
  });

  test('an operator or a cast reads the time', async () => {
    await sandbox.sql(`
      CREATE FUNCTION later(int, timestamptz) RETURNS boolean LANGUAGE sql
      AS $$ SELECT $2 + $1 * interval '1 hour' > now() $$;
      CREATE OPERATOR @@> (LEFTARG = int, RIGHTARG = timestamptz, FUNCTION = later);
      CREATE TYPE span AS (hours int);
      CREATE FUNCTION hours(span) RETURNS timestamptz LANGUAGE sql AS 'SELECT now()';
      CREATE CAST (span AS timestamptz) WITH FUNCTION hours(span)`);
    for (const shown of ['k OPERATOR(public.@@>) at', '(ROW(k)::public.span)::timestamptz'])
      for (const more of ['', ', public.later(k, at) AS y'])
        expect(
          await sandbox.imat.explain(`SELECT id, ${shown} AS x${more} FROM public.t`, {
            query: true,
          }),
        ).toMatchObject({ strategy: 'swap' });
  });
});
