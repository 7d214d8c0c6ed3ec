/** `imat extension install`, on a copy of an installed server that does not have the extension: builds it, installs it, creates it. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, type ExtensionOptions, type ExtensionResult } from '../../engine/index.ts';
import type { Db } from '../../engine/db/db.ts';
import { copyInstalled, reachableByOthers } from '../../tools/extension.ts';
import { type PostgresServer, startPostgres } from '../../tools/postgres.ts';
import { runCli, useBuiltCli } from '../cli/built-cli.ts';
import { expectImatError } from '../engine/commands/support/expect-imat-error.ts';
import { connectTo, value } from './server.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NAME = 'table_change_tracker';
const LIBRARIES = 'shared_preload_libraries';

test('the embedded database is told that it cannot load it', async () => {
  const imat = await connect({ kind: 'embedded', directory: null });
  try {
    const error = await expectImatError('extension_unavailable', () => imat.installExtension());
    expect(error.message).toBe(`the embedded database cannot load extension "${NAME}"`);
    expect(error.detail).toContain('imat does everything without it');
  } finally {
    await imat.close();
  }
});

const place = mkdtempSync(join(tmpdir(), 'imat-install-'));
chmodSync(place, 0o755);
const copy = copyInstalled(place);
afterAll(() => rmSync(place, { recursive: true, force: true }));

describe.skipIf(copy === null)('a server that is installed with its headers', () => {
  if (copy === null) return;
  const scripts = join(copy.share, 'extension');
  const files = {
    control: join(scripts, `${NAME}.control`),
    script: join(scripts, `${NAME}--1.0.sql`),
    library: join(copy.library, `${NAME}.so`),
  };
  let server: PostgresServer;
  let db: Db;

  useBuiltCli();
  beforeAll(async () => {
    server = await startPostgres({ binaries: copy });
    db = await connectTo(server);
    for (const statement of [
      'CREATE ROLE somebody LOGIN',
      'CREATE DATABASE second',
      'CREATE DATABASE third',
      'GRANT CREATE ON DATABASE second TO somebody',
    ])
      await db.execute(statement);
  }, 120_000);
  afterAll(async () => {
    await db.close();
    await server.stop();
  });

  function urlOf(database: string, user = 'postgres'): string {
    const url = new URL(server.url);
    url.pathname = `/${database}`;
    url.username = user;
    return url.href;
  }

  async function install(url: string, options: ExtensionOptions = {}): Promise<ExtensionResult> {
    const imat = await connect(url);
    try {
      return await imat.installExtension(options);
    } finally {
      await imat.close();
    }
  }

  async function withFiles(
    written: Readonly<Record<string, string>>,
    body: () => Promise<void>,
  ): Promise<void> {
    for (const [file, text] of Object.entries(written)) writeFileSync(file, text);
    try {
      await body();
    } finally {
      for (const file of Object.keys(written)) rmSync(file);
    }
  }

  describe('as long as it lacks the files', () => {
    test('only a superuser may go on', async () => {
      const error = await expectImatError('insufficient_privilege', () =>
        install(urlOf('postgres', 'somebody')),
      );
      expect(error.message).toBe(`only a superuser can install extension "${NAME}"`);
      expect(error.hint).toContain('--database-url postgres://');
    });

    test('a pg_config of another installation is refused', async () => {
      const given = await expectImatError('invalid_argument', () =>
        install(server.url, { pgConfig: '/no/such/pg_config' }),
      );
      expect(given.detail).toBe('/no/such/pg_config does not run.');
      const fake = join(place, 'pg_config');
      for (const [version, reason] of [
        [
          `PostgreSQL ${copy.major}.1`,
          'is of another installation: its libraries are in /elsewhere/lib, those of the server in ',
        ],
        ['PostgreSQL 9.6.1', 'is of version 9'],
      ] as const) {
        writeFileSync(
          fake,
          `#!/bin/sh\nprintf '${version}\\n/elsewhere/lib\\n/elsewhere/share\\n/elsewhere/include\\n/elsewhere/pgxs\\n'\n`,
          { mode: 0o755 },
        );
        const wrong = await expectImatError('invalid_argument', () =>
          install(server.url, { pgConfig: fake }),
        );
        expect(wrong.detail).toContain(`${fake} ${reason}`);
      }
    });

    test('without the headers it says how to get them', async () => {
      const hidden = `${copy.library}/pgxs`;
      renameSync(hidden, `${hidden}.hidden`);
      try {
        const error = await expectImatError('extension_unavailable', () => install(server.url));
        expect(error.message).toBe(
          `there is no pg_config of PostgreSQL ${copy.major} with the server's headers`,
        );
        expect(error.hint).toContain(`postgresql-server-dev-${copy.major}`);
      } finally {
        renameSync(`${hidden}.hidden`, hidden);
      }
    });

    test('a server whose files are not those of this machine is left alone', async () => {
      // What this process finds in the data directory is not what the server finds there: so it looks from the outside of a container.
      const data = join(server.directory, 'data');
      renameSync(data, `${data}.moved`);
      try {
        const error = await expectImatError('extension_unavailable', () => install(server.url));
        expect(error.message).toContain('does not run on this machine');
        expect(error.detail).toContain('imat does everything without it');
      } finally {
        renameSync(`${data}.moved`, data);
      }
    });

    test('a user who may not write there is given the commands, and they work', async (context) => {
      const ended = runUnprivileged([
        'extension',
        'install',
        '--json',
        '--database-url',
        server.url,
      ]);
      if (ended === null)
        return context.skip(
          'this user may write everywhere, and others cannot reach the repository',
        );
      expect([ended.status, ended.stderr], ended.stdout).toEqual([2, '']);
      const result = JSON.parse(ended.stdout) as ExtensionResult;
      expect(result).toMatchObject({
        outcome: 'manual',
        built: false,
        version: null,
        preload: { state: 'missing' },
      });
      expect(result.commands.at(-1)).toBe(
        `sudo make -C "$build" PG_CONFIG=${copy.bin}/pg_config install`,
      );
      expect(existsSync(files.control)).toBe(false);
      const script = result.commands.map((command) => command.replace('sudo ', '')).join(' && ');
      const made = spawnSync(
        'bash',
        ['-c', `${script} DESTDIR=${place}/staged && rm -r "$build"`],
        { encoding: 'utf8' },
      );
      expect(made.status, made.stderr).toBe(0);
      expect(existsSync(`${place}/staged${files.library}`)).toBe(true);
    }, 120_000);

    test('the files of another extension of the name are neither used nor replaced', async () => {
      const theirs = `comment = 'tracks table changes'\ndefault_version = '0.1'\n`;
      await withFiles(
        { [files.control]: theirs, [join(scripts, `${NAME}--0.1.sql`)]: 'SELECT 1;' },
        async () => {
          const available = await expectImatError('extension_unavailable', () =>
            install(server.url),
          );
          expect(available.message).toBe(
            `the server has the files of another extension "${NAME}" (version 0.1)`,
          );
          expect(readFileSync(files.control, 'utf8')).toBe(theirs);
          await db.execute(`CREATE EXTENSION ${NAME}`);
          const installed = await expectImatError('extension_unavailable', () =>
            install(server.url),
          );
          expect(installed.message).toBe(
            `another extension "${NAME}" (version 0.1) is installed in this database`,
          );
          expect(installed.hint).toContain('DROP EXTENSION');
          await db.execute(`DROP EXTENSION ${NAME}`);
        },
      );
    });

    test('what only looks like it leaves nothing behind', async () => {
      const ours = readFileSync(join(ROOT, 'extension', `${NAME}.control`), 'utf8');
      await withFiles(
        { [files.control]: ours, [files.script]: 'CREATE TABLE some_table ();' },
        async () => {
          await expectImatError('extension_unavailable', () => install(server.url));
          expect(await value(db, `SELECT to_regclass('some_table')`)).toBeNull();
        },
      );
      await withFiles(
        {
          [files.control]: ours,
          [files.script]: `CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'MODULE_PATHNAME';`,
        },
        async () => {
          const error = await expectImatError('extension_unavailable', () => install(server.url));
          expect(error.message).toContain('could not access file');
        },
      );
    });
  });

  test('a build that fails or is interrupted says so and leaves nothing behind', async () => {
    const before = builds();
    const tools = mkdtempSync(join(place, 'tools-'));
    writeFileSync(join(tools, 'make'), '#!/bin/sh\necho "src/tracker.c:1: no good" >&2\nexit 2\n', {
      mode: 0o755,
    });
    const path = process.env['PATH'];
    process.env['PATH'] = `${tools}:${path}`;
    try {
      const error = await expectImatError('extension_unavailable', () => install(server.url));
      expect(error.message).toBe('make could not build the extension');
      expect(error.detail).toContain('src/tracker.c:1: no good');
    } finally {
      process.env['PATH'] = path;
    }
    const imat = await connect(server.url);
    const stopped = () =>
      imat.installExtension({ onProgress: () => void setTimeout(() => void imat.cancel(), 100) });
    expect((await expectImatError('interrupted', stopped)).detail).toBe('The build was removed.');
    await imat.close();
    expect(builds()).toEqual(before);
    expect(Object.values(files).filter((file) => existsSync(file))).toEqual([]);
  });

  test('it is built, installed and created, step by step, and nothing of the build stays', async () => {
    const before = builds();
    const steps: string[] = [];
    const result = await install(server.url, {
      onProgress: ({ step, steps: all }) => steps.push(`${step}/${all}`),
    });
    expect(result).toEqual({
      outcome: 'created',
      built: true,
      version: '1.0',
      schema: 'public',
      captures: true,
      tracks: false,
      commands: [],
      preload: {
        state: 'missing',
        line: `${LIBRARIES} = '${NAME}'`,
        file: join(server.directory, 'data', 'postgresql.conf'),
        note: null,
      },
    });
    expect(steps).toEqual(['1/3', '2/3', '3/3']);
    expect(builds()).toEqual(before);
    for (const file of Object.values(files)) expect(statSync(file).mode & 0o444).toBe(0o444);
    await db.execute(
      'CREATE TABLE sales (n int); CREATE MATERIALIZED VIEW total AS SELECT sum(n) AS total FROM sales',
    );
    const imat = await connect(server.url);
    await imat.convert('total');
    await imat.close();
    expect(await value(db, 'SELECT by_extension FROM imat_catalog.source')).toBe(true);
  }, 120_000);

  test('a database that has it is left as it is', async () => {
    expect(await install(server.url, { schema: 'elsewhere' })).toMatchObject({
      outcome: 'present',
      built: false,
      version: '1.0',
      schema: 'public',
    });
    expect(await install(urlOf('postgres', 'somebody'))).toMatchObject({
      outcome: 'present',
      captures: false,
      preload: { state: 'missing', file: null, note: expect.stringContaining('may not see') },
    });
  });

  test('in another database it is only created, in the schema that is named, by a superuser', async () => {
    await expectImatError('insufficient_privilege', () => install(urlOf('second', 'somebody')));
    const missing = await expectImatError('not_found', () =>
      install(urlOf('second'), { schema: 'No such' }),
    );
    expect(missing.message).toBe('schema "No such" does not exist');
    expect(missing.hint).toContain('--schema');
    const second = await connectTo(server, 'second');
    await second.execute('CREATE SCHEMA "My tools"');
    await second.close();
    expect(await install(urlOf('second'), { schema: 'My tools' })).toMatchObject({
      outcome: 'created',
      built: false,
      schema: '"My tools"',
    });
  });

  test('the command line says the same for people', async () => {
    const { status, stdout, stderr } = await runCli([
      'extension',
      'install',
      '--database-url',
      urlOf('third'),
    ]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^table_change_tracker 1\.0 is now installed in this database, in schema public\.\n/,
    );
    expect(stdout).toMatch(
      /needs this line, and the server a restart\. .*\n\n {2}shared_preload_libraries = 'table_change_tracker'\n$/,
    );
  });

  test('the line keeps what is loaded already, until the server has been restarted with it', async () => {
    const preload = async () => (await install(server.url)).preload;
    const data = join(server.directory, 'data');
    const auto = join(data, 'postgresql.auto.conf');
    writeFileSync(join(data, 'postgresql.conf'), `${LIBRARIES} = '"auto_explain", pg_prewarm'\n`, {
      flag: 'a',
    });
    expect(await preload()).toEqual({
      state: 'missing',
      line: `${LIBRARIES} = '"auto_explain", pg_prewarm, ${NAME}'`,
      file: join(data, 'postgresql.conf'),
      note: null,
    });
    await db.execute(`ALTER SYSTEM SET ${LIBRARIES} = 'auto_explain', 'pg_prewarm'`);
    expect(await preload()).toMatchObject({
      line: `${LIBRARIES} = 'auto_explain, pg_prewarm, ${NAME}'`,
      file: auto,
      note: expect.stringContaining(
        `ALTER SYSTEM SET ${LIBRARIES} = 'auto_explain', 'pg_prewarm', '${NAME}'.`,
      ),
    });
    await db.execute(`ALTER SYSTEM SET ${LIBRARIES} = 'auto_explain', '$libdir/${NAME}.so'`);
    expect(await preload()).toMatchObject({
      state: 'restart',
      line: `${LIBRARIES} = 'auto_explain, "$libdir/${NAME}.so"'`,
      note: null,
    });
    await db.close();
    await server.restart('fast');
    db = await connectTo(server);
    expect(await install(server.url)).toMatchObject({
      outcome: 'present',
      tracks: true,
      preload: { state: 'loaded' },
    });
    await db.close();
    await server.restart('fast', { settings: { [LIBRARIES]: 'pg_prewarm' } });
    db = await connectTo(server);
    expect(await preload()).toMatchObject({
      state: 'missing',
      line: `${LIBRARIES} = 'pg_prewarm, ${NAME}'`,
      note: expect.stringContaining('command line'),
    });
  });

  function builds(): string[] {
    return readdirSync(tmpdir()).filter((name) => /^imat-extension-\w{6}$/.test(name));
  }

  /** Runs the command line as a user who may not write into the copy; null where that cannot be had here. */
  function runUnprivileged(argv: readonly string[]): SpawnSyncReturns<string> | null {
    const run = (user: { uid?: number; gid?: number }) =>
      spawnSync(process.execPath, [join(ROOT, 'dist/cli/main.js'), ...argv], {
        encoding: 'utf8',
        cwd: tmpdir(),
        env: { ...process.env, HOME: tmpdir() },
        ...user,
      });
    if (process.getuid?.() === 0)
      return reachableByOthers(ROOT) ? run({ uid: 65_534, gid: 65_534 }) : null;
    const directories = [copy?.library ?? '', scripts];
    for (const directory of directories) chmodSync(directory, 0o555);
    try {
      return run({});
    } finally {
      for (const directory of directories) chmodSync(directory, 0o755);
    }
  }
});
