/**
 * Code that comes with a type: functions that PostgreSQL calls by itself, in ANALYZE, in indexes,
 * when values are compared, converted or checked. They run with the rights of the role that owns
 * the table, or that runs the statement. Base types and operator classes are made by superusers
 * alone; ranges, domains, and whatever contains them, by anybody.
 */
import type { Db } from '../db/db.ts';

export type TypeCode = {
  readonly relation: number;
  readonly column: string;
  readonly type: string;
  readonly function: string;
};

/**
 * `parts`: a type and all that it is made of. `code`: their functions: of ranges, of the default
 * operator classes, and of domains' checks, in which dependencies name functions and operators.
 */
const TYPE_CODE_SQL = `
WITH RECURSIVE columns AS (
  SELECT a.attrelid, a.attnum, a.attname, a.atttypid AS type FROM pg_attribute a
  WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
), parts AS (
  SELECT c.type, c.type AS part FROM (SELECT DISTINCT type FROM columns) c
  UNION
  SELECT p.type, n.part FROM parts p, LATERAL (
    SELECT t.typbasetype AS part FROM pg_type t WHERE t.oid = p.part AND t.typtype = 'd'
    UNION ALL SELECT t.typelem FROM pg_type t WHERE t.oid = p.part AND t.typelem <> 0
    UNION ALL SELECT unnest(ARRAY[r.rngsubtype, r.rngtypid]) FROM pg_range r
      WHERE p.part IN (r.rngtypid, r.rngmultitypid)
    UNION ALL SELECT a.atttypid FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid
        AND a.attnum > 0 AND NOT a.attisdropped
      WHERE t.oid = p.part AND t.typtype = 'c'
  ) n
), code AS (
  SELECT p.type, p.part, f.oid FROM parts p JOIN pg_type t ON t.oid = p.part, LATERAL (
    SELECT unnest(ARRAY[t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout,
      t.typanalyze, t.typsubscript]::oid[]) AS oid
    UNION ALL SELECT unnest(ARRAY[r.rngsubdiff, r.rngcanonical]::oid[]) FROM pg_range r
      WHERE r.rngtypid = t.oid
    UNION ALL SELECT m.amproc FROM pg_range r
        JOIN pg_opclass o ON o.oid = r.rngsubopc JOIN pg_amproc m ON m.amprocfamily = o.opcfamily
      WHERE r.rngtypid = t.oid
    UNION ALL SELECT m.amproc FROM pg_opclass o JOIN pg_amproc m ON m.amprocfamily = o.opcfamily
      WHERE o.opcintype = t.oid AND o.opcdefault
        AND m.amproclefttype = t.oid AND m.amprocrighttype = t.oid
    UNION ALL SELECT CASE d.refclassid WHEN 'pg_proc'::regclass THEN d.refobjid
        ELSE (SELECT o.oprcode FROM pg_operator o WHERE o.oid = d.refobjid) END
      FROM pg_constraint k JOIN pg_depend d ON d.classid = 'pg_constraint'::regclass
        AND d.objid = k.oid AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass)
      WHERE k.contypid = t.oid
  ) f
)
SELECT DISTINCT ON (c.attrelid, c.attnum) c.attrelid AS relation, c.attname::text AS column,
  format_type(k.part, NULL) AS type,
  quote_ident(n.nspname) || '.' || quote_ident(p.proname) AS function
FROM columns c JOIN code k ON k.type = c.type JOIN pg_proc p ON p.oid = k.oid
  JOIN pg_namespace n ON n.oid = p.pronamespace
  LEFT JOIN pg_roles r ON r.oid = p.proowner
WHERE r.rolsuper IS NOT TRUE AND r.rolname IS DISTINCT FROM current_user
ORDER BY c.attrelid, c.attnum, function`;

/**
 * For each column whose type brings code of a role that is neither the current one nor a superuser,
 * one such function.
 */
export async function strangersTypeCode(
  db: Db,
  relations: readonly number[],
): Promise<readonly TypeCode[]> {
  if (relations.length === 0) return [];
  return db.query<TypeCode>(TYPE_CODE_SQL, [`{${relations.join(',')}}`]);
}

/** Functions and operators in the expressions and conditions of a relation's indexes. */
const INDEX_CODE_SQL = `
SELECT DISTINCT quote_ident(n.nspname) || '.' || quote_ident(p.proname) AS function
FROM pg_index i JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
  JOIN pg_proc p ON p.oid = CASE d.refclassid WHEN 'pg_proc'::regclass THEN d.refobjid
    WHEN 'pg_operator'::regclass
      THEN (SELECT o.oprcode FROM pg_operator o WHERE o.oid = d.refobjid) END
  JOIN pg_namespace n ON n.oid = p.pronamespace
  LEFT JOIN pg_roles r ON r.oid = p.proowner
WHERE i.indrelid = $1 AND r.rolsuper IS NOT TRUE AND r.rolname IS DISTINCT FROM current_user
ORDER BY function`;

/** Functions of roles that are neither the current one nor superusers, in a relation's indexes. */
export async function strangersIndexCode(db: Db, relation: number): Promise<readonly string[]> {
  const rows = await db.query<{ function: string }>(INDEX_CODE_SQL, [relation]);
  return rows.map((row) => row.function);
}
