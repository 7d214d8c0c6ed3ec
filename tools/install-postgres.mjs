// @ts-check
/** Sees to it that the server tests find a PostgreSQL. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dockerAnswers, findInstalledPostgres, findPackagedPostgres } from './find-postgres.mjs';

const APT_OPTIONS = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=2', '-o', 'Acquire::http::Timeout=20'];
/** Debian's package would also make a cluster and start it; this keeps it from that while it is being installed. */
const DROP_IN = '/etc/postgresql-common/createcluster.d/imat-no-main-cluster.conf';

/** Installs Debian's PostgreSQL where there is none and it may. @throws Error that says what to install, where the tests could not run */
export async function provideServerBinaries() {
  if (process.env['IMAT_TEST_PG_URL'] || process.env['IMAT_PG_BIN'] || findInstalledPostgres().length > 0 || (await dockerAnswers()))
    return;
  const failure = installWithApt();
  if (findInstalledPostgres().length > 0) return;
  if (findPackagedPostgres().length > 0) {
    console.error(`${failure}; the tests use the server that came with the npm packages`);
    return;
  }
  throw new Error(
    [
      `the tests need a PostgreSQL server, and ${failure}. Do one of these and run the tests again:`,
      '  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install -y --no-install-recommends postgresql',
      '  Fedora:          sudo dnf install -y postgresql-server postgresql-contrib',
      '  macOS:           brew install postgresql@18',
      '  a server of your own (15 or newer, as a superuser):  export IMAT_TEST_PG_URL=postgresql://...',
    ].join('\n'),
  );
}

/** @returns {string} why there is still no server, where there is none */
function installWithApt() {
  if (!existsSync('/usr/bin/apt-get')) return 'this system has no apt-get to install one with';
  const root = process.getuid?.() === 0;
  if (!root && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0)
    return 'installing one needs root or sudo without a password';
  console.error('installing PostgreSQL (apt-get)');
  const script = [
    'set -e',
    `trap 'rm -f ${DROP_IN}' EXIT`,
    `mkdir -p "$(dirname ${DROP_IN})"`,
    `echo 'create_main_cluster = false' > ${DROP_IN}`,
    `apt-get update ${APT_OPTIONS.join(' ')}`,
    // The version that imat is measured on, where the distribution has it.
    'if apt-cache show postgresql-15 >/dev/null 2>&1; then package=postgresql-15; else package=postgresql; fi',
    `apt-get install ${APT_OPTIONS.join(' ')} --no-install-recommends "$package"`,
  ].join('\n');
  const shell = ['env', 'DEBIAN_FRONTEND=noninteractive', 'sh', '-c', script];
  const [file = '', ...args] = root ? shell : ['sudo', '-n', ...shell];
  const apt = spawnSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (apt.status === 0) return 'the PostgreSQL that apt-get installed is older than 15';
  const lines = `${apt.stdout}${apt.stderr}`.trim().split('\n').slice(-5);
  return `apt-get could not install one (${lines.join(' / ')})`;
}
