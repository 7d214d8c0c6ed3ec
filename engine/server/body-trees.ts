/**
 * What the body of a function computes, as trees. Each expression of a body in quotes
 * (parser/libpg/function-body.ts) is resolved by PostgreSQL, in a procedure that is taken back.
 * Nothing of it is run or planned: it can be the code of another role.
 */
import type { Body, BodyExpression } from '../../parser/libpg/function-body.ts';
import { readBody } from '../../parser/libpg/function-body.ts';
import { loadGrammar } from '../../parser/libpg/load.ts';
import { quoteIdent } from '../../parser/quote.ts';
import type { Db } from '../db/db.ts';
import { isRejected } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import { constantsIn, conversionsOf, hasSessionConstants } from './body-values.ts';
import {
  ambiguousLooseName,
  ambiguousName,
  isTypeAsFunction,
  looseIn,
  openCallIn,
} from './stable-names.ts';
import type { TreeNode, TreeValue } from './stored-tree.ts';
import { isNode, nodesOf, numberOf, parseNodeTree, visitNodes } from './stored-tree.ts';

/** Why a body proves nothing, to be said after "its body". */
type Refusal = { readonly refusal: string };

/** The trees of what a function computes: of what these depend on, it does. */
export type Proof = { readonly trees: readonly TreeNode[]; readonly enums: readonly string[] };

type FunctionRow = {
  readonly oid: number;
  readonly name: string;
  readonly language: string;
  readonly source: string;
  readonly bound: string | null;
  readonly kind: string;
  readonly returns_set: boolean;
  readonly is_list: boolean;
  readonly names: readonly string[] | null;
  readonly modes: readonly string[] | null;
  readonly types: readonly number[];
  readonly type_names: readonly string[];
  readonly result: number;
  readonly settings: readonly string[];
  readonly has_odd_types: boolean;
};

/** Types of rows, and those that stand for any type. */
const ODD_TYPE = (type: string): string => `EXISTS (
  SELECT FROM pg_type x LEFT JOIN pg_type e ON e.oid = x.typelem AND x.typlen = -1
  WHERE x.oid = ${type} AND (x.typtype IN ('p', 'c') OR e.typtype IN ('p', 'c')))`;
const IS_DOMAIN = (type: string): string => `EXISTS (
  SELECT FROM pg_type x LEFT JOIN pg_type e ON e.oid = x.typelem AND x.typlen = -1
  WHERE x.oid = ${type} AND (x.typtype = 'd' OR e.typtype = 'd'))`;

/** Under every search_path. */
const NAME_OF_TYPE = `quote_ident(n.nspname) || '.' || quote_ident(t.typname)`;

const FUNCTIONS_SQL = `
SELECT p.oid, p.proname::text AS name, l.lanname::text AS language, p.prosrc AS source,
  p.prosqlbody::text AS bound, p.prokind::text AS kind, p.proretset AS returns_set,
  p.provariadic <> 0 AS is_list, to_json(p.proargnames) AS names, to_json(p.proargmodes) AS modes,
  (SELECT coalesce(json_agg(a.type::bigint ORDER BY a.place), '[]')
   FROM unnest(p.proargtypes) WITH ORDINALITY a(type, place)) AS types,
  (SELECT coalesce(json_agg(${NAME_OF_TYPE} ORDER BY a.place), '[]')
   FROM unnest(p.proargtypes) WITH ORDINALITY a(type, place)
     JOIN pg_type t ON t.oid = a.type JOIN pg_namespace n ON n.oid = t.typnamespace) AS type_names,
  p.prorettype AS result, to_json(coalesce(p.proconfig, '{}')) AS settings,
  ${ODD_TYPE('p.prorettype')} OR ${IS_DOMAIN('p.prorettype')} OR EXISTS (
    SELECT FROM unnest(p.proargtypes) a(type) WHERE ${ODD_TYPE('a.type')}) AS has_odd_types
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.oid = ANY ($1::oid[]) ORDER BY p.oid`;

/** Inside a transaction; leaves nothing behind. What cannot be said of a function is missing. */
export async function readBodies(
  db: Db,
  functions: readonly number[],
): Promise<ReadonlyMap<number, Proof | Refusal>> {
  if (functions.length === 0) return new Map();
  const rows = await db.query<FunctionRow>(FUNCTIONS_SQL, [`{${functions.join(',')}}`]);
  const found = new Map<number, Proof | Refusal>();
  for (const row of rows) {
    const proof = await rolledBack(db, () => bodyOf(db, row)).catch((error: unknown) => {
      if (!isRejected(error)) throw error;
      // Data that cannot be converted, in a constant; all else is a name.
      return error.sqlstate.startsWith('22') ? SESSION_CONSTANT : UNRESOLVED;
    });
    if (proof !== null) found.set(row.oid, proof);
  }
  return found;
}

const UNRESOLVED: Refusal = {
  refusal:
    'has names that are not found without a search_path: qualify them, or ' +
    'ALTER FUNCTION ... SET search_path',
};

async function bodyOf(db: Db, row: FunctionRow): Promise<Proof | Refusal | null> {
  if (!isFollowed(row)) return null;
  const searchPath = searchPathIn(row.settings);
  if (searchPath === null) return { refusal: 'runs under settings of its own' };
  if (row.bound !== null) return boundBody(db, row, row.bound);
  const body = await quotedBody(row);
  if ('refusal' in body) return body;
  const resolved = await resolvedBody(db, row, body, (run) => under(db, searchPath, run));
  if ('refusal' in resolved) return resolved;
  const all = resolved.map(({ tree }) => tree);
  const other = (await ambiguousLooseName(db, body.loose)) ?? (await ambiguousName(db, all));
  if (other !== null) return { refusal: `has a name, "${other}", that another schema has as well` };
  const loose = looseIn(all, body.loose.hasUntyped) ?? (await openCallIn(db, all));
  return loose === null ? proofOf(db, resolved) : { refusal: loose };
}

/** What else could be said of others is that they are of another kind. */
const isFollowed = (row: FunctionRow): boolean =>
  (row.language === 'sql' || row.language === 'plpgsql') &&
  row.kind === 'f' &&
  !(row.returns_set || row.is_list || row.has_odd_types) &&
  (row.modes ?? []).every((mode) => mode === 'i');

const quotedBody = async (row: FunctionRow): Promise<Body | Refusal> =>
  readBody(
    await loadGrammar(),
    row.language === 'sql' ? 'sql' : 'plpgsql',
    parametersOf(row),
    row.source,
  );

const parametersOf = (row: FunctionRow): string[] =>
  row.types.map((_, index) => row.names?.[index] ?? '');

/**
 * What a body in quotes computes if its names are looked up under a search_path; null for one that
 * is not followed. Inside a transaction, which is to be rolled back.
 */
export async function resolvedUnder(
  db: Db,
  oid: number,
  searchPath: string,
): Promise<readonly Resolved[] | null> {
  const [row] = await db.query<FunctionRow>(FUNCTIONS_SQL, [`{${oid}}`]);
  if (row === undefined || !isFollowed(row)) return null;
  const body = await quotedBody(row);
  if ('refusal' in body) return null;
  const resolved = await resolvedBody(db, row, body, (run) => under(db, searchPath, run));
  return 'refusal' in resolved ? null : resolved;
}

/**
 * Runs `run` with the names of a body. Nothing else may be looked up there: it would be found in
 * schemas of others.
 */
async function under<T>(db: Db, searchPath: string, run: () => Promise<T>): Promise<T> {
  await db.query(`SELECT set_config('search_path', $1, true)`, [searchPath]);
  const result = await run();
  db.defer('SET LOCAL search_path = pg_catalog');
  return result;
}

/** Runs what looks up names of a body. */
type Under = <T>(run: () => Promise<T>) => Promise<T>;

/** Null for what is not the same in every session. */
function searchPathIn(settings: readonly string[]): string | null {
  const [setting, ...others] = settings;
  if (setting === undefined) return 'pg_catalog';
  const path = /^search_path=([\s\S]*)$/.exec(setting)?.[1];
  return path === undefined || others.length > 0 || path.includes('$user') ? null : path;
}

/** A statement and the type to which its value is converted; null for one that is not. */
export type Resolved = { readonly tree: TreeNode; readonly to: number | null };

const BOOLEAN = 16;

/** A body that is not in quotes: PostgreSQL has resolved all names in it for good. */
async function boundBody(db: Db, row: FunctionRow, bound: string): Promise<Proof | Refusal> {
  const [tree, ...others] = queriesIn(bound);
  if (tree === undefined || others.length > 0) return { refusal: 'is more than an expression' };
  return proofOf(db, [{ tree, to: row.result }]);
}

function queriesIn(text: string): TreeNode[] {
  const found: TreeNode[] = [];
  const look = (value: TreeValue): void => {
    if (typeof value === 'string') return;
    if (isNode(value)) found.push(value);
    else for (const item of value) look(item);
  };
  look(parseNodeTree(text));
  return found;
}

async function resolvedBody(
  db: Db,
  row: FunctionRow,
  body: Body,
  lookUp: Under,
): Promise<readonly Resolved[] | Refusal> {
  const types = await typesOf(db, body.variables, lookUp);
  if (types === null) return { refusal: 'has a variable of a type that is not followed' };
  const parameters = [
    ...parametersOf(row).map((name, index) => [name, row.type_names[index] ?? '']),
    ...body.variables.map(({ name }) => [name, types.get(name)?.name ?? '']),
    ...body.aliases.map(({ name, parameter }) => [name, row.type_names[parameter - 1] ?? '']),
  ].map(([name = '', type = '']) => (name === '' ? type : `${quoteIdent(name)} ${type}`));
  // With the function's own name, because that qualifies parameters.
  const sql =
    `CREATE PROCEDURE pg_temp.${quoteIdent(row.name)}(${parameters.join(', ')}) LANGUAGE sql ` +
    `BEGIN ATOMIC ${body.expressions.map(({ sql }) => `SELECT ${sql}\n;\n`).join('')} END`;
  const create = async (): Promise<void> => lookUp(() => db.execute(sql));
  const text = await storedAs(db, row.name, create);
  const trees = queriesIn(text);
  if (trees.length !== body.expressions.length) return { refusal: 'could not be read' };
  const toOf = ({ target }: BodyExpression): number | null => {
    if (target.kind === 'parameter') return row.types[target.number - 1] ?? 0;
    if (target.kind === 'variable') return types.get(target.name)?.oid ?? 0;
    if (target.kind === 'none') return null;
    return target.kind === 'result' ? row.result : BOOLEAN;
  };
  if (trees.some(hasSessionConstants)) {
    if (READS_THE_CLOCK.test(body.withoutNames) || (await differs(db, row.name, create, text)))
      return SESSION_CONSTANT;
  }
  return body.expressions.flatMap((one, index) => {
    const tree = trees[index];
    return tree === undefined ? [] : [{ tree, to: toOf(one) }];
  });
}

/**
 * Words that a date can be, or strings in which they can be hidden: a string that goes on behind a
 * line break is one with what stands before it (`'to' 'day'`).
 */
const READS_THE_CLOCK =
  /now|today|tomorrow|yesterday|\b(?:e|u&)'|'(?:\s|--.*)*[\n\r](?:\s|--.*)*'/i;

const SESSION_CONSTANT: Refusal = { refusal: 'has a constant that depends on the session' };

/** Whether the constants in it are others under other settings. */
async function differs(db: Db, name: string, create: Create, text: string): Promise<boolean> {
  for (const settings of OTHER_SETTINGS) {
    const other = await rolledBack(db, async () => {
      db.defer(settings);
      return storedAs(db, name, create);
    });
    if (other !== text) return true;
  }
  return false;
}

const OTHER_SETTINGS = ['MDY', 'DMY'].map(
  (order) => `SET LOCAL DateStyle = 'ISO, ${order}'; SET LOCAL IntervalStyle = 'sql_standard';
    SET LOCAL TimeZone = 'America/New_York'; SET LOCAL array_nulls = off`,
);

type Create = () => Promise<void>;

/** How PostgreSQL understands the procedure of this name that `create` creates. */
async function storedAs(db: Db, name: string, create: Create): Promise<string> {
  return rolledBack(db, async () => {
    // The strings as the grammar has read them.
    db.defer('SET LOCAL standard_conforming_strings = on; SET LOCAL check_function_bodies = off');
    await create();
    const [made] = await db.query<{ tree: string }>(
      `SELECT p.prosqlbody::text AS tree FROM pg_proc p
       WHERE p.pronamespace = pg_my_temp_schema() AND p.proname = $1 ORDER BY p.oid DESC LIMIT 1`,
      [name],
    );
    return made?.tree ?? '()';
  });
}

type VariableType = { readonly oid: number; readonly name: string };

/** Null if one of them is no type, or one of a kind that is not followed. */
async function typesOf(
  db: Db,
  variables: Body['variables'],
  lookUp: Under,
): Promise<ReadonlyMap<string, VariableType> | null> {
  const found: { name: string; oid: number }[] = [];
  for (const { name, type } of variables) {
    const [row] = await lookUp(() =>
      db.query<{ oid: number | null }>(
        'SELECT pg_catalog.to_regtype($1::pg_catalog.text)::pg_catalog.oid AS oid',
        [type],
      ),
    );
    if (row === undefined || row.oid === null) return null;
    found.push({ name, oid: row.oid });
  }
  if (found.length === 0) return new Map();
  const rows = await db.query<VariableType & { variable: string; is_odd: boolean }>(
    `SELECT v.name AS variable, t.oid, ${NAME_OF_TYPE} AS name,
       ${ODD_TYPE('t.oid')} OR ${IS_DOMAIN('t.oid')} AS is_odd
     FROM jsonb_to_recordset($1::jsonb) v(name text, oid oid)
       JOIN pg_type t ON t.oid = v.oid JOIN pg_namespace n ON n.oid = t.typnamespace`,
    [JSON.stringify(found)],
  );
  return rows.some((row) => row.is_odd)
    ? null
    : new Map(rows.map(({ variable, oid, name }) => [variable, { oid, name }]));
}

/** What the expression of one value can be made of. */
const COMPUTES = new RegExp(
  `^(?:QUERY|TARGETENTRY|FROMEXPR|PARAM|CONST|FUNCEXPR|OPEXPR|DISTINCTEXPR|NULLIFEXPR` +
    `|SCALARARRAYOPEXPR|BOOLEXPR|RELABELTYPE|COERCEVIAIO|ARRAYCOERCEEXPR|COLLATEEXPR` +
    `|CASE(?:EXPR)?|(?:CASE)?WHEN|CASETESTEXPR|ARRAY(?:EXPR)?|COALESCE(?:EXPR)?|MINMAX(?:EXPR)?` +
    `|NULLTEST|BOOLEANTEST|SUBSCRIPTINGREF|SQLVALUEFUNCTION)$`,
);

const REFUSED_NODES: readonly (readonly [RegExp, string])[] = [
  [/^(?:RANGETBLENTRY|RTE|SUBLINK)$/, 'has a subquery, or reads a table'],
  [/^(?:AGGREF|WINDOWFUNC)$/, 'has an aggregate or a window function'],
  [/^COERCETODOMAIN/, 'converts to a domain'],
];

/** Why a tree is more than the computation of one value; null if it is not. */
function problemIn(tree: TreeNode): string | null {
  let problem: string | null = null;
  visitNodes(tree, (node) => {
    const isInner = node !== tree && node.node === 'QUERY';
    const returnsSet = ['funcretset', 'opretset'].some((field) =>
      node.fields.get(field)?.includes('true'),
    );
    if (COMPUTES.test(node.node) && !isInner && !returnsSet && !isTypeAsFunction(node)) return;
    problem ??=
      REFUSED_NODES.find(([pattern]) => pattern.test(node.node))?.[1] ??
      'has an expression that is not followed';
  });
  const selected = nodesOf(tree, 'targetList').length;
  return numberOf(tree, 'commandType') === SELECT && selected === 1
    ? problem
    : (problem ?? 'is more than an expression');
}

/** Of `CmdType`. */
const SELECT = 1;

async function proofOf(db: Db, resolved: readonly Resolved[]): Promise<Proof | Refusal> {
  const trees = resolved.map(({ tree }) => tree);
  for (const tree of trees) {
    const problem = problemIn(tree);
    if (problem !== null) return { refusal: problem };
  }
  const constants = await constantsIn(db, trees);
  if ('refusal' in constants) return constants;
  const conversions = await conversionsOf(db, resolved);
  if ('refusal' in conversions) return conversions;
  return { trees, enums: [...constants.enums, ...conversions.enums] };
}
