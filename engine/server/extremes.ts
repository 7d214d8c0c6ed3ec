/** Aggregates that give the first value in an order, as PostgreSQL's catalog says. */
import { quoteIdent } from '../../parser/quote.ts';
import type { Db } from '../db/db.ts';

/** A call of one of PostgreSQL's own aggregates, by its name and the type of its result. */
export type ExtremeCall = { readonly name: string; readonly type: number };

type OrderRow = { name: string; type: number; schema: string; operator: string };

/**
 * The aggregate's sort operator is `<` or `>` of an operator family (amopstrategy 1 or 5); `<=` (2)
 * or `>=` (4) of the same family says whether one value comes no later than another. An aggregate
 * over arrays or enums is one over any of them. In two steps: to plan one join of all these
 * tables takes six times as long.
 */
const ORDERS_SQL = `
WITH aggregate AS MATERIALIZED (
  SELECT w.name, w.type, a.aggsortop
  FROM unnest($1::text[], $2::oid[]) AS w(name, type)
    JOIN pg_type t ON t.oid = w.type
    JOIN pg_proc p ON p.proname = w.name AND p.pronamespace = 'pg_catalog'::regnamespace
      AND p.pronargs = 1 AND p.proargtypes[0] = p.prorettype
      AND p.prorettype = CASE
        WHEN EXISTS (
          SELECT FROM pg_proc s
          WHERE s.proname = w.name AND s.pronamespace = 'pg_catalog'::regnamespace
            AND s.prorettype = w.type
        ) THEN w.type
        WHEN t.typtype = 'e' THEN 'anyenum'::regtype
        WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'anyarray'::regtype
      END
    JOIN pg_aggregate a ON a.aggfnoid = p.oid AND a.aggkind = 'n'
)
SELECT a.name, a.type::oid AS type, n.nspname::text AS schema, o.oprname::text AS operator
FROM aggregate a
  JOIN pg_amop sort ON sort.amopopr = a.aggsortop AND sort.amopstrategy IN (1, 5)
    AND sort.amopmethod = (SELECT m.oid FROM pg_am m WHERE m.amname = 'btree')
  JOIN pg_amop reach ON reach.amopfamily = sort.amopfamily
    AND reach.amoplefttype = sort.amoplefttype AND reach.amoprighttype = sort.amoprighttype
    AND reach.amopstrategy = CASE sort.amopstrategy WHEN 1 THEN 2 ELSE 4 END
  JOIN pg_opclass c ON c.opcfamily = sort.amopfamily AND c.opcdefault
    AND c.opcintype = sort.amoplefttype
  JOIN pg_operator o ON o.oid = reach.amopopr
  JOIN pg_namespace n ON n.oid = o.oprnamespace`;

/**
 * By `<name> <type>`, the operator by which one value comes no later than another in the order of
 * which the aggregate gives the first value.
 */
export async function loadReaches(
  db: Db,
  calls: readonly ExtremeCall[],
): Promise<ReadonlyMap<string, string>> {
  if (calls.length === 0) return new Map();
  const rows = await db.query<OrderRow>(ORDERS_SQL, [
    `{${calls.map(({ name }) => name).join(',')}}`,
    `{${calls.map(({ type }) => type).join(',')}}`,
  ]);
  return new Map(
    rows.map(({ name, type, schema, operator }) => [
      `${name} ${type}`,
      `OPERATOR(${quoteIdent(schema)}.${operator})`,
    ]),
  );
}
