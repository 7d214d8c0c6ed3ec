// @ts-check
/** Sees to it that the server tests find a PostgreSQL, and what the extension is built with. */
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

/**
 * Installs a compiler and the headers of Debian's servers where they are missing and it may. Without them only the extension's tests
 * cannot run, and these say so.
 */
export function provideBuildTools() {
  const servers = findInstalledPostgres().flatMap(({ bin, major }) => (bin === `/usr/lib/postgresql/${major}/bin` ? [major] : []));
  const headers = servers.filter((major) => !existsSync(`/usr/include/postgresql/${major}/server/postgres.h`));
  const compiler = ['gcc', 'make'].filter((program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status !== 0);
  if (headers.length === 0 && compiler.length === 0) return;
  const packages = [...headers.map((major) => `postgresql-server-dev-${major}`), 'gcc', 'make', 'libc6-dev'];
  const refused = whyNoApt();
  if (refused === null) console.error(`installing ${packages.join(', ')} (apt-get)`);
  const failure =
    refused ??
    runApt([
      `apt-get update ${APT_OPTIONS.join(' ')}`,
      `apt-get install ${APT_OPTIONS.join(' ')} --no-install-recommends ${packages.join(' ')}`,
    ]);
  if (failure !== null)
    console.error(`the C extension is not tested on every version here, because ${packages.join(', ')} are missing: ${failure}`);
}

/** @returns {string | null} why nothing can be installed, where that is so */
function whyNoApt() {
  if (!existsSync('/usr/bin/apt-get')) return 'this system has no apt-get to install it with';
  if (process.getuid?.() !== 0 && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0)
    return 'installing it needs root or sudo without a password';
  return null;
}

/** @returns {string} why there is still no server, where there is none */
function installWithApt() {
  const refused = whyNoApt();
  if (refused !== null) return refused;
  console.error('installing PostgreSQL (apt-get)');
  const failure = runApt([
    `trap 'rm -f ${DROP_IN}' EXIT`,
    `mkdir -p "$(dirname ${DROP_IN})"`,
    `echo 'create_main_cluster = false' > ${DROP_IN}`,
    `apt-get update ${APT_OPTIONS.join(' ')}`,
    // The version that imat is measured on, where the distribution has it.
    'if apt-cache show postgresql-15 >/dev/null 2>&1; then package=postgresql-15; else package=postgresql; fi',
    `apt-get install ${APT_OPTIONS.join(' ')} --no-install-recommends "$package"`,
  ]);
  return failure ?? 'the PostgreSQL that apt-get installed is older than 15';
}

/** @param {string[]} lines of a shell script @returns {string | null} why it failed, where it did */
function runApt(lines) {
  const shell = ['env', 'DEBIAN_FRONTEND=noninteractive', 'sh', '-c', ['set -e', ...lines].join('\n')];
  const [file = '', ...args] = process.getuid?.() === 0 ? shell : ['sudo', '-n', ...shell];
  const apt = spawnSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (apt.status === 0) return null;
  const last = `${apt.stdout}${apt.stderr}`.trim().split('\n').slice(-5);
  return `apt-get could not install it (${last.join(' / ')})`;
}
