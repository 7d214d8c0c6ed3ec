/**
 * Installs and upgrades the catalog in one transaction: first the files of tables/ that were not
 * run yet, then all files of functions/ if one of them has changed. Two installers wait for each
 * other, and a catalog that a newer imat has written is refused. README.md states the rules of the
 * files.
 */
import { ImatError } from '../errors/imat-error.ts';
import { type Db, ServerError } from '../db/db.ts';
import { catalogFiles, isNewer } from './files.ts';
import { catalogObjects, makeCatalogPrivate } from './private.ts';
import { requireTrustedCatalog, requireTrustedSchemas, requireUsableCatalog } from './trust.ts';

/** The first key of imat's advisory locks; in SQL, imat_catalog.lock_class(). */
export const LOCK_CLASS = 1768776052;
/** The second key of the catalog's own lock; the ids of imats are positive. */
const CATALOG_LOCK = 0;

function lockCatalog(db: Db): void {
  db.defer(`SELECT pg_advisory_xact_lock(${LOCK_CLASS}, ${CATALOG_LOCK})`);
}

/**
 * Keeps the catalog in place until the end of the transaction: a revert of the last imat,
 * in another session, waits.
 * @throws ImatError `contention` if that has just removed it
 */
export async function holdCatalog(db: Db): Promise<void> {
  if (!(await sharesCatalog(db)))
    throw new ImatError('contention', {
      message: 'the imat catalog was removed by another session',
      hint: 'Try again.',
    });
}

/** The same, false if there is no catalog to keep. */
export async function sharesCatalog(db: Db): Promise<boolean> {
  db.defer(`SELECT pg_advisory_xact_lock_shared(${LOCK_CLASS}, ${CATALOG_LOCK})`);
  return requireTrustedCatalog(db);
}

/**
 * What is left if a user dropped the catalog. The triggers depend on functions in the schema and go
 * with it; only those of the extension stay, and then log nothing.
 */
export const ORPHANED = 'schema imat_store is here without the imat catalog that describes it';
export const REMOVE_ORPHANS =
  'DROP SCHEMA imat_store CASCADE removes what is left, capture triggers included; ' +
  'then convert again.';

/** Whether logs, stored tables and capture are in the database without a catalog. */
export async function isOrphaned(db: Db): Promise<boolean> {
  const [store] = await db.query(
    // By its comment: a schema of that name may be somebody else's.
    `SELECT FROM pg_namespace n
     WHERE n.nspname = 'imat_store' AND obj_description(n.oid, 'pg_namespace') LIKE 'imat: %'
       AND NOT EXISTS (SELECT FROM pg_namespace c WHERE c.nspname = 'imat_catalog')`,
  );
  return store !== undefined;
}

/** What the catalog says of itself. */
type Installed = {
  readonly version: number;
  /** NULL until the functions are installed. */
  readonly hash: string | null;
  readonly imat: string | null;
};

const READ_INSTALLED = `
  SELECT version, functions_hash AS hash, imat_version AS imat
  FROM imat_catalog.migration ORDER BY version DESC LIMIT 1`;

const IS_WHOLE = `
SELECT to_regclass('imat_store.reset') IS NOT NULL AND (
  SELECT count(*) = 2 FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE (n.nspname, c.relname, t.tgname) IN (
    ('imat_store', 'reset', 'check_reset'), ('imat_catalog', 'arrival', 'arrival'))
) AND NOT EXISTS (
  SELECT FROM jsonb_to_recordset($1::jsonb) m(schema name, name name)
    JOIN pg_namespace n ON n.nspname = m.schema
  GROUP BY n.oid, m.name
  HAVING count(*) > (
    SELECT count(*) FROM (
      SELECT p.pronamespace, p.proname FROM pg_proc p
      UNION ALL SELECT c.relnamespace, c.relname FROM pg_class c WHERE c.relkind = 'v'
    ) f(schema, name)
    WHERE f.schema = n.oid AND f.name = m.name)
) AND (
  SELECT count(*) FROM pg_namespace n WHERE n.nspname IN ('imat', 'imat_store', 'imat_catalog')
) = 3 AS whole`;

/** Whether the schemas, and all functions, views and triggers of the catalog are there. */
type Wholeness = { readonly whole: boolean };

/**
 * The version of the catalog; 0 if there is none. The caller has asked `requireTrustedCatalog`.
 * @throws ImatError `catalog_newer`
 */
export async function catalogVersion(db: Db): Promise<number> {
  return (await readInstalled(db))?.version ?? 0;
}

/** Null if there is no catalog. Inside a transaction too. */
async function readInstalled(db: Db): Promise<Installed | null> {
  await requireUsableCatalog(db);
  const [present] = await db.query<{ exists: boolean }>(
    `SELECT to_regclass('imat_catalog.migration') IS NOT NULL AS exists`,
  );
  return present?.exists === true ? checked(await db.query<Installed>(READ_INSTALLED)) : null;
}

/** The same for an installer. Not inside a transaction, which an error ends. */
async function expectInstalled(db: Db): Promise<(Installed & Wholeness) | null> {
  await requireTrustedSchemas(db);
  try {
    return checked(
      await db.query<Installed & Wholeness>(
        `SELECT * FROM (${READ_INSTALLED}) i CROSS JOIN (${IS_WHOLE}) w`,
        [JSON.stringify(catalogFiles().made)],
      ),
    );
  } catch (error) {
    if (error instanceof ServerError && error.sqlstate === UNDEFINED_TABLE) return null;
    if (error instanceof ServerError && error.sqlstate === INSUFFICIENT_PRIVILEGE)
      await requireUsableCatalog(db);
    throw error;
  }
}

const UNDEFINED_TABLE = '42P01';
const INSUFFICIENT_PRIVILEGE = '42501';

function checked<T extends Installed>([installed]: readonly T[]): T {
  if (installed === undefined)
    throw new ImatError('not_initialized', {
      message: 'the imat catalog is empty: its tables were restored without their data',
      hint:
        'Load its data from the same database (pg_dump --data-only --schema imat_catalog), then ' +
        'run imat repair; or drop the schemas imat, imat_catalog and imat_store.',
    });
  const { tables, imatVersion } = catalogFiles();
  const newer =
    installed.version > tables.length
      ? `has version ${installed.version}, this imat knows versions up to ${tables.length}`
      : !isCurrent(installed) && isNewer(installed.imat ?? '0', imatVersion)
        ? `was written by imat ${installed.imat}, this is imat ${imatVersion}`
        : null;
  if (newer === null) return installed;
  throw new ImatError('catalog_newer', {
    message: `the imat catalog in this database ${newer}`,
    hint: 'Upgrade imat.',
  });
}

const isCurrent = ({ version, hash }: Installed): boolean =>
  version === catalogFiles().tables.length && hash === catalogFiles().functionsHash;

/** @throws ImatError `not_initialized` */
export async function requireCatalog(db: Db): Promise<void> {
  const installed = await readInstalled(db);
  if (installed === null) {
    throw new ImatError('not_initialized', {
      message: 'this database has no imats yet',
      hint:
        'imat convert <view> makes one; ' +
        'imat init prepares the database without converting anything.',
    });
  }
  if (!isCurrent(installed)) {
    throw new ImatError('not_initialized', {
      message: `imat ${installed.imat} wrote the imat catalog, this imat needs a newer one`,
      hint: 'Run imat init to upgrade it.',
    });
  }
}

/**
 * Brings the catalog up to date. Not inside a transaction.
 * @param explicitly whether a user asked for it, so that it stays when the last imat is reverted
 */
export async function initialize(
  db: Db,
  explicitly: boolean,
): Promise<{ version: number; created: boolean }> {
  const { tables } = catalogFiles();
  const before = await expectInstalled(db);
  if (before !== null && isCurrent(before)) {
    if (!before.whole) await restoreSchemas(db);
    if (!explicitly) return { version: tables.length, created: false };
  }
  return db.transaction('read committed', async () => {
    lockCatalog(db);
    await requireTrustedSchemas(db);
    const exists = await requireTrustedCatalog(db);
    if (!exists && (await isOrphaned(db)))
      throw new ImatError('already_exists', { message: ORPHANED, hint: REMOVE_ORPHANS });
    // Another installer may have been faster.
    const installed = exists ? await readInstalled(db) : null;
    const known = await catalogObjects(db);
    await migrateTables(db, installed?.version ?? 0, explicitly);
    if (installed === null || !isCurrent(installed)) await replaceFunctions(db);
    if (installed !== null && installed.version < tables.length)
      await db.query('SELECT imat_catalog.note_names_used()');
    await makeCatalogPrivate(db, known);
    await db.query('SELECT imat_catalog.watch_commands()');
    if (explicitly)
      await db.query('UPDATE imat_catalog.migration SET explicitly = true WHERE version = 1');
    // Somebody else's schema or routine may have come in between: then nothing was installed.
    await requireTrustedSchemas(db);
    return { version: tables.length, created: installed === null };
  });
}

/** The file of tables/ that makes what is in imat_store whatever imats there are, and no more. */
const STORE_TABLES = 3;

export async function isWhole(db: Db): Promise<boolean> {
  const [found] = await db.query<Wholeness>(IS_WHOLE, [JSON.stringify(catalogFiles().made)]);
  return found?.whole === true;
}

/**
 * Makes the schemas `imat` and `imat_store`, and functions, views and triggers of the catalog
 * again, where they were dropped.
 */
export async function restoreSchemas(db: Db): Promise<void> {
  if (await isWhole(db)) return;
  await db.transaction('read committed', async () => {
    lockCatalog(db);
    await requireTrustedSchemas(db);
    const known = await catalogObjects(db);
    await db.execute(`DO $$ BEGIN
      IF to_regnamespace('imat') IS NULL THEN
        CREATE SCHEMA imat;
        COMMENT ON SCHEMA imat IS 'imat: incrementally maintained views, and the SQL API';
      END IF;
      IF to_regnamespace('imat_store') IS NULL THEN
        CREATE SCHEMA imat_store;
        COMMENT ON SCHEMA imat_store IS 'imat: change logs and stored tables';
      END IF;
    END $$`);
    const [reset] = await db.query<{ exists: boolean }>(
      `SELECT to_regclass('imat_store.reset') IS NOT NULL AS exists`,
    );
    if (reset?.exists !== true) await db.execute(catalogFiles().tables[STORE_TABLES - 1] ?? '');
    await replaceFunctions(db);
    await makeCatalogPrivate(db, known);
  });
}

async function migrateTables(db: Db, from: number, explicitly: boolean): Promise<void> {
  for (const [index, text] of catalogFiles().tables.entries()) {
    if (index < from) continue;
    await db.execute(text);
    await db.query('INSERT INTO imat_catalog.migration (version, explicitly) VALUES ($1, $2)', [
      index + 1,
      explicitly,
    ]);
  }
}

/**
 * Runs all files of functions/, drops what an earlier imat installed and this one does not, and
 * puts triggers where they are missing.
 * Bodies are not looked into until all routines are there, so their order does not matter.
 */
async function replaceFunctions(db: Db): Promise<void> {
  const { functions, functionsHash, imatVersion, tables } = catalogFiles();
  await db.execute(`SET LOCAL check_function_bodies = off;\n${functions.join('\n')}`);
  await db.execute(DROP_FORMER);
  await db.query('SELECT imat_catalog.put_triggers()');
  await db.query(
    'UPDATE imat_catalog.migration SET functions_hash = $1, imat_version = $2 WHERE version = $3',
    [functionsHash, imatVersion, tables.length],
  );
}

/**
 * CREATE OR REPLACE writes the row of a routine or the rule of a view, so what this transaction has
 * not written is not in the files: a routine that is gone, or one with the former argument list. A
 * function that a generated column calls belongs to tables/. In the schema imat, which users share,
 * only routines that have the name of a new one are dropped.
 */
const DROP_FORMER = `
  DO $$
  DECLARE
    command text;
  BEGIN
    FOR command IN
      SELECT 'DROP VIEW ' || string_agg(v.oid::regclass::text, ', ')
      FROM pg_class v JOIN pg_rewrite r ON r.ev_class = v.oid
      WHERE v.relnamespace = 'imat_catalog'::regnamespace AND v.relkind = 'v'
        AND r.xmin <> pg_current_xact_id()::xid
      HAVING count(*) > 0
      UNION ALL
      SELECT 'DROP ROUTINE ' || string_agg(p.oid::regprocedure::text, ', ')
      FROM pg_proc p
      WHERE p.xmin <> pg_current_xact_id()::xid
        AND (p.pronamespace = 'imat_catalog'::regnamespace OR EXISTS (
          SELECT FROM pg_proc n
          WHERE n.pronamespace = p.pronamespace AND n.pronamespace = 'imat'::regnamespace
            AND n.proname = p.proname AND n.xmin = pg_current_xact_id()::xid))
        AND NOT EXISTS (
          SELECT FROM pg_depend d
          WHERE d.classid = 'pg_attrdef'::regclass
            AND d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid)
      HAVING count(*) > 0
    LOOP
      EXECUTE command;
    END LOOP;
  END $$`;

/**
 * Removes the catalog if a conversion created it and nothing is left in it or reads it. Inside a
 * transaction.
 */
export async function removeUnusedCatalog(db: Db): Promise<void> {
  lockCatalog(db);
  if (!(await requireTrustedCatalog(db))) return;
  await db.query('SELECT imat_catalog.end_history()');
  const [used] = await db.query<{ in_use: boolean }>(
    `SELECT (SELECT bool_or(explicitly) FROM imat_catalog.migration)
       OR EXISTS (SELECT FROM imat_catalog.imat) OR EXISTS (SELECT FROM imat_catalog.source)
       OR EXISTS (SELECT FROM imat_catalog.request)
       OR EXISTS (SELECT FROM imat_catalog.change_group)
       OR EXISTS (
         SELECT FROM pg_class c
         WHERE c.relnamespace = 'imat_store'::regnamespace AND c.relname <> 'reset')
       OR EXISTS (
         SELECT FROM pg_depend d
           JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
           JOIN pg_class v ON v.oid = r.ev_class
           JOIN pg_class c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid
         WHERE c.relnamespace = 'imat_catalog'::regnamespace
           AND v.relnamespace <> 'imat_catalog'::regnamespace
           AND v.oid <> 'imat.schema_changes'::regclass
       ) AS in_use`,
  );
  if (used?.in_use !== false) return;
  const [api] = await db.query<{ routines: string }>(
    `SELECT string_agg(p.oid::regprocedure::text, ', ') AS routines FROM pg_proc p
     WHERE p.pronamespace = 'imat'::regnamespace
       AND p.proname IN (SELECT jsonb_array_elements_text($1::jsonb))`,
    [JSON.stringify(catalogFiles().api)],
  );
  await db.execute(
    `DROP SCHEMA imat_store CASCADE; DROP ROUTINE ${api?.routines ?? ''};
     DROP VIEW imat.schema_changes; DROP SCHEMA imat_catalog CASCADE`,
  );
  const [emaj] = await db.query(
    `SELECT FROM pg_namespace n
     WHERE n.nspname = 'emaj' AND obj_description(n.oid, 'pg_namespace') LIKE 'imat: %'`,
  );
  if (emaj !== undefined) await db.execute('DROP SCHEMA emaj CASCADE');
  const [schema] = await db.query<{ ours: boolean }>(
    `SELECT obj_description(n.oid, 'pg_namespace') LIKE 'imat: %' AND NOT EXISTS (
       SELECT FROM pg_depend d
       WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid) AS ours
     FROM pg_namespace n WHERE n.nspname = 'imat'`,
  );
  if (schema?.ours === true) await db.execute('DROP SCHEMA imat');
}
