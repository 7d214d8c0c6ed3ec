/**
 * What another session is changing while an imat is installed. The event trigger has run in its
 * transaction and has not seen the imat; what it changes shows only after its commit. A further
 * imat on a source that is captured already takes no lock that waits, and up to PostgreSQL 15.18 a
 * view over a function that is being replaced does not either (15.20 waits).
 */
import type { Db } from '../db/db.ts';

/**
 * The rows of PostgreSQL's catalogs that a transaction is replacing have its id in xmax. What is
 * known of transactions is asked for these rows alone, and not for all that a scan meets.
 */
const CHANGING = `
WITH relations AS MATERIALIZED (
  SELECT f.object AS relation FROM imat_catalog.fact f
  WHERE f.imat_id = $1 AND f.class = 'pg_class'::regclass
  UNION
  SELECT unnest(s.relation::oid || s.parts)
  FROM imat_catalog.imat_source z JOIN imat_catalog.source s ON s.relation = z.relation
  WHERE z.imat_id = $1
), replaced AS MATERIALIZED (
  SELECT 'function ' || p.oid::regprocedure AS name, p.xmax AS changer
  FROM imat_catalog.fact f JOIN pg_proc p ON p.oid = f.object
  WHERE f.imat_id = $1 AND f.class = 'pg_proc'::regclass
  UNION ALL
  SELECT c.oid::regclass::text, c.xmax
  FROM relations s JOIN pg_class c ON c.oid = s.relation
  UNION ALL
  SELECT 'triggers of ' || t.tgrelid::regclass, t.xmax
  FROM relations s JOIN pg_trigger t ON t.tgrelid = s.relation AND t.tgname ~ '^[!~]imat_'
)
SELECT string_agg(DISTINCT r.name, ', ') AS names FROM replaced r
WHERE r.changer <> '0'::xid
  AND pg_xact_status(imat_catalog.full_xid(r.changer)) = 'in progress'`;

/** As text; null if nothing is. */
export async function underChange(db: Db, id: number): Promise<string | null> {
  const [changing] = await db.query<{ names: string | null }>(CHANGING, [id]);
  return changing?.names ?? null;
}

const ATTEMPTS = 100;

/** Waits for such a transaction, and gives up after a time. Outside of a transaction. */
export async function outlastChanges(db: Db, id: number): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    if ((await underChange(db, id)) === null) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
