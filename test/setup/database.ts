/** A database of its own for a test file. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, inject } from 'vitest';
import { connectDb } from '../../engine/db/connect-db.ts';
import type { Db } from '../../engine/db/db.ts';
import { EXTENSION } from '../../engine/sql/names.ts';
import type { ServerFeature } from './services.ts';

/** Whether this run is about databases that have the extension. */
export const WITH_EXTENSION = Boolean(process.env['IMAT_TEST_EXTENSION']);

/** Whether the server under test was built without a feature. */
export const lacks = (feature: ServerFeature): boolean => inject('serverLacks').includes(feature);

export type TestDatabase = {
  readonly name: string;
  readonly url: string;
  drop(): Promise<void>;
};

/**
 * Makes an empty database on the server under test or another one, as a superuser; with the
 * extension, where the run is about that.
 */
export async function createDatabase(server = inject('postgresUrl')): Promise<TestDatabase> {
  const made = await copyDatabase('template0', server);
  if (WITH_EXTENSION) await onServer(made.url, (db) => db.execute(`CREATE EXTENSION ${EXTENSION}`));
  return made;
}

/** Makes a database that has imat's catalog already, as `imat init` leaves it. */
export const createPreparedDatabase = (): Promise<TestDatabase> =>
  copyDatabase(inject('preparedDatabase'));

/** A copy of a database of the same server in which there is no session. */
export async function copyDatabase(
  template: string,
  server = inject('postgresUrl'),
): Promise<TestDatabase> {
  const name = `t_${randomBytes(6).toString('hex')}`;
  // To copy the files takes half the time: by default each page is written to the log.
  await onServer(server, (db) =>
    db.execute(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`),
  );
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    name,
    url: url.href,
    drop: () => onServer(server, (db) => db.execute(`DROP DATABASE ${name} WITH (FORCE)`)),
  };
}

type UsedDatabase = { readonly url: string; connect(): Promise<Db> };

/**
 * The empty database of a test file, made before its tests and dropped after them, with the
 * sessions that `connect` opened closed.
 */
export const useDatabase = (): UsedDatabase => useMade(createDatabase);

/** The same with imat's catalog in it before. */
export const usePreparedDatabase = (): UsedDatabase => useMade(createPreparedDatabase);

function useMade(make: () => Promise<TestDatabase>): UsedDatabase {
  let database: TestDatabase | null = null;
  const sessions: Db[] = [];
  beforeAll(async () => {
    database = await make();
  });
  afterAll(async () => {
    await Promise.all(sessions.map((session) => session.close()));
    await database?.drop();
  });
  const current = (): TestDatabase => {
    if (database === null)
      throw new Error('the database is made before the first test: use it in a test or hook');
    return database;
  };
  return {
    get url() {
      return current().url;
    },
    async connect() {
      const session = await connectDb({ kind: 'url', url: current().url });
      sessions.push(session);
      return session;
    },
  };
}

async function onServer(url: string, work: (db: Db) => Promise<void>): Promise<void> {
  const db = await connectDb({ kind: 'url', url });
  try {
    await work(db);
  } finally {
    await db.close();
  }
}
