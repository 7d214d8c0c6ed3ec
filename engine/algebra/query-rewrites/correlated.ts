/**
 * Queries within expressions that refer to the rows around them, as columns of these rows, where
 * something else of the SELECT stands above the rows:
 *
 *   SELECT c.id, (SELECT count(*) FROM o WHERE o.c = c.id) AS n, rank() OVER (ORDER BY c.score)
 *   rows     SELECT c.id, (SELECT count(*) FROM o WHERE o.c = c.id) AS n, c.score FROM c
 *   over it  SELECT id, n, rank() OVER (ORDER BY score) FROM rows
 *
 * The largest expression is moved that has such a query, and no window, no time and no query that
 * refers to nothing: these stand above. Right because the SELECT list is computed for each row that
 * FROM and WHERE leave. Counter-examples, which stay: what is computed for some of these rows only,
 * and can fail for others. That is so in CASE, in coalesce, beside AND and OR, and in a FILTER if a
 * window is there, too, and below a condition that is moved above the rows. A query that can give
 * two rows would fail there.
 */
import type { Expr, Query, Sublink } from '../../../parser/tree.ts';
import { children, mapExprs, visit } from '../../../parser/walk.ts';
import { canFail, failsItself } from '../can-fail.ts';
import { readsNow } from '../moments.ts';
import { conjuncts } from './relations.ts';

/** The items of FROM of a SELECT. */
type Items = ReadonlySet<number>;

/** Whether a query within an expression refers to the rows around it. */
export const isCorrelated = (expr: Expr, own: Items): boolean =>
  sublinksIn(expr).some(({ query }) => refersTo(query, own));

/** Whether a query within an expression refers to none of them. */
export const hasOwnQuery = (expr: Expr, own: Items): boolean =>
  sublinksIn(expr).some(({ query }) => !refersTo(query, own));

export function refersTo(query: Query, own: Items): boolean {
  let found = false;
  mapExprs(query, (node) => {
    if (node.kind === 'column' || node.kind === 'whole_row') found ||= own.has(node.relation);
    return null;
  });
  return found;
}

function sublinksIn(expr: Expr): readonly Sublink[] {
  const found: Sublink[] = [];
  visit(expr, (node) => {
    if (node.kind === 'sublink') found.push(node);
  });
  return found;
}

/** What can be a column: no row, and no part of a call. */
const VALUES: ReadonlySet<Expr['kind']> = new Set([
  'binary',
  'call',
  'case',
  'cast',
  'keyword',
  'sublink',
  'unary',
]);

/** Whether an expression with a query that refers to the rows is moved to them. */
export const isOfRow = (expr: Expr, own: Items): boolean =>
  VALUES.has(expr.kind) &&
  isCorrelated(expr, own) &&
  !hasOwnQuery(expr, own) &&
  !readsNow(expr) &&
  !hasNode(expr, staysAbove);

/** What no column gives: an explicit collation counts for what stands around it. */
const staysAbove = (node: Expr): boolean =>
  node.kind === 'window' || node.kind === 'collate' || (node.kind === 'call' && node.returnsSet);

/** Whether what is moved is computed for rows for which it is not now, and can fail for them. */
export function failsForOthers(expr: Expr, own: Items, isFiltered: boolean): boolean {
  if (!isCorrelated(expr, own)) return false;
  if (isOfRow(expr, own)) return isFiltered && hasNode(expr, canFailHere);
  const isSome = isFiltered || computesSome(expr);
  return children(expr).some((child) => failsForOthers(child, own, isSome));
}

/** Whether not all that stands in it is computed for each row. */
const computesSome = (expr: Expr): boolean =>
  expr.kind === 'case' ||
  expr.kind === 'keyword' ||
  (expr.kind === 'binary' && /^(AND|OR)$/.test(expr.op)) ||
  (expr.kind === 'window' && expr.filter !== null);

const canFailHere = (node: Expr): boolean =>
  node.kind === 'sublink'
    ? !isTotal(node)
    : node.kind !== 'aggregate' && failsItself(node, () => null);

/** Aggregates that have a value for any values. */
const TOTAL: ReadonlySet<string> = new Set(['count', 'min', 'max', 'bool_and', 'bool_or', 'every']);

/** Whether a query within an expression has a value for any row; false where that is not known. */
function isTotal({ form, left, query }: Sublink): boolean {
  if (query.kind !== 'select' || left !== null || query.having !== null) return false;
  if (query.limit !== null || query.relations.some(({ kind }) => kind !== 'table')) return false;
  const conditions = conjuncts(query.where);
  const isPlain = !conditions.some((one) => canFail(one, () => null));
  if (form === 'exists') return isPlain && !query.grouped;
  const [only] = query.targets;
  const isOne = query.grouped && query.groupBy.length === 0 && only?.expr.kind === 'aggregate';
  return (
    isPlain &&
    isOne &&
    TOTAL.has(only.expr.name) &&
    only.expr.schema === null &&
    only.expr.args.every((arg) => !canFail(arg, () => null))
  );
}

function hasNode(expr: Expr, test: (node: Expr) => boolean): boolean {
  let found = false;
  visit(expr, (node) => {
    found ||= test(node);
    return !found;
  });
  return found;
}
