/** What the text of a type's values depends on. */
import type { Db } from '../db/db.ts';

export type Dependence =
  /** Only on its tables. */
  | 'tables'
  /** On session settings such as TimeZone and DateStyle as well, which can be compared. */
  | 'settings'
  /** On the time, the user or chance: equal tables do not mean an equal answer. */
  | 'moment';

export type TypeOutput = { readonly name: string; readonly dependence: Dependence };

/** The pseudo-type of `ROW(...)`. */
export const RECORD = 2249;

/** Output functions that depend on DateStyle, IntervalStyle, TimeZone, lc_monetary, extra_float_digits or bytea_output. Some of them are marked immutable. */
const SETTINGS_ONLY = new Set([
  'date_out',
  'timestamp_out',
  'timestamptz_out',
  'interval_out',
  'cash_out',
  'float4out',
  'float8out',
  'byteaout',
  'point_out',
  'lseg_out',
  'path_out',
  'box_out',
  'poly_out',
  'line_out',
  'circle_out',
]);

type OutputRow = { oid: number; name: string; kind: string; schema: string; output: string; volatility: string; parts: number[] | null };

/** `parts` are the types that a type is made of: base, element, subtype, attributes. */
const TYPES_SQL = `
WITH RECURSIVE wanted(oid) AS (
  SELECT unnest($1::oid[])
  UNION
  SELECT p.part FROM wanted w, LATERAL (
    SELECT t.typbasetype AS part FROM pg_type t WHERE t.oid = w.oid AND t.typtype = 'd'
    UNION ALL SELECT t.typelem FROM pg_type t WHERE t.oid = w.oid AND t.typelem <> 0 AND t.typlen = -1
    UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE w.oid IN (r.rngtypid, r.rngmultitypid)
    UNION ALL SELECT a.atttypid FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped WHERE t.oid = w.oid AND t.typtype = 'c'
  ) p
)
SELECT t.oid, format_type(t.oid, NULL) AS name, t.typtype::text AS kind, n.nspname::text AS schema, p.proname::text AS output, p.provolatile::text AS volatility,
  (SELECT to_json(array_agg(part::bigint)) FROM (
    SELECT t.typbasetype AS part WHERE t.typtype = 'd'
    UNION ALL SELECT t.typelem WHERE t.typelem <> 0 AND t.typlen = -1
    UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)
    UNION ALL SELECT a.atttypid FROM pg_attribute a WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
  ) q) AS parts
FROM pg_type t JOIN pg_proc p ON p.oid = t.typoutput JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE t.oid IN (SELECT w.oid FROM wanted w)`;

/** By type OID, for the types and all that they are made of. */
export async function loadTypeOutputs(db: Db, types: readonly number[]): Promise<Map<number, TypeOutput>> {
  const rows = await db.query<OutputRow>(TYPES_SQL, [`{${[...new Set(types)].join(',')}}`]);
  const byOid = new Map(rows.map((row) => [row.oid, row]));
  return new Map(rows.map((row) => [row.oid, { name: row.name, dependence: dependenceOf(row.oid, byOid) }]));
}

function dependenceOf(oid: number, rows: ReadonlyMap<number, OutputRow>): Dependence {
  const row = rows.get(oid);
  if (row === undefined || oid === RECORD) return 'moment';
  const parts = (row.parts ?? []).map((part) => dependenceOf(part, rows));
  if (parts.includes('moment')) return 'moment';
  if (parts.includes('settings')) return 'settings';
  if (parts.length > 0) return 'tables';
  if (row.schema === 'pg_catalog' && SETTINGS_ONLY.has(row.output)) return 'settings';
  return row.volatility === 'i' ? 'tables' : 'moment';
}
