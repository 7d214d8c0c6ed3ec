/** Servers of their own that preload the extension, for the tests of it. */
import { afterAll, beforeAll } from 'vitest';
import { connectDb } from '../../engine/db/connect-db.ts';
import type { Db } from '../../engine/db/db.ts';
import { type ExtensionServer, provideFor } from '../../tools/extension.ts';
import { type PostgresOptions, type PostgresServer, startPostgres } from '../../tools/postgres.ts';

export const PRELOADED = {
  shared_preload_libraries: 'table_change_tracker',
  // Its transactions would hold back snapshots, so that tests of "unchanged" would sometimes see
  // "changed".
  autovacuum: 'off',
} as const;

export type ServerUnderTest = {
  readonly server: PostgresServer;
  /** A new session on a database, with the search path of a user; closed after the tests. */
  connect(database?: string): Promise<Db>;
};

/** One server for the tests of a file or group. */
export function useExtensionServer(
  provide: () => ExtensionServer = () => provideFor(15),
  options: PostgresOptions = {},
): ServerUnderTest {
  let server: PostgresServer | null = null;
  const sessions: Db[] = [];
  beforeAll(async () => {
    server = await startPostgres({
      ...options,
      settings: { ...PRELOADED, ...options.settings },
      binaries: provide().binaries,
    });
  });
  afterAll(async () => {
    await Promise.allSettled(sessions.map((session) => session.close()));
    await server?.stop();
  });
  return {
    get server() {
      if (server === null)
        throw new Error('the server is started before the first test: use it in a test or hook');
      return server;
    },
    async connect(database = 'postgres') {
      const session = await connectTo(this.server, database);
      sessions.push(session);
      return session;
    },
  };
}

export async function connectTo(server: PostgresServer, database = 'postgres'): Promise<Db> {
  const url = new URL(server.url);
  url.pathname = `/${database}`;
  const db = await connectDb({ kind: 'url', url: url.href });
  await db.execute('SET search_path = "$user", public');
  return db;
}

/** The only value of a query with one row and one column. */
export async function value<T = string>(
  db: Db,
  sql: string,
  params: readonly unknown[] = [],
): Promise<T> {
  const [row] = await db.query(sql, params);
  if (row === undefined) throw new Error(`no row: ${sql}`);
  return Object.values(row)[0] as T;
}

/** A snapshot in which everything that has ended by now is visible: nothing else may be running. */
export function snapshot(db: Db): Promise<string> {
  return value(db, 'SELECT pg_current_snapshot()::text');
}

export function changedSince(
  db: Db,
  table: string,
  since: string,
  version: string | null = null,
): Promise<boolean> {
  return value(db, 'SELECT table_changed_since($1::regclass, $2::pg_snapshot, $3)', [
    table,
    since,
    version,
  ]);
}

export async function runAll(db: Db, statements: string | readonly string[]): Promise<void> {
  for (const statement of typeof statements === 'string' ? [statements] : statements)
    await db.execute(statement);
}
