/**
 * `imat extension install` where the running server is older than the headers beside it, as after
 * an upgrade without a restart: what is built with them may call what the server has not got. The
 * libraries that lack a symbol are real ones.
 */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { connect, type DoctorCheck } from '../../engine/index.ts';
import { expectImatError } from '../engine/commands/support/expect-imat-error.ts';
import { value } from './server.ts';
import { CONTROL, NAME, useInstallation } from './support/installation.ts';

const UNDEFINED =
  /^It reported: could not load library "\S+": .*undefined symbol: server_lacks_this/;
const RESTART = 'If the server has been upgraded since it was started, restart it';
const EXTENSIONS = 'SELECT count(*) FROM pg_extension WHERE extname = $1';
const world = useInstallation();

describe.skipIf(world === null)('a running server of an older minor version', () => {
  if (world === null) return;
  let version = '';
  beforeAll(async () => {
    version = await value(world.db, 'SHOW server_version');
    await world.db.execute('CREATE ROLE somebody LOGIN');
  });

  const expectNothingThere = async (): Promise<void> => {
    expect(world.present()).toEqual([]);
    expect(world.builds()).toEqual([]);
    expect(await value(world.db, EXTENSIONS, [NAME])).toBe('0');
  };

  describe('with newer headers', () => {
    const newer = `${world.copy.major}.99 (Debian ${world.copy.major}.99-0+deb12u1)`;

    test('a newer pg_config is refused, with both versions and the remedy', async () => {
      const pgConfig = world.pgConfig({ '--version': `PostgreSQL ${newer}` });
      const error = await expectImatError('invalid_argument', () =>
        world.install(world.server.url, { pgConfig }),
      );
      expect(error.message).toBe(
        'the headers to build the extension with are newer than the running server, ' +
          `PostgreSQL ${version}`,
      );
      expect(error.detail).toMatch(`${pgConfig} is of PostgreSQL ${newer}, `);
      expect(error.detail).toContain(`and the running server is PostgreSQL ${version}.`);
      expect(error.hint).toMatch(/^Restart the server, .* or name a pg_config /);
      await expectNothingThere();
    });

    test('so are headers that are newer than their pg_config', async () => {
      const headers = world.headers((original) => ({
        'pg_config.h': readFileSync(join(original, 'pg_config.h'), 'utf8').replace(
          /^#define PG_VERSION ".*"$/m,
          `#define PG_VERSION "${newer}"`,
        ),
      }));
      const pgConfig = world.pgConfig(headers);
      const error = await expectImatError('invalid_argument', () =>
        world.install(world.server.url, { pgConfig }),
      );
      expect(error.message).toContain('are newer than the running server');
      expect(error.detail).toContain(`its headers are of PostgreSQL ${newer}, `);
      await expectNothingThere();
    });

    test('so is the pg_config beside the server', async () => {
      const own = join(world.copy.bin, 'pg_config');
      renameSync(own, `${own}.real`);
      writeFileSync(
        own,
        `#!/bin/sh\n'${own}.real' "$@" | sed '1s/^PostgreSQL .*/PostgreSQL ${newer}/'\n`,
        { mode: 0o755 },
      );
      try {
        const error = await expectImatError('extension_unavailable', () => world.install());
        expect(error.message).toContain('are newer than the running server');
        expect(error.detail).toContain(`${own} is of PostgreSQL ${newer}, `);
        await expectNothingThere();
      } finally {
        renameSync(`${own}.real`, own);
      }
    });
  });

  describe('where what was built does not load', () => {
    test('it is removed, nothing is created, and the session goes on', async () => {
      const pgConfig = world.pgConfig(world.headersThatAskTooMuch());
      const imat = await connect(world.server.url);
      try {
        for (let attempt = 0; attempt < 2; attempt++) {
          const error = await expectImatError('extension_unavailable', () =>
            imat.installExtension({ pgConfig }),
          );
          expect(error.message).toBe(
            `PostgreSQL ${version} cannot load the library of extension "${NAME}"`,
          );
          expect(error.detail).toMatch(UNDEFINED);
          expect(error.detail).toMatch(
            /What was installed has been removed, and nothing created\.$/,
          );
          expect(error.hint).toContain(RESTART);
          await expectNothingThere();
        }
        expect((await imat.doctor()).checks[0]).toMatchObject({ check: 'server', status: 'ok' });
      } finally {
        await imat.close();
      }
    });

    test('files that were there before are put back', async () => {
      const theirs = { [world.files.library]: 'a library', [world.files.script]: '-- a script' };
      await world.withFiles(theirs, async () => {
        const modes = Object.keys(theirs).map((file) => statSync(file).mode);
        const pgConfig = world.pgConfig(world.headersThatAskTooMuch());
        await expectImatError('extension_unavailable', () =>
          world.install(world.server.url, { pgConfig }),
        );
        for (const [file, text] of Object.entries(theirs))
          expect(readFileSync(file, 'utf8')).toBe(text);
        expect(Object.keys(theirs).map((file) => statSync(file).mode)).toEqual(modes);
        expect(world.present().toSorted()).toEqual(Object.keys(theirs).toSorted());
      });
      await expectNothingThere();
    });
  });

  test('what fails half-way, or what the server does not see, is removed', async () => {
    await world.withMake(
      'PATH="${PATH#*:}" make "$@" || exit; for last; do :; done; [ "$last" != install ]',
      async () => {
        const error = await expectImatError('extension_unavailable', () => world.install());
        expect(error.message).toBe('make could not install the extension');
        await expectNothingThere();
      },
    );
    await world.withMake('exit 0', async () => {
      const error = await expectImatError('extension_unavailable', () => world.install());
      expect(error.message).toContain('the server does not see extension');
      await expectNothingThere();
    });
  });

  test('files that were installed before and do not load are named, and stay', async () => {
    const files = {
      [world.files.control]: readFileSync(CONTROL),
      [world.files.script]: 'CREATE TABLE some_table ();',
    };
    for (const [library, report] of [
      [world.libraryThatDoesNotLoad(), UNDEFINED],
      [null, /^It reported: could not access file /],
    ] as const)
      await world.withFiles(
        library === null ? files : { ...files, [world.files.library]: library },
        async () => {
          const error = await expectImatError('extension_unavailable', () => world.install());
          expect(error.message).toContain('cannot load the library of extension');
          expect(error.detail).toMatch(report);
          expect(error.detail).toMatch(/Nothing was created\.$/);
          expect(error.hint).toContain(`${RESTART}; otherwise remove the extension's files`);
          expect(world.present().length).toBe(library === null ? 2 : 3);
          expect(await value(world.db, `SELECT to_regclass('some_table')`)).toBeNull();
        },
      );
    await expectNothingThere();
  });

  test('headers of an older minor version are taken', async () => {
    const pgConfig = world.pgConfig({ '--version': `PostgreSQL ${world.copy.major}.0` });
    expect(await world.install(world.server.url, { pgConfig })).toMatchObject({
      outcome: 'created',
      built: true,
    });
  });

  test('what a database has and its server cannot load is found, by doctor too', async () => {
    const imat = await connect(world.server.url);
    await imat.init();
    const ofExtension = async (): Promise<DoctorCheck | undefined> =>
      (await imat.doctor()).checks.find(({ check }) => check === 'extension');
    expect((await ofExtension())?.status).toBe('ok');
    await imat.close();
    const good = readFileSync(world.files.library);
    for (const [library, report] of [
      [world.libraryThatDoesNotLoad(), 'undefined symbol: server_lacks_this'],
      [world.libraryThatLoads(), 'could not find function "'],
      [null, 'could not access file'],
    ] as const) {
      rmSync(world.files.library);
      if (library !== null) writeFileSync(world.files.library, library);
      for (const user of ['postgres', 'somebody']) {
        const error = await expectImatError('extension_unavailable', () =>
          world.install(world.urlOf('postgres', user)),
        );
        expect(error.message).toContain('cannot load the library of extension');
        expect(error.detail).toContain(report);
        expect(error.detail).toMatch(/The database has the extension\.$/);
        expect(error.hint).toContain(`${RESTART}; otherwise build the extension anew`);
      }
      const again = await connect(world.server.url);
      const found = (await again.doctor()).checks.find(({ check }) => check === 'extension');
      await again.close();
      expect(found).toMatchObject({
        status: 'error',
        message: expect.stringContaining(report),
        hint: expect.stringContaining('build the extension anew'),
      });
      if (library !== null) rmSync(world.files.library);
      writeFileSync(world.files.library, good);
    }
    expect((await world.install()).outcome).toBe('present');
  });
});
