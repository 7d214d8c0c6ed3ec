// @ts-check
/** Sees to it that the server tests find a PostgreSQL. */
import { installWithApt } from './apt.mjs';
import { dockerAnswers, findInstalledPostgres, findPackagedPostgres } from './find-postgres.mjs';

/** Debian's package would also make a cluster and start it; this keeps it from that while it is being installed. */
const DROP_IN = '/etc/postgresql-common/createcluster.d/imat-no-main-cluster.conf';

/** Installs Debian's PostgreSQL where there is none and it may. @throws Error that says what to install, where the tests could not run */
export async function provideServerBinaries() {
  if (process.env['IMAT_TEST_PG_URL'] || process.env['IMAT_PG_BIN'] || findInstalledPostgres().length > 0 || (await dockerAnswers()))
    return;
  const failure = installServer();
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
function installServer() {
  return installWithApt('PostgreSQL', ['postgresql-15', 'postgresql'], {
    before: [`mkdir -p "$(dirname ${DROP_IN})"`, `echo 'create_main_cluster = false' > ${DROP_IN}`],
    after: [`rm -f ${DROP_IN}`],
  });
}
