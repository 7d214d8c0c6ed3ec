/**
 * A database with imat on it, for a test file: sessions of any role, SQL as a user writes it, and
 * what the catalog holds.
 */
import { expect } from 'vitest';
import { connectDb } from '../../../../engine/db/connect-db.ts';
import type { Db } from '../../../../engine/db/db.ts';
import type { Imat } from '../../../../engine/index.ts';
import { createImat } from '../../../../engine/index.ts';
import {
  createDatabase,
  createPreparedDatabase,
  type TestDatabase,
} from '../../../setup/database.ts';

/** One session: `sql` runs statements under the user's own search_path, `rows` a query likewise. */
export type Session = {
  readonly db: Db;
  readonly imat: Imat;
  sql(text: string): Promise<void>;
  rows<T extends Record<string, unknown> = Record<string, unknown>>(query: string): Promise<T[]>;
  /** The only column of the only row. */
  value<T>(query: string): Promise<T>;
};

export type Sandbox = Session & {
  readonly url: string;
  /** Another session, of the superuser or of `role` (which must exist). */
  session(role?: string): Promise<Session>;
  /** Reverts whatever a failed test has left, so that it alone fails. */
  revertAll(): Promise<void>;
  drop(): Promise<void>;
};

/** A database of its own, with `setup` run in it. */
export const createSandbox = async (setup = ''): Promise<Sandbox> =>
  openSandbox(await createDatabase(), setup);

/** The same with imat's catalog in it before. */
export const createPreparedSandbox = async (setup = ''): Promise<Sandbox> =>
  openSandbox(await createPreparedDatabase(), setup);

/** Fills a database for the tests of a file to copy: a copy is made only when nobody is in it. */
export async function fillModel(
  model: TestDatabase,
  fill: (sandbox: Sandbox) => Promise<unknown>,
): Promise<TestDatabase> {
  const sandbox = await openSandbox({ ...model, drop: async () => undefined });
  await within(sandbox, async () => void (await fill(sandbox)));
  return model;
}

/** Over a database that is there already, which is dropped with it. */
export async function openSandbox(database: TestDatabase, setup = ''): Promise<Sandbox> {
  const opened: Session[] = [];
  const session = async (role?: string): Promise<Session> => {
    const made = sessionOf(await connectDb({ kind: 'url', url: roleUrl(database, role) }));
    opened.push(made);
    return made;
  };
  let first = await session();
  await first.sql(setup);
  return {
    get db() {
      return first.db;
    },
    get imat() {
      return first.imat;
    },
    sql: (text) => first.sql(text),
    rows: (query) => first.rows(query),
    value: (query) => first.value(query),
    url: database.url,
    session,
    revertAll: async () => {
      const names = (await first.imat.list().catch(() => [])).map((imat) => imat.name);
      // One imat may read another: then its turn comes in the next round.
      for (const name of [...names, ...names]) await first.imat.revert(name).catch(() => undefined);
      // A session gets slower with all that is created and dropped: 50 tests took 150 s in one
      // session, 66 s in one each.
      await first.db.close();
      first = await session();
    },
    drop: async () => {
      await Promise.all(opened.map((one) => one.db.close().catch(() => undefined)));
      await database.drop();
    },
  };
}

/** Runs `body` in a database of its own. */
export async function inSandbox(
  setup: string,
  body: (sandbox: Sandbox) => Promise<void>,
): Promise<void> {
  await within(await createSandbox(setup), body);
}

/** The same with imat's catalog in it before. */
export async function inPreparedSandbox(
  setup: string,
  body: (sandbox: Sandbox) => Promise<void>,
): Promise<void> {
  await within(await createPreparedSandbox(setup), body);
}

async function within(sandbox: Sandbox, body: (sandbox: Sandbox) => Promise<void>): Promise<void> {
  try {
    await body(sandbox);
  } finally {
    await sandbox.drop();
  }
}

function roleUrl(database: TestDatabase, role: string | undefined): string {
  if (role === undefined) return database.url;
  const url = new URL(database.url);
  url.username = encodeURIComponent(role);
  return url.href;
}

function sessionOf(db: Db): Session {
  const asUser = async <T>(body: () => Promise<T>): Promise<T> => {
    await db.execute(`SET search_path = ${db.userSearchPath}`);
    try {
      return await body();
    } finally {
      await db.execute('SET search_path = pg_catalog').catch(() => undefined);
    }
  };
  const rows = <T extends Record<string, unknown>>(query: string): Promise<T[]> =>
    asUser(() => db.query<T>(query));
  return {
    db,
    imat: createImat(db),
    sql: (text) => asUser(() => db.execute(text)),
    rows,
    async value<T>(query: string) {
      const [row, ...others] = await rows(query);
      expect(others).toEqual([]);
      return Object.values(row ?? {})[0] as T;
    },
  };
}

/**
 * A role that is dropped with nothing: roles belong to the server, so each gets a name of its own.
 */
export async function createRole(session: Session, options = ''): Promise<string> {
  const name = `r_${Math.random().toString(36).slice(2, 12)}`;
  await session.db.execute(`CREATE ROLE ${name} LOGIN ${options}`);
  return name;
}
