/**
 * Starts a temporary PostgreSQL server from local binaries, for tests and benchmarks.
 *
 * All files of a server are in one temporary directory, in memory where it need not be durable. The
 * directory also names the process that owns it.
 * A killed run leaves the server and the directory behind; the next start removes them.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identifyProcess, mayBeRunning, readIdentity } from '../engine/db/process-identity.ts';
import { type Binaries, findPostgres } from './find-postgres.mjs';
import { freePort } from './free-port.ts';

export type PostgresServer = {
  /** Of the database `postgres`, as a superuser. */
  readonly url: string;
  readonly major: number;
  readonly directory: string;
  readonly stop: () => Promise<void>;
  /** Stops the server and starts it again on the same data and port; `between` runs meanwhile. */
  readonly restart: (how: Ending, options?: RestartOptions) => Promise<void>;
};

/**
 * PostgreSQL's fast and immediate shutdown, and a crash: its main process is killed, and its
 * children end when they notice.
 */
export type Ending = 'fast' | 'immediate' | 'kill';

export type RestartOptions = {
  /** Settings that replace those of the first start. */
  readonly settings?: Readonly<Record<string, string | number>>;
  readonly between?: (data: string) => void | Promise<void>;
};

export type PostgresOptions = {
  /** Server settings, over the defaults below: `{ fsync: 'on' }`. */
  readonly settings?: Readonly<Record<string, string | number>>;
  readonly binaries?: Binaries;
  /** Creates the data directory at the given path instead of initdb, for example as a copy. */
  readonly makeData?: (data: string) => void | Promise<void>;
};

/** Fast instead of durable, with prepared transactions and logical replication for the tests. */
const SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: 200,
  max_prepared_transactions: 64,
  wal_level: 'logical',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
} as const;

const PREFIX = 'imat-pg-';
const OWNER_FILE = 'owner.json';
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
const ABANDONED_AFTER_MS = 600_000;

type User = { readonly uid: number; readonly gid: number };

/**
 * Starts a server on a free port of 127.0.0.1.
 * @throws Error if no binaries are found or the server does not start
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  sweepAbandoned();
  const found = options.binaries ?? findPostgres();
  if (found === null)
    throw new Error(
      'no PostgreSQL server binaries were found; `npm test` says how to install them',
    );
  const user = serverUser();
  const isDurable = options.settings?.['fsync'] === 'on';
  const isCopied = user !== null && !canRun(found.bin, '/', user);
  // What is in memory may not be executed.
  const place = isDurable || isCopied || !hasMemory() ? tmpdir() : MEMORY;
  const directory = mkdtempSync(join(place, PREFIX));
  writeFileSync(join(directory, OWNER_FILE), JSON.stringify(identifyProcess(process.pid)));
  if (user !== null) chownSync(directory, user.uid, user.gid);
  try {
    const bin = isCopied ? copyBinaries(found, directory) : found.bin;
    const data = join(directory, 'data');
    if (options.makeData === undefined) initialize(bin, data);
    else {
      await options.makeData(data);
      if (user !== null) execFileSync('chown', ['-R', `${user.uid}:${user.gid}`, data]);
    }
    return await launch(bin, data, { ...SETTINGS, ...options.settings }, user, found.major);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

/** Runs initdb, as the user that runs the servers. */
export function initialize(bin: string, data: string, options: readonly string[] = []): void {
  const locale = process.platform === 'linux' ? 'C.UTF-8' : 'C';
  const encoding = ['-E', 'UTF8', `--locale=${locale}`];
  const args = ['-D', data, '-U', 'postgres', '-A', 'trust', ...encoding, '--no-sync', ...options];
  execFileSync(join(bin, 'initdb'), args, {
    cwd: dirname(data),
    stdio: ['ignore', 'ignore', 'pipe'],
    ...serverUser(),
  });
}

async function launch(
  bin: string,
  data: string,
  settings: Record<string, string | number>,
  user: User | null,
  major: number,
): Promise<PostgresServer> {
  const directory = dirname(data);
  const port = await freePort();
  const logFile = join(directory, 'log');
  let server: ChildProcess | null = null;
  const abandon = (): void => {
    server?.kill('SIGQUIT');
    rmSync(directory, { recursive: true, force: true });
  };
  const start = async (current: Record<string, string | number>): Promise<void> => {
    const flags = Object.entries({ ...current, port }).flatMap(([name, value]) => [
      '-c',
      `${name}=${value}`,
    ]);
    const log = openSync(logFile, 'a');
    server = spawn(join(bin, 'postgres'), ['-D', data, ...flags], {
      cwd: directory,
      stdio: ['ignore', log, log],
      ...user,
    });
    closeSync(log);
    try {
      await waitUntilReady(server, data);
    } catch (error) {
      process.off('exit', abandon);
      const lines = readFileSync(logFile, 'utf8').trim().split('\n').slice(-5).join('\n');
      abandon();
      throw new Error(`PostgreSQL ${major} in ${bin} did not start:\n${lines}`, { cause: error });
    }
  };
  process.once('exit', abandon);
  await start(settings);
  return {
    url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    major,
    directory,
    stop: async () => {
      process.off('exit', abandon);
      if (server !== null) await stopServer(server, 'fast');
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
    restart: async (how, options = {}) => {
      if (server !== null) await stopServer(server, how);
      // The children of a killed server end by themselves; a new one accepts the data only then.
      if (how === 'kill') await waitUntilAlone(data);
      server = null;
      await options.between?.(data);
      await start({ ...settings, ...options.settings });
    },
  };
}

/** Waits until no process works in the data directory; without /proc, waits two seconds. */
async function waitUntilAlone(data: string): Promise<void> {
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  if (!existsSync('/proc/self/cwd')) await sleep(2000);
  const works = (pid: string): boolean => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === data;
    } catch {
      return false;
    }
  };
  while (
    existsSync('/proc/self/cwd') &&
    Date.now() < deadline &&
    readdirSync('/proc').some((name) => /^\d+$/.test(name) && works(name))
  )
    await sleep(20);
  rmSync(join(data, 'postmaster.pid'), { force: true });
}

/** Reads the eighth line of postmaster.pid, which says "ready", as pg_ctl does. */
async function waitUntilReady(server: ChildProcess, data: string): Promise<void> {
  const pidFile = join(data, 'postmaster.pid');
  const deadline = Date.now() + START_TIMEOUT_MS;
  let failure: Error | null = null;
  server.once('error', (error) => (failure = error));
  while (Date.now() < deadline) {
    if (failure !== null) throw failure;
    if (server.exitCode !== null || server.signalCode !== null)
      throw new Error(`the server ended with status ${server.exitCode ?? server.signalCode}`);
    if (existsSync(pidFile) && readFileSync(pidFile, 'utf8').split('\n')[7]?.trim() === 'ready')
      return;
    await sleep(10);
  }
  throw new Error('the server was not ready in time');
}

const SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT', kill: 'SIGKILL' } as const;

async function stopServer(server: ChildProcess, how: Ending): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  server.kill(SIGNALS[how]);
  const impatience = setTimeout(() => server.kill('SIGQUIT'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(impatience);
}

/** The user for PostgreSQL's server programs, which refuse to run as root. */
export function serverUser(): User | null {
  if (process.getuid?.() !== 0) return null;
  for (const name of ['postgres', 'nobody']) {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((entry) => entry.startsWith(`${name}:`));
    const [, , uid, gid] = line?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('PostgreSQL does not run as root, and there is no user postgres or nobody');
}

/** Where the server's user cannot reach them, for example in a checkout below /root. */
function copyBinaries(binaries: Binaries, directory: string): string {
  const prefix = dirname(binaries.bin);
  const copy = join(directory, basename(prefix));
  cpSync(prefix, copy, { recursive: true, verbatimSymlinks: true });
  chmodSync(copy, 0o755);
  return join(copy, 'bin');
}

/** Linux's file system in memory. To create a database takes 25 ms there, and 320 ms on a disk. */
const MEMORY = '/dev/shm';
const TMPFS = 0x01021994;
const ENOUGH_BYTES = 6 * 2 ** 30;

function hasMemory(): boolean {
  try {
    accessSync(MEMORY, constants.W_OK);
    const { type, bavail, bsize } = statfsSync(MEMORY);
    const left = /^MemAvailable: +(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    return type === TMPFS && Math.min(bavail * bsize, Number(left) * 1024) > ENOUGH_BYTES;
  } catch {
    return false;
  }
}

function canRun(bin: string, cwd: string, user: User): boolean {
  try {
    execFileSync(join(bin, 'postgres'), ['--version'], { cwd, stdio: 'ignore', ...user });
    return true;
  } catch {
    return false;
  }
}

/** Stops and removes the servers that killed runs left behind. */
function sweepAbandoned(): void {
  const places = [tmpdir(), MEMORY].filter((place) => existsSync(place));
  const all = places.flatMap((place) => readdirSync(place).map((name) => join(place, name)));
  for (const directory of all.filter((one) => basename(one).startsWith(PREFIX))) {
    const owner = readIdentity(join(directory, OWNER_FILE));
    const stats = statSync(directory, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    // Without an owner file, the directory was just created, or its creator was killed.
    if (owner === null ? Date.now() - stats.mtimeMs < ABANDONED_AFTER_MS : mayBeRunning(owner))
      continue;
    endServerOf(join(directory, 'data'));
    try {
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // It belongs to another user, or another run is removing it.
    }
  }
}

function endServerOf(data: string): void {
  try {
    const [pid] = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
    // The process id may have been reused: only a process with this directory in its arguments is
    // the server. Without /proc, a server whose directory was removed ends within a minute.
    if (
      existsSync(`/proc/${pid}/cwd`) &&
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(data)
    )
      process.kill(Number(pid), 'SIGQUIT');
  } catch {
    // No server, or it has just ended.
  }
}
