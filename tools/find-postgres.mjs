// @ts-check
/**
 * Where a PostgreSQL server can come from on this machine. Plain JavaScript without dependencies,
 * because run.mjs needs it before `npm ci`.
 */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { delimiter, join } from 'node:path';
import { findPackagedPostgres } from './packaged-servers.mjs';

/**
 * @typedef {object} Binaries
 * @property {string} bin the directory with `initdb` and `postgres`
 * @property {number} major
 */

const OLDEST = 15;
const MAJORS = [18, 17, 16, 15];

/**
 * Server binaries that are installed on the machine: Debian's, Red Hat's, Homebrew's, then those on
 * PATH.
 * @returns {Binaries[]}
 */
export function findInstalledPostgres() {
  const directories = [
    ...MAJORS.map((major) => `/usr/lib/postgresql/${major}/bin`),
    ...MAJORS.map((major) => `/usr/pgsql-${major}/bin`),
    ...MAJORS.flatMap((major) =>
      ['/opt/homebrew', '/usr/local'].map((prefix) => `${prefix}/opt/postgresql@${major}/bin`),
    ),
    ...(process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== ''),
  ];
  return directories.flatMap((bin) => inspect(bin) ?? []);
}

/**
 * The binaries to use: those that IMAT_PG_BIN names, otherwise the newest installed ones, otherwise
 * the newest packaged ones.
 * @returns {Binaries | null}
 */
export function findPostgres() {
  const chosen = process.env['IMAT_PG_BIN'];
  if (!chosen) return findInstalledPostgres()[0] ?? findPackagedPostgres()[0] ?? null;
  const binaries = findPackagedPostgres().find(({ bin }) => bin === chosen) ?? inspect(chosen);
  if (binaries === null)
    throw new Error(
      `IMAT_PG_BIN: ${chosen} has no initdb and postgres of version ${OLDEST} or newer`,
    );
  return binaries;
}

/**
 * The directory of a server's headers; null if there are none, or if they are newer than the server
 * or of another major version.
 * @param {string} bin
 * @returns {string | null}
 */
export function findHeaders(bin) {
  if (!existsSync(join(bin, 'pg_config'))) return null;
  const directory = ask(join(bin, 'pg_config'), '--includedir-server');
  const file = join(directory, 'pg_config.h');
  if (!existsSync(join(directory, 'postgres.h')) || !existsSync(file)) return null;
  // pg_config itself is no witness: a distribution may ship it apart from the headers.
  const headers = Number(/^#define PG_VERSION_NUM (\d+)/m.exec(readFileSync(file, 'utf8'))?.[1]);
  const version = /\(PostgreSQL\) (\d+)(?:\.(\d+))?/.exec(ask(join(bin, 'postgres'), '--version'));
  const server = Number(version?.[1]) * 10_000 + Number(version?.[2] ?? 0);
  const sameMajor = Math.floor(headers / 10_000) === Math.floor(server / 10_000);
  return sameMajor && headers <= server ? directory : null;
}

/** @param {string} program @param {string} option @returns {string} */
function ask(program, option) {
  return execFileSync(program, [option], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

/**
 * True if a Docker daemon answers; the `docker` command alone proves nothing.
 * @returns {Promise<boolean>}
 */
export function dockerAnswers() {
  const host = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
  const url = URL.canParse(host) ? new URL(host) : null;
  const where =
    url?.protocol === 'unix:'
      ? { socketPath: url.pathname }
      : { host: url?.hostname, port: url?.port };
  return new Promise((resolve) => {
    const ping = request({ ...where, path: '/_ping', timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('timeout', () => ping.destroy());
    ping.on('error', () => resolve(false));
    ping.end();
  });
}

/** @param {string} bin @returns {Binaries | null} */
function inspect(bin) {
  if (!hasServer(bin)) return null;
  try {
    const version = ask(join(bin, 'postgres'), '--version');
    const major = Number(/\(PostgreSQL\) (\d+)/.exec(version)?.[1]);
    return major >= OLDEST ? { bin, major } : null;
  } catch {
    return null;
  }
}

/** @param {string} bin */
function hasServer(bin) {
  try {
    for (const name of ['initdb', 'postgres']) accessSync(join(bin, name), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
