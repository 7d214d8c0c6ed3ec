/**
 * What a definition's value depends on besides its tables, from the functions that PostgreSQL
 * itself found in it: the stored parse tree names every function, operator and aggregate by OID, so
 * nothing is guessed from names in the text.
 */
import type { Db } from '../db/db.ts';
import type { CatalogFunction } from '../../parser/catalog.ts';
import type { TreeNode, TreeValue } from './stored-tree.ts';
import { hasNoWords, isDateText, READS_DATES, READS_TIMES } from './date-texts.ts';
import type { FunctionRow } from './function-rows.ts';
import { loadFunctions } from './function-rows.ts';
import { constantOf, isTimeOnly } from './stored-constants.ts';
import { parseNodeTree, typeOf } from './stored-tree.ts';
import { hiddenTables } from './function-bodies.ts';
import { inputFunctions } from './input-functions.ts';
import type { FunctionFacts, FunctionUse, ProvedFunction } from './function-facts.ts';
import { enumsListed, enumsRead, listsEnum } from './enums-read.ts';
import type { Conversion, Findings, Use } from './tree-findings.ts';
import { findIn, rowItems, typesIn } from './tree-findings.ts';
import { omittedDefaults } from './omitted-defaults.ts';
import type { ProvedByBodies } from './proved-functions.ts';
import { provedByBodies } from './proved-functions.ts';
import { computingOtherwise } from './session-names.ts';
import type { Dependence, TypeOutput } from './type-output.ts';
import { FIRST_NORMAL_OID, loadTypeOutputs, RECORD } from './type-output.ts';
import {
  COMPARES_WITH_TIMESTAMPTZ,
  DEPENDS_ON_TIME_ZONE,
  dependsOnNothing,
  PRINTS_ARGUMENTS,
  OF_EXTENSIONS,
  PRINTS_JSON,
  READS_JSON,
  READS_THE_CLOCK,
  READS_TODAY,
  SENDS_PARTS,
  SETTINGS_ONLY,
} from './stable-functions.ts';

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

export async function loadFunctionFacts(db: Db, views: readonly number[]): Promise<FunctionFacts> {
  const rules = await db.query<{ tree: string }>(
    `SELECT r.ev_action::text AS tree FROM pg_rewrite r WHERE r.ev_class = ANY ($1::oid[])`,
    [`{${views.join(',')}}`],
  );
  return factsOf(
    db,
    rules.map((rule) => parseNodeTree(rule.tree)),
    [],
  );
}

type Known = {
  readonly findings: Findings;
  readonly functions: ReadonlyMap<number, FunctionRow>;
  /** The input functions of types that are read from text. */
  readonly inputs: ReadonlyMap<number, number>;
  readonly outputs: ReadonlyMap<number, TypeOutput>;
  /** What functions read that are declared IMMUTABLE. */
  readonly hidden: ReadonlyMap<number, string>;
  /** Schemas with which such functions compute something else. */
  readonly otherwise: ReadonlyMap<number, string>;
  readonly bodies: ProvedByBodies;
  /** Whether the trees are of bodies, whose enums are not known to be listed. */
  readonly isOfBodies: boolean;
  /** What the defaults of arguments depend on that calls leave out, by the function. */
  readonly defaults: ReadonlyMap<number, FunctionFacts>;
};

/** `within`: the functions in whose bodies these trees are. */
async function factsOf(
  db: Db,
  trees: readonly TreeValue[],
  within: readonly number[],
): Promise<FunctionFacts> {
  const findings = findIn(trees);
  const inputs = await inputFunctions(
    db,
    findings.conversions.map((conversion) => conversion.to),
  );
  const functions = await loadFunctions(db, [
    ...findings.uses.map((use) => use.oid),
    ...inputs.values(),
  ]);
  const outputs = await loadTypeOutputs(db, typesIn(findings));
  const rows = [...functions.values()];
  const hidden = await hiddenTables(db, rows);
  const otherwise = await computingOtherwise(db, [...functions.keys()]);
  const bodies = await provedByBodies(db, rows, within, (inner, of) => factsOf(db, inner, of));
  const defaults = new Map<number, FunctionFacts>();
  for (const [oid, omitted] of await omittedDefaults(db, findings.uses))
    if (!within.includes(oid)) defaults.set(oid, await factsOf(db, omitted, [...within, oid]));
  const isOfBodies = within.length > 0;
  const known: Known = {
    findings,
    functions,
    inputs,
    outputs,
    hidden,
    otherwise,
    bodies,
    isOfBodies,
    defaults,
  };
  const readTime = calledByName(findings, bodies.readTime);
  const bySettings = calledByName(findings, bodies.bySettings);
  const ofBodies = { readTime, bySettings };
  const unstable = unstableIn(known, ofBodies);
  const others = [bodies.facts, ...defaults.values()];
  const called = new Set(findings.uses.map((use) => use.oid));
  const ofUsers = rows.filter(
    ({ oid }) => isOfBodies && called.has(oid) && oid >= FIRST_NORMAL_OID,
  );
  return {
    called: rows
      .filter((row) => called.has(row.oid))
      .map((row) => callOf(row, readTime.has(row.oid))),
    unstable,
    enums: enumsOf(known, ofBodies, others),
    listedEnums: isOfBodies ? [] : enumsListed(findings, functions, outputs),
    untrusted: [
      ...rows.filter((row) => !row.trusted).map((row) => `${row.schema}.${row.name}`),
      ...others.flatMap(({ untrusted }) => untrusted),
    ],
    isParallelUnsafe:
      others.some((one) => one.isParallelUnsafe) || rows.some((row) => row.parallel_unsafe),
    proved: provedIn(known, ofBodies),
    calledInBodies: [...ofUsers, ...others.flatMap(({ calledInBodies }) => calledInBodies)],
  };
}

function provedIn(
  { functions, bodies, defaults }: Known,
  { readTime, bySettings }: OfBodies,
): readonly ProvedFunction[] {
  return [
    ...[...functions.values()].flatMap((row) => {
      const readsTime = readTime.has(row.oid);
      const isBySettings = bySettings.has(row.oid);
      return readsTime || isBySettings || bodies.proved.has(row.oid)
        ? [{ ...row, readsTime, bySettings: isBySettings }]
        : [];
    }),
    ...[...defaults.values()].flatMap(({ proved }) => proved),
  ];
}

/** The enums of these trees, of bodies and of defaults. */
function enumsOf(
  { findings, functions, outputs, bodies }: Known,
  { readTime, bySettings }: OfBodies,
  others: readonly Pick<FunctionFacts, 'enums'>[],
): readonly string[] {
  const proved = new Set([...bodies.proved, ...readTime, ...bySettings]);
  const found = [
    ...enumsRead(findings, functions, outputs, proved),
    ...enumsListed(findings, functions, outputs),
    ...others.flatMap(({ enums }) => enums),
  ];
  return [...new Set(found)].sort();
}

/** Those of the functions that are called by name and in no other way: no operator is one. */
function calledByName({ uses }: Findings, functions: ReadonlySet<number>): ReadonlySet<number> {
  const others = new Set(uses.filter(({ isCall }) => !isCall).map(({ oid }) => oid));
  return new Set([...functions].filter((oid) => !others.has(oid)));
}

/** Functions that are called by name, and whose bodies depend on more than their arguments. */
type OfBodies = Pick<ProvedByBodies, 'readTime' | 'bySettings'>;

/** Whatever depends on more than tables, each once. */
function unstableIn(
  { findings, functions, inputs, outputs, hidden, otherwise, bodies, isOfBodies, defaults }: Known,
  { readTime, bySettings }: OfBodies,
): FunctionUse[] {
  const unstable = [
    ...[...functions.values()].flatMap((row): FunctionUse[] => {
      const reads = hidden.get(row.oid);
      if (reads !== undefined) return [{ ...named(row), dependence: 'moment', reads }];
      const otherwiseWith = otherwise.get(row.oid);
      if (otherwiseWith === undefined) return [];
      return [{ ...named(row), dependence: 'moment', otherwiseWith }];
    }),
    ...findings.uses.flatMap((use) =>
      bodies.proved.has(use.oid)
        ? []
        : useOf(use, functions, outputs, isOfBodies).map((one) => ({
            ...one,
            ...(readTime.has(use.oid) ? { isOfReader: true } : {}),
            ...(bySettings.has(use.oid)
              ? { dependence: 'settings' as const, isOfReader: true }
              : {}),
            body: bodies.refused.get(use.oid) ?? null,
          })),
    ),
    ...findings.conversions.flatMap((conversion) =>
      conversionUses(
        conversion,
        functions.get(inputs.get(conversion.to) ?? 0),
        conversion.isOfDigits === true ? 'settings' : dateText(conversion.from, functions),
        outputs,
      ),
    ),
    ...findings.special,
    ...[...defaults].flatMap(([oid, { unstable: uses }]): FunctionUse[] => {
      const row = functions.get(oid);
      const dependence = worst(uses.map((use) => use.dependence));
      return row === undefined || dependence === 'tables'
        ? []
        : [{ ...named(row), dependence, isByDefault: true }];
    }),
  ];
  return unstable.filter(
    (use, index) =>
      unstable.findIndex(
        (other) =>
          other.schema === use.schema &&
          other.name === use.name &&
          other.dependence === use.dependence &&
          other.isOfReader === use.isOfReader,
      ) === index,
  );
}

const KINDS: Readonly<Record<string, CatalogFunction['kind']>> = {
  f: 'function',
  a: 'aggregate',
  w: 'window',
  p: 'procedure',
};

const callOf = (row: FunctionRow, readsTime: boolean): CatalogFunction => ({
  schema: row.schema,
  name: row.name,
  kind: KINDS[row.kind] ?? 'function',
  returnsSet: row.returns_set,
  readsTime,
});

/** Whether it is the time at which the transaction began. */
export const isClock = ({ schema, name }: Pick<FunctionUse, 'schema' | 'name'>): boolean =>
  schema === 'pg_catalog' && (name === 'now' || name === 'transaction_timestamp');

/** Whether its body reads the time. */
export const isTimeInBody = ({ schema, dependence, isOfReader }: FunctionUse): boolean =>
  isOfReader === true && dependence === 'moment' && schema !== 'pg_catalog';

function useOf(
  use: Use,
  functions: ReadonlyMap<number, FunctionRow>,
  outputs: ReadonlyMap<number, TypeOutput>,
  isOfBody: boolean,
): FunctionUse[] {
  const row = functions.get(use.oid);
  if (row === undefined || (!isOfBody && listsEnum(row))) return [];
  if (row.schema === 'pg_catalog' && DEPENDS_ON_TIME_ZONE.has(row.signature))
    return [{ ...named(row), dependence: 'settings', isOfReader: true }];
  if (row.volatility === 'i') return [];
  const dependence = dependenceOf(row, use, functions, outputs);
  if (dependence === 'tables') return [];
  const isOfReader =
    row.schema === 'pg_catalog' &&
    (dependence === 'settings' || isClock(row) || READS_TODAY.has(row.signature));
  return [{ ...named(row), dependence, ...(isOfReader ? { isOfReader } : {}) }];
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
  functions: ReadonlyMap<number, FunctionRow>,
  outputs: ReadonlyMap<number, TypeOutput>,
): Dependence {
  if (OF_EXTENSIONS.get(row.extension ?? '')?.has(row.signature) === true) return 'tables';
  if (row.volatility === 'v' || row.schema !== 'pg_catalog' || READS_THE_CLOCK.has(row.signature))
    return 'moment';
  const signatureOf = signaturesIn(functions);
  const constants = use.args.map(
    (arg) => constantOf(arg) ?? { text: null, isTimeOnly: isTimeOnly(arg, signatureOf) },
  );
  if (dependsOnNothing(row.signature, constants)) return 'tables';
  // What each of its columns is read as is a conversion of its own.
  if (READS_JSON.has(row.name) && use.hasColumnList) return 'tables';
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

/** The signatures of PostgreSQL's own functions; nothing for any other. */
const signaturesIn =
  (functions: ReadonlyMap<number, FunctionRow>) =>
  (oid: number): string => {
    const row = functions.get(oid);
    return row?.schema === 'pg_catalog' ? row.signature : '';
  };

/** What reading a text as a date or a time depends on. */
function dateText(text: TreeNode | null, functions: ReadonlyMap<number, FunctionRow>): Dependence {
  const signatureOf = signaturesIn(functions);
  if (isDateText(text, signatureOf)) return 'tables';
  return hasNoWords(text, signatureOf) ? 'settings' : 'moment';
}

function conversionUses(
  { from, to, isOfXml = false }: Conversion,
  input: FunctionRow | undefined,
  asDate: Dependence,
  outputs: ReadonlyMap<number, TypeOutput>,
): FunctionUse[] {
  const asText = from === null ? 'moment' : printing(from, outputs, false);
  const printed = isOfXml ? 'tables' : asText;
  // Reading text can depend on the clock: 'today' is a date.
  const read =
    input === undefined ||
    input.volatility === 'i' ||
    input.name === 'enum_in' ||
    (asDate === 'tables' && READS_DATES.has(input.name))
      ? 'tables'
      : SETTINGS_ONLY.has(input.name) || (asDate !== 'moment' && READS_TIMES.has(input.name))
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
      name:
        from === null
          ? `${isOfXml ? 'xml' : 'text'}::${name(to)}`
          : `${name(typeOf(from))}::${target}`,
      dependence,
      ...(dependence === 'settings' ? { isOfReader: true } : {}),
    },
  ];
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
