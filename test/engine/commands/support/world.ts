/**
 * A database with imat on it and as many sessions as a test of concurrency needs, each an ordinary
 * client with `search_path = public`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect } from 'vitest';
import { connectDb } from '../../../../engine/db/connect-db.ts';
import type { Db, Row } from '../../../../engine/db/db.ts';
import type { Imat } from '../../../../engine/index.ts';
import { createImat } from '../../../../engine/index.ts';
import {
  copyDatabase,
  createDatabase,
  createPreparedDatabase,
  type TestDatabase,
} from '../../../setup/database.ts';

export type Session = {
  readonly db: Db;
  readonly pid: number;
  sql(text: string): Promise<void>;
  rows<T extends Row = Row>(query: string): Promise<T[]>;
  /** The only column of the only row. */
  value<T>(query: string): Promise<T>;
};

export type World = Session & {
  readonly url: string;
  readonly imat: Imat;
  session(role?: string): Promise<Session>;
  /** A second program that uses imat's API. */
  program(): Promise<{ readonly imat: Imat; readonly pid: number }>;
  role(options?: string): Promise<string>;
  drop(): Promise<void>;
};

export async function createWorld(setup: string, server?: string): Promise<World> {
  const database = await createDatabase(server);
  return openWorld(database.url, setup, () => database.drop());
}

/** The same with imat's catalog in it before. */
export async function createPreparedWorld(setup: string): Promise<World> {
  const database = await createPreparedDatabase();
  return openWorld(database.url, setup, () => database.drop());
}

/**
 * Makes a world for each test of a file: a copy of a database whose views are converted once, which
 * takes a tenth of the time. `server` is asked before the first test.
 */
export const useWorlds = (
  setup: string,
  converted: readonly Checked[],
  server?: () => string,
): (() => Promise<World>) => useCopies(() => createDatabase(server?.()), setup, converted, server);

/** The same with imat's catalog in them before. */
export const usePreparedWorlds = (
  setup: string,
  converted: readonly Checked[],
): (() => Promise<World>) => useCopies(createPreparedDatabase, setup, converted);

function useCopies(
  make: () => Promise<TestDatabase>,
  setup: string,
  converted: readonly Checked[],
  server?: () => string,
): () => Promise<World> {
  let model: TestDatabase | null = null;
  beforeAll(async () => {
    model = await make();
    const world = await openWorld(model.url, setup, async () => undefined);
    for (const { name, definition } of converted) {
      await world.sql(`CREATE MATERIALIZED VIEW ${name} AS ${definition}`);
      await world.imat.convert(name);
    }
    // A database is copied only when nobody is in it.
    await world.drop();
  });
  afterAll(() => model?.drop());
  return async () => {
    if (model === null) throw new Error('the worlds are copied after the hooks before all tests');
    const copy = await copyDatabase(model.name, server?.());
    return openWorld(copy.url, '', () => copy.drop());
  };
}

/** Over a database that is there already. */
export async function openWorld(
  url: string,
  setup: string,
  drop: () => Promise<void>,
): Promise<World> {
  const opened: Db[] = [];
  const roles: string[] = [];
  const open = async (role?: string): Promise<Db> => {
    const address = new URL(url);
    if (role !== undefined) address.username = role;
    const db = await connectDb({ kind: 'url', url: address.href });
    opened.push(db);
    return db;
  };
  const session = async (role?: string): Promise<Session> => openSession(await open(role));
  const program = async (): Promise<{ imat: Imat; pid: number }> => {
    const db = await open();
    return { imat: createImat(db), pid: await pidOf(db) };
  };
  const first = await session();
  await first.sql(setup);
  return {
    ...first,
    url,
    imat: (await program()).imat,
    session,
    program,
    async role(options = '') {
      const name = `r_${Math.random().toString(36).slice(2, 12)}`;
      await first.sql(`CREATE ROLE ${name} LOGIN ${options}`);
      roles.push(name);
      return name;
    },
    async drop() {
      for (const role of roles)
        await first.sql(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`).catch(() => undefined);
      await Promise.all(opened.map((db) => db.close().catch(() => undefined)));
      await drop();
    },
  };
}

const pidOf = async (db: Db): Promise<number> =>
  (await db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid'))[0]?.pid ?? 0;

async function openSession(db: Db): Promise<Session> {
  const pid = await pidOf(db);
  await db.execute('SET search_path = public');
  const rows = <T extends Row>(query: string): Promise<T[]> => db.query<T>(query);
  return {
    db,
    pid,
    sql: (text) => db.execute(text),
    rows,
    async value<T>(query: string) {
      const found = await rows(query);
      expect(found, query).toHaveLength(1);
      return Object.values(found[0] ?? {})[0] as T;
    },
  };
}

/**
 * An imat and the user's own query, fully qualified. `by` shows columns that have no `=` or whose
 * `=` is too lax.
 */
export type Checked = { readonly name: string; readonly definition: string; readonly by?: string };

/**
 * The rows that only one side has, found by one statement, so in one snapshot under any isolation
 * level. `:side` and the row as text.
 */
export function differencesSql({ name, definition, by = '*' }: Checked): string {
  const except = (side: string, own: string, other: string): string =>
    `SELECT '${side} ' || v::text AS row FROM (TABLE "${own}" EXCEPT ALL TABLE "${other}") AS v`;
  // Each is planned once: that costs more than to compare the rows.
  return `/* compare ${name} */
    WITH "the imat" AS MATERIALIZED (SELECT ${by} FROM imat.${name} AS q),
      "the definition" AS MATERIALIZED (SELECT ${by} FROM (${definition}) AS q)
    ${except('imat', 'the imat', 'the definition')}
    UNION ALL
    ${except('definition', 'the definition', 'the imat')} LIMIT 10`;
}

/**
 * In the transaction under way, if any. Several are compared by one statement, which costs less
 * than one for each.
 */
export async function expectExact(
  session: Session,
  checked: Checked | readonly Checked[],
  context = '',
): Promise<void> {
  const all = [checked].flat();
  if (all.length === 0) return;
  const statement = all
    .map((one) => {
      const name = `'${one.name.replaceAll("'", "''")}'`;
      return `(SELECT ${name} AS imat, d.row FROM (${differencesSql(one)}) AS d)`;
    })
    .join(' UNION ALL ');
  const found = await session.rows<{ imat: string; row: string }>(statement);
  const names = [...new Set(found.map(({ imat }) => imat))].map((name) => `imat.${name}`);
  expect(
    found,
    `${names.join(', ')} differs from its definition${context === '' ? '' : ` (${context})`}`,
  ).toEqual([]);
}

/** The major version of the server. */
export const majorOf = (session: Session): Promise<number> =>
  session.value<number>(`SELECT current_setting('server_version_num')::int / 10000`);

/**
 * Waits for a condition. The bound only ends a test that hangs, so it is generous. What takes
 * longer is asked more seldom: asking takes the time of what is waited for.
 */
export async function until(
  what: string,
  condition: () => Promise<boolean>,
  timeoutMs = 90_000,
): Promise<void> {
  const start = Date.now();
  for (let waited = 0; waited < timeoutMs; waited = Date.now() - start) {
    if (await condition()) return;
    await sleep(Math.min(10 + waited / 20, 100));
  }
  expect.fail(`it did not happen in time: ${what}`);
}

/** Resolves when the backend is waiting for a lock. */
export async function untilBlocked(observer: Session, pid: number): Promise<void> {
  await until(
    `backend ${pid} waits for a lock`,
    async () =>
      (await observer.rows(`SELECT FROM pg_locks WHERE pid = ${pid} AND NOT granted`)).length > 0,
  );
}

/**
 * The outcome of a promise that is left running: an error is a value, so that nothing is unhandled.
 */
export function outcomeOf<T>(promise: Promise<T>): Promise<T | Error> {
  return promise.catch((error: unknown) =>
    error instanceof Error ? error : new Error(String(error)),
  );
}

/** SQLSTATE of a statement that must fail. */
export async function sqlstateOf(promise: Promise<unknown>): Promise<string> {
  const outcome = await outcomeOf(promise);
  if (!(outcome instanceof Error)) return expect.fail('it should have failed');
  return 'sqlstate' in outcome ? String(outcome.sqlstate) : outcome.message;
}
