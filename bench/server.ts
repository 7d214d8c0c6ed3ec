/** The server that is measured: one of its own, or the one that --database-url names. */
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Binaries, findInstalledPostgres, findPostgres } from '../tools/find-postgres.mjs';
import { startPostgres } from '../tools/postgres.ts';

export type Server = {
  /** Of a database to connect to for making others. */
  readonly url: string;
  readonly origin: string;
  /** The path of pgbench; null where there is none. */
  readonly pgbench: string | null;
  /** CPU seconds that the server's finished processes used; null where that is not known. */
  readonly cpuSeconds: () => number | null;
  readonly stop: () => Promise<void>;
};

/** The version that the project is measured on. */
export const MEASURED_MAJOR = 15;

/**
 * Durable, as a real server is (loads that want no fsync turn synchronous_commit off), and large
 * enough not to measure checkpoints.
 */
const SETTINGS = {
  fsync: 'on',
  full_page_writes: 'on',
  wal_level: 'replica',
  shared_buffers: '1GB',
  max_wal_size: '8GB',
  checkpoint_timeout: '30min',
} as const;

const TICKS_A_SECOND = 100;

/** @throws Error where no server binaries are found or the server does not start */
export async function openServer(databaseUrl: string | null): Promise<Server> {
  if (databaseUrl !== null) {
    return {
      url: databaseUrl,
      origin: '--database-url',
      pgbench: findPgbench(null),
      cpuSeconds: () => null,
      stop: async () => undefined,
    };
  }
  return await startServer(chooseBinaries());
}

/**
 * Starts one with the settings that are measured with, and those given. @throws Error where it does
 * not start
 */
export async function startServer(
  binaries: Binaries | null,
  settings: Readonly<Record<string, string | number>> = {},
): Promise<Server> {
  const server = await startPostgres({
    settings: { ...SETTINGS, ...settings },
    ...(binaries === null ? {} : { binaries }),
  });
  return {
    url: server.url,
    origin: `its own, from ${binaries?.bin ?? 'local binaries'}`,
    pgbench: findPgbench(binaries),
    cpuSeconds: () => finishedCpuSeconds(join(server.directory, 'data', 'postmaster.pid')),
    stop: server.stop,
  };
}

function chooseBinaries(): Binaries | null {
  const measured = findInstalledPostgres().find(({ major }) => major === MEASURED_MAJOR);
  return process.env['IMAT_PG_BIN'] || measured === undefined ? findPostgres() : measured;
}

function findPgbench(binaries: Binaries | null): string | null {
  const installed = binaries === null ? findInstalledPostgres() : [binaries];
  const directories = [
    ...installed.map(({ bin }) => bin),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  return (
    directories.map((directory) => join(directory, 'pgbench')).find((path) => existsSync(path)) ??
    null
  );
}

/**
 * A backend's CPU time is added to its parent's account when it ends: fields 16 and 17 of
 * /proc/PID/stat.
 */
function finishedCpuSeconds(pidFile: string): number | null {
  try {
    const [pid] = readFileSync(pidFile, 'utf8').split('\n');
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[13]) + Number(fields[14])) / TICKS_A_SECOND;
  } catch {
    return null;
  }
}
