/** A cluster that pg_upgrade has made of another one. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { dirname, join } from 'node:path';
import { EXTENSION } from '../../engine/sql/names.ts';
import { provideExtension } from '../../tools/extension.ts';
import { findInstalledPostgres, findPostgres } from '../../tools/find-postgres.mjs';
import { findPackagedPostgres } from '../../tools/packaged-servers.mjs';
import {
  initialize,
  type PostgresServer,
  serverUser,
  startPostgres,
} from '../../tools/postgres.ts';
import { WITH_EXTENSION } from './database.ts';

type Binaries = NonNullable<ReturnType<typeof findPostgres>>;

/** What pg_upgrade calls in the newer server's directory. */
const PROGRAMS = ['pg_upgrade', 'pg_dump', 'pg_dumpall', 'pg_restore', 'psql', 'vacuumdb'];

export const SETTINGS = WITH_EXTENSION ? { shared_preload_libraries: EXTENSION } : {};

/** Servers of this machine that can be upgraded, and upgraded to, the oldest first. */
export function findUpgradable(): Binaries[] {
  const all: readonly Binaries[] = WITH_EXTENSION
    ? provideExtension().servers.map((one) => one.binaries)
    : [findPostgres() ?? [], findInstalledPostgres(), findPackagedPostgres()].flat();
  return all
    .filter(({ bin }) => PROGRAMS.every((name) => isProgram(join(bin, name))))
    .filter(({ major }, at, some) => some.findIndex((other) => other.major === major) === at)
    .sort((a, b) => a.major - b.major);
}

/**
 * Stops a server, starts one of the version `to` on what pg_upgrade makes of its data, and starts
 * the first again.
 */
export async function upgrade(
  from: PostgresServer,
  old: Binaries,
  to: Binaries,
): Promise<{ readonly server: PostgresServer; readonly printed: string }> {
  let made: { server: PostgresServer; printed: string } | null = null;
  await from.restart('fast', {
    between: async (data) => {
      let printed = '';
      const makeData = (target: string): void => {
        // The default of version 18 on; pg_upgrade wants both clusters alike.
        initialize(to.bin, target, to.major >= 18 ? ['--no-data-checksums'] : []);
        printed = runUpgrade({ bin: old.bin, data }, { bin: to.bin, data: target });
      };
      made = {
        server: await startPostgres({ binaries: to, settings: SETTINGS, makeData }),
        printed,
      };
    },
  });
  if (made === null) throw new Error('the server was not stopped');
  return made;
}

type Cluster = { readonly bin: string; readonly data: string };

function runUpgrade(old: Cluster, made: Cluster): string {
  const args = ['-b', old.bin, '-B', made.bin, '-d', old.data, '-D', made.data];
  const settings = Object.entries(SETTINGS).map(([name, value]) => `-c ${name}=${value}`);
  const server = settings.flatMap((setting) => ['-o', setting, '-O', setting]);
  const { status, stdout, stderr } = spawnSync(
    join(made.bin, 'pg_upgrade'),
    [...args, ...server, '-U', 'postgres', '--no-sync'],
    { cwd: dirname(made.data), encoding: 'utf8', ...serverUser() },
  );
  if (status !== 0) throw new Error(`pg_upgrade failed:\n${stdout}${stderr}`);
  return stdout + stderr;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
