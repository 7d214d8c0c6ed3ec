/**
 * `imat extension install` before anything is built: what it refuses, and that it leaves nothing
 * behind.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../engine/index.ts';
import { expectImatError } from '../engine/commands/support/expect-imat-error.ts';
import { value } from './server.ts';
import { CONTROL, NAME, useInstallation } from './support/installation.ts';

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

const world = useInstallation();

describe.skipIf(world === null)('a server that lacks the files', () => {
  if (world === null) return;

  beforeAll(() => world.db.execute('CREATE ROLE somebody LOGIN'));

  test('only a superuser may go on', async () => {
    const error = await expectImatError('insufficient_privilege', () =>
      world.install(world.urlOf('postgres', 'somebody')),
    );
    expect(error.message).toBe(`only a superuser can install extension "${NAME}"`);
    expect(error.hint).toContain('--database-url postgres://');
  });

  test('a pg_config of another installation is refused', async () => {
    const given = await expectImatError('invalid_argument', () =>
      world.install(world.server.url, { pgConfig: '/no/such/pg_config' }),
    );
    expect(given.message).toBe('"/no/such/pg_config" is not a pg_config');
    expect(given.detail).toBe('There is no such file.');
    const other = await expectImatError('invalid_argument', () =>
      world.install(world.server.url, { pgConfig: '/bin/false' }),
    );
    expect(other.detail).toBe('It cannot be run, or does not answer as a pg_config does.');
    const fake = join(world.place, 'pg_config');
    for (const [version, reason] of [
      [
        `PostgreSQL ${world.copy.major}.1`,
        'is of another installation: its libraries are in /elsewhere/lib, those of the server in ',
      ],
      [
        'PostgreSQL 9.6.1',
        `is of PostgreSQL 9.6.1, and the running server is PostgreSQL ${world.copy.major}.`,
      ],
    ] as const) {
      writeFileSync(
        fake,
        `#!/bin/bash\nprintf '%s\\n' '${version}' /elsewhere/{lib,share,include,pgxs}\n`,
        { mode: 0o755 },
      );
      const wrong = await expectImatError('invalid_argument', () =>
        world.install(world.server.url, { pgConfig: fake }),
      );
      expect(wrong.detail).toContain(`${fake} ${reason}`);
    }
  });

  test('without the headers it says how to get them', async () => {
    const hidden = `${world.copy.library}/pgxs`;
    renameSync(hidden, `${hidden}.hidden`);
    try {
      const error = await expectImatError('extension_unavailable', () => world.install());
      expect(error.message).toBe(
        `there is no pg_config of PostgreSQL ${world.copy.major} with the server's headers`,
      );
      expect(error.hint).toContain(`postgresql-server-dev-${world.copy.major}`);
    } finally {
      renameSync(`${hidden}.hidden`, hidden);
    }
  });

  test('a server whose files are not those of this machine is left alone', async () => {
    // What this process finds in the data directory is not what the server finds there: so it looks
    // from the outside of a container.
    const data = join(world.server.directory, 'data');
    renameSync(data, `${data}.moved`);
    try {
      const error = await expectImatError('extension_unavailable', () => world.install());
      expect(error.message).toContain('does not run on this machine');
      expect(error.detail).toContain('imat does everything without it');
    } finally {
      renameSync(`${data}.moved`, data);
    }
  });

  test('the files of another extension of the name are neither used nor replaced', async () => {
    const theirs = `comment = 'tracks table changes'\ndefault_version = '0.1'\n`;
    await world.withFiles(
      { [world.files.control]: theirs, [join(world.scripts, `${NAME}--0.1.sql`)]: 'SELECT 1;' },
      async () => {
        const available = await expectImatError('extension_unavailable', () => world.install());
        expect(available.message).toBe(
          `the server has the files of another extension "${NAME}" (version 0.1)`,
        );
        expect(readFileSync(world.files.control, 'utf8')).toBe(theirs);
        await world.db.execute(`CREATE EXTENSION ${NAME}`);
        const installed = await expectImatError('extension_unavailable', () => world.install());
        expect(installed.message).toBe(
          `another extension "${NAME}" (version 0.1) is installed in this database`,
        );
        expect(installed.hint).toContain('DROP EXTENSION');
        await world.db.execute(`DROP EXTENSION ${NAME}`);
      },
    );
  });

  test('what only looks like it leaves nothing behind', async () => {
    const ours = readFileSync(CONTROL, 'utf8');
    await world.withFiles(
      {
        [world.files.control]: ours,
        [world.files.script]: 'CREATE TABLE some_table ();',
        [world.files.library]: world.libraryThatLoads(),
      },
      async () => {
        await expectImatError('extension_unavailable', () => world.install());
        expect(await value(world.db, `SELECT to_regclass('some_table')`)).toBeNull();
      },
    );
    await world.withFiles(
      {
        [world.files.control]: ours,
        [world.files.script]: `CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'MODULE_PATHNAME';`,
        [world.files.library]: world.libraryThatLoads(),
      },
      async () => {
        const error = await expectImatError('extension_unavailable', () => world.install());
        expect(error.message).toContain('could not find function "f"');
      },
    );
  });
});
