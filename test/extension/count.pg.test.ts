/** Counting in C against counting in plpgsql: the same rows, and what is refused. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../engine/db/db.ts';
import { createImat } from '../../engine/index.ts';
import { provideExtension } from '../../tools/extension.ts';
import { type CaptureServer, randomFrom, startWithExtension } from './support/capture-world.ts';

const BY_PLPGSQL = 1000;
const ROUNDS = 80;
const { servers, missing } = provideExtension();
for (const one of missing)
  process.stderr.write(`counting in C is not tested on ${one.major}: ${one.reason}\n`);

describe.each(servers.map((one) => one.major))('PostgreSQL %i', (major) => {
  let server: CaptureServer;
  let db: Db;
  beforeAll(async () => {
    server = await startWithExtension({}, major);
    db = await server.connect();
    await db.execute(`CREATE TABLE t (id int PRIMARY KEY, v int);
      CREATE TABLE p (id int PRIMARY KEY, v int) PARTITION BY RANGE (id);
      CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (50);
      CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (50) TO (1000)`);
    const imat = createImat(db);
    await imat.init();
    await imat.accounting.createGroup('g', ['public.t', 'public.p']);
  });
  afterAll(() => server.stop());

  const functions = (trigger: string): Promise<unknown[]> =>
    db.query(
      `SELECT DISTINCT p.pronamespace::regnamespace || '.' || p.proname || ' ' || p.prosrc AS name
       FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
       WHERE t.tgrelid IN ('t'::regclass, 'p'::regclass, 'p1'::regclass) AND t.tgname ~ $1`,
      [trigger],
    );

  test('the extension counts, for a role that may use its function', async () => {
    const inC = [{ name: 'public.count_changes count_changes' }];
    expect(await functions('^!imat_count_(insert|update|delete)$')).toEqual(inC);
    expect(await functions('^~imat_count_truncate$')).toHaveLength(1);
    await db.execute('CREATE ROLE maker; GRANT USAGE ON SCHEMA imat_catalog TO maker');
    await db.execute('GRANT EXECUTE ON FUNCTION imat_catalog.counting_function TO maker');
    const chosen = 'SELECT imat_catalog.counting_function()::text AS chosen';
    expect(await db.query(chosen)).toEqual([{ chosen: 'count_changes' }]);
    await db.execute('SET ROLE maker');
    expect(await db.query(chosen)).toEqual([{ chosen: 'imat_catalog.count_changes' }]);
    await expect(
      db.execute(`CREATE TEMP TABLE mine (id int);
        CREATE TRIGGER c AFTER INSERT ON mine REFERENCING NEW TABLE AS changed
          FOR EACH STATEMENT EXECUTE FUNCTION public.count_changes('1')`),
    ).rejects.toThrow('permission denied for function public.count_changes');
    await db.execute('RESET ROLE');
  });

  test("the extension's own function is found by its name and arguments", async () => {
    await db.execute(`CREATE FUNCTION public.capture_log(text) RETURNS text LANGUAGE sql
        AS 'SELECT $1';
      CREATE SCHEMA other; CREATE FUNCTION other.count_changes() RETURNS trigger
        LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`);
    const found = async (signature: string): Promise<unknown> =>
      db.query(
        `SELECT p.pronamespace::regnamespace::text AS schema, p.prosrc
         FROM pg_proc p WHERE p.oid = imat_catalog.extension_function($1)`,
        [signature],
      );
    for (const signature of [
      'capture_log(regclass)',
      'count_changes()',
      'tables_changed_since(regclass[], pg_snapshot[])',
    ])
      expect(await found(signature)).toEqual([
        { schema: 'public', prosrc: expect.stringMatching(/^\w+$/) },
      ]);
    for (const signature of [
      'capture_log(text)',
      'tables_changed_since(regclass)',
      'count_changes',
    ])
      expect(await found(signature)).toEqual([]);
    // Whoever may not use the schema is no error.
    await db.execute(`REVOKE USAGE ON SCHEMA public FROM PUBLIC;
      GRANT EXECUTE ON FUNCTION imat_catalog.extension_function TO maker; SET ROLE maker`);
    expect(
      await db.query(
        `SELECT imat_catalog.extension_function('capture_log(regclass)') > 0 AS found`,
      ),
    ).toEqual([{ found: true }]);
    await db.execute('RESET ROLE; GRANT USAGE ON SCHEMA public TO PUBLIC');
  });

  test('both write the same counters for every statement', async () => {
    for (const table of ['t', 'p', 'p1', 'p2'])
      for (const [event, rows] of [
        ['INSERT', 'NEW'],
        ['UPDATE', 'NEW'],
        ['DELETE', 'OLD'],
      ] as const)
        await db.execute(`CREATE TRIGGER plpgsql_${event} AFTER ${event} ON ${table}
          REFERENCING ${rows} TABLE AS changed FOR EACH STATEMENT
          EXECUTE FUNCTION imat_catalog.count_changes(${BY_PLPGSQL})`);
    const random = randomFrom(major);
    const statements: readonly ((table: string) => string)[] = [
      (table) => `INSERT INTO ${table} VALUES (${random(49)}, 1) ON CONFLICT DO NOTHING`,
      (table) => `INSERT INTO ${table} SELECT i, 0 FROM generate_series(0, ${random(49)}) i
        ON CONFLICT (id) DO UPDATE SET v = excluded.v + 1`,
      (table) => `UPDATE ${table} SET v = v + 1 WHERE id % 7 = ${random(9)}`,
      (table) => `DELETE FROM ${table} WHERE id % 5 = ${random(9)}`,
      () => `UPDATE p SET id = id + 50 WHERE id = ${random(49)}
        AND NOT EXISTS (SELECT FROM p q WHERE q.id = p.id + 50)`,
      () => `MERGE INTO t USING (SELECT i FROM generate_series(1, 40) i) s ON t.id = s.i
        WHEN MATCHED AND i % 3 = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET v = 9
        WHEN NOT MATCHED THEN INSERT VALUES (i, 2)`,
    ];
    for (let round = 0; round < ROUNDS; round += 1) {
      const table = ['t', 'p', 'p1'][random(3)] ?? 't';
      const statement = statements[random(statements.length)]?.(table) ?? '';
      const undone = random(4) === 0;
      await db.execute('BEGIN; SAVEPOINT s');
      await db.execute(statement);
      await db.execute(undone ? 'ROLLBACK TO s; COMMIT' : 'COMMIT');
    }
    const counters = (what: string): Promise<unknown[]> =>
      db.query(
        `SELECT xid::text, role::text, verb, rows::int, count(*)::int
         FROM imat_catalog.change_count WHERE counted_id ${what} ${BY_PLPGSQL}
         GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`,
      );
    const byPlpgsql = await counters('=');
    expect(byPlpgsql.length).toBeGreaterThan(ROUNDS / 4);
    expect(await counters('<>')).toEqual(byPlpgsql);
  });

  test('a trigger of another kind, and counters that were altered, are refused', async () => {
    await db.execute('CREATE TABLE other (id int)');
    for (const trigger of [
      'BEFORE INSERT ON other FOR EACH ROW EXECUTE FUNCTION count_changes(1)',
      'AFTER INSERT ON other FOR EACH STATEMENT EXECUTE FUNCTION count_changes(1)',
      `AFTER INSERT ON other REFERENCING NEW TABLE AS changed
         FOR EACH STATEMENT EXECUTE FUNCTION count_changes()`,
    ]) {
      await db.execute(`CREATE OR REPLACE TRIGGER wrong ${trigger}`);
      await expect(db.execute('INSERT INTO other VALUES (1)')).rejects.toMatchObject({
        sqlstate: '39P01',
        message: expect.stringContaining('function "count_changes" cannot count changes here'),
      });
      await db.execute('DROP TRIGGER wrong ON other');
    }
    await db.execute('CREATE INDEX added ON imat_catalog.change_count (xid)');
    await expect(db.execute('INSERT INTO t VALUES (2000, 1)')).rejects.toMatchObject({
      sqlstate: '55000',
      message: expect.stringContaining('changes cannot be counted in table'),
      hint: expect.stringContaining('Take off what was added to it'),
    });
    await db.execute('DROP INDEX imat_catalog.added');
    await db.execute('INSERT INTO t VALUES (2000, 1)');
    await expect(db.execute('DROP EXTENSION table_change_tracker')).rejects.toThrow(
      'other objects depend on it',
    );
  });
});
