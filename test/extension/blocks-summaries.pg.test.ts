/** Changed blocks from WAL summaries, on a server that has them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Db } from '../../engine/db/db.ts';
import { provideExtension } from '../../tools/extension.ts';
import { type CaptureServer, startWithExtension } from './support/capture-world.ts';

const OLDEST = 17;
let server: CaptureServer | null = null;
let old: CaptureServer;
let db: Db;
beforeAll(async () => {
  const { servers, missing } = provideExtension();
  const major = servers.map((one) => one.major).filter((one) => one >= OLDEST)[0];
  for (const one of missing)
    process.stderr.write(
      `WAL summaries are not tested on PostgreSQL ${one.major}: ${one.reason}\n`,
    );
  if (major !== undefined) {
    server = await startWithExtension(
      { summarize_wal: 'on', wal_level: 'replica', autovacuum: 'off' },
      major,
    );
    db = await server.connect();
  }
  const before = servers.map((one) => one.major).filter((one) => one < OLDEST)[0];
  if (before !== undefined) old = await startWithExtension({}, before);
});
afterAll(async () => {
  await server?.stop();
  await old?.stop();
});

const one = async <T>(query: string): Promise<T> =>
  Object.values((await db.query<Record<string, T>>(query))[0] ?? {})[0] as T;
const lsn = (): Promise<string> => one('SELECT pg_current_wal_insert_lsn()::text');
const between = (since: string, until: string, size = 1): Promise<string> =>
  one(
    `SELECT COALESCE(string_agg(first_block || '-' || last_block, ' '), '')
     FROM changed_blocks_between('t', '${since}', '${until}', ${size})`,
  );

/** A checkpoint, and the time the summarizer needs to follow. */
async function summarize(): Promise<string> {
  const until = await lsn();
  await db.execute('CHECKPOINT');
  for (let attempt = 0; attempt < 100; attempt++) {
    if (
      await one<boolean>(
        `SELECT COALESCE(max(end_lsn) >= '${until}', false) FROM pg_available_wal_summaries()`,
      )
    )
      return until;
    await sleep(100);
  }
  throw new Error('the summarizer did not follow');
}

test('names the touched blocks, and what was cut off or made anew', async ({ skip }) => {
  if (server === null) return skip('no server with WAL summaries can be had here');
  await db.execute(
    `CREATE TABLE t (id int, v int, pad char(760) DEFAULT 'x');
     INSERT INTO t SELECT i, i FROM generate_series(0, 99) i`,
  );
  await db.execute('VACUUM (FREEZE) t');
  const start = await summarize();
  await db.execute('DELETE FROM t WHERE id = 35');
  await db.execute('INSERT INTO t VALUES (100, 100)');
  await expect(between(start, await lsn())).rejects.toThrow(/the WAL summaries do not reach from/);
  const second = await summarize();
  expect(await between(start, second)).toBe('3-3 10-10');
  expect(await between(start, second, 4)).toBe('0-3 8-10');
  expect(
    await one(`SELECT string_agg(first_block::text, ' ') FROM changed_blocks('t', '${start}', 1)`),
  ).toBe('3 10');
  // Nothing is known of what was before the first summary.
  await expect(between('0/1', second)).rejects.toThrow(/do not reach/);
  await db.execute('DELETE FROM t WHERE id > 20');
  await db.execute('VACUUM t');
  await db.execute('INSERT INTO t SELECT i, i FROM generate_series(200, 260) i');
  const third = await summarize();
  const end = await one<number>(`SELECT (pg_relation_size('t') / 8192)::int`);
  expect(await between(second, third, 1000)).toBe(`0-${end - 1}`);
  const rewritten = await lsn();
  await db.execute('VACUUM FULL t');
  const last = await one<number>(`SELECT (pg_relation_size('t') / 8192)::int - 1`);
  expect(await between(rewritten, await summarize(), 1000)).toBe(`0-${last}`);
});

test('an older server says that it has none', async ({ skip }) => {
  if (old === undefined) return skip('no older server can be had here');
  const session = await old.connect();
  await expect(
    session.query(`SELECT * FROM changed_blocks_between('pg_class', '0/0', '0/0')`),
  ).rejects.toThrow('PostgreSQL has WAL summaries since version 17');
});
