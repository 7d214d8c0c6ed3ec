/**
 * What imat makes for itself is nobody else's, whatever the default privileges of the role that
 * makes it grant to others.
 */
import type { Db } from '../db/db.ts';

/**
 * Takes all rights from others on what this transaction has made in imat_store. A function that
 * returns rows is called by a view, and so by everybody who reads that; it asks for a key. In the
 * transaction itself, not in a savepoint.
 */
export async function makeStorePrivate(db: Db): Promise<void> {
  await db.query(
    `SELECT imat_catalog.make_private(o.oid, o.but_public)
     FROM (
       SELECT c.oid, c.relnamespace AS schema, c.xmin AS made_by, false AS but_public
       FROM pg_class c WHERE c.relkind IN ('r', 'v', 'S')
       UNION ALL SELECT p.oid, p.pronamespace, p.xmin, p.proretset FROM pg_proc p
     ) o
     WHERE o.schema = 'imat_store'::regnamespace AND o.made_by = pg_current_xact_id()::xid`,
  );
}

/** The schemas, tables, views, sequences and routines of the catalog. */
const CATALOG_OBJECTS = `
SELECT n.oid, false AS is_routine FROM pg_namespace n
WHERE n.nspname IN ('imat', 'imat_catalog', 'imat_store')
UNION ALL
SELECT o.oid, o.is_routine
FROM pg_namespace n, LATERAL (
  SELECT c.oid, false AS is_routine FROM pg_class c
  WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'v', 'S')
  UNION ALL SELECT p.oid, true FROM pg_proc p WHERE p.pronamespace = n.oid
) o
WHERE n.nspname IN ('imat_catalog', 'imat_store')`;

/** What the catalog consists of now, by OID. */
export async function catalogObjects(db: Db): Promise<readonly number[]> {
  const rows = await db.query<{ oid: number }>(`SELECT o.oid FROM (${CATALOG_OBJECTS}) o`);
  return rows.map((row) => row.oid);
}

/**
 * Takes all rights from others on what the catalog has beyond `known`. What PUBLIC may execute, the
 * files of the routines say.
 */
export async function makeCatalogPrivate(db: Db, known: readonly number[]): Promise<void> {
  await db.query(
    `SELECT imat_catalog.make_private(o.oid, o.is_routine)
     FROM (${CATALOG_OBJECTS}) o WHERE o.oid <> ALL ($1::oid[])`,
    [`{${known.join(',')}}`],
  );
  // Each view in imat has rights of its own. USAGE lets a role see only that the schema exists.
  await db.execute(
    `DO $$ BEGIN
       IF obj_description('imat'::regnamespace, 'pg_namespace') LIKE 'imat: %' THEN
         GRANT USAGE ON SCHEMA imat TO PUBLIC;
       END IF;
     END $$`,
  );
}
