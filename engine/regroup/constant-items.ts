/**
 * Items of FROM that read no table: a series, a list of VALUES, a subquery over such items. Their
 * rows never change, so they need no path to the key. Whatever else is said of tables holds of them
 * as well: they can hold the key, and paths can go through them (paths.ts).
 *
 * Right because a table that nobody writes to is the same before and after every change. Functions
 * that are volatile, read tables or depend on settings are refused before (analysis/reasons.ts).
 * Counter-examples, which are no constant items:
 *
 *   unnest(t.tags)                      computed from the rows of a table
 *   (SELECT .. LIMIT 3), DISTINCT ON    which rows it has may depend on the plan
 *   generate_series(now() - .., ..)     moves with the time, if not seldom (moving-items.ts)
 *   (SELECT n, 1 / n FROM ..) d         fails for rows that a condition around it may keep away
 */
import type { ColumnRef, Expr, Query, Relation } from '../../parser/tree.ts';
import { visit } from '../../parser/walk.ts';
import { canFail } from '../algebra/can-fail.ts';
import { eachQuery, expressionsOf } from '../algebra/query-rewrites/relations.ts';

/** The items that read no table, however deep, by number; they can read the time. */
export function closedItems(query: Query): ReadonlyMap<number, Relation> {
  const found = new Map<number, Relation>();
  eachQuery(query, (one) => {
    if (one.kind !== 'select') return;
    for (const [index, relation] of one.relations.entries())
      if (isClosed(relation)) found.set(one.first + index, relation);
  });
  return found;
}

/** Those among them that have all their rows wherever they are read. */
export function constantItems(
  closed: ReadonlyMap<number, Relation>,
  oidOf: (ref: ColumnRef) => number | null,
): ReadonlySet<number> {
  const isConstant = ([, relation]: readonly [number, Relation]): boolean =>
    relation.kind !== 'subquery' || !someExpr(relation.query, (expr) => failsForSome(expr, oidOf));
  return new Set([...closed].filter(isConstant).map(([number]) => number));
}

/** An expression without columns fails for every row or for none. */
const failsForSome = (expr: Expr, oidOf: (ref: ColumnRef) => number | null): boolean =>
  some(expr, ({ kind }) => kind === 'column') && canFail(expr, oidOf);

function isClosed(relation: Relation): boolean {
  switch (relation.kind) {
    case 'table':
    case 'cte':
      return false;
    case 'function':
      return relation.functions.every(({ call }) => !some(call, (node) => isOpen(node, new Set())));
    case 'subquery':
      return isClosedQuery(relation.query);
  }
}

function isClosedQuery(query: Query): boolean {
  const own = new Set<number>();
  let isPlain = true;
  eachQuery(query, (one) => {
    isPlain &&= one.ctes.length === 0 && one.limit === null && one.locking.length === 0;
    if (one.kind !== 'select') return;
    isPlain &&= one.distinctOn.length === 0 && !one.grouped;
    for (const [index, { kind }] of one.relations.entries()) {
      own.add(one.first + index);
      isPlain &&= kind === 'function' || kind === 'subquery';
    }
  });
  return isPlain && !someExpr(query, (expr) => some(expr, (node) => isOpen(node, own)));
}

/** Whether a node reads more than rows of these items. */
function isOpen(node: Expr, own: ReadonlySet<number>): boolean {
  switch (node.kind) {
    case 'column':
    case 'whole_row':
      return !own.has(node.relation);
    case 'sublink':
    case 'aggregate':
    case 'grouping':
    case 'window':
    case 'value_function':
      return true;
    default:
      return false;
  }
}

function some(expr: Expr, is: (node: Expr) => boolean): boolean {
  let found = false;
  visit(expr, (node) => {
    found ||= is(node);
  });
  return found;
}

/** Whether it is so for an expression of the query or of a query in it. */
function someExpr(query: Query, is: (expr: Expr) => boolean): boolean {
  let found = false;
  eachQuery(query, (one) => {
    found ||= expressionsOf(one).some(is);
  });
  return found;
}
