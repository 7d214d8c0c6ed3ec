/**
 * The types of expressions wherever they stand in a query: each is wrapped into `CASE WHEN (n = n)
 * THEN x END`, a view is made of the whole, and its stored parse tree says which type each CASE
 * has. So the server itself resolves every overload, in every scope, in one round trip.
 */
import { deparse } from '../../parser/deparse-query.ts';
import type { Expr, Query } from '../../parser/tree.ts';
import { mapExpr, mapQuery, returnsSet } from '../../parser/walk.ts';
import { conjunction, mapQueries } from '../algebra/query-rewrites/relations.ts';
import type { DerivedColumn } from '../algebra/query-rewrites/row-keys.ts';
import type { ColumnFacts } from '../algebra/facts.ts';
import type { Db } from '../db/db.ts';
import { isRejected } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import { integersOf } from '../server/stored-constants.ts';
import type { TreeNode } from '../server/stored-tree.ts';
import { nodesOf, numberOf, parseNodeTree, visitNodes } from '../server/stored-tree.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, sql } from '../sql/sql.ts';
import { columnTypes } from './column-types.ts';

/** What is said of an expression: its type, a domain's being that of its base type. */
export type TypeIn = (expr: Expr) => ColumnFacts | null;

/** No definition compares numbers like these with themselves. */
const FIRST_MARK = 1_900_000_000;

/** Inside a transaction; a query that cannot be asked has no types. */
export async function typesIn(
  db: Db,
  query: Query,
  searchPath: string | null,
  operandsOf: (expr: Expr) => readonly Expr[],
  columns: readonly DerivedColumn[],
): Promise<TypeIn> {
  const numbers = new Map<string, number>();
  const marked = markedQuery(query, operandsOf, columns, (expr, inner) => {
    const key = keyOf(expr);
    const number = numbers.get(key) ?? FIRST_MARK + numbers.size;
    numbers.set(key, number);
    return markOf(number, inner);
  });
  if (numbers.size === 0) return () => null;
  const found = await rolledBack(db, () => markedTypes(db, deparse(marked), searchPath));
  const facts = await factsOf(db, [...found.values()]);
  return (expr) => {
    const type = found.get(numbers.get(keyOf(expr)) ?? 0);
    return type === undefined ? null : (facts.get(nameOf(type)) ?? null);
  };
}

/** A set-returning function cannot stand in CASE, and a literal would lose what it stands for. */
const canBeMarked = (expr: Expr): boolean => expr.kind !== 'literal' && !returnsSet(expr);

const keyOf = (expr: Expr): string =>
  JSON.stringify(expr, (key, value: unknown) => (key === 'span' ? undefined : value));

function markedQuery(
  query: Query,
  operandsOf: (expr: Expr) => readonly Expr[],
  columns: readonly DerivedColumn[],
  markAs: (expr: Expr, inner: Expr) => Expr,
): Query {
  const mark = (expr: Expr): Expr => {
    const operands = operandsOf(expr).filter(canBeMarked);
    return mapExpr(expr, (node) => {
      if (node === expr) return null;
      return operands.includes(node) ? markAs(node, mark(node)) : mark(node);
    });
  };
  return mapQueries(query, (one) => {
    const own = mapQuery(one, { expr: mark });
    if (own.kind !== 'select' || own.relations.length === 0) return own;
    const conditions = columns
      .filter(({ select }) => select.first === own.first)
      .map(
        ({ column }): Expr => ({
          kind: 'unary',
          op: 'IS NOT NULL',
          operand: markAs(column, column),
          span: null,
        }),
      );
    return { ...own, where: conjunction([...(own.where ? [own.where] : []), ...conditions]) };
  });
}

function markOf(number: number, expr: Expr): Expr {
  const one: Expr = { kind: 'literal', sql: String(number), span: null };
  const when: Expr = { kind: 'binary', op: '=', left: one, right: one, span: null };
  return {
    kind: 'case',
    subject: null,
    whens: [{ when, result: expr }],
    otherwise: null,
    span: null,
  };
}

type Marked = { readonly type: number; readonly collation: number };

const nameOf = ({ type, collation }: Marked): string => `${type} ${collation}`;

async function markedTypes(
  db: Db,
  text: string,
  searchPath: string | null,
): Promise<ReadonlyMap<number, Marked>> {
  const found = new Map<number, Marked>();
  try {
    if (searchPath !== null) db.defer(`SET LOCAL search_path = ${searchPath}`);
    await db.execute(`CREATE TEMPORARY VIEW imat_marked AS ${text}`);
  } catch (error) {
    if (!isRejected(error)) throw error;
    return found;
  }
  const [rule] = await db.query<{ tree: string }>(
    `SELECT r.ev_action::text AS tree FROM pg_rewrite r
     WHERE r.ev_class = 'pg_temp.imat_marked'::regclass`,
  );
  visitNodes(parseNodeTree(rule?.tree ?? '()'), (node) => {
    const mark = markIn(node);
    const type = numberOf(node, 'casetype');
    if (mark !== null && type !== null)
      found.set(mark, { type, collation: numberOf(node, 'casecollid') ?? 0 });
  });
  return found;
}

/** The number of the mark that a CASE is; null for any other node. */
function markIn(node: TreeNode): number | null {
  const [when, second] = node.fields.has('casetype') ? nodesOf(node, 'args') : [];
  const [condition] = when === undefined || second !== undefined ? [] : nodesOf(when, 'expr');
  const [left] = condition === undefined ? [] : nodesOf(condition, 'args');
  if (left === undefined) return null;
  return integersOf(left).find((number) => number >= FIRST_MARK) ?? null;
}

/** By type and collation. */
async function factsOf(
  db: Db,
  types: readonly Marked[],
): Promise<ReadonlyMap<string, ColumnFacts>> {
  const wanted = new Map(types.map((type) => [nameOf(type), type]));
  const facts = new Map<string, ColumnFacts>();
  const rows = await db.query<{ type: number; collation: number; name: string; collate: string }>(
    `SELECT t.oid AS type, w.collation::oid AS collation, format_type(t.oid, NULL) AS name,
       coalesce(quote_ident(n.nspname) || '.' || quote_ident(c.collname), '') AS collate
     FROM json_to_recordset($1) w(type oid, "collation" oid) JOIN pg_type t ON t.oid = w.type
       LEFT JOIN pg_collation c ON c.oid = w.collation
       LEFT JOIN pg_namespace n ON n.oid = c.collnamespace
     ORDER BY 1, 2`,
    [JSON.stringify([...wanted.values()])],
  );
  const values = rows.map(
    ({ name, collate }): Sql =>
      collate === ''
        ? sql`NULL::${fragment(name)}`
        : sql`(NULL::${fragment(name)} COLLATE ${fragment(collate)})`,
  );
  const all = values.length === 0 ? [] : await columnTypes(db, values, []);
  for (const [index, row] of rows.entries()) {
    const value = values[index];
    const alone = all === null && value !== undefined ? await columnTypes(db, [value], []) : null;
    const own = all?.[index] ?? alone?.[0];
    if (own !== undefined) facts.set(nameOf(row), own);
  }
  return facts;
}
