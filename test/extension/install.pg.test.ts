/**
 * `imat extension install`, on a copy of an installed server that does not have the extension:
 * builds it, installs it, creates it.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { connect, type ExtensionResult } from '../../engine/index.ts';
import { reachableByOthers } from '../../tools/packaged-servers.mjs';
import { runCli, useBuiltCli } from '../cli/built-cli.ts';
import { expectImatError } from '../engine/commands/support/expect-imat-error.ts';
import { connectTo, value } from './server.ts';
import { NAME, ROOT, useInstallation } from './support/installation.ts';

const LIBRARIES = 'shared_preload_libraries';

const world = useInstallation();

describe.skipIf(world === null)('a server that is installed with its headers', () => {
  if (world === null) return;

  useBuiltCli();
  beforeAll(async () => {
    for (const statement of [
      'CREATE ROLE somebody LOGIN',
      'CREATE DATABASE second',
      'CREATE DATABASE third',
      'GRANT CREATE ON DATABASE second TO somebody',
    ])
      await world.db.execute(statement);
  });

  test('a user who may not write there is given the commands, and they work', async (context) => {
    const ended = runUnprivileged(
      [world.copy.library, world.scripts],
      ['extension', 'install', '--json', '--database-url', world.server.url],
    );
    if (ended === null)
      return context.skip('this user may write everywhere, and others cannot reach the repository');
    expect([ended.status, ended.stderr], ended.stdout).toEqual([2, '']);
    const result = JSON.parse(ended.stdout) as ExtensionResult;
    expect(result).toMatchObject({
      outcome: 'manual',
      built: false,
      version: null,
      preload: { state: 'missing' },
    });
    expect(result.commands.at(-1)).toBe(
      `sudo make -C "$build" PG_CONFIG=${world.copy.bin}/pg_config install`,
    );
    expect(existsSync(world.files.control)).toBe(false);
    const script = result.commands.map((command) => command.replace('sudo ', '')).join(' && ');
    const made = spawnSync(
      'bash',
      ['-c', `${script} DESTDIR=${world.place}/staged && rm -r "$build"`],
      { encoding: 'utf8' },
    );
    expect(made.status, made.stderr).toBe(0);
    expect(existsSync(`${world.place}/staged${world.files.library}`)).toBe(true);
  });

  test('a build that fails or is interrupted says so and leaves nothing behind', async () => {
    await world.withMake('echo "src/tracker.c:1: no good" >&2; exit 2', async () => {
      const error = await expectImatError('extension_unavailable', () => world.install());
      expect(error.message).toBe('make could not build the extension');
      expect(error.detail).toContain('src/tracker.c:1: no good');
    });
    const imat = await connect(world.server.url);
    const stopped = () =>
      imat.installExtension({ onProgress: () => void setTimeout(() => void imat.cancel(), 100) });
    expect((await expectImatError('interrupted', stopped)).detail).toBe('The build was removed.');
    await imat.close();
    expect(world.builds()).toEqual([]);
    expect(world.present()).toEqual([]);
  });

  test('it is built, installed and created, and nothing of the build stays', async () => {
    const steps: string[] = [];
    const result = await world.install(world.server.url, {
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
        file: join(world.server.directory, 'data', 'postgresql.conf'),
        note: null,
      },
    });
    expect(steps).toEqual(['1/3', '2/3', '3/3']);
    expect(world.builds()).toEqual([]);
    for (const file of Object.values(world.files)) expect(statSync(file).mode & 0o444).toBe(0o444);
    await world.db.execute(
      'CREATE TABLE sales (n int); ' +
        'CREATE MATERIALIZED VIEW total AS SELECT sum(n) AS total FROM sales',
    );
    const imat = await connect(world.server.url);
    await imat.convert('total');
    await imat.close();
    expect(await value(world.db, 'SELECT by_extension FROM imat_catalog.source')).toBe(true);
  });

  test('a database that has it is left as it is', async () => {
    expect(await world.install(world.server.url, { schema: 'elsewhere' })).toMatchObject({
      outcome: 'present',
      built: false,
      version: '1.0',
      schema: 'public',
    });
    await expect(
      world.install(world.server.url, { pgConfig: '/no/such/pg_config' }),
    ).rejects.toMatchObject({ condition: 'invalid_argument' });
    expect(await world.install(world.urlOf('postgres', 'somebody'))).toMatchObject({
      outcome: 'present',
      captures: false,
      preload: { state: 'missing', file: null, note: expect.stringContaining('may not see') },
    });
  });

  test('in another database a superuser only creates it, in the schema named', async () => {
    await expectImatError('insufficient_privilege', () =>
      world.install(world.urlOf('second', 'somebody')),
    );
    const missing = await expectImatError('not_found', () =>
      world.install(world.urlOf('second'), { schema: 'No such' }),
    );
    expect(missing.message).toBe('schema "No such" does not exist');
    expect(missing.hint).toContain('--schema');
    const second = await connectTo(world.server, 'second');
    await second.execute('CREATE SCHEMA "My tools"');
    await second.close();
    expect(await world.install(world.urlOf('second'), { schema: 'My tools' })).toMatchObject({
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
      world.urlOf('third'),
    ]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^table_change_tracker 1\.0 is now installed in this database, in schema public\.\n/,
    );
    expect(stdout).toMatch(
      /add this line to .* and restart the server\. .*\n\n {2}\w+ = 'table_change_tracker'\n$/,
    );
  });

  test('the line keeps what is loaded already, until there was a restart', async () => {
    const preload = async () => (await world.install()).preload;
    const data = join(world.server.directory, 'data');
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
    await world.db.execute(`ALTER SYSTEM SET ${LIBRARIES} = 'auto_explain', 'pg_prewarm'`);
    expect(await preload()).toMatchObject({
      line: `${LIBRARIES} = 'auto_explain, pg_prewarm, ${NAME}'`,
      file: auto,
      note: expect.stringContaining(
        `ALTER SYSTEM SET ${LIBRARIES} = 'auto_explain', 'pg_prewarm', '${NAME}'.`,
      ),
    });
    await world.db.execute(`ALTER SYSTEM SET ${LIBRARIES} = 'auto_explain', '$libdir/${NAME}.so'`);
    expect(await preload()).toMatchObject({
      state: 'restart',
      line: `${LIBRARIES} = 'auto_explain, "$libdir/${NAME}.so"'`,
      note: null,
    });
    await world.restart();
    expect(await world.install()).toMatchObject({
      outcome: 'present',
      tracks: true,
      preload: { state: 'loaded' },
    });
    await world.restart({ settings: { [LIBRARIES]: 'pg_prewarm' } });
    expect(await preload()).toMatchObject({
      state: 'missing',
      line: `${LIBRARIES} = 'pg_prewarm, ${NAME}'`,
      note: expect.stringContaining('command line'),
    });
  });

  /**
   * Runs the command line as a user who may not write into these directories of the copy; null
   * where that cannot be had here.
   */
  function runUnprivileged(
    directories: readonly string[],
    argv: readonly string[],
  ): SpawnSyncReturns<string> | null {
    const run = (user: { uid?: number; gid?: number }) =>
      spawnSync(process.execPath, [join(ROOT, 'dist/cli/main.js'), ...argv], {
        encoding: 'utf8',
        cwd: tmpdir(),
        env: { ...process.env, HOME: tmpdir() },
        ...user,
      });
    if (process.getuid?.() === 0)
      return reachableByOthers(ROOT) ? run({ uid: 65_534, gid: 65_534 }) : null;
    for (const directory of directories) chmodSync(directory, 0o555);
    try {
      return run({});
    } finally {
      for (const directory of directories) chmodSync(directory, 0o755);
    }
  }
});
