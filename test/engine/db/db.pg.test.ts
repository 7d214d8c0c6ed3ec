/** The contract of `Db`, held against both drivers: what is true of one is true of the other. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Db, ServerError } from '../../../engine/db/db.ts';
import { useDatabase } from '../../setup/database.ts';
import { driversOn, ITEMS } from './support/drivers.ts';

const database = useDatabase();

const LOST = { condition: 'connection_failed' } as const;

const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.fail('it should have failed'),
    (error: unknown) => error,
  );

describe.each(driversOn(database))('$driver', ({ driver, open }) => {
  let db: Db;
  beforeAll(async () => {
    db = await open();
  });
  beforeEach(() => db.execute(ITEMS));
  afterAll(() => db.close());

  test('names its driver', () => {
    expect(db.driver).toBe(driver);
  });

  test.each([
    ['9007199254740993::int8', '9007199254740993'],
    ['1.5000::numeric', '1.5000'],
    ["'NaN'::numeric", 'NaN'],
    ['0.1::float8 + 0.2', '0.30000000000000004'],
    ["'Infinity'::float4", 'Infinity'],
    ["'2026-01-02 03:04:05.123456'::timestamp", '2026-01-02 03:04:05.123456'],
    ["'2026-01-02'::date", '2026-01-02'],
    ["'1 mon 2 days 03:00'::interval", '1 mon 2 days 03:00:00'],
    ["'\\xdeadbeef'::bytea", '\\xdeadbeef'],
    ['ARRAY[1, NULL, 3]', '{1,NULL,3}'],
    ["ARRAY['a b', 'c']", '{"a b",c}'],
    ["ROW(1, 'x')", '(1,x)'],
    ["'Grüße 🎉'::text", 'Grüße 🎉'],
    ["''::text", ''],
    ["'pg_class'::regclass", 'pg_class'],
    ["'10:20:'::pg_snapshot", '10:20:'],
    ["'12'::xid8", '12'],
    ['NULL::int', null],
    ['true', true],
    ['false', false],
    ['7::int2', 7],
    ['-7::int4', -7],
    ['4294967295::oid', 4294967295],
    ['\'{"a": [1, null]}\'::json', { a: [1, null] }],
    ['\'{"a": [1, null]}\'::jsonb', { a: [1, null] }],
    ["'null'::jsonb", null],
  ])('reads %s', async (expression, expected) => {
    expect(await db.query(`SELECT ${expression} AS value`)).toEqual([{ value: expected }]);
  });

  test.each([
    ['int8', '9007199254740993', '9007199254740993'],
    ['int4', 42, 42],
    ['numeric', '1.50', '1.50'],
    ['bool', false, false],
    ['text', 'it\'s; -- \\ "q"', 'it\'s; -- \\ "q"'],
    ['text[]', ['a,b', null, '"'], '{"a,b",NULL,"\\""}'],
    ['jsonb', { a: 1 }, { a: 1 }],
    ['text', null, null],
    ['text', undefined, null],
  ])('takes a parameter of type %s: %j', async (type, value, expected) => {
    expect(await db.query(`SELECT $1::${type} AS value`, [value])).toEqual([{ value: expected }]);
  });

  test('gives every row, in order, and none where there is none', async () => {
    const rows = await db.query<{ n: number }>(
      'SELECT n FROM generate_series(1, 20000) AS n ORDER BY n',
    );
    expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 20_000 }, (_, i) => i + 1));
    expect(await db.query('SELECT 1 WHERE false')).toEqual([]);
    expect(await db.query("INSERT INTO public.item VALUES (1, 'a')")).toEqual([]);
  });

  test('carries calls out one after another, and goes on after a failed one', async () => {
    const calls = [1, 2, 0, 4].map((divisor) =>
      db.query('INSERT INTO public.item VALUES (12 / $1, $1)', [divisor]),
    );
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    // ctid: in the order of insertion.
    expect(await db.query('SELECT id FROM public.item ORDER BY ctid')).toEqual([
      { id: 12 },
      { id: 6 },
      { id: 3 },
    ]);
  });

  test('a text of several statements is one transaction', async () => {
    const error = await errorOf(
      db.execute('INSERT INTO public.item VALUES (1); INSERT INTO public.item VALUES (1)'),
    );
    expect(error).toBeInstanceOf(ServerError);
    expect(await db.query('SELECT * FROM public.item')).toEqual([]);
  });

  test('a parameterised call takes one statement only', async () => {
    expect(await errorOf(db.query('SELECT 1; SELECT 2'))).toMatchObject({
      name: 'ServerError',
      sqlstate: '42601',
    });
  });

  test("a server's error keeps its fields, and its position counts characters", async () => {
    const statement = "SELECT '🎉é' AS x, nope FROM public.item";
    const error = await errorOf(db.query(statement));
    expect(error).toMatchObject({
      name: 'ServerError',
      sqlstate: '42703',
      position: Array.from("SELECT '🎉é' AS x, n").length,
      statement,
    });
    const duplicate = await errorOf(db.execute('INSERT INTO public.item VALUES (1), (1)'));
    expect(duplicate).toMatchObject({
      sqlstate: '23505',
      detail: 'Key (id)=(1) already exists.',
      position: null,
    });
    const missing = await errorOf(db.query("SELECT pg_catalog.upper(1, 'x')"));
    expect(missing).toMatchObject({
      sqlstate: '42883',
      hint: expect.stringContaining('type casts'),
    });
  });

  test('a transaction commits, and gives what its body gives', async () => {
    const value = await db.transaction('read committed', async () => {
      await db.query('INSERT INTO public.item VALUES (1)');
      return 'done';
    });
    expect(value).toBe('done');
    expect(await db.query('SELECT id FROM public.item')).toEqual([{ id: 1 }]);
  });

  test('a transaction whose body throws leaves nothing, and throws the same', async () => {
    const reason = new Error('changed my mind');
    const failed = db.transaction('read committed', async () => {
      await db.query('INSERT INTO public.item VALUES (1)');
      throw reason;
    });
    expect(await errorOf(failed)).toBe(reason);
    expect(await db.query('SELECT id FROM public.item')).toEqual([]);
    expect(await db.query('SELECT pg_catalog.pg_current_xact_id_if_assigned() AS xid')).toEqual([
      { xid: null },
    ]);
  });

  test('a transaction whose body hides an error does not look committed', async () => {
    const hidden = db.transaction('read committed', async () => {
      await db.query('INSERT INTO public.item VALUES (1)');
      await db.query('SELECT 1 / 0').catch(() => undefined);
    });
    expect(await errorOf(hidden)).toMatchObject({ sqlstate: '25P02' });
    expect(await db.query('SELECT id FROM public.item')).toEqual([]);
  });

  test.each(['read committed', 'repeatable read'] as const)(
    'a transaction is %s where that is asked for',
    async (isolation) => {
      const rows = await db.transaction(isolation, () => db.query('SHOW transaction_isolation'));
      expect(rows).toEqual([{ transaction_isolation: isolation }]);
    },
  );

  test('a transaction within a transaction is refused', async () => {
    const nested = db.transaction('read committed', () =>
      db.transaction('read committed', async () => 1),
    );
    expect(await errorOf(nested)).toMatchObject({ condition: 'internal' });
    expect(await db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('the session has settings of its own', async () => {
    expect(
      await db.query(
        "SELECT current_setting('search_path') AS path, " +
          "current_setting('statement_timeout') AS timeout",
      ),
    ).toEqual([{ path: 'pg_catalog', timeout: '0' }]);
    expect(db.userSearchPath).toContain('public');
  });

  test('notices disturb nothing', async () => {
    await db.execute("DO $$ BEGIN RAISE NOTICE 'hello'; END $$");
    expect(await db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('a procedure may commit, and choose its isolation after that', async () => {
    await db.execute(`CREATE OR REPLACE PROCEDURE public.twice() LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO public.item VALUES (1, pg_catalog.current_setting('transaction_isolation'));
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
        INSERT INTO public.item VALUES (2, pg_catalog.current_setting('transaction_isolation'));
      END $$`);
    await db.execute('CALL public.twice()');
    await db.query('DELETE FROM public.item WHERE id = 1');
    await db
      .query('CALL public.twice()')
      .catch((error: unknown) => expect(error).toMatchObject({ sqlstate: '23505' }));
    expect(await db.query('SELECT id, name FROM public.item ORDER BY id')).toEqual([
      { id: 1, name: 'read committed' },
      { id: 2, name: 'repeatable read' },
    ]);
  });

  test('cancel with nothing under way stops the next statement, and only that', async () => {
    await db.cancel();
    expect(await errorOf(db.query('SELECT 1 AS one'))).toMatchObject({
      name: 'ServerError',
      sqlstate: '57014',
    });
    expect(await db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('a transaction that is canceled between two statements is rolled back', async () => {
    const insertThenCancel = async (): Promise<void> => {
      await db.query('INSERT INTO public.item VALUES (1)');
      await db.cancel();
    };
    const atCommit = errorOf(db.transaction('read committed', insertThenCancel));
    expect(await atCommit).toMatchObject({ sqlstate: '57014' });
    expect(await db.query('SELECT id FROM public.item')).toEqual([]);

    const beforeRollback = db.transaction('read committed', async () => {
      await insertThenCancel();
      throw new Error('changed my mind');
    });
    expect(await errorOf(beforeRollback)).toMatchObject({ message: 'changed my mind' });
    expect(await errorOf(db.query('SELECT 1'))).toMatchObject({ sqlstate: '57014' });
    expect(
      await db.query(
        'SELECT id, pg_catalog.pg_current_xact_id_if_assigned() AS xid FROM public.item',
      ),
    ).toEqual([]);
    await db.transaction('read committed', () => db.query('INSERT INTO public.item VALUES (2)'));
    expect(await db.query('SELECT id FROM public.item')).toEqual([{ id: 2 }]);
  });

  // At once: the request may then be ahead of the statement, which a server does not see yet.
  test.each([0, 200])('cancel stops the statement under way, after %d ms', async (delayMs) => {
    const session = await open();
    const long = errorOf(session.query('SELECT count(*) FROM generate_series(1, 1000000000)'));
    await sleep(delayMs);
    await session.cancel();
    expect(await long).toMatchObject({ name: 'ServerError', sqlstate: '57014' });
    await session.close();
  });

  test('a session that is closed waits for no statement', async () => {
    const session = await open();
    const long = errorOf(session.query('SELECT pg_sleep(20)'));
    while (!session.activity.busy) await sleep(1);
    await session.close();
    expect(await long).toMatchObject(LOST);
  });

  test('a closed session refuses calls, and closing twice is harmless', async () => {
    const session = await open();
    await session.close();
    await session.close();
    expect(await errorOf(session.query('SELECT 1'))).toMatchObject(LOST);
  });
});

describe('a server', () => {
  test('after cancel, the session goes on', async () => {
    const [session, observer] = [await database.connect(), await database.connect()];
    const [row] = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const long = errorOf(session.query('SELECT pg_sleep(60)'));
    const sleeping = `SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'`;
    while ((await observer.query(sleeping, [row?.pid])).length === 0) await sleep(5);
    await session.cancel();
    expect(await long).toMatchObject({ sqlstate: '57014' });
    expect(await session.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('a statement that is not answered in time ends the session, and is named', async () => {
    const session = await database.connect();
    session.answerWithin(2000);
    expect(session.activity.busy).toBe(false);
    const long = errorOf(session.query('SELECT pg_sleep(60)'));
    while (!session.activity.busy) await sleep(1);
    expect(await long).toMatchObject({
      condition: 'connection_failed',
      detail: 'No answer within 2000 ms.',
    });
    expect(session.activity.busy).toBe(false);
    expect(await errorOf(session.query('SELECT 1'))).toMatchObject({
      condition: 'connection_failed',
      detail: 'No answer within 2000 ms.',
    });
  });

  test('after a statement answered in time: a pause, or a statement without a bound', async () => {
    const session = await database.connect();
    session.answerWithin(3000);
    await session.query('SELECT 1');
    await sleep(3300);
    session.answerWithin(null);
    await session.query('SELECT pg_sleep(3.3)');
  });

  test('an aborted session fails with the reason that was given', async () => {
    const session = await database.connect();
    const long = errorOf(session.query('SELECT pg_sleep(60)'));
    session.abort('it was no longer wanted');
    expect(await long).toMatchObject({
      condition: 'connection_failed',
      detail: 'It was no longer wanted.',
    });
    await session.close();
  });

  test('sees a session named imat', async () => {
    const session = await database.connect();
    expect(await session.query('SHOW application_name')).toEqual([{ application_name: 'imat' }]);
  });

  test("the user's own search_path is known although the session does not use it", async () => {
    const admin = await database.connect();
    await admin.execute(
      `DO $$
         BEGIN
           EXECUTE format('ALTER DATABASE %I SET search_path = app, public', current_database());
         END
       $$`,
    );
    const session = await database.connect();
    expect(session.userSearchPath).toBe('app, public');
    expect(await session.query('SHOW search_path')).toEqual([{ search_path: 'pg_catalog' }]);
  });

  test.each(['with a statement under way', 'while idle'])(
    'a session that is ended %s is a lost connection',
    async (moment) => {
      const [victim, killer] = [await database.connect(), await database.connect()];
      const [row] = await victim.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const pending = moment === 'while idle' ? null : errorOf(victim.query('SELECT pg_sleep(60)'));
      await killer.query('SELECT pg_terminate_backend($1, 5000)', [row?.pid]);
      const error = await (pending ?? errorOf(victim.query('SELECT 1')));
      expect(error).toMatchObject({
        condition: 'connection_failed',
        category: 'transient',
        detail: 'Terminating connection due to administrator command.',
      });
      expect(await errorOf(victim.query('SELECT 1'))).toMatchObject(LOST);
    },
  );

  test('contention is left to the caller, with its SQLSTATE', async () => {
    const [one, two] = [await database.connect(), await database.connect()];
    await one.execute('CREATE TABLE public.locked (a int)');
    await one.execute('BEGIN; LOCK TABLE public.locked');
    await two.execute("SET lock_timeout = '50ms'");
    expect(await errorOf(two.query('SELECT * FROM public.locked'))).toMatchObject({
      name: 'ServerError',
      sqlstate: '55P03',
    });
    await one.execute('ROLLBACK');
  });
});
