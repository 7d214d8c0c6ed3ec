/**
 * What a function's body does with values besides calling functions: constants, which PostgreSQL
 * reads anew in every session, and conversions of what is assigned or returned, which no stored
 * tree shows.
 */
import type { Db } from '../db/db.ts';
import { constantOf, intsOf } from './stored-constants.ts';
import type { TreeNode } from './stored-tree.ts';
import { nodesOf, numberOf, typeOf, visitNodes } from './stored-tree.ts';
import { loadTypeOutputs } from './type-output.ts';

type Refusal = { readonly refusal: string };
type Values = { readonly enums: readonly string[] };

/** date, timestamp, interval; text[], integer[], bigint[], numeric[], date[]. */
const SESSION_CONSTANTS: ReadonlySet<number> = new Set([
  1082, 1114, 1186, 1009, 1007, 1016, 1231, 1182,
]);
const REGCONFIG = 3734;

const isNull = (node: TreeNode): boolean =>
  node.fields.get('constisnull')?.includes('true') === true;

function constants(trees: readonly TreeNode[]): TreeNode[] {
  const found: TreeNode[] = [];
  for (const tree of trees)
    visitNodes(tree, (node) => {
      if (node.node === 'CONST' && !isNull(node)) found.push(node);
    });
  return found;
}

/** Whether it has constants of types whose text a session can read in its own way. */
export const hasSessionConstants = (tree: TreeNode): boolean =>
  constants([tree]).some((node) => SESSION_CONSTANTS.has(numberOf(node, 'consttype') ?? 0));

type ConstantType = { oid: number; kind: string; volatility: string; name: string };

/** Those of the types above have been compared under several settings. */
export async function constantsIn(db: Db, trees: readonly TreeNode[]): Promise<Values | Refusal> {
  const found = constants(trees);
  const types = [...new Set(found.map((node) => numberOf(node, 'consttype') ?? 0))];
  const rows = await db.query<ConstantType>(
    `SELECT t.oid, t.typtype::text AS kind, p.provolatile::text AS volatility,
       format_type(t.oid, NULL) AS name
     FROM pg_type t JOIN pg_proc p ON p.oid = t.typinput WHERE t.oid = ANY ($1::oid[])`,
    [`{${types.join(',')}}`],
  );
  const known = new Map(rows.map((row) => [row.oid, row]));
  const odd = types.find((type) => {
    const { volatility, kind } = known.get(type) ?? {};
    return volatility !== 'i' && kind !== 'e' && !SESSION_CONSTANTS.has(type) && type !== REGCONFIG;
  });
  if (odd !== undefined)
    return { refusal: `has a constant of type ${known.get(odd)?.name ?? 'unknown'}` };
  const named = found.filter((node) => numberOf(node, 'consttype') === REGCONFIG);
  if (!(await areAloneInName(db, named.flatMap(intsOf))))
    return { refusal: 'names a text search configuration that another schema has as well' };
  return { enums: rows.filter((row) => row.kind === 'e').map((row) => row.name) };
}

async function areAloneInName(db: Db, configurations: readonly number[]): Promise<boolean> {
  if (configurations.length === 0) return true;
  const rows = await db.query(
    `SELECT FROM pg_ts_config c JOIN pg_ts_config o USING (cfgname)
     WHERE c.oid <> o.oid AND c.oid::bigint = ANY ($1::bigint[])`,
    [`{${configurations.join(',')}}`],
  );
  return rows.length === 0;
}

type Conversion = { readonly from: number; readonly to: number };

type ConversionRow = Conversion & {
  /** Of the cast between the two; null where there is none. */
  readonly method: string | null;
  readonly context: string | null;
  readonly is_steady: boolean;
  readonly are_arrays: boolean;
  readonly reads_steadily: boolean;
};

const CONVERSIONS_SQL = `
SELECT w.from, w.to, c.castmethod::text AS method, c.castcontext::text AS context,
  coalesce(f.provolatile = 'i' AND f.oid < 16384, c.castmethod = 'b', false) AS is_steady,
  s.typelem <> 0 AND s.typlen = -1 AND d.typelem <> 0 AND d.typlen = -1 AS are_arrays,
  i.provolatile = 'i' OR d.typtype = 'e' AS reads_steadily
FROM jsonb_to_recordset($1::jsonb) w("from" oid, "to" oid)
  JOIN pg_type s ON s.oid = w.from JOIN pg_type d ON d.oid = w.to
  JOIN pg_proc i ON i.oid = d.typinput
  LEFT JOIN pg_cast c ON c.casttarget = w.to
    AND c.castsource = CASE s.typtype WHEN 'd' THEN s.typbasetype ELSE s.oid END
  LEFT JOIN pg_proc f ON f.oid = c.castfunc`;

const CONVERTS: Refusal = { refusal: 'converts a value in a way that depends on the session' };

/** Of the statements' values, each to its type; null is no conversion. */
export async function conversionsOf(
  db: Db,
  statements: readonly { readonly tree: TreeNode; readonly to: number | null }[],
): Promise<Values | Refusal> {
  const wanted = statements.flatMap(({ tree, to }): Conversion[] => {
    const value = nodesOf(nodesOf(tree, 'targetList')[0] ?? tree, 'expr')[0];
    const from = value === undefined ? 0 : (typeOf(value) ?? 0);
    const isNothing = value?.node === 'CONST' && isNull(value);
    const isOneDate = value !== undefined && to !== null && isDateLiteral(value, to);
    return to === null || to === from || isNothing || isOneDate ? [] : [{ from, to }];
  });
  if (wanted.length === 0) return { enums: [] };
  if (wanted.some(({ from, to }) => from === 0 || to === 0 || to === BOOLEAN)) return CONVERTS;
  const rows = await db.query<ConversionRow>(CONVERSIONS_SQL, [JSON.stringify(wanted)]);
  if (rows.length !== wanted.length) return CONVERTS;
  const outputs = await loadTypeOutputs(
    db,
    wanted.flatMap(({ from, to }) => [from, to]),
  );
  const isSteady = (row: ConversionRow): boolean => {
    if (row.context === 'e') return false;
    if (row.method === 'b' || row.method === 'f') return row.is_steady;
    return !row.are_arrays && row.reads_steadily && outputs.get(row.from)?.dependence === 'tables';
  };
  if (!rows.every(isSteady)) return CONVERTS;
  const enums = wanted.flatMap(({ from, to }) =>
    [from, to].flatMap((type) => outputs.get(type)?.enums ?? []),
  );
  return { enums };
}

const BOOLEAN = 16;

/** date, timestamp. */
const WITHOUT_ZONE: ReadonlySet<number> = new Set([1082, 1114]);

/** Read in the same way under each DateStyle: year, month and day (8.5.1 Date/Time Input). */
const ISO_DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])( \d\d:\d\d(:\d\d)?)?$/;

/** A text that PL/pgSQL reads when it assigns it: `since date := '2020-03-23'`. */
const isDateLiteral = (value: TreeNode, to: number): boolean =>
  WITHOUT_ZONE.has(to) && ISO_DATE.test(constantOf(value)?.text ?? '');
