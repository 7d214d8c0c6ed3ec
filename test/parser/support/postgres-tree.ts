/**
 * What PostgreSQL's own grammar (libpg-query) reads in a query, without what may differ between a
 * definition and our deparse of it: places, `pg_catalog` in front of a function or operator, names
 * that a target has anyway, the alias in front of a column where there is only one relation, how
 * ANDs and ORs are nested.
 */
import { parse } from 'libpg-query';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type Node = { [key: string]: Json };

const PLACES = new Set([
  'location',
  'list_start',
  'list_end',
  'rexpr_list_start',
  'rexpr_list_end',
  'stmt_location',
  'stmt_len',
]);

/**
 * The normalised statement. @throws SqlError where PostgreSQL's grammar does not accept the text
 */
export async function readWithPostgres(sql: string): Promise<Json> {
  const select = await parseSelect(sql);
  delete select['sortClause'];
  return normalize(select, soleAlias(select));
}

/** How many columns a SELECT without stars has. */
export async function countTargets(sql: string): Promise<number> {
  return listAt(await parseSelect(sql), 'targetList').length;
}

async function parseSelect(sql: string): Promise<Node> {
  const json: Json = JSON.parse(JSON.stringify(await parse(sql)));
  const select = at(json, 'stmts', 0, 'stmt', 'SelectStmt');
  if (!isNode(select)) throw new Error(`not a SELECT: ${sql}`);
  return select;
}

/** The name that columns have in front where FROM is one plain relation. */
function soleAlias(select: Node): Json | null {
  const from = listAt(select, 'fromClause');
  const relation = from.length === 1 ? at(from, 0, 'RangeVar') : undefined;
  return at(relation, 'alias', 'aliasname') ?? at(relation, 'relname') ?? null;
}

function normalize(value: Json, alias: Json): Json {
  if (Array.isArray(value)) return value.map((item) => normalize(item, alias));
  if (!isNode(value)) return value;
  const entries = Object.entries(value).filter(([key]) => !PLACES.has(key));
  const node: Node = Object.fromEntries(
    entries.map(([key, item]) => [key, normalize(item, alias)]),
  );
  for (const [key, item] of Object.entries(node)) if (isNode(item)) NORMALIZERS[key]?.(item, alias);
  return node;
}

const NORMALIZERS: Readonly<Record<string, (node: Node, alias: Json) => void>> = {
  FuncCall: (node) => dropCatalog(node, 'funcname'),
  A_Expr: (node) => dropCatalog(node, 'name'),
  ColumnRef: (node, alias) => {
    const fields = listAt(node, 'fields');
    if (fields.length === 1 && alias !== null)
      node['fields'] = [{ String: { sval: alias } }, ...fields];
  },
  ResTarget: (node) => {
    node['name'] ??=
      at(listAt(node, 'val', 'ColumnRef', 'fields').at(-1), 'String', 'sval') ?? '?column?';
  },
  BoolExpr: (node) => {
    const op = node['boolop'];
    if (op === 'NOT_EXPR') return;
    node['args'] = listAt(node, 'args').flatMap((arg) =>
      at(arg, 'BoolExpr', 'boolop') === op ? listAt(arg, 'BoolExpr', 'args') : [arg],
    );
  },
};

function dropCatalog(node: Node, key: string): void {
  const names = listAt(node, key);
  if (names.length === 2 && at(names, 0, 'String', 'sval') === 'pg_catalog')
    node[key] = names.slice(1);
}

function at(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (inner, key) =>
      Array.isArray(inner) ? inner[Number(key)] : isNode(inner) ? inner[key] : undefined,
    value,
  );
}

function listAt(value: Json, ...path: readonly string[]): Json[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

function isNode(value: Json | undefined): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
