// @ts-check
/**
 * What the tests need beside PostgreSQL: Redis, pg_cron and pg_partman for the installed server, a
 * C compiler, a browser.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { installWithApt } from './apt.mjs';
import { dockerAnswers, findPostgres } from './find-postgres.mjs';

/** The path of redis-server, or null if there is none. @returns {string | null} */
export function findRedis() {
  const directories = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/bin',
    '/usr/local/bin',
    '/opt/homebrew/bin',
  ];
  return directories.map((directory) => join(directory, 'redis-server')).find(isExecutable) ?? null;
}

/**
 * The server under test, or null if pg_cron is not installed for it.
 * @returns {import('./find-postgres.mjs').Binaries | null}
 */
export function findPgCron() {
  const binaries = findPostgres();
  return binaries !== null && existsSync(pgCronLibrary(binaries.major)) ? binaries : null;
}

/** The place that Debian's package uses. @param {number} major */
const pgCronLibrary = (major) => `/usr/lib/postgresql/${major}/lib/pg_cron.so`;

/**
 * The same for pg_partman.
 * @returns {import('./find-postgres.mjs').Binaries | null}
 */
export function findPgPartman() {
  const binaries = findPostgres();
  if (binaries === null) return null;
  const control = `/usr/share/postgresql/${binaries.major}/extension/pg_partman.control`;
  return existsSync(control) ? binaries : null;
}

/** @returns {Promise<string | null>} why the tests have no Redis */
export async function provideRedis() {
  if (process.env['IMAT_TEST_REDIS_URL'] || findRedis() !== null || (await dockerAnswers()))
    return null;
  const failure = installWithApt('Redis', ['redis-server']);
  return findRedis() === null ? `there is no Redis: ${failure}` : null;
}

/** @returns {string | null} why the tests have no pg_cron */
export const providePgCron = () => provideExtension('pg_cron', 'cron', findPgCron);

/** @returns {string | null} why the tests have no pg_partman */
export const providePgPartman = () => provideExtension('pg_partman', 'partman', findPgPartman);

/** @param {string} name @param {string} packaged @param {() => unknown} find */
function provideExtension(name, packaged, find) {
  const binaries = findPostgres();
  if (binaries === null) return 'there is no PostgreSQL server on this machine';
  if (find() !== null) return null;
  const failure = installWithApt(name, [`postgresql-${binaries.major}-${packaged}`]);
  return find() === null
    ? `there is no ${name} for PostgreSQL ${binaries.major}: ${failure}`
    : null;
}

/** @returns {string | null} why there is no C compiler */
export function provideCompiler() {
  const isMissing = (/** @type {string} */ program) =>
    spawnSync(program, ['--version'], { stdio: 'ignore' }).status !== 0;
  if (!isMissing('gcc') && !isMissing('make')) return null;
  const failure = installWithApt('a C compiler', ['build-essential']);
  return isMissing('gcc') || isMissing('make') ? `there is no C compiler: ${failure}` : null;
}

/**
 * A Chromium that starts, or null: the one that IMAT_TEST_CHROMIUM names, or one that is installed.
 * Ubuntu's package of the name can be a script that only asks for a snap.
 * @returns {string | null}
 */
export function findChromium() {
  const chosen = process.env['IMAT_TEST_CHROMIUM'];
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin'];
  const places = chosen
    ? [chosen]
    : [
        ...directories.flatMap((directory) => names.map((name) => join(directory, name))),
        '/Applications/Chromium.app/Contents/MacOS/Chromium',
        '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      ];
  const starts = (/** @type {string} */ path) =>
    isExecutable(path) && spawnSync(path, ['--version'], { stdio: 'ignore' }).status === 0;
  return places.find(starts) ?? null;
}

/**
 * The newest that Debian has: old versions of a browser are not kept, so none can be pinned.
 * @returns {string | null} why the tests have no browser
 */
export function provideChromium() {
  if (findChromium() !== null) return null;
  const failure = installWithApt('Chromium', ['chromium']);
  return findChromium() === null ? `there is no Chromium: ${failure}` : null;
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
