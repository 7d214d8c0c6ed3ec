/**
 * Servers of their own for what the C extension is measured on: from the same binaries, two without
 * it, one that has loaded it at its start and, where its module is at hand, one that has loaded its
 * predecessor of the same name.
 *
 * The predecessor is not part of this project. IMAT_BENCH_PREDECESSOR names its compiled module,
 * for the measured major version and readable by the user that the servers run as; it is loaded by
 * that name, so nothing of it is installed.
 */
import { existsSync } from 'node:fs';
import { connectDb } from '../engine/db/connect-db.ts';
import type { Db } from '../engine/db/db.ts';
import { provideFor } from '../tools/extension.ts';
import type { Binaries } from '../tools/find-postgres.mjs';
import { CannotRun } from './measure.ts';
import { MEASURED_MAJOR, type Server, startServer } from './server.ts';

/** A database of such a server, and a session in it. */
export type Place = { readonly url: string; readonly db: Db; readonly server: Server };

export type ExtensionServers = {
  readonly without: readonly [Server, Server];
  readonly with: Server;
  /** Null where it is not at hand. */
  readonly predecessor: Server | null;
  readonly createDatabase: (server: Server, name: string) => Promise<Place>;
};

const EXTENSION = 'table_change_tracker';
const PREDECESSOR = process.env['IMAT_BENCH_PREDECESSOR'];
export const PREDECESSOR_ABSENT =
  'predecessor: not here (IMAT_BENCH_PREDECESSOR may name its module)';

/** Nothing but the load writes meanwhile, and the disk is left out. */
const SETTINGS = { autovacuum: 'off', synchronous_commit: 'off' };

/** @throws CannotRun where the extension cannot be built */
export async function withExtensionServers(
  work: (servers: ExtensionServers) => Promise<void>,
): Promise<void> {
  const binaries = build();
  const started: Server[] = [];
  const places: Place[] = [];
  const start = async (preload?: string): Promise<Server> => {
    const server = await startServer(binaries, {
      ...SETTINGS,
      ...(preload === undefined ? {} : { shared_preload_libraries: preload }),
    });
    started.push(server);
    return server;
  };
  const createDatabase = async (server: Server, name: string): Promise<Place> => {
    const maintenance = await connectDb({ kind: 'url', url: server.url });
    await maintenance.execute(`CREATE DATABASE ${name} TEMPLATE template0`);
    await maintenance.close();
    const url = new URL(server.url);
    url.pathname = `/${name}`;
    const place = { url: url.href, db: await connectDb({ kind: 'url', url: url.href }), server };
    places.push(place);
    return place;
  };
  try {
    const without = [await start(), await start()] as const;
    const preloaded = await start(EXTENSION);
    const predecessor = PREDECESSOR ? await start(modulePath(PREDECESSOR)) : null;
    await work({ without, with: preloaded, predecessor, createDatabase });
  } finally {
    for (const { db } of places) await db.close();
    for (const server of started) await server.stop();
  }
}

function build(): Binaries {
  try {
    return provideFor(MEASURED_MAJOR).binaries;
  } catch (error) {
    throw new CannotRun(
      `${EXTENSION} could not be built for PostgreSQL ` +
        `${MEASURED_MAJOR}: ${(error as Error).message}`,
    );
  }
}

function modulePath(path: string): string {
  if (!existsSync(path)) throw new Error(`IMAT_BENCH_PREDECESSOR: there is no ${path}`);
  return path;
}

export async function createExtension(db: Db): Promise<void> {
  await db.execute(`CREATE EXTENSION ${EXTENSION} SCHEMA public`);
}

/** The one function of it that is needed, by its known name and arguments. */
export async function createPredecessor(db: Db): Promise<void> {
  await db.execute(
    `CREATE FUNCTION public.enable_table_tracking(regclass) RETURNS boolean
     LANGUAGE c STRICT AS '${PREDECESSOR}', 'enable_table_tracking'`,
  );
}
