// @ts-check
/**
 * Where a PostgreSQL server can come from on this machine. Plain JavaScript without dependencies:
 * run.mjs needs it before `npm ci`.
 */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Binaries
 * @property {string} bin the directory with `initdb` and `postgres`
 * @property {number} major
 */

const ABOVE = dirname(dirname(fileURLToPath(import.meta.url)));
/**
 * The repository: one folder up from this one, two where this runs from dist/ (the benchmark does).
 */
export const ROOT = existsSync(join(ABOVE, 'package.json')) ? ABOVE : dirname(ABOVE);
const OLDEST = 15;
const MAJORS = [18, 17, 16, 15];

/**
 * Server binaries installed on the machine: Debian's, Red Hat's, Homebrew's, then what PATH has.
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

/** Server binaries that came with the development dependencies. @returns {Binaries[]} */
export function findPackagedPostgres() {
  const modules = join(ROOT, 'node_modules');
  if (!existsSync(modules)) return [];
  const names = readdirSync(modules).filter((name) => /^pg\d\d$/.test(name));
  // The version is in the name: these binaries do not run before their libraries' links are made
  // (tools/postgres.ts does).
  return names
    .map((name) => ({ bin: join(modules, name, 'native', 'bin'), major: Number(name.slice(2)) }))
    .filter(({ bin }) => hasServer(bin))
    .toSorted((a, b) => b.major - a.major);
}

/**
 * The binaries to use: IMAT_PG_BIN, then installed ones, then packaged ones; the newest first in
 * each.
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
 * True where a Docker daemon answers; the `docker` command alone proves nothing. @returns
 * {Promise<boolean>}
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
    const version = execFileSync(join(bin, 'postgres'), ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
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
