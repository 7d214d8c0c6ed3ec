/**
 * Installs and upgrades the catalog: numbered SQL files, each carried out once, all in one transaction. Two sessions that
 * start at once wait for each other; a catalog newer than this program is refused, never guessed at.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ImatError } from '../errors/imat-error.ts';
import type { Db } from '../db/db.ts';

const MIGRATIONS = [
  '001_tables.sql',
  '002_maintenance.sql',
  '003_swap.sql',
  '004_workers.sql',
  '005_publish.sql',
  '006_status.sql',
] as const;

/** imat's class of advisory locks; also in the SQL files. */
export const LOCK_CLASS = 1768776052;
/** Within the class, imat ids are positive. */
const CATALOG_LOCK = 0;

async function lockCatalog(db: Db): Promise<void> {
  await db.query('SELECT pg_advisory_xact_lock($1, $2)', [LOCK_CLASS, CATALOG_LOCK]);
}

/**
 * Keeps the catalog in place until the end of the transaction: a revert of the last imat, in another session, waits.
 * @throws ImatError `contention` where that has just removed it
 */
export async function holdCatalog(db: Db): Promise<void> {
  if (!(await sharesCatalog(db)))
    throw new ImatError('contention', {
      message: 'the imat catalog was removed by another session',
      hint: 'Try again.',
    });
}

/** The same, false where there is no catalog to keep. */
export async function sharesCatalog(db: Db): Promise<boolean> {
  await db.query('SELECT pg_advisory_xact_lock_shared($1, $2)', [LOCK_CLASS, CATALOG_LOCK]);
  return catalogExists(db);
}

/** Looks into pg_namespace itself: a name that was looked up before the lock may still be cached as missing. */
async function catalogExists(db: Db): Promise<boolean> {
  const [schema] = await db.query(`SELECT FROM pg_namespace WHERE nspname = 'imat_catalog'`);
  return schema !== undefined;
}

/**
 * What is left where somebody dropped the catalog by hand. The triggers depend on functions in the schema and go with it, but for
 * those of the extension, which log nothing then.
 */
export const ORPHANED = 'schema imat_store is here without the imat catalog that describes it';
export const REMOVE_ORPHANS =
  'DROP SCHEMA imat_store CASCADE removes what is left, capture triggers included; then convert again.';

/** Whether logs, stored tables and capture are here without a catalog. */
export async function isOrphaned(db: Db): Promise<boolean> {
  const [store] = await db.query(
    // By its comment: a schema of that name may be somebody else's.
    `SELECT FROM pg_namespace n WHERE n.nspname = 'imat_store' AND obj_description(n.oid, 'pg_namespace') LIKE 'imat: %'
       AND NOT EXISTS (SELECT FROM pg_namespace c WHERE c.nspname = 'imat_catalog')`,
  );
  return store !== undefined;
}

/** The version of the catalog; 0 where there is none. @throws ImatError `catalog_newer` */
export async function catalogVersion(db: Db): Promise<number> {
  const [present] = await db.query<{ exists: boolean }>(
    `SELECT to_regclass('imat_catalog.migration') IS NOT NULL AS exists`,
  );
  if (present?.exists !== true) return 0;
  const [row] = await db.query<{ version: number | null }>(
    'SELECT max(version) AS version FROM imat_catalog.migration',
  );
  const version = row?.version ?? 0;
  if (version > MIGRATIONS.length) {
    throw new ImatError('catalog_newer', {
      message: `the imat catalog in this database has version ${version}, this imat knows versions up to ${MIGRATIONS.length}`,
      hint: 'Upgrade imat.',
    });
  }
  return version;
}

/** @throws ImatError `not_initialized` */
export async function requireCatalog(db: Db): Promise<void> {
  const version = await catalogVersion(db);
  if (version === 0) {
    throw new ImatError('not_initialized', {
      message: 'this database has no imats yet',
      hint: 'imat convert <view> makes one; imat init prepares the database without converting anything.',
    });
  }
  if (version < MIGRATIONS.length) {
    throw new ImatError('not_initialized', {
      message: `the imat catalog has version ${version}, this imat needs ${MIGRATIONS.length}`,
      hint: 'Run imat init to upgrade it.',
    });
  }
}

/**
 * Brings the catalog up to date. `explicitly`: asked for by the user, so that it stays when the last imat is reverted.
 * Not inside a transaction.
 */
export async function initialize(
  db: Db,
  explicitly: boolean,
): Promise<{ version: number; created: boolean }> {
  const before = await catalogVersion(db);
  if (before === MIGRATIONS.length && !explicitly) return { version: before, created: false };
  return db.transaction('read committed', async () => {
    await lockCatalog(db);
    if (!(await catalogExists(db))) {
      if (await isOrphaned(db))
        throw new ImatError('already_exists', { message: ORPHANED, hint: REMOVE_ORPHANS });
      await db.execute('CREATE SCHEMA imat_catalog');
    }
    await db.execute(
      `CREATE TABLE IF NOT EXISTS imat_catalog.migration (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now(), explicitly boolean NOT NULL)`,
    );
    const from = await catalogVersion(db);
    for (const [index, file] of MIGRATIONS.entries()) {
      if (index < from) continue;
      await db.execute(readFileSync(fileURLToPath(new URL(file, import.meta.url)), 'utf8'));
      await db.query('INSERT INTO imat_catalog.migration (version, explicitly) VALUES ($1, $2)', [
        index + 1,
        explicitly,
      ]);
    }
    if (explicitly)
      await db.query('UPDATE imat_catalog.migration SET explicitly = true WHERE version = 1');
    return { version: MIGRATIONS.length, created: from === 0 };
  });
}

/** Removes the catalog where it came with a convert and nothing is left in it or reads it. Inside a transaction. */
export async function removeUnusedCatalog(db: Db): Promise<void> {
  await lockCatalog(db);
  if (!(await catalogExists(db))) return;
  const [used] = await db.query<{ in_use: boolean }>(
    `SELECT (SELECT bool_or(explicitly) FROM imat_catalog.migration) OR EXISTS (SELECT FROM imat_catalog.imat) OR EXISTS (SELECT FROM imat_catalog.source)
       OR EXISTS (SELECT FROM imat_catalog.request) OR EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = 'imat_store'::regnamespace)
       OR EXISTS (
         SELECT FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class
           JOIN pg_class c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid
         WHERE c.relnamespace = 'imat_catalog'::regnamespace AND v.relnamespace <> 'imat_catalog'::regnamespace
       ) AS in_use`,
  );
  if (used?.in_use !== false) return;
  await db.execute(
    'DROP SCHEMA imat_store; DROP FUNCTION imat.create_imat; DROP PROCEDURE imat.fold; DROP PROCEDURE imat.swap; DROP SCHEMA imat_catalog CASCADE',
  );
  const [schema] = await db.query<{ ours: boolean }>(
    `SELECT obj_description(n.oid, 'pg_namespace') LIKE 'imat: %' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid) AS ours
     FROM pg_namespace n WHERE n.nspname = 'imat'`,
  );
  if (schema?.ours === true) await db.execute('DROP SCHEMA imat');
}
