// @ts-check
/**
 * What the tests of workers need beside PostgreSQL: Redis, and pg_cron for the installed server.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { installWithApt } from './apt.mjs';
import { dockerAnswers, findPostgres } from './find-postgres.mjs';

/** The path of redis-server; null where there is none. @returns {string | null} */
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
 * The version of PostgreSQL that has pg_cron, with its binaries; null where none has. @returns
 * {import('./find-postgres.mjs').Binaries | null}
 */
export function findPgCron() {
  const binaries = findPostgres();
  return binaries !== null && existsSync(pgCronLibrary(binaries.major)) ? binaries : null;
}

/** Debian's place. @param {number} major */
const pgCronLibrary = (major) => `/usr/lib/postgresql/${major}/lib/pg_cron.so`;

/**
 * Installs what is missing where it may; what cannot be had is said here, and by the tests that
 * need it.
 */
export async function provideWorkerServices() {
  if (!process.env['IMAT_TEST_REDIS_URL'] && findRedis() === null && !(await dockerAnswers())) {
    const failure = installWithApt('Redis', ['redis-server']);
    if (findRedis() === null)
      console.error(
        `no Redis: ${failure}; the tests that need one will say so (IMAT_TEST_REDIS_URL names one)`,
      );
  }
  const binaries = findPostgres();
  if (binaries !== null && findPgCron() === null) {
    const failure = installWithApt('pg_cron', [`postgresql-${binaries.major}-cron`]);
    if (findPgCron() === null)
      console.error(
        `no pg_cron for PostgreSQL ${binaries.major}: ${failure}; its tests will say so`,
      );
  }
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
