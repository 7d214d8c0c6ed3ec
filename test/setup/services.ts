/**
 * Provides the PostgreSQL that the server tests run on: the one that IMAT_TEST_PG_URL names, one
 * from IMAT_PG_BIN, one in Docker, or one from local binaries, whichever comes first. With
 * IMAT_TEST_EXTENSION=<major>, one that has the extension in every database.
 */
import type { TestProject } from 'vitest/node';
import { connectDb } from '../../engine/db/connect-db.ts';
import { createImat } from '../../engine/index.ts';
import { EXTENSION } from '../../engine/sql/names.ts';
import { provideFor } from '../../tools/extension.ts';
import { dockerAnswers } from '../../tools/find-postgres.mjs';
import { startPostgres } from '../../tools/postgres.ts';
import { createDatabase, type TestDatabase } from './database.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A superuser's URL of a database on the server under test. */
    postgresUrl: string;
    /** A database of that server with imat's catalog, to copy. */
    preparedDatabase: string;
    /** What PostgreSQL has on most servers, and this one was built without. */
    serverLacks: readonly ServerFeature[];
  }
}

/** `contrib`: the extensions that come with PostgreSQL. */
export type ServerFeature = 'contrib' | 'icu' | 'xml';

type Service = {
  readonly url: string;
  readonly origin: string;
  readonly stop: () => Promise<void>;
};

const DOCKER_IMAGE = 'postgres:15';

/** JIT compilation took an eighth of the time of three files, and does not change a row. */
const SETTINGS = { jit: 'off' };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const service = await provideServer();
  process.stderr.write(`PostgreSQL for the tests: ${service.origin}\n`);
  project.provide('postgresUrl', service.url);
  project.provide('serverLacks', await missingFeatures(service.url));
  const prepared = await prepareDatabase(service.url);
  project.provide('preparedDatabase', prepared.name);
  return async () => {
    await prepared.drop();
    await service.stop();
  };
}

/** As `imat init` by a superuser leaves it. To install the catalog takes longer than to convert. */
async function prepareDatabase(server: string): Promise<TestDatabase> {
  const database = await createDatabase(server);
  const db = await connectDb({ kind: 'url', url: database.url });
  try {
    await createImat(db).init();
  } finally {
    await db.close();
  }
  return database;
}

async function missingFeatures(url: string): Promise<ServerFeature[]> {
  const db = await connectDb({ kind: 'url', url });
  try {
    const missing: ServerFeature[] = [];
    // The catalog lists ICU collations on servers without ICU too.
    const icu = "CREATE COLLATION pg_temp.icu (provider = icu, locale = 'und')";
    await db.execute(icu).catch(() => missing.push('icu'));
    await db.query("SELECT xml '<a/>'").catch(() => missing.push('xml'));
    const extensions = await db.query(
      `SELECT FROM pg_available_extensions
       WHERE name IN ('citext', 'hstore', 'intarray', 'pg_trgm')`,
    );
    if (extensions.length < 4) missing.push('contrib');
    for (const feature of missing)
      process.stderr.write(`this server was built without ${feature}: its tests are skipped\n`);
    return missing;
  } finally {
    await db.close();
  }
}

async function provideServer(): Promise<Service> {
  const major = process.env['IMAT_TEST_EXTENSION'];
  if (major) return await startWithExtension(Number(major));
  const url = process.env['IMAT_TEST_PG_URL'];
  if (url) return { url, origin: 'IMAT_TEST_PG_URL', stop: async () => undefined };
  if (!process.env['IMAT_PG_BIN'] && (await dockerAnswers())) {
    try {
      return await startContainer();
    } catch (error) {
      // A daemon that answers may still be unable to pull the image.
      process.stderr.write(
        `Docker is there but gave no server (${(error as Error).message}); trying local binaries\n`,
      );
    }
  }
  const server = await startPostgres({ settings: SETTINGS });
  return {
    url: server.url,
    origin: `version ${server.major} from local binaries`,
    stop: server.stop,
  };
}

async function startWithExtension(major: number): Promise<Service> {
  const { binaries } = provideFor(major);
  const server = await startPostgres({
    binaries,
    settings: { ...SETTINGS, shared_preload_libraries: EXTENSION },
  });
  return {
    url: server.url,
    origin: `version ${server.major} with ${EXTENSION}`,
    stop: server.stop,
  };
}

async function startContainer(): Promise<Service> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const settings = [
    ...Object.entries(SETTINGS).map(([name, value]) => `${name}=${value}`),
    'fsync=off',
    'max_connections=200',
    'max_prepared_transactions=64',
    'wal_level=logical',
  ];
  const container = await new GenericContainer(DOCKER_IMAGE)
    .withEnvironment({
      POSTGRES_HOST_AUTH_METHOD: 'trust',
      POSTGRES_INITDB_ARGS: '--locale=C.UTF-8',
    })
    .withCommand(['postgres', ...settings.flatMap((setting) => ['-c', setting])])
    .withExposedPorts(5432)
    // The image starts the server twice: once for its own set-up, then for good.
    .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/, 2))
    .start();
  const address = `${container.getHost()}:${container.getMappedPort(5432)}`;
  const url = `postgresql://postgres@${address}/postgres`;
  return {
    url,
    origin: `${DOCKER_IMAGE} in Docker`,
    stop: async () => void (await container.stop()),
  };
}
