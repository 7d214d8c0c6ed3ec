/**
 * Doctor: everything that can be wrong around the imats of a database, each with what to do.
 * Changes nothing.
 */
import type { DoctorCheck } from '../environment-api.ts';
import { strangerHint, strangerMessage, untrustedCatalog } from '../catalog/trust.ts';
import {
  ORPHANED,
  REMOVE_ORPHANS,
  catalogVersion,
  isOrphaned,
  isWhole,
} from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import { LANGUAGE_HINT } from '../db/server-errors.ts';
import { shellWord } from '../errors/shell-word.ts';
import { BUILD_ANEW, findExtension, loadFailure } from '../extension/find.ts';
import { EXTENSION } from '../sql/names.ts';
import { ok, problem } from './doctor-check.ts';
import { imatChecks } from './doctor-imats.ts';
import { sourceChecks } from './doctor-sources.ts';

export async function examine(db: Db, serverMajor: number): Promise<DoctorCheck[]> {
  const checks: DoctorCheck[] = [];
  const [server] = await db.query<{ version: string; recovery: boolean }>(
    `SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS recovery`,
  );
  checks.push(
    serverMajor < 15
      ? problem(
          'error',
          'server',
          `PostgreSQL ${server?.version ?? ''} is too old`,
          'imat needs PostgreSQL 15 or later.',
        )
      : ok(
          'server',
          `PostgreSQL ${server?.version ?? ''}` +
            (db.driver === 'pglite' ? ', embedded (one session)' : ''),
        ),
  );
  if (server?.recovery === true)
    checks.push(
      problem(
        'warning',
        'server',
        'this is a standby: imats can be read here, not maintained',
        'Connect to the primary to convert, fold or swap.',
      ),
    );
  const unusable = await unusableCatalog(db);
  if (unusable !== null) return [...checks, unusable];
  const version = await catalogVersion(db);
  if (version === 0) {
    checks.push(...(await rightsToInstall(db)));
    if (await isOrphaned(db))
      return [...checks, problem('error', 'catalog', ORPHANED, REMOVE_ORPHANS)];
    return [
      ...checks,
      ok('catalog', 'no imats here yet; the first imat convert prepares the database'),
    ];
  }
  const [language] = await db.query(`SELECT FROM pg_language WHERE lanname = 'plpgsql'`);
  if (language === undefined)
    return [...checks, problem('error', 'catalog', NO_LANGUAGE, LANGUAGE_HINT)];
  // Those are what the other checks ask.
  if (!(await isWhole(db))) return [...checks, problem('error', 'catalog', GAPS, FILL_GAPS)];
  checks.push(
    await extensionCheck(db),
    ok('catalog', `version ${version}`),
    ...(await rightsToInstall(db)),
  );
  checks.push(...(await imatChecks(db)), ...(await sourceChecks(db)), ...(await requestChecks(db)));
  return checks;
}

const NO_LANGUAGE =
  'this database has no language plpgsql, in which functions and triggers of imat are written';
const GAPS = 'a schema, functions, triggers or views of imat were dropped or renamed';
const FILL_GAPS = 'imat repair makes them again; imat revert removes imats without that.';

/** Why this role cannot or must not use the catalog; null if it can, or if there is none. */
async function unusableCatalog(db: Db): Promise<DoctorCheck | null> {
  const stranger = await untrustedCatalog(db);
  if (stranger !== null)
    return problem('error', 'catalog', strangerMessage(stranger), strangerHint(stranger));
  const owner = await ownerOfUnreadableCatalog(db);
  if (owner === null) return null;
  return problem(
    'error',
    'catalog',
    'this role may not read the imat catalog',
    `Run it as ${owner}, who owns the catalog, or as a member of that role.`,
  );
}

async function extensionCheck(db: Db): Promise<DoctorCheck> {
  const extension = await findExtension(db);
  if (extension === null)
    return ok(
      'extension',
      `${EXTENSION} is not installed (optional; imat extension install adds it)`,
    );
  const failure = await loadFailure(db, extension);
  if (failure !== null)
    return problem(
      'error',
      'extension',
      `${EXTENSION} ${extension.version} cannot be loaded by the server: ${failure.message}`,
      BUILD_ANEW,
    );
  const grant =
    'not for this role: GRANT EXECUTE ON FUNCTION ' +
    `${extension.schema.text}.capture_changes() would change that`;
  const preload =
    'not which tables have changed: the server has not loaded it; ' +
    'imat extension install names the line for postgresql.conf';
  const parts = [
    extension.captures ? 'captures changes' : `captures changes, but ${grant}`,
    extension.tracks ? 'knows which tables have changed' : preload,
  ];
  return ok('extension', `${EXTENSION} ${extension.version}: ${parts.join('; ')}`);
}

async function ownerOfUnreadableCatalog(db: Db): Promise<string | null> {
  const [catalog] = await db.query<{ owner: string; readable: boolean }>(
    `SELECT pg_get_userbyid(n.nspowner) AS owner,
       has_schema_privilege(n.oid, 'USAGE')
         AND NOT EXISTS (
           SELECT FROM pg_class c
           WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'v')
             AND NOT has_table_privilege(c.oid, 'SELECT')
         ) AS readable
     FROM pg_namespace n WHERE n.nspname = 'imat_catalog'`,
  );
  return catalog?.readable === false ? catalog.owner : null;
}

async function rightsToInstall(db: Db): Promise<DoctorCheck[]> {
  const [rights] = await db.query<{ create: boolean; temporary: boolean }>(
    `SELECT has_database_privilege(current_database(), 'CREATE') AS create,
       has_database_privilege(current_database(), 'TEMPORARY') AS temporary`,
  );
  const missing = [
    ...(rights?.create === true ? [] : ['CREATE']),
    ...(rights?.temporary === true ? [] : ['TEMPORARY']),
  ];
  if (missing.length === 0)
    return [ok('rights', 'this role may create schemas and temporary views in this database')];
  return [
    problem(
      'warning',
      'rights',
      `this role lacks ${missing.join(' and ')} on the database`,
      `Run as its owner: GRANT ${missing.join(', ')} ON DATABASE ... TO <role>.`,
    ),
  ];
}

async function requestChecks(db: Db): Promise<DoctorCheck[]> {
  const requests = await db.query<{ name: string }>(
    'SELECT name FROM imat_catalog.request WHERE carried_out_at IS NULL ORDER BY id',
  );
  return requests.map((request) =>
    problem(
      'warning',
      `request ${request.name}`,
      'imat.create_imat recorded a request that nobody has carried out',
      `imat convert ${shellWord(request.name)}`,
    ),
  );
}
