/** A server of its own for a file that dumps and restores, with PostgreSQL's programs. */
import { afterAll, beforeAll } from 'vitest';
import { EXTENSION } from '../../../../engine/sql/names.ts';
import { type PostgresServer, startPostgres } from '../../../../tools/postgres.ts';
import { findWithPrograms, runProgram } from '../../../setup/client-programs.ts';
import { WITH_EXTENSION } from '../../../setup/database.ts';
import { openWorld, type World } from './world.ts';

const binaries = findWithPrograms(WITH_EXTENSION);

export const hasPrograms = binaries !== undefined;

export type DumpServer = {
  readonly directory: string;
  readonly program: (name: string, args: readonly string[]) => Promise<string>;
  readonly urlOf: (database: string) => string;
  readonly create: (database: string, template?: string) => Promise<void>;
  readonly open: (database: string) => Promise<World>;
};

/** Starts before the tests of a suite, and ends after them with all that was opened. */
export function useDumpServer(): DumpServer {
  let server: PostgresServer | null = null;
  const worlds: World[] = [];
  const current = (): PostgresServer => {
    if (server === null) throw new Error('the server runs from the hooks before all tests on');
    return server;
  };
  beforeAll(async () => {
    const settings = WITH_EXTENSION ? { shared_preload_libraries: EXTENSION } : {};
    if (binaries !== undefined) server = await startPostgres({ binaries, settings });
  });
  afterAll(async () => {
    for (const world of worlds) await world.drop();
    await server?.stop();
  });
  const program: DumpServer['program'] = (name, args) => runProgram(binaries, name, args);
  const urlOf = (database: string): string => current().url.replace(/postgres$/, database);
  return {
    get directory() {
      return current().directory;
    },
    program,
    urlOf,
    async create(database, template = 'template0') {
      const { url } = current();
      await program('createdb', ['--maintenance-db', url, '--template', template, database]);
    },
    async open(database) {
      const world = await openWorld(urlOf(database), '', async () => undefined);
      worlds.push(world);
      return world;
    },
  };
}
