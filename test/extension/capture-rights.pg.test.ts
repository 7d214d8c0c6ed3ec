/**
 * C capture writes past rights and constraints, so whom it writes for, and into what, is checked;
 * each attack is run, and the log looked at.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ServerError, type Db } from '../../engine/db/db.ts';
import { type CaptureServer, cTriggers, startWithExtension } from './support/capture-world.ts';

let server: CaptureServer;
let db: Db;
let eve: Db;
beforeAll(async () => {
  server = await startWithExtension();
  db = await server.connect();
  await db.execute(
    `CREATE ROLE owner;
     CREATE ROLE eve LOGIN;
     CREATE ROLE writer LOGIN;
     GRANT CREATE ON SCHEMA public TO eve, owner`,
  );
  eve = await server.connect('eve');
});
afterAll(() => server?.stop());

beforeEach(async () => {
  await db.execute(`CREATE TABLE source (id int, k text);
    CREATE TABLE log (xid xid8 NOT NULL, weight integer NOT NULL, c1 int, c2 text);
    ALTER TABLE source OWNER TO owner;
    ALTER TABLE log OWNER TO owner;
    SELECT enable_capture('source', 'log')`);
  await db.execute(cTriggers('source'));
});
afterEach(async () => {
  await db.execute('ROLLBACK');
  await db.execute('DROP TABLE IF EXISTS source, log, mine, mine_log, other CASCADE');
});

const failure = async (run: Promise<unknown>): Promise<string> => {
  const error = await run.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ServerError);
  return error instanceof ServerError ? `${error.sqlstate} ${error.message}` : '';
};
const logged = async (): Promise<number> =>
  (await db.query<{ n: number }>('SELECT count(*)::int AS n FROM log'))[0]?.n ?? -1;

describe('a writer', () => {
  test('needs no right on the log, has none, and is logged, row security or not', async () => {
    await db.execute(
      `GRANT SELECT, INSERT, UPDATE, DELETE ON source TO writer;
       ALTER TABLE log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`,
    );
    const writer = await server.connect('writer');
    await writer.execute(
      `SET search_path = '';
       INSERT INTO public.source VALUES (1, 'a');
       UPDATE public.source SET k = 'b';
       DELETE FROM public.source`,
    );
    expect(await logged()).toBe(4);
    expect(await failure(writer.query('SELECT * FROM public.log'))).toMatch(/^42501/);
  });

  test('runs no code of others: operators of a search_path are never looked at', async () => {
    await db.execute(`CREATE SCHEMA trap;
      CREATE FUNCTION trap.same(int, int) RETURNS bool
      LANGUAGE plpgsql
      AS $$ BEGIN RAISE 'trapped'; END $$;
      CREATE OPERATOR trap.= (LEFTARG = int, RIGHTARG = int, FUNCTION = trap.same);
      CREATE TABLE trap.log (LIKE log);
      CREATE TABLE trap.capture_targets (LIKE table_change_tracker.capture_targets);
      SET search_path = trap, public, pg_catalog;
      INSERT INTO source SELECT i, 'k' FROM generate_series(1, 100) i;
      UPDATE source SET id = id + 1;
      SET search_path = public;
      DROP SCHEMA trap CASCADE`);
    expect(await logged()).toBe(102);
  });
});

describe('registering a log', () => {
  test('takes an owner of both tables', async () => {
    await eve.execute(
      `CREATE TABLE mine (id int, k text);
       CREATE TABLE mine_log (xid xid8 NOT NULL, weight integer NOT NULL, c1 int, c2 text)`,
    );
    expect(await failure(eve.execute(`SELECT enable_capture('mine', 'log')`))).toMatch(
      /^42501 must be owner of table log/,
    );
    expect(await failure(eve.execute(`SELECT enable_capture('source', 'mine_log')`))).toMatch(
      /^42501 must be owner of table source/,
    );
    expect(
      await failure(
        eve.execute(`SELECT enable_capture('mine', 'mine_log', numbered_by => 'source')`),
      ),
    ).toMatch(/^42501/);
    expect(await failure(eve.execute(`SELECT disable_capture('source')`))).toMatch(
      /^42501 must be owner of table source/,
    );
    expect(
      await failure(
        eve.execute(
          "INSERT INTO table_change_tracker.capture_targets VALUES ('mine', " +
            "'log', 'mine', 'mine'::regclass, 'log'::regclass)",
        ),
      ),
    ).toMatch(/^42501/);
    expect(
      await failure(
        eve.execute(`UPDATE table_change_tracker.capture_targets SET log = 'mine_log'`),
      ),
    ).toMatch(/^42501/);
    expect(
      await eve.query(
        `SELECT enable_capture('mine', 'mine_log')::text AS done, disable_capture('mine') AS had`,
      ),
    ).toEqual([{ done: '', had: true }]);
  });

  test('is no way to stop the writers of another’s table', async () => {
    await db.execute(`BEGIN; INSERT INTO source VALUES (1, 'open')`);
    // Whoever waited for the open transaction would never return.
    expect(await failure(eve.execute(`SELECT enable_capture('source', 'log')`))).toMatch(/^42501/);
    expect(await failure(eve.execute(`SELECT disable_capture('source')`))).toMatch(/^42501/);
    await db.execute('COMMIT');
  });

  test('a trigger on it takes a right that nobody has unasked', async () => {
    await db.execute('GRANT TRIGGER ON source TO eve');
    expect(
      await failure(
        eve.execute(
          'CREATE TRIGGER again AFTER INSERT ON source REFERENCING NEW TABLE AS n ' +
            'FOR EACH STATEMENT EXECUTE FUNCTION capture_changes()',
        ),
      ),
    ).toMatch(/^42501/);
    await eve.execute('CREATE TABLE mine (id int)');
    expect(
      await failure(
        eve.execute(
          'CREATE TRIGGER t AFTER INSERT ON mine REFERENCING NEW TABLE AS n FOR ' +
            'EACH STATEMENT EXECUTE FUNCTION capture_changes()',
        ),
      ),
    ).toMatch(/^42501/);
  });

  test('even with that right, a table without a registration is written nowhere', async () => {
    await db.execute('GRANT EXECUTE ON FUNCTION capture_changes() TO eve');
    await eve.execute(
      `CREATE TABLE mine (id int, k text);
       CREATE TRIGGER t AFTER INSERT ON mine
       REFERENCING NEW TABLE AS n
       FOR EACH STATEMENT
       EXECUTE FUNCTION capture_changes()`,
    );
    await eve.execute(`INSERT INTO mine VALUES (1, 'x')`);
    expect(await eve.query('TABLE mine')).toEqual([{ id: 1, k: 'x' }]);
    expect(await logged()).toBe(0);
    await db.execute('REVOKE EXECUTE ON FUNCTION capture_changes() FROM eve');
  });
});

const REFUSED: readonly (readonly [string, string])[] = [
  ['a CHECK constraint', 'ALTER TABLE log ADD CHECK (weight < 5)'],
  ['a unique index', 'CREATE UNIQUE INDEX ON log (c1)'],
  ['a primary key', 'ALTER TABLE log ADD PRIMARY KEY (xid, weight)'],
  ['an exclusion constraint', 'ALTER TABLE log ADD EXCLUDE USING btree (c1 WITH =)'],
  ['an index on an expression', 'CREATE INDEX ON log (lower(c2))'],
  ['an index with a condition', 'CREATE INDEX ON log (c1) WHERE weight > 0'],
  [
    'a foreign key',
    `CREATE TABLE other (id int PRIMARY KEY);
     ALTER TABLE log ADD FOREIGN KEY (c1) REFERENCES other NOT VALID`,
  ],
  [
    'a trigger',
    `CREATE TRIGGER t BEFORE INSERT ON log
     FOR EACH ROW
     EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
  ],
  ['a rule', 'CREATE RULE r AS ON INSERT TO log DO INSTEAD NOTHING'],
  ['a generated column', 'ALTER TABLE log ADD c3 int GENERATED ALWAYS AS (1) STORED'],
  ['a default', 'ALTER TABLE log ALTER c1 SET DEFAULT 1'],
  ['a NOT NULL column', 'ALTER TABLE log ALTER c1 SET NOT NULL'],
  ['a column that is not the source’s', 'ALTER TABLE log ADD c3 int'],
  ['a column of another name', 'ALTER TABLE log RENAME c1 TO d1'],
  ['a column with too high a number', 'ALTER TABLE log RENAME c1 TO c99999999999'],
  ['a weight of another type', 'ALTER TABLE log ALTER weight TYPE bigint'],
  ['no logging', 'ALTER TABLE log SET UNLOGGED'],
];

test.each(REFUSED)(
  'a log with %s is refused, from the next statement on, and works again without',
  async (_, change) => {
    const other = await server.connect();
    await other.execute(`INSERT INTO source VALUES (1, 'a')`);
    expect(await logged()).toBe(1);
    await db.execute('BEGIN');
    await db.execute(change);
    expect(await failure(db.execute(`INSERT INTO source VALUES (2, 'b')`))).toBe(
      '42P16 table "log" cannot be a change log',
    );
    await db.execute('ROLLBACK');
    await other.execute(`INSERT INTO source VALUES (3, 'c')`);
    expect(await logged()).toBe(2);
  },
);

describe('what is no longer there', () => {
  test('a column that has another type now does not fail the writer: it stays NULL', async () => {
    await db.execute('ALTER TABLE source ALTER id TYPE bigint');
    await db.execute(`INSERT INTO source VALUES (1, 'a')`);
    expect(await logged()).toBe(1);
    expect(await db.query('SELECT FROM log WHERE c1 IS NOT NULL')).toEqual([]);
    expect(await failure(db.execute(`SELECT enable_capture('source', 'log')`))).toBe(
      '42P16 table "log" cannot be a change log',
    );
  });

  test('a dropped log does not fail the writer: what read it went with it', async () => {
    await db.execute('DROP TABLE log');
    await db.execute(`INSERT INTO source VALUES (1, 'a')`);
    await db.execute('CREATE TABLE log (xid xid8 NOT NULL, weight integer NOT NULL, c2 text)');
    await db.execute(`SELECT enable_capture('source', 'log')`);
    await db.execute(`INSERT INTO source VALUES (1, 'a')`);
    expect(await logged()).toBe(1);
  });

  test('a missing registration, as after a restore of one table, does not either', async () => {
    await db.execute(
      `INSERT INTO source VALUES (1, 'a'); DELETE FROM table_change_tracker.capture_targets`,
    );
    const fresh = await server.connect();
    await fresh.execute(`INSERT INTO source VALUES (2, 'b')`);
    await fresh.execute(`UPDATE source SET k = 'c'; DELETE FROM source WHERE id = 1`);
    expect(await logged()).toBe(1);
    await db.execute(`SELECT enable_capture('source', 'log')`);
    await fresh.execute(`INSERT INTO source VALUES (3, 'd')`);
    expect(await logged()).toBe(2);
  });

  test('a log is unregistered only when nothing captures any more', async () => {
    expect(await failure(db.execute(`SELECT disable_capture('source')`))).toMatch(
      /^55000 trigger "!c_delete" captures the changes of table "source"/,
    );
    await db.execute(`INSERT INTO source VALUES (1, 'a')`);
    expect(await logged()).toBe(1);
    for (const { name } of await db.query<{ name: string }>(
      `SELECT quote_ident(tgname) AS name FROM pg_trigger WHERE tgrelid = 'source'::regclass`,
    ))
      await db.execute(`DROP TRIGGER ${name} ON source`);
    const ended = `SELECT disable_capture('source') AS had, capture_log('source')::text AS log`;
    expect(await db.query(ended)).toEqual([{ had: true, log: null }]);
    expect(await db.query(ended)).toEqual([{ had: false, log: null }]);
  });

  test('registrations of dropped tables are cleared away by the next one', async () => {
    await db.execute(
      `CREATE TABLE mine (id int);
       CREATE TABLE mine_log (xid xid8 NOT NULL, weight integer NOT NULL)`,
    );
    await db.execute(`DROP TABLE source; SELECT enable_capture('mine', 'mine_log')`);
    expect(await db.query('SELECT source::text FROM table_change_tracker.capture_targets')).toEqual(
      [{ source: 'mine' }],
    );
  });

  test('a registration from a dump logs marks with a warning, and the writer goes on', async () => {
    await db.execute(
      `UPDATE table_change_tracker.capture_targets SET source_oid = 1;
       ALTER TABLE log RENAME c2 TO c9`,
    );
    const fresh = await server.connect();
    await fresh.execute(`INSERT INTO source VALUES (1, 'a'), (2, 'b'); DELETE FROM source`);
    expect(await db.query('SELECT weight, c1, c9 AS c2 FROM log')).toEqual([
      { weight: 0, c1: null, c2: null },
      { weight: 0, c1: null, c2: null },
    ]);
    await db.execute(`ALTER TABLE log RENAME c9 TO c2; SELECT enable_capture('source', 'log')`);
    await fresh.execute(`INSERT INTO source VALUES (1, 'a')`);
    expect(await logged()).toBe(3);
  });
});

test('a trigger of the wrong kind is refused; the function cannot be called', async () => {
  await db.execute(
    `CREATE TABLE mine (id int);
     CREATE TABLE mine_log (xid xid8 NOT NULL, weight integer NOT NULL, c1 int)`,
  );
  await db.execute(`SELECT enable_capture('mine', 'mine_log')`);
  for (const [trigger, write] of [
    ['BEFORE INSERT ON mine FOR EACH STATEMENT', 'INSERT INTO mine VALUES (1)'],
    ['AFTER INSERT ON mine FOR EACH ROW', 'INSERT INTO mine VALUES (1)'],
    ['AFTER TRUNCATE ON mine FOR EACH STATEMENT', 'TRUNCATE mine'],
    [
      'AFTER UPDATE ON mine REFERENCING NEW TABLE AS n FOR EACH STATEMENT',
      'UPDATE mine SET id = 2',
    ],
    [
      'AFTER UPDATE ON mine REFERENCING OLD TABLE AS o FOR EACH STATEMENT',
      'UPDATE mine SET id = 2',
    ],
  ] as const) {
    await db.execute(`CREATE TRIGGER t ${trigger} EXECUTE FUNCTION capture_changes()`);
    expect(await failure(db.execute(write)), trigger).toBe(
      '39P01 trigger "t" cannot capture changes',
    );
    await db.execute('DROP TRIGGER t ON mine');
  }
  expect(await failure(db.query('SELECT capture_changes()'))).toMatch(/^(0A000|39P01)/);
});
