/**
 * The pg_config that goes with a running server, and with headers that the extension can be built
 * with.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ImatError } from '../errors/imat-error.ts';
import type { ServerDirectories } from './server.ts';
import { compareVersions, type Relation } from './postgres-version.ts';

/** One that prints the directories of the server. */
export type PgConfig = {
  readonly path: string;
  readonly library: string;
  readonly share: string;
};

type Printed = PgConfig & {
  readonly version: string;
  readonly headers: string;
  readonly pgxs: string;
};

/** What a pg_config must belong to: `version` is the running server's, as it says itself. */
export type ServerToBuildFor = {
  readonly major: number;
  readonly version: string;
  readonly directories: ServerDirectories;
};

/** Why a pg_config cannot be used. */
type Misfit = { readonly reason: string; readonly headersAreNewer: boolean };

/**
 * The pg_config that goes with a running server: with its directories, with all that a build needs,
 * of its major version, and with headers that are not newer than it. Inline functions of newer
 * headers call what an older server has not got.
 * @throws ImatError `invalid_argument` if `given` is not that, `extension_unavailable` if there is
 *   none
 */
export async function findPgConfig(
  server: ServerToBuildFor,
  given: string | null,
): Promise<PgConfig> {
  const misfits: Misfit[] = [];
  for (const path of given === null
    ? candidates(server.major, server.directories.bin)
    : [asCommand(given)]) {
    const printed = await ask(path);
    const misfit =
      printed === null ? unsuitable(`${path} does not run`) : await misfitOf(printed, server);
    if (printed !== null && misfit === null) return printed;
    if (misfit !== null) misfits.push(misfit);
  }
  throw noPgConfig(server, given, misfits);
}

/**
 * A mistake in the path is told also where nothing is to be built.
 * @throws ImatError `invalid_argument`
 */
export async function requireRuns(given: string): Promise<void> {
  if ((await ask(asCommand(given))) !== null) return;
  throw new ImatError('invalid_argument', {
    message: `"${given}" is not a pg_config`,
    detail: given.includes('/') && !existsSync(given) ? 'There is no such file.' : NOT_RUN,
    hint: "Name the server's pg_config, or leave --pg-config out.",
  });
}

const NOT_RUN = 'It cannot be run, or does not answer as a pg_config does.';

/** A name without a slash is looked up in PATH. */
const asCommand = (given: string): string => (given.includes('/') ? resolve(given) : given);

function noPgConfig(
  { major, version, directories }: ServerToBuildFor,
  given: string | null,
  misfits: readonly Misfit[],
): ImatError {
  const condition = given === null ? 'extension_unavailable' : 'invalid_argument';
  const reasons = misfits.map(({ reason }) => reason).join('; ');
  const detail = reasons === '' ? undefined : `${reasons}.`;
  if (misfits.some(({ headersAreNewer }) => headersAreNewer))
    return new ImatError(condition, {
      message:
        'the headers to build the extension with are newer than the running server, PostgreSQL ' +
        version,
      detail,
      hint:
        'Restart the server, after an upgrade of its package if that is older than the headers, ' +
        'or name a pg_config whose headers are not newer with --pg-config <path>.',
    });
  if (given !== null)
    return new ImatError(condition, {
      message: `"${given}" is not a pg_config that the extension can be built with`,
      detail,
      hint: `It must be that of the running server, whose programs are in ${directories.bin}.`,
    });
  return new ImatError(condition, {
    message: `there is no pg_config of PostgreSQL ${major} with the server's headers`,
    detail,
    hint:
      'Install them with make and a C compiler (Debian and Ubuntu: sudo apt-get install ' +
      `postgresql-server-dev-${major} make gcc; Red Hat: postgresql${major}-devel make gcc), ` +
      'or name one with --pg-config <path>.',
  });
}

function unsuitable(reason: string): Misfit {
  return { reason, headersAreNewer: false };
}

function candidates(major: number, bin: string): string[] {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  const places = [bin, ...path, `/usr/lib/postgresql/${major}/bin`, `/usr/pgsql-${major}/bin`];
  return [...new Set(places.map((directory) => join(directory, 'pg_config')))].filter((file) =>
    existsSync(file),
  );
}

async function ask(path: string): Promise<Printed | null> {
  try {
    const { stdout } = await promisify(execFile)(path, [
      '--version',
      '--pkglibdir',
      '--sharedir',
      '--includedir-server',
      '--pgxs',
    ]);
    const [version = '', library = '', share = '', headers = '', pgxs = ''] = stdout.split('\n');
    return { path, version, library, share, headers, pgxs };
  } catch {
    return null;
  }
}

/** Null where it can be used. */
async function misfitOf(printed: Printed, server: ServerToBuildFor): Promise<Misfit | null> {
  const { path, library, share, headers, pgxs } = printed;
  const { directories } = server;
  const { relation, reason } = await compareWithServer(printed, server.version);
  if (relation === 'unknown' || relation === 'of another major version') return unsuitable(reason);
  if (!(await isSame(library, directories.library)) || !(await isSame(share, directories.share)))
    return unsuitable(
      `${path} is of another installation: its libraries are in ${library}, those of the ` +
        `server in ${directories.library}`,
    );
  if (!existsSync(join(headers, 'postgres.h')))
    return unsuitable(`${path} has no headers in ${headers}`);
  if (!existsSync(pgxs)) return unsuitable(`${path} has no build files in ${pgxs}`);
  return relation === 'newer' ? { reason, headersAreNewer: true } : null;
}

/**
 * Debian has pg_config and the headers in packages that can be upgraded one without the other, so
 * neither may be newer.
 */
async function compareWithServer(
  { path, version, headers }: Printed,
  serverVersion: string,
): Promise<{ readonly relation: Relation; readonly reason: string }> {
  const headerVersion = await versionOfHeaders(headers);
  const relations = [version, headerVersion ?? version].map((each) =>
    compareVersions(each, serverVersion),
  );
  const its = headerVersion === null ? '' : `, its headers are of PostgreSQL ${headerVersion}`;
  return {
    relation: DECIDING.find((relation) => relations.includes(relation)) ?? 'same',
    reason: `${path} is of ${version}${its}, and the running server is PostgreSQL ${serverVersion}`,
  };
}

const DECIDING: readonly Relation[] = ['unknown', 'of another major version', 'newer'];

/**
 * Null where they do not say. Where an installation serves several architectures, each has a
 * pg_config_<architecture>.h.
 */
async function versionOfHeaders(directory: string): Promise<string | null> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names.filter((each) => /^pg_config(?:_\w+)?\.h$/.test(each))) {
    const text = await readFile(join(directory, name), 'utf8');
    const version = /^#define PG_VERSION "(.*)"$/m.exec(text)?.[1];
    if (version !== undefined) return version;
  }
  return null;
}

async function isSame(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all(
    [one, other].map((path) => realpath(path).catch(() => path)),
  );
  return first === second;
}
