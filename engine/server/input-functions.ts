/** By which functions PostgreSQL reads texts as values of types. */
import type { Db } from '../db/db.ts';

/** From the OIDs of types to those of functions. */
export async function inputFunctions(
  db: Db,
  types: readonly number[],
): Promise<Map<number, number>> {
  if (types.length === 0) return new Map();
  // A domain, an array and a range are read as the type that they are made of: their own functions
  // are marked stable, a domain's for its checks, the others' for any type that they may be given.
  const rows = await db.query<{ type: number; input: number }>(
    `WITH RECURSIVE inner_type AS (
       SELECT t.oid AS type, t.oid AS part, 0 AS depth FROM pg_type t WHERE t.oid = ANY ($1::oid[])
       UNION ALL
       SELECT i.type, p.part, i.depth + 1
       FROM inner_type i JOIN pg_type t ON t.oid = i.part
         LEFT JOIN pg_range r ON i.part IN (r.rngtypid, r.rngmultitypid)
         CROSS JOIN LATERAL (
           SELECT coalesce(nullif(t.typbasetype, 0), r.rngsubtype,
             CASE WHEN t.typinput = 'array_in'::regproc THEN t.typelem END) AS part
         ) p
       WHERE p.part IS NOT NULL)
     SELECT DISTINCT ON (i.type) i.type, t.typinput::oid AS input
     FROM inner_type i JOIN pg_type t ON t.oid = i.part
     ORDER BY i.type, i.depth DESC`,
    [`{${[...new Set(types)].join(',')}}`],
  );
  return new Map(rows.map((row) => [row.type, row.input]));
}
