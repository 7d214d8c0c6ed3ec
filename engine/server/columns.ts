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
  is_array: boolean;
  is_composite: boolean;
  deterministic: boolean;
  collation: string | null;
  virtual: boolean;
  compared_by_pg_catalog: boolean;
  in_primary_key: boolean;
};

/** Domains resolved to their base type. */
const COLUMNS_SQL = `
WITH RECURSIVE wanted AS (
  SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attgenerated
  FROM pg_attribute a
  WHERE a.attrelid = ANY ($1::regclass[]) AND a.attnum > 0 AND NOT a.attisdropped
), bases AS (
  SELECT DISTINCT w.atttypid AS type, w.atttypmod AS own_typmod, w.atttypid AS base,
    w.atttypmod AS typmod
  FROM wanted w
  UNION ALL
  SELECT b.type, b.own_typmod, t.typbasetype, t.typtypmod
  FROM bases b JOIN pg_type t ON t.oid = b.base
  WHERE t.typtype = 'd'
)
SELECT w.attrelid, w.attnum, w.attname::text AS name, format_type(w.atttypid, w.atttypmod) AS type,
  format_type(t.oid, b.typmod) AS base_type, format_type(t.oid, -1) AS log_type,
  t.oid AS base, b.typmod AS base_typmod,
  CASE WHEN t.typnamespace = 'pg_catalog'::regnamespace
    THEN t.typname::text ELSE t.typtype::text END AS typtype,
  t.typelem <> 0 AND t.typlen = -1 AS is_array, t.typtype = 'c' AS is_composite,
  coalesce(c.collisdeterministic, true) AS deterministic,
  w.attgenerated = 'v' AS virtual,
  t.typnamespace = 'pg_catalog'::regnamespace OR t.typtype IN ('e', 'r', 'm')
    OR t.typelem <> 0 AND t.typlen = -1 AS compared_by_pg_catalog,
  EXISTS (
    SELECT FROM pg_index i
    WHERE i.indrelid = w.attrelid AND i.indisprimary AND w.attnum = ANY (i.indkey)
      -- The tables that inherit from another have keys of their own.
      AND NOT EXISTS (SELECT FROM pg_class r
        WHERE r.oid = w.attrelid AND r.relkind = 'r' AND r.relhassubclass)
  ) AS in_primary_key,
  CASE WHEN w.attcollation <> t.typcollation
    THEN quote_ident(cn.nspname) || '.' || quote_ident(c.collname) END AS collation
FROM wanted w
JOIN bases b ON b.type = w.atttypid AND b.own_typmod = w.atttypmod
JOIN pg_type t ON t.oid = b.base AND t.typtype <> 'd'
LEFT JOIN pg_collation c ON c.oid = w.attcollation
LEFT JOIN pg_namespace cn ON cn.oid = c.collnamespace
ORDER BY w.attrelid, w.attnum`;

/** The columns of relations, by relation OID, in order of attribute number. */
export async function loadColumns(
  db: Db,
  relations: readonly number[],
): Promise<Map<number, ColumnFacts[]>> {
  const columns = new Map<number, ColumnFacts[]>(relations.map((oid) => [oid, []]));
  for (const { relation, facts } of await load(db, relations)) columns.get(relation)?.push(facts);
  return columns;
}

/** Those of one relation, by its name as SQL. */
export const columnsOf = async (db: Db, relation: string): Promise<ColumnFacts[]> =>
  (await load(db, [relation])).map(({ facts }) => facts);

async function load(
  db: Db,
  relations: readonly (number | string)[],
): Promise<{ readonly relation: number; readonly facts: ColumnFacts }[]> {
  const rows = await db.query<ColumnRow>(COLUMNS_SQL, [`{${relations.join(',')}}`]);
  const outputs = await loadTypeOutputs(
    db,
    rows.map((row) => row.base),
  );
  return rows.map((row) => ({
    relation: row.attrelid,
    facts: columnFacts(row, outputs.get(row.base) ?? null),
  }));
}

function columnFacts(row: ColumnRow, output: TypeOutput | null): ColumnFacts {
  const image = output?.image ?? null;
  const sortable = output?.sortable === true;
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
    sortable,
    hashable: output?.hashable === true,
    groupable: sameByParts || (image !== null && (sortable || !row.is_array)),
    collation: row.collation,
    hasPlainEquality: sortable && row.compared_by_pg_catalog,
    isVirtual: row.virtual,
    isInPrimaryKey: row.in_primary_key,
  };
}
