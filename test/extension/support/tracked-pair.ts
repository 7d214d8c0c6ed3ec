/** Two tracked tables, and what the extension must say of them after a restart. */
import { expect } from 'vitest';
import type { Db } from '../../../engine/db/db.ts';
import { changedSince, runAll, type ServerUnderTest, snapshot, value } from '../server.ts';

export type Before = {
  readonly since: string;
  readonly stamp: string;
  readonly version: string;
  readonly inserted: string;
};

/** Two tables, `t` written to after the snapshot and `u` not. */
export async function prepare(under: ServerUnderTest): Promise<Before> {
  const db = await under.connect();
  await runAll(db, [
    'DROP SCHEMA public CASCADE',
    'CREATE SCHEMA public',
    'DROP EXTENSION IF EXISTS table_change_tracker',
  ]);
  await runAll(db, [
    'CREATE EXTENSION table_change_tracker',
    'CREATE TABLE t (a int)',
    'CREATE TABLE u (a int)',
  ]);
  await db.execute("SELECT enable_table_tracking('t'), enable_table_tracking('u')");
  await runAll(db, ['INSERT INTO t VALUES (1)', 'INSERT INTO u VALUES (1), (2)']);
  const version = await value(db, "SELECT table_version('u')");
  await db.execute('SELECT pg_current_xact_id()');
  const since = await snapshot(db);
  await db.execute('INSERT INTO t VALUES (2)');
  const before = {
    since,
    version,
    stamp: await value(db, "SELECT get_last_timestamp('u')::text"),
    inserted: await value(db, "SELECT rows_inserted FROM table_stats('u')"),
  };
  await db.close();
  return before;
}

export async function expectKept(db: Db, before: Before): Promise<void> {
  expect(await changedSince(db, 't', before.since)).toBe(true);
  expect(await changedSince(db, 'u', before.since)).toBe(false);
  expect(await value(db, "SELECT get_last_timestamp('u')::text")).toBe(before.stamp);
  expect(await value(db, "SELECT rows_inserted FROM table_stats('u')")).toBe(before.inserted);
}

/** All is changed, once; still tracked; with later timestamps. */
export async function expectLost(db: Db, before: Before): Promise<void> {
  expect(await changedSince(db, 't', before.since)).toBe(true);
  expect(await changedSince(db, 'u', before.since)).toBe(true);
  expect(await changedSince(db, 'u', before.since, before.version)).toBe(true);
  expect(await value(db, "SELECT is_table_tracked('u')")).toBe(true);
  expect(await value(db, "SELECT get_last_timestamp('u') > $1::timestamptz", [before.stamp])).toBe(
    true,
  );
  expect(await value(db, "SELECT rows_inserted FROM table_stats('u')")).toBe('0');
  const since = await snapshot(db);
  expect(await changedSince(db, 'u', since)).toBe(false);
  await db.execute('INSERT INTO u VALUES (9)');
  expect(await changedSince(db, 'u', since)).toBe(true);
}
