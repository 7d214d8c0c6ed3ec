/**
 * What a definition's value depends on besides its tables, from the functions that PostgreSQL
 * itself found in it: the stored parse tree names every function, operator and aggregate by OID, so
 * nothing is guessed from names in the text.
 */
import type { Db } from '../db/db.ts';
import type { CatalogFunction } from '../../parser/catalog.ts';
import type { TreeNode } from './stored-tree.ts';
import { specialUses } from './special-nodes.ts';
import { isDateText, READS_DATES } from './date-texts.ts';
import { constantOf } from './stored-constants.ts';
import { nodesOf, numberOf, parseNodeTree, typeOf, visitNodes } from './stored-tree.ts';
import { hiddenTables } from './function-bodies.ts';
import type { Dependence, TypeOutput } from './type-output.ts';
import { loadTypeOutputs, RECORD } from './type-output.ts';
import {
  COMPARES_WITH_TIMESTAMPTZ,
  DEPENDS_ON_TIME_ZONE,
  dependsOnNothing,
  PRINTS_ARGUMENTS,
  PRINTS_JSON,
  READS_THE_CLOCK,
  SENDS_PARTS,
  SETTINGS_ONLY,
} from './stable-functions.ts';

export type FunctionUse = {
  readonly schema: string;
  readonly name: string;
  /**
   * The operator that the function stands behind, with its operands' types; null for one that is no
   * operator's.
   */
  readonly operator: { readonly name: string; readonly signature: string } | null;
  readonly dependence: Dependence;
  /** The tables that a function reads although it is declared IMMUTABLE; null for any other. */
  readonly reads?: string | null;
};

export type FunctionFacts = {
  /** What a definition calls by name, for the parser. */
  readonly called: readonly CatalogFunction[];
  /** Whatever depends on more than tables. */
  readonly unstable: readonly FunctionUse[];
  /** The enums whose labels the definition reads, each once, as `format_type` prints them. */
  readonly enums: readonly string[];
  /** Functions of roles that are not superusers, qualified. */
  readonly untrusted: readonly string[];
  /** Whether one of them must not run in parallel mode. */
  readonly isParallelUnsafe: boolean;
};

/**
 * The settings that PostgreSQL's own stable functions depend on, where these depend on settings
 * alone.
 */
export const PINNED_SETTINGS = [
  'TimeZone',
  'DateStyle',
  'IntervalStyle',
  'lc_monetary',
  'lc_numeric',
  'lc_time',
  'extra_float_digits',
  'bytea_output',
  'default_text_search_config',
] as const;

type FunctionRow = {
  oid: number;
  schema: string;
  name: string;
  signature: string;
  kind: string;
  volatility: string;
  returns_set: boolean;
  trusted: boolean;
  parallel_unsafe: boolean;
  operator: string | null;
  operator_signature: string | null;
};

/** A function with the types of its arguments as they are used. */
type Use = {
  readonly oid: number;
  readonly args: readonly TreeNode[];
  readonly argumentTypes: readonly number[];
};
type Conversion = { readonly from: TreeNode | null; readonly to: number };
type Findings = {
  readonly uses: readonly Use[];
  readonly conversions: readonly Conversion[];
  readonly special: readonly FunctionUse[];
};

export async function loadFunctionFacts(db: Db, views: readonly number[]): Promise<FunctionFacts> {
  const rules = await db.query<{ tree: string }>(
    `SELECT r.ev_action::text AS tree FROM pg_rewrite r WHERE r.ev_class = ANY ($1::oid[])`,
    [`{${views.join(',')}}`],
  );
  const findings = findIn(rules.map((rule) => rule.tree));
  const inputs = await inputFunctions(
    db,
    findings.conversions.map((conversion) => conversion.to),
  );
  const functions = await loadFunctions(db, [
    ...findings.uses.map((use) => use.oid),
    ...inputs.values(),
  ]);
  const outputs = await loadTypeOutputs(db, typesIn(findings));
  const hidden = await hiddenTables(db, [...functions.values()]);
  const unstable = [
    ...[...functions.values()].flatMap((row): FunctionUse[] => {
      const reads = hidden.get(row.oid);
      return reads === undefined ? [] : [{ ...named(row), dependence: 'moment', reads }];
    }),
    ...findings.uses.flatMap((use) => useOf(use, functions.get(use.oid), outputs)),
    ...findings.conversions.flatMap((conversion) =>
      conversionUses(
        conversion,
        functions.get(inputs.get(conversion.to) ?? 0),
        isDateText(conversion.from, (oid) => functions.get(oid)?.signature ?? ''),
        outputs,
      ),
    ),
    ...findings.special,
  ];
  const called = new Set(findings.uses.map((use) => use.oid));
  return {
    called: [...functions.values()]
      .filter((row) => called.has(row.oid))
      .map((row) => ({
        schema: row.schema,
        name: row.name,
        kind: KINDS[row.kind] ?? 'function',
        returnsSet: row.returns_set,
      })),
    unstable: unstable.filter(
      (use, index) =>
        unstable.findIndex(
          (other) =>
            other.schema === use.schema &&
            other.name === use.name &&
            other.dependence === use.dependence,
        ) === index,
    ),
    enums: enumsRead(findings, functions, outputs),
    untrusted: [...functions.values()]
      .filter((row) => !row.trusted)
      .map((row) => `${row.schema}.${row.name}`),
    isParallelUnsafe: [...functions.values()].some((row) => row.parallel_unsafe),
  };
}

const KINDS: Readonly<Record<string, CatalogFunction['kind']>> = {
  f: 'function',
  a: 'aggregate',
  w: 'window',
  p: 'procedure',
};

/** The fields in which nodes name a function by OID. */
const FUNCTION_FIELDS = ['funcid', 'aggfnoid', 'winfnoid', 'opfuncid'] as const;

/** Whether it is the time at which the transaction began. */
export const isClock = ({ schema, name }: FunctionUse): boolean =>
  schema === 'pg_catalog' && (name === 'now' || name === 'transaction_timestamp');

function findIn(trees: readonly string[]): Findings {
  const uses: Use[] = [];
  const conversions: Conversion[] = [];
  const special: FunctionUse[] = [];
  for (const tree of trees) {
    visitNodes(parseNodeTree(tree), (node) => {
      const oid = FUNCTION_FIELDS.map((field) => numberOf(node, field)).find(
        (found) => found !== null && found !== 0,
      );
      uses.push(...frameUses(node));
      if (oid !== undefined && oid !== null)
        uses.push({ oid, args: argumentsOf(node), argumentTypes: listedTypes(node) });
      // A cast through text: the source type's output, the target type's input.
      if (node.node.startsWith('COERCEVIAIO'))
        conversions.push({
          from: nodesOf(node, 'arg')[0] ?? null,
          to: numberOf(node, 'resulttype') ?? 0,
        });
      for (const { name, dependence } of specialUses(node))
        special.push({ schema: 'pg_catalog', name, operator: null, dependence });
    });
  }
  return { uses, conversions, special };
}

/** What moves the bounds of a RANGE frame; hours and minutes are added without a time zone. */
function frameUses(node: TreeNode): Use[] {
  return ['start', 'end'].flatMap((side) => {
    const oid = numberOf(node, `${side}InRangeFunc`) ?? 0;
    const [offset] = nodesOf(node, `${side}Offset`);
    if (oid === 0 || offset === undefined || constantOf(offset)?.isTimeOnly === true) return [];
    return [{ oid, args: [], argumentTypes: [] }];
  });
}

/** An aggregate's arguments are wrapped in target entries. */
const argumentsOf = (node: TreeNode): readonly TreeNode[] =>
  nodesOf(node, 'args').map((arg) => nodesOf(arg, 'expr')[0] ?? arg);

/** The types that an aggregate lists: `(o 23 25)`. */
function listedTypes(node: TreeNode): number[] {
  const [list] = node.fields.get('aggargtypes') ?? [];
  return Array.isArray(list)
    ? list.filter((item) => typeof item === 'string' && /^\d+$/.test(item)).map(Number)
    : [];
}

function typesIn({ uses, conversions }: Findings): number[] {
  const nodes = [
    ...uses.flatMap((use) => use.args),
    ...conversions.flatMap(({ from }) => (from === null ? [] : [from])),
  ];
  const inRows = nodes.flatMap((node) => (typeOf(node) === RECORD ? rowItems(node) : [node]));
  return [
    ...uses.flatMap((use) => use.argumentTypes),
    ...inRows.map((node) => typeOf(node) ?? 0),
    ...conversions.map(({ to }) => to),
  ];
}

/** The innermost items of `ROW(...)`. */
const rowItems = (node: TreeNode): TreeNode[] =>
  typeOf(node) === RECORD && node.fields.has('row_typeid')
    ? argumentsOf(node).flatMap(rowItems)
    : [node];

async function inputFunctions(db: Db, types: readonly number[]): Promise<Map<number, number>> {
  if (types.length === 0) return new Map();
  // A domain's input function reads the base type's: its own is marked stable for its checks.
  const rows = await db.query<{ type: number; input: number }>(
    `SELECT t.oid AS type, coalesce(b.typinput, t.typinput)::oid AS input
     FROM pg_type t LEFT JOIN pg_type b ON b.oid = t.typbasetype
     WHERE t.oid = ANY ($1::oid[])`,
    [`{${[...new Set(types)].join(',')}}`],
  );
  return new Map(rows.map((row) => [row.type, row.input]));
}

async function loadFunctions(db: Db, oids: readonly number[]): Promise<Map<number, FunctionRow>> {
  const rows = await db.query<FunctionRow>(
    `SELECT p.oid, n.nspname::text AS schema, p.proname::text AS name,
       p.proname || '(' || oidvectortypes(p.proargtypes) || ')' AS signature,
       p.prokind::text AS kind, p.provolatile::text AS volatility, p.proretset AS returns_set,
       p.proparallel = 'u' AS parallel_unsafe,
       coalesce(r.rolsuper, false) AS trusted, o.operator, o.operator_signature
     FROM pg_proc p
     JOIN pg_namespace n ON n.oid = p.pronamespace
     LEFT JOIN pg_roles r ON r.oid = p.proowner
     LEFT JOIN LATERAL (
       SELECT o.oprname::text AS operator,
         concat_ws(' ', format_type(nullif(o.oprleft, 0), NULL), o.oprname,
           format_type(o.oprright, NULL)) AS operator_signature
       FROM pg_operator o WHERE o.oprcode = p.oid ORDER BY o.oid LIMIT 1
     ) o ON true
     WHERE p.oid = ANY ($1::oid[]) ORDER BY p.oid`,
    [`{${[...new Set(oids)].join(',')}}`],
  );
  return new Map(rows.map((row) => [row.oid, row]));
}

function useOf(
  use: Use,
  row: FunctionRow | undefined,
  outputs: ReadonlyMap<number, TypeOutput>,
): FunctionUse[] {
  if (row === undefined) return [];
  if (row.schema === 'pg_catalog' && DEPENDS_ON_TIME_ZONE.has(row.signature))
    return [{ ...named(row), dependence: 'settings' }];
  if (row.volatility === 'i') return [];
  const dependence = dependenceOf(row, use, outputs);
  return dependence === 'tables' ? [] : [{ ...named(row), dependence }];
}

const named = (row: FunctionRow): Pick<FunctionUse, 'schema' | 'name' | 'operator'> => ({
  schema: row.schema,
  name: row.name,
  operator:
    row.operator === null ? null : { name: row.operator, signature: row.operator_signature ?? '' },
});

function dependenceOf(
  row: FunctionRow,
  use: Use,
  outputs: ReadonlyMap<number, TypeOutput>,
): Dependence {
  if (row.volatility === 'v' || row.schema !== 'pg_catalog' || READS_THE_CLOCK.has(row.signature))
    return 'moment';
  if (dependsOnNothing(row.signature, use.args.map(constantOf))) return 'tables';
  if (SENDS_PARTS.has(row.name) && use.args.every((arg) => isSteadyAsBytes(arg, outputs)))
    return 'tables';
  const isJson = PRINTS_JSON.has(row.name);
  if (isJson || PRINTS_ARGUMENTS.has(row.name))
    return worst([
      ...use.args.map((arg) => printing(arg, outputs, isJson)),
      ...use.argumentTypes.map((type) => ofType(type, outputs, isJson)),
    ]);
  return SETTINGS_ONLY.has(row.name) || COMPARES_WITH_TIMESTAMPTZ.test(row.name)
    ? 'settings'
    : 'moment';
}

function conversionUses(
  { from, to }: Conversion,
  input: FunctionRow | undefined,
  isOfOneDate: boolean,
  outputs: ReadonlyMap<number, TypeOutput>,
): FunctionUse[] {
  const printed = from === null ? 'moment' : printing(from, outputs, false);
  // Reading text can depend on the clock: 'today' is a date.
  const read =
    input === undefined ||
    input.volatility === 'i' ||
    input.name === 'enum_in' ||
    (isOfOneDate && READS_DATES.has(input.name))
      ? 'tables'
      : SETTINGS_ONLY.has(input.name)
        ? 'settings'
        : 'moment';
  const dependence = worst([printed, read]);
  if (dependence === 'tables') return [];
  const name = (type: number | null): string => outputs.get(type ?? 0)?.name ?? 'record';
  const target = input === undefined ? 'text' : input.name.replace(/_?in$/, '');
  return [
    {
      schema: 'pg_catalog',
      operator: null,
      name: from === null ? `text::${name(to)}` : `${name(typeOf(from))}::${target}`,
      dependence,
    },
  ];
}

/** The enums of what is printed, or read from text. */
function enumsRead(
  { uses, conversions }: Findings,
  functions: ReadonlyMap<number, FunctionRow>,
  outputs: ReadonlyMap<number, TypeOutput>,
): readonly string[] {
  const printing = uses.filter(({ oid }) => {
    const row = functions.get(oid);
    return (
      row?.schema === 'pg_catalog' && (PRINTS_ARGUMENTS.has(row.name) || PRINTS_JSON.has(row.name))
    );
  });
  const nodes = [
    ...printing.flatMap(({ args }) => args),
    ...conversions.flatMap(({ from }) => from ?? []),
  ];
  const types = [
    ...nodes.flatMap(rowItems).map((node) => typeOf(node) ?? RECORD),
    ...printing.flatMap(({ argumentTypes }) => argumentTypes),
    ...conversions.map(({ to }) => to),
  ];
  return [...new Set(types.flatMap((type) => outputs.get(type)?.enums ?? []))].sort();
}

/** What the text of an expression's value depends on. */
function printing(
  expr: TreeNode,
  outputs: ReadonlyMap<number, TypeOutput>,
  isJson: boolean,
): Dependence {
  const items = rowItems(expr);
  // A record that is not written out as a row can hold anything.
  return worst(items.map((item) => ofType(typeOf(item) ?? RECORD, outputs, isJson)));
}

const ofType = (
  type: number,
  outputs: ReadonlyMap<number, TypeOutput>,
  isJson: boolean,
): Dependence => outputs.get(type)?.[isJson ? 'inJson' : 'dependence'] ?? 'moment';

/** Whether the binary form of a value is the same in every session. */
const isSteadyAsBytes = (expr: TreeNode, outputs: ReadonlyMap<number, TypeOutput>): boolean =>
  outputs.get(typeOf(expr) ?? RECORD)?.image?.form === 'binary';

export function worst(dependences: readonly Dependence[]): Dependence {
  if (dependences.includes('moment')) return 'moment';
  return dependences.includes('settings') ? 'settings' : 'tables';
}
