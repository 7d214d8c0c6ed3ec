// @ts-check
/** Sees to it that the server tests find a PostgreSQL, and what the extension is built with. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { installWithApt } from './apt.mjs';
import { dockerAnswers, findInstalledPostgres, findPackagedPostgres } from './find-postgres.mjs';

/**
 * Debian's package would also make a cluster and start it; this keeps it from that while it is
 * being installed.
 */
const DROP_IN = '/etc/postgresql-common/createcluster.d/imat-no-main-cluster.conf';

/**
 * Installs Debian's PostgreSQL where there is none and it may. @throws Error that says what to
 * install, where the tests could not run
 */
export async function provideServerBinaries() {
  if (
    process.env['IMAT_TEST_PG_URL'] ||
    process.env['IMAT_PG_BIN'] ||
    findInstalledPostgres().length > 0 ||
    (await dockerAnswers())
  )
    return;
  const failure = installServer() ?? 'the PostgreSQL that apt-get installed is older than 15';
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
 * Installs a compiler and the headers of Debian's servers where they are missing and it may.
 * Without them only the extension's tests cannot run, and these say so.
 */
export function provideBuildTools() {
  const servers = findInstalledPostgres().flatMap(({ bin, major }) =>
    bin === `/usr/lib/postgresql/${major}/bin` ? [major] : [],
  );
  const isMissing = (/** @type {string} */ program) =>
    spawnSync(program, ['--version'], { stdio: 'ignore' }).status !== 0;
  const wanted = [
    ...servers
      .filter((major) => !existsSync(`/usr/include/postgresql/${major}/server/postgres.h`))
      .map((major) => `postgresql-server-dev-${major}`),
    ...(isMissing('gcc') || isMissing('make') ? ['build-essential'] : []),
  ];
  for (const name of wanted) {
    const failure = installWithApt(name, [name]);
    if (failure !== null)
      console.error(
        `the C extension is not tested on every version here, because ${name} is missing: ${failure}`,
      );
  }
}

/** @returns {string | null} why it was not installed, where it was not */
function installServer() {
  return installWithApt('PostgreSQL', ['postgresql-15', 'postgresql'], {
    before: [`mkdir -p "$(dirname ${DROP_IN})"`, `echo 'create_main_cluster = false' > ${DROP_IN}`],
    after: [`rm -f ${DROP_IN}`],
  });
}
