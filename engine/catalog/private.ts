/**
 * What imat makes for itself is nobody else's, whatever the default privileges of the role that
 * makes it grant to others.
 */
import type { Db } from '../db/db.ts';

/**
 * Takes all rights from others on what this transaction has made in imat_store. In the transaction
 * itself, not in a savepoint.
 */
export async function makeStorePrivate(db: Db): Promise<void> {
  await db.query(
    `SELECT imat_catalog.make_private(o.oid)
     FROM (
       SELECT c.oid, c.relnamespace AS schema, c.xmin AS made_by FROM pg_class c
       WHERE c.relkind IN ('r', 'v', 'S')
       UNION ALL SELECT p.oid, p.pronamespace, p.xmin FROM pg_proc p
     ) o
     WHERE o.schema = 'imat_store'::regnamespace AND o.made_by = pg_current_xact_id()::xid`,
  );
}

/** The schemas, tables, views and sequences of the catalog, by OID. */
export async function catalogRelations(db: Db): Promise<readonly number[]> {
  const rows = await db.query<{ oid: number }>(
    `SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'imat_catalog' AND c.relkind IN ('r', 'v', 'S')
     UNION ALL SELECT n.oid FROM pg_namespace n WHERE n.nspname IN ('imat', 'imat_catalog', 'imat_store')`,
  );
  return rows.map((row) => row.oid);
}

/** Takes all rights from others on what the catalog has beyond `known`. */
export async function makeCatalogPrivate(db: Db, known: readonly number[]): Promise<void> {
  for (const oid of await catalogRelations(db))
    if (!known.includes(oid)) await db.query('SELECT imat_catalog.make_private($1)', [oid]);
  // Each view in imat has rights of its own. USAGE lets a role see only that the schema exists.
  await db.execute(
    `DO $$ BEGIN
       IF obj_description('imat'::regnamespace, 'pg_namespace') LIKE 'imat: %' THEN
         GRANT USAGE ON SCHEMA imat TO PUBLIC;
       END IF;
     END $$`,
  );
}
