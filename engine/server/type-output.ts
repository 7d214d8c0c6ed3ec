/** How a type's values look as text and as bytes, and on what that depends. */
import type { Db } from '../db/db.ts';
import type { Image } from '../algebra/facts.ts';

export type Dependence =
  /** Only on its tables. */
  | 'tables'
  /** On session settings such as TimeZone and DateStyle as well, which can be compared. */
  | 'settings'
  /** On the time, the user or chance: equal tables do not mean an equal answer. */
  | 'moment';

export type TypeOutput = {
  readonly name: string;
  readonly dependence: Dependence;
  /** What its text in JSON depends on, where dates and times have one form. */
  readonly inJson: Dependence;
  readonly image: Image | null;
  readonly holdsEnum: boolean;
  /** The enums that it is or holds: its text has their labels, which can be renamed. */
  readonly enums: readonly string[];
  /** Of a type that holds an enum: whether values that are equal are always the same. */
  readonly equalIsSame: boolean;
  /** Whether btree indexes and ORDER BY take it: an array where they take its elements. */
  readonly sortable: boolean;
  /** Whether hash tables take it, which a recursion with UNION makes. */
  readonly hashable: boolean;
};

/** The pseudo-type of `ROW(...)`. */
export const RECORD = 2249;

/**
 * Output functions that depend on DateStyle, IntervalStyle, TimeZone, lc_monetary,
 * extra_float_digits or bytea_output. Some of them are marked immutable.
 */
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

/** Dates and times have the form of XML Schema in JSON; that of a timestamptz names its offset. */
const ONE_FORM_IN_JSON = new Set(['date_out', 'timestamp_out']);

/**
 * Types in which `=` means the same for every function: PostgreSQL's own with one representation
 * per value. Left out on purpose: numeric (1.0, 1.00), floats (0, -0), interval ('1 day', '24
 * hours'), jsonb (1.0, 1.00), citext.
 */
export const ONE_REPRESENTATION = new Set([
  'bool',
  'int2',
  'int4',
  'int8',
  'oid',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'uuid',
  'bytea',
  'char',
  'name',
  'money',
  'inet',
  'cidr',
  'macaddr',
  'macaddr8',
  'bit',
  'varbit',
  'text',
  'varchar',
]);

/**
 * Send functions whose bytes are text in the client's encoding; by their source, which those of
 * citext share.
 */
const SENDS_TEXT = new Set([
  'textsend',
  'varcharsend',
  'bpcharsend',
  'namesend',
  'unknownsend',
  'cstring_send',
  'enum_send',
  'json_send',
  'jsonb_send',
  'jsonpath_send',
  'xml_send',
  'tsvectorsend',
  'tsquerysend',
  'pg_node_tree_send',
]);
/** Those of types that are text already. */
const IS_TEXT = new Set(['textsend', 'varcharsend']);

/**
 * `output` and `send` as they are called, `*_source` as PostgreSQL's own functions are known to it.
 */
type OutputRow = {
  oid: number;
  name: string;
  builtin: boolean;
  output: string;
  output_source: string;
  volatility: string;
  send: string | null;
  send_source: string | null;
  parts: number[] | null;
  type_name: string;
  kind: string;
  /** Of an array, itself. */
  sortable: boolean;
  /** Of a type that is not made of others. */
  hashable: boolean;
  element: number | null;
  /** Whether an attribute has a type modifier or a collation by which equal values can differ. */
  is_lax: boolean;
};

/** Whether an access method has a default operator class for a type. */
const hasDefaultClass = (method: 'btree' | 'hash'): string => `EXISTS (
    SELECT FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod AND m.amname = '${method}'
    WHERE o.opcdefault AND (o.opcintype = t.oid OR EXISTS (
      SELECT
      FROM pg_cast c
      WHERE c.castsource = t.oid
        AND c.casttarget = o.opcintype
        AND c.castmethod = 'b'
        AND c.castcontext = 'i'
    ))
  )`;

/** `parts` are the types that a type is made of: base, element, subtype, attributes. */
const TYPES_SQL = `
WITH RECURSIVE wanted(oid) AS (
  SELECT unnest($1::oid[])
  UNION
  SELECT p.part FROM wanted w, LATERAL (
    SELECT t.typbasetype AS part FROM pg_type t WHERE t.oid = w.oid AND t.typtype = 'd'
    UNION ALL
    SELECT t.typelem FROM pg_type t WHERE t.oid = w.oid AND t.typelem <> 0 AND t.typlen = -1
    UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE w.oid IN (r.rngtypid, r.rngmultitypid)
    UNION ALL
    SELECT a.atttypid
    FROM pg_type t
      JOIN pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE t.oid = w.oid AND t.typtype = 'c'
  ) p
)
SELECT t.oid, format_type(t.oid, NULL) AS name, t.typname::text AS type_name,
  t.typtype::text AS kind,
  EXISTS (
    SELECT FROM pg_attribute a JOIN pg_collation k ON k.oid = a.attcollation
    WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND NOT k.collisdeterministic
  ) AS is_lax,
  t.typtype IN ('e', 'r', 'm') OR ${hasDefaultClass('btree')} AS sortable,
  t.typtype = 'e' OR ${hasDefaultClass('hash')} AS hashable,
  CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN t.typelem END AS element,
  n.nspname = 'pg_catalog' AS builtin,
  quote_ident(n.nspname) || '.' || quote_ident(p.proname) AS output, p.prosrc AS output_source,
  p.provolatile::text AS volatility,
  quote_ident(sn.nspname) || '.' || quote_ident(s.proname) AS send, s.prosrc AS send_source,
  (SELECT to_json(array_agg(part::bigint)) FROM (
    SELECT t.typbasetype AS part WHERE t.typtype = 'd'
    UNION ALL SELECT t.typelem WHERE t.typelem <> 0 AND t.typlen = -1
    UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)
    UNION ALL
    SELECT a.atttypid
    FROM pg_attribute a
    WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
  ) q) AS parts
FROM pg_type t JOIN pg_proc p ON p.oid = t.typoutput JOIN pg_namespace n ON n.oid = p.pronamespace
LEFT JOIN pg_proc s ON s.oid = t.typsend LEFT JOIN pg_namespace sn ON sn.oid = s.pronamespace
WHERE t.oid IN (SELECT w.oid FROM wanted w)`;

/** Smaller OIDs are those of PostgreSQL's own objects, which nobody changes. */
export const FIRST_NORMAL_OID = 16384;

/** What each session has been told of PostgreSQL's own types. */
const builtIns = new WeakMap<Db, Map<number, OutputRow>>();

/** By type OID: at least the types and all that they are made of. */
export async function loadTypeOutputs(
  db: Db,
  types: readonly number[],
): Promise<Map<number, TypeOutput>> {
  const known = builtIns.get(db) ?? new Map<number, OutputRow>();
  builtIns.set(db, known);
  const asked = [...new Set(types)].filter((type) => !known.has(type));
  const rows =
    asked.length === 0 ? [] : await db.query<OutputRow>(TYPES_SQL, [`{${asked.join(',')}}`]);
  const byOid = new Map([...known, ...rows.map((row) => [row.oid, row] as const)]);
  for (const row of rows) if (row.oid < FIRST_NORMAL_OID) known.set(row.oid, row);
  return new Map(
    [...byOid].map(([oid, row]) => [
      oid,
      {
        name: row.name,
        dependence: dependenceOf(row.oid, byOid, false),
        inJson: dependenceOf(row.oid, byOid, true),
        image: imageOf(row.oid, byOid),
        holdsEnum: holdsEnum(row.oid, byOid),
        enums: enumsIn(row.oid, byOid),
        equalIsSame: holdsEnum(row.oid, byOid) && equalIsSame(row.oid, byOid),
        sortable: (row.element === null ? row : byOid.get(row.element))?.sortable === true,
        hashable: isHashable(row.oid, byOid),
      },
    ]),
  );
}

function dependenceOf(
  oid: number,
  rows: ReadonlyMap<number, OutputRow>,
  inJson: boolean,
): Dependence {
  const row = rows.get(oid);
  if (row === undefined || oid === RECORD) return 'moment';
  // JSON has no ranges: they are strings, as they are printed elsewhere.
  const isJson = inJson && row.kind !== 'r' && row.kind !== 'm';
  const parts = (row.parts ?? []).map((part) => dependenceOf(part, rows, isJson));
  if (parts.includes('moment')) return 'moment';
  if (parts.includes('settings')) return 'settings';
  if (parts.length > 0) return 'tables';
  if (isJson && row.builtin && ONE_FORM_IN_JSON.has(row.output_source)) return 'tables';
  if (row.builtin && SETTINGS_ONLY.has(row.output_source)) return 'settings';
  // What it prints is kept beside what is stored (generate/labels.ts).
  if (row.kind === 'e') return 'tables';
  return row.volatility === 'i' ? 'tables' : 'moment';
}

/**
 * A type made of others has the binary form where all of them have it, its text where that is the
 * same in every session.
 */
function imageOf(oid: number, rows: ReadonlyMap<number, OutputRow>): Image | null {
  const row = rows.get(oid);
  if (row === undefined) return null;
  const { output, send, parts } = row;
  if (parts === null || parts.length === 0) {
    // An extension's send function may send text. Its output function is believed where it says
    // that it is immutable.
    const asText =
      send === null ||
      sendsText(row) ||
      (!row.builtin && dependenceOf(oid, rows, false) === 'tables');
    if (!asText) return { form: 'binary', by: send };
    return { form: 'text', by: row.builtin && IS_TEXT.has(row.send_source ?? '') ? null : output };
  }
  if (send !== null && parts.every((part) => imageOf(part, rows)?.form === 'binary'))
    return { form: 'binary', by: send };
  return textIsSteady(row, rows) ? { form: 'text', by: output } : null;
}

const sendsText = (row: OutputRow): boolean => SENDS_TEXT.has(row.send_source ?? '');

/** Whether the text of a value is the same in every session. */
function textIsSteady(row: OutputRow, rows: ReadonlyMap<number, OutputRow>): boolean {
  if (row.parts === null || row.parts.length === 0)
    return sendsText(row) || dependenceOf(row.oid, rows, false) === 'tables';
  return row.parts.every((part) => {
    const found = rows.get(part);
    return found !== undefined && textIsSteady(found, rows);
  });
}

function holdsEnum(oid: number, rows: ReadonlyMap<number, OutputRow>): boolean {
  const row = rows.get(oid);
  return row?.kind === 'e' || (row?.parts ?? []).some((part) => holdsEnum(part, rows));
}

function enumsIn(oid: number, rows: ReadonlyMap<number, OutputRow>): readonly string[] {
  const row = rows.get(oid);
  if (row === undefined) return [];
  return row.kind === 'e' ? [row.name] : (row.parts ?? []).flatMap((one) => enumsIn(one, rows));
}

/** Arrays, ranges and rows compare part by part, with `=` of each. */
function equalIsSame(oid: number, rows: ReadonlyMap<number, OutputRow>): boolean {
  const row = rows.get(oid);
  if (row === undefined || row.is_lax) return false;
  if (row.parts !== null && row.parts.length > 0)
    return row.parts.every((part) => equalIsSame(part, rows));
  return row.kind === 'e' || (row.builtin && ONE_REPRESENTATION.has(row.type_name));
}

/** Arrays, ranges and rows are hashed part by part. */
function isHashable(oid: number, rows: ReadonlyMap<number, OutputRow>): boolean {
  const row = rows.get(oid);
  if (row === undefined) return false;
  if (row.parts !== null && row.parts.length > 0)
    return row.parts.every((part) => isHashable(part, rows));
  return row.hashable;
}
