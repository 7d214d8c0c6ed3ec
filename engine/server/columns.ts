/** What the catalog says of the columns of relations: names, types and how their values compare. */
import type { Db } from '../db/db.ts';
import type { ColumnFacts } from '../algebra/facts.ts';
import { loadTypeOutputs, ONE_REPRESENTATION, type TypeOutput } from './type-output.ts';

type ColumnRow = {
  attrelid: number;
  attnum: number;
  name: string;
  type: string;
  base_type: string;
  log_type: string;
  base: number;
  base_typmod: number;
  typtype: string;
  sortable: boolean;
  is_array: boolean;
  is_composite: boolean;
  deterministic: boolean;
  collation: string | null;
  virtual: boolean;
  compared_by_pg_catalog: boolean;
  in_primary_key: boolean;
};

/** Domains resolved to their base type; arrays are sortable where their elements are. */
const COLUMNS_SQL = `
WITH RECURSIVE wanted AS (
  SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attgenerated
  FROM pg_attribute a
  WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
), bases AS (
  SELECT DISTINCT w.atttypid AS type, w.atttypmod AS own_typmod, w.atttypid AS base,
    w.atttypmod AS typmod
  FROM wanted w
  UNION ALL
  SELECT b.type, b.own_typmod, t.typbasetype, t.typtypmod
  FROM bases b JOIN pg_type t ON t.oid = b.base
  WHERE t.typtype = 'd'
), sortable AS (
  SELECT t.oid, EXISTS (
    SELECT FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod AND m.amname = 'btree'
    WHERE o.opcdefault AND (o.opcintype = t.oid OR EXISTS (
      SELECT
      FROM pg_cast c
      WHERE c.castsource = t.oid
        AND c.casttarget = o.opcintype
        AND c.castmethod = 'b'
        AND c.castcontext = 'i'
    ))
  ) OR t.typtype IN ('e', 'r', 'm') AS is_sortable
  FROM pg_type t
  -- Of all types at once it would take ten times as long.
  WHERE t.oid IN (
    SELECT b.base FROM bases b
    UNION ALL
    SELECT e.typelem FROM bases b JOIN pg_type e ON e.oid = b.base
  )
)
SELECT w.attrelid, w.attnum, w.attname::text AS name, format_type(w.atttypid, w.atttypmod) AS type,
  format_type(t.oid, b.typmod) AS base_type, format_type(t.oid, -1) AS log_type,
  t.oid AS base, b.typmod AS base_typmod,
  CASE WHEN n2.nspname = 'pg_catalog' THEN t.typname::text ELSE t.typtype::text END AS typtype,
  t.typelem <> 0 AND t.typlen = -1 AS is_array, t.typtype = 'c' AS is_composite,
  CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN e.is_sortable ELSE s.is_sortable END AS sortable,
  coalesce(c.collisdeterministic, true) AS deterministic,
  w.attgenerated = 'v' AS virtual,
  n2.nspname = 'pg_catalog' OR t.typtype IN ('e', 'r', 'm') OR t.typelem <> 0 AND t.typlen = -1
    AS compared_by_pg_catalog,
  EXISTS (
    SELECT FROM pg_index i
    WHERE i.indrelid = w.attrelid AND i.indisprimary AND w.attnum = ANY (i.indkey)
  ) AS in_primary_key,
  CASE WHEN w.attcollation <> t.typcollation
    THEN quote_ident(cn.nspname) || '.' || quote_ident(c.collname) END AS collation
FROM wanted w
JOIN bases b ON b.type = w.atttypid AND b.own_typmod = w.atttypmod
JOIN pg_type t ON t.oid = b.base AND t.typtype <> 'd'
JOIN pg_namespace n2 ON n2.oid = t.typnamespace
JOIN sortable s ON s.oid = t.oid
LEFT JOIN sortable e ON e.oid = t.typelem
LEFT JOIN pg_collation c ON c.oid = w.attcollation
LEFT JOIN pg_namespace cn ON cn.oid = c.collnamespace
ORDER BY w.attrelid, w.attnum`;

/** The columns of relations, by relation OID, in order of attribute number. */
export async function loadColumns(
  db: Db,
  relations: readonly number[],
): Promise<Map<number, ColumnFacts[]>> {
  const rows = await db.query<ColumnRow>(COLUMNS_SQL, [`{${relations.join(',')}}`]);
  const columns = new Map<number, ColumnFacts[]>(relations.map((oid) => [oid, []]));
  const outputs = await loadTypeOutputs(
    db,
    rows.map((row) => row.base),
  );
  for (const row of rows)
    columns.get(row.attrelid)?.push(columnFacts(row, outputs.get(row.base) ?? null));
  return columns;
}

function columnFacts(row: ColumnRow, output: TypeOutput | null): ColumnFacts {
  const image = output?.image ?? null;
  const sameByParts = output?.equalIsSame === true;
  const isNumeric = row.typtype === 'numeric';
  const scale =
    isNumeric && row.base_typmod >= 4 ? (((row.base_typmod - 4) & 0x7ff) ^ 1024) - 1024 : null;
  const oneRepresentation =
    ONE_REPRESENTATION.has(row.typtype) ||
    row.typtype === 'e' ||
    (isNumeric && scale !== null) ||
    (row.typtype === 'bpchar' && row.base_typmod >= 4);
  return {
    name: row.name,
    attnum: row.attnum,
    type: row.type,
    baseType: row.base_type,
    logType: row.log_type,
    oid: row.base,
    isComposite: row.is_composite,
    scale: scale !== null && scale >= 0 ? scale : null,
    image,
    equalIsSame: (oneRepresentation || sameByParts) && row.deterministic,
    holdsEnum: output?.holdsEnum === true,
    sortable: row.sortable,
    groupable: sameByParts || (image !== null && (row.sortable || !row.is_array)),
    collation: row.collation,
    hasPlainEquality: row.sortable && row.compared_by_pg_catalog,
    isVirtual: row.virtual,
    isInPrimaryKey: row.in_primary_key,
  };
}
