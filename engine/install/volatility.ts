/**
 * What a definition's value depends on besides its tables, from the functions that PostgreSQL itself found in it: the
 * stored parse tree names every function, operator and aggregate by OID, so nothing is guessed from names in the text.
 */
import type { Db } from '../db/db.ts';
import type { CatalogFunction } from '../../parser/tree.ts';

export type Dependence =
  /** Only on its tables. */
  | 'tables'
  /** On session settings such as TimeZone and DateStyle as well, which can be compared. */
  | 'settings'
  /** On the time, the user or chance: equal tables do not mean an equal answer. */
  | 'moment';

export type FunctionUse = { readonly schema: string; readonly name: string; readonly dependence: Dependence };

export type FunctionFacts = {
  /** What a definition calls by name, for the parser. */
  readonly called: readonly CatalogFunction[];
  /** Whatever is not immutable. */
  readonly unstable: readonly FunctionUse[];
};

/** The settings that PostgreSQL's own stable functions depend on, where these depend on settings alone. */
export const PINNED_SETTINGS = [
  'TimeZone', 'DateStyle', 'IntervalStyle', 'lc_monetary', 'lc_numeric', 'lc_time', 'extra_float_digits', 'bytea_output', 'default_text_search_config',
] as const;

/** PostgreSQL's own stable functions that read the clock, the user or anything else which is not in `PINNED_SETTINGS`. */
const READS_MORE = new Set(['now', 'transaction_timestamp', 'statement_timestamp', 'timeofday']);

/** By argument types: stable functions over these give the same under the same settings. */
const SETTINGS_ONLY_NAMES = new Set([
  'date_trunc', 'date_part', 'extract', 'timezone', 'date', 'timestamp', 'timestamptz', 'time', 'timetz', 'to_char', 'to_timestamp', 'to_date', 'to_number',
  'timestamptz_pl_interval', 'timestamptz_mi_interval', 'interval_pl_timestamptz', 'generate_series', 'make_timestamptz', 'overlaps',
  'concat', 'concat_ws', 'format', 'array_to_string', 'to_json', 'to_jsonb', 'row_to_json', 'array_to_json', 'json_build_object', 'json_build_array',
  'jsonb_build_object', 'jsonb_build_array', 'json_agg', 'jsonb_agg', 'json_object_agg', 'jsonb_object_agg', 'to_tsvector', 'to_tsquery', 'plainto_tsquery',
  'cash_out', 'cash_in', 'date_out', 'timestamp_out', 'timestamptz_out', 'interval_out', 'interval_in',
  'array_out', 'record_out', 'range_out', 'bytea_out', 'float4_out', 'float8_out', 'json_agg_transfn', 'numeric_cash', 'int4_cash', 'int8_cash', 'cash_numeric',
]);

const COMPARES_WITH_TIMESTAMPTZ = /^(date|timestamp|timestamptz)_(eq|ne|lt|le|gt|ge|cmp)_(timestamptz|date|timestamp)$/;

export async function loadFunctionFacts(db: Db, views: readonly number[]): Promise<FunctionFacts> {
  const rules = await db.query<{ tree: string }>(`SELECT r.ev_action::text AS tree FROM pg_rewrite r WHERE r.ev_class = ANY ($1::oid[])`, [`{${views.join(',')}}`]);
  const trees = rules.map((rule) => rule.tree).join('\n');
  const called = oids(trees, /:(?:funcid|aggfnoid|winfnoid) (\d+)/g);
  const operators = oids(trees, /:opfuncid (\d+)/g);
  const conversions = await conversionFunctions(db, trees);
  const rows = await db.query<{ oid: number; schema: string; name: string; kind: string; volatility: string; returns_set: boolean }>(
    `SELECT p.oid, n.nspname::text AS schema, p.proname::text AS name, p.prokind::text AS kind, p.provolatile::text AS volatility, p.proretset AS returns_set
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.oid = ANY ($1::oid[])`,
    [`{${[...called, ...operators, ...conversions].join(',')}}`],
  );
  const unstable: FunctionUse[] = rows
    .filter((row) => row.volatility !== 'i')
    .map((row) => ({ schema: row.schema, name: row.name, dependence: dependenceOf(row) }));
  // CURRENT_DATE, CURRENT_USER and their like are not functions in the tree.
  if (trees.includes('{SQLVALUEFUNCTION')) unstable.push({ schema: 'pg_catalog', name: 'current_date/current_timestamp/current_user', dependence: 'moment' });
  return {
    called: rows
      .filter((row) => called.has(row.oid))
      .map((row) => ({ schema: row.schema, name: row.name, kind: KINDS[row.kind] ?? 'function', returnsSet: row.returns_set })),
    unstable: unstable.filter((use, index) => unstable.findIndex((other) => other.schema === use.schema && other.name === use.name) === index),
  };
}

const KINDS: Readonly<Record<string, CatalogFunction['kind']>> = { f: 'function', a: 'aggregate', w: 'window', p: 'procedure' };

function dependenceOf(row: { schema: string; name: string; volatility: string }): Dependence {
  if (row.volatility === 'v' || row.schema !== 'pg_catalog' || READS_MORE.has(row.name)) return 'moment';
  return SETTINGS_ONLY_NAMES.has(row.name) || COMPARES_WITH_TIMESTAMPTZ.test(row.name) ? 'settings' : 'moment';
}

function oids(text: string, pattern: RegExp): Set<number> {
  return new Set([...text.matchAll(pattern)].map((match) => Number(match[1])));
}

/** A cast through text (COERCEVIAIO) calls the source type's output and the target type's input function. */
async function conversionFunctions(db: Db, trees: string): Promise<number[]> {
  const types = new Set<number>();
  for (const match of trees.matchAll(/\{COERCEVIAIO :arg (.*?):resulttype (\d+) :resultcollid \d+ :coerceformat/gs)) {
    types.add(Number(match[2]));
    const inner = /:(?:vartype|consttype|funcresulttype|opresulttype|aggtype|wintype|casetype|coalescetype|array_typeid|resulttype|refrestype|minmaxtype) (\d+)/.exec(match[1] ?? '');
    if (inner !== null) types.add(Number(inner[1]));
  }
  if (types.size === 0) return [];
  const rows = await db.query<{ input: number; output: number }>(
    `SELECT t.typinput::oid AS input, t.typoutput::oid AS output FROM pg_type t WHERE t.oid = ANY ($1::oid[])`,
    [`{${[...types].join(',')}}`],
  );
  return rows.flatMap((row) => [row.input, row.output]);
}
