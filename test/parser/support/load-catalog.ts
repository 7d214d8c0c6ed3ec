/** Everything of a database that a definition could name. */
import type { Db } from '../../../engine/db/db.ts';
import type { Catalog, CatalogFunction, CatalogRelation } from '../../../parser/catalog.ts';

const RELATIONS = `
  SELECT c.oid::int4 AS oid, n.nspname AS schema, c.relname AS name,
    json_agg(json_build_object('name', a.attname) ORDER BY a.attnum) AS columns
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f')
    AND n.nspname NOT IN ('information_schema', 'pg_toast')
  GROUP BY c.oid, n.nspname, c.relname`;

const FUNCTIONS = `
  SELECT DISTINCT n.nspname AS schema, p.proname AS name, p.proretset AS "returnsSet",
    CASE p.prokind
      WHEN 'a' THEN 'aggregate'
      WHEN 'w' THEN 'window'
      WHEN 'p' THEN 'procedure'
      ELSE 'function' END AS kind
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace`;

export async function loadCatalog(db: Db): Promise<Catalog> {
  return {
    relations: await db.query<CatalogRelation>(RELATIONS),
    functions: await db.query<CatalogFunction>(FUNCTIONS),
  };
}
