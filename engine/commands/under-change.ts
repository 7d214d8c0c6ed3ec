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
WITH noted AS MATERIALIZED (
  SELECT f.class, f.object, f.facts ?| ARRAY['called', 'inlined'] AS by_name
  FROM imat_catalog.fact f WHERE f.imat_id = $1
), relations AS MATERIALIZED (
  SELECT f.object AS relation FROM noted f WHERE f.class = 'pg_class'::regclass
  UNION
  SELECT unnest(s.relation::oid || s.parts)
  FROM imat_catalog.imat_source z JOIN imat_catalog.source s ON s.relation = z.relation
  WHERE z.imat_id = $1
), types AS MATERIALIZED (
  SELECT f.object AS type FROM noted f WHERE f.class = 'pg_type'::regclass
), schemas AS MATERIALIZED (
  -- The names in a body, and the query of a view in a definition, are found by them.
  SELECT o.schema
  FROM noted f JOIN (
    SELECT p.tableoid AS class, p.oid AS object, p.pronamespace AS schema FROM pg_proc p
    UNION ALL SELECT o.tableoid, o.oid, o.oprnamespace FROM pg_operator o
    UNION ALL SELECT y.tableoid, y.oid, y.typnamespace FROM pg_type y
    UNION ALL SELECT c.tableoid, c.oid, c.relnamespace FROM pg_class c
  ) o ON o.class = f.class AND o.object = f.object
  WHERE f.by_name
), replaced AS MATERIALIZED (
  SELECT 'function ' || p.oid::regprocedure AS name, p.xmax AS changer
  FROM noted f JOIN pg_proc p ON p.oid = f.object WHERE f.class = 'pg_proc'::regclass
  UNION ALL
  SELECT 'operator ' || o.oid::regoperator, o.xmax
  FROM noted f JOIN pg_operator o ON o.oid = f.object WHERE f.class = 'pg_operator'::regclass
  UNION ALL
  SELECT 'cast from ' || format_type(c.castsource, NULL), c.xmax
  FROM noted f JOIN pg_cast c ON c.oid = f.object WHERE f.class = 'pg_cast'::regclass
  UNION ALL
  SELECT 'type ' || format_type(y.oid, NULL), y.xmax FROM types t JOIN pg_type y ON y.oid = t.type
  UNION ALL
  SELECT 'type ' || format_type(e.enumtypid, NULL), e.xmax
  FROM types t JOIN pg_enum e ON e.enumtypid = t.type
  UNION ALL
  SELECT 'schema ' || n.oid::regnamespace, n.xmax
  FROM schemas s JOIN pg_namespace n ON n.oid = s.schema
  UNION ALL
  SELECT c.oid::regclass::text, c.xmax
  FROM relations s JOIN pg_class c ON c.oid = s.relation
  UNION ALL
  SELECT a.attrelid::regclass::text, a.xmax
  FROM relations s JOIN pg_attribute a ON a.attrelid = s.relation
  UNION ALL
  SELECT r.ev_class::regclass::text, r.xmax
  FROM relations s JOIN pg_rewrite r ON r.ev_class = s.relation
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
