/**
 * Changed blocks: what is reported, what is refused, and the rule for the lower bound, with a race
 * that shows what breaks without it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ServerError, type Db } from '../../engine/db/db.ts';
import { type CaptureServer, randomFrom, startWithExtension } from './support/capture-world.ts';
import { seedOfRun } from '../setup/seed.ts';

let server: CaptureServer;
let db: Db;
beforeAll(async () => {
  server = await startWithExtension({ autovacuum: 'off' });
  db = await server.connect();
});
afterAll(() => server?.stop());

const failure = async (run: Promise<unknown>): Promise<string> => {
  const error = await run.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ServerError);
  return error instanceof ServerError ? `${error.sqlstate} ${error.message}` : '';
};
const one = async <T>(session: Db, query: string): Promise<T> =>
  Object.values((await session.query<Record<string, T>>(query))[0] ?? {})[0] as T;
const lsn = (session: Db = db): Promise<string> =>
  one(session, 'SELECT pg_current_wal_insert_lsn()::text');
const blocks = (since: string, size = 1, table = 't', session: Db = db): Promise<string> =>
  one(
    session,
    `SELECT COALESCE(string_agg(first_block || '-' || last_block, ' '), '')
     FROM changed_blocks('${table}', '${since}', ${size})`,
  );

/** Ten blocks of 10 rows; a row's place is its number. */
async function makeTable(name: string): Promise<void> {
  await db.execute(`DROP TABLE IF EXISTS ${name};
    CREATE TABLE ${name} (
      id int, v int, pad char(760) DEFAULT 'x'
    ) WITH (fillfactor = 100);
    INSERT INTO ${name} SELECT i, i FROM generate_series(0, 99) i`);
  await db.execute(`VACUUM (FREEZE) ${name}`);
  expect(await one(db, `SELECT (pg_relation_size('${name}') / 8192)::int`)).toBe(10);
}

describe('what is reported', () => {
  test('the changed blocks and no others', async () => {
    await makeTable('t');
    const start = await lsn();
    expect(await blocks(start)).toBe('');
    expect(await blocks('0/0', 4)).toBe('0-3 4-7 8-9');
    await db.execute('DELETE FROM t WHERE id = 35');
    expect(await blocks(start)).toBe('3-3');
    expect(await blocks(start, 4)).toBe('0-3');
    const second = await lsn();
    await db.execute('UPDATE t SET v = 0 WHERE ctid = $$(7,2)$$');
    expect(await blocks(second)).toBe('7-7 10-10');
    expect(await blocks(second, 3)).toBe('6-8 9-10');
    expect(await blocks(start, 100)).toBe('0-10');
    expect(await blocks(await lsn())).toBe('');
  });

  test('rolled back changes and locked rows may be among them; a long value is', async () => {
    await db.execute(`CREATE TABLE wide (id int, pad char(760) DEFAULT 'x', big text);
      ALTER TABLE wide ALTER big SET STORAGE EXTERNAL;
      INSERT INTO wide SELECT i, 'x', repeat('y', 5000) FROM generate_series(0, 49) i`);
    await db.execute('VACUUM (FREEZE) wide');
    const start = await lsn();
    await db.execute(`UPDATE wide SET big = repeat('z', 5000) WHERE id = 12`);
    expect((await blocks(start, 1, 'wide')).split(' ')).toContain('1-1');
  });

  test('pages that were filled without WAL, always', async () => {
    const minimal = await startWithExtension({
      wal_level: 'minimal',
      max_wal_senders: 0,
      wal_skip_threshold: 0,
    });
    try {
      const session = await minimal.connect();
      await session.execute('CREATE TABLE bare (id int, pad char(760))');
      await session.execute(`BEGIN; TRUNCATE bare; COPY bare (id) FROM PROGRAM 'seq 1 50'; COMMIT`);
      expect(await blocks(await lsn(session), 100, 'bare', session)).toMatch(/^0-/);
    } finally {
      await minimal.stop();
    }
  });

  test('of a table whose file was replaced, all that was written since', async () => {
    await makeTable('t');
    const start = await lsn();
    const file = await one(db, `SELECT pg_relation_filenode('t')`);
    await db.execute('VACUUM FULL t');
    expect(await one(db, `SELECT pg_relation_filenode('t')`)).not.toBe(file);
    expect(await blocks(start, 100)).toBe('0-9');
    await db.execute('TRUNCATE t');
    expect(await blocks(start)).toBe('');
  });
});

describe('what is refused', () => {
  test.each([
    ['CREATE UNLOGGED TABLE r (id int)', '42809'],
    ['CREATE TEMP TABLE r (id int)', '42809'],
    ['CREATE TABLE r (id int) PARTITION BY LIST (id)', '42809'],
    ['CREATE VIEW r AS SELECT 1', '42809'],
    ['CREATE SEQUENCE r', '42809'],
  ])('%s', async (create, sqlstate) => {
    await db.execute(create);
    expect(await failure(blocks('0/0', 1, 'r'))).toMatch(
      new RegExp(`^${sqlstate} cannot tell changed blocks`),
    );
    await db.execute(create.replace(/CREATE (UNLOGGED |TEMP )?(\w+) r.*/, 'DROP $2 r'));
  });

  test('positions of the future, nulls, empty ranges, an index', async () => {
    await makeTable('t');
    await db.execute('CREATE INDEX t_id ON t (id)');
    expect(await failure(blocks('FFFF/0'))).toBe('22023 WAL position FFFF/0 lies in the future');
    expect(await failure(blocks('0/0', 0))).toBe('22023 blocks_per_range must be positive');
    expect(await failure(db.query(`SELECT * FROM changed_blocks('t', NULL)`))).toBe(
      '22004 arguments of changed_blocks must not be null',
    );
    expect(await failure(blocks('0/0', 1, 't_id'))).toMatch(/^42809/);
  });

  test('who may not read the table', async () => {
    await db.execute('CREATE ROLE reader LOGIN');
    const reader = await server.connect('reader');
    expect(await failure(blocks('0/0', 1, 't', reader))).toBe(
      '42501 permission denied for table t',
    );
    await db.execute('GRANT SELECT ON t TO reader');
    expect(await blocks('0/0', 100, 't', reader)).toBe('0-9');
  });
});

/**
 * The rule: read the position, then take a transaction id, store both, commit; all before the
 * reader's own transaction.
 */
async function storePosition(session: Db): Promise<void> {
  await session.transaction('read committed', async () => {
    const position = await lsn(session);
    await session.execute(`INSERT INTO positions SELECT '${position}', pg_current_xact_id()`);
  });
}
const BOUND = `SELECT max(lsn)::text
  FROM positions
  WHERE xid < pg_snapshot_xmin(pg_current_snapshot())`;

describe('the lower bound', () => {
  beforeAll(() => db.execute('CREATE TABLE positions (lsn pg_lsn, xid xid8)'));

  test('a position read with the snapshot loses a writer in progress, the bound not', async () => {
    await makeTable('t');
    const [writer, reader] = [await server.connect(), await server.connect()];
    await storePosition(reader);
    await writer.execute('BEGIN; UPDATE t SET v = 1000 WHERE id = 35');
    await storePosition(reader);
    await reader.execute('BEGIN ISOLATION LEVEL REPEATABLE READ');
    expect(await one(reader, 'SELECT v FROM t WHERE id = 35')).toBe(35);
    const naive = await lsn(reader);
    const bound = await one<string>(reader, BOUND);
    await reader.execute('COMMIT');
    await writer.execute('COMMIT');
    // Now visible for the first time, on pages that were changed before `naive`.
    expect(await blocks(naive)).toBe('');
    expect(await blocks(bound)).toBe('3-3 10-10');
  });

  test('refreshing only what is reported stays exact under writers and VACUUM FULL', async () => {
    const seed = seedOfRun();
    const random = randomFrom(seed);
    await db.execute(
      `DROP TABLE t;
       CREATE TABLE t (id int PRIMARY KEY, v int, pad text DEFAULT repeat('p', 300));
       INSERT INTO t SELECT i, i FROM generate_series(1, 3000) i`,
    );
    let writing = true;
    const write = async (): Promise<void> => {
      const session = await server.connect();
      while (writing) {
        const id = random(3000);
        const statement =
          [
            `UPDATE t SET v = v + 1 WHERE id = ${id}`,
            `BEGIN;
             UPDATE t SET v = v + 7 WHERE id = ${id};
             SELECT pg_sleep(0.0${random(5)});
             COMMIT`,
            `BEGIN;
             SAVEPOINT a;
             UPDATE t SET v = 0 WHERE id = ${id};
             ROLLBACK TO a;
             INSERT INTO t SELECT max(id) + 1 + random() * 1e6, 5 FROM t ON CONFLICT DO NOTHING;
             SELECT pg_sleep(0.0${random(9)});
             COMMIT`,
            `BEGIN;
             DELETE FROM t WHERE id = ${id};
             SELECT pg_sleep(0.0${random(4)});
             ${random(2) ? 'COMMIT' : 'ROLLBACK'}`,
            `DELETE FROM t WHERE id > 4000`,
            `INSERT INTO t
             SELECT i, i FROM generate_series(1, ${random(3000)}) i
             ON CONFLICT DO NOTHING`,
            random(6) ? 'VACUUM t' : 'VACUUM FULL t',
            random(8) ? `SELECT 1` : 'TRUNCATE t',
          ][random(8)] ?? '';
        await session.execute(statement).catch(() => session.execute('ROLLBACK'));
      }
    };
    const writers = [write(), write(), write()];
    const reader = await server.connect();
    const size = 4;
    const parts = new Map<number, readonly [number, number]>();
    let bound = '0/0';
    let file: unknown = null;
    let recomputed = 0;
    for (let round = 0; round < 80; round++) {
      await storePosition(reader);
      await reader.execute(
        'BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE t IN ACCESS SHARE MODE',
      );
      const now = await one(reader, `SELECT pg_relation_filenode('t')`);
      if (now !== file) [bound, file] = ['0/0', now];
      if (bound === '0/0') parts.clear();
      const changed = await reader.query<{ first: number; n: number; sum: number }>(
        `SELECT c.first_block::int AS first, p.n, p.sum
         FROM changed_blocks('t', '${bound}', ${size}) c
         CROSS JOIN LATERAL (SELECT count(*)::int AS n, COALESCE(sum(v), 0)::int AS sum FROM t
           WHERE ctid >= ('(' || c.first_block || ',0)')::tid
             AND ctid < ('(' || c.last_block + 1 || ',0)')::tid
           ) p`,
      );
      recomputed += changed.length;
      for (const { first, n, sum } of changed) parts.set(first, [n, sum]);
      const end = await one<number>(reader, `SELECT (pg_relation_size('t') / 8192)::int`);
      for (const first of parts.keys()) if (first >= end) parts.delete(first);
      const truth = await reader.query(
        'SELECT count(*)::int AS n, COALESCE(sum(v), 0)::int AS sum FROM t',
      );
      const total = [...parts.values()].reduce(
        ([n, sum], part) => [n + part[0], sum + part[1]] as const,
        [0, 0] as const,
      );
      expect([{ n: total[0], sum: total[1] }], `seed ${seed}, round ${round}`).toEqual(truth);
      bound = (await one<string | null>(reader, BOUND)) ?? '0/0';
      await reader.execute('COMMIT');
      await sleep(random(20));
    }
    writing = false;
    await Promise.all(writers);
    expect(recomputed).toBeGreaterThan(0);
  });
});
