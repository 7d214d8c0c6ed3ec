/**
 * Aggregates that are written in a query within an expression and are taken of the rows around it:
 * in `SELECT c.k, (SELECT sum(c.v)) FROM c GROUP BY c.k` the sum is that of the groups of c.
 *
 * An aggregate, its FILTER included, is of the innermost query of which it reads a column
 * (PostgreSQL, "Aggregate Expressions"). Counter-examples: count(*), which reads none and is of the
 * query in which it stands, and `(SELECT sum(p.v + c.v) FROM p)`.
 */
import type { Aggregate, Expr, Query } from '../../../parser/tree.ts';
import { mapExprs, visit } from '../../../parser/walk.ts';
import { numbersIn } from './relations.ts';

/** `own`: the items of FROM of the query that the expression is in. */
export function hasAggregateWithin(expr: Expr, own: ReadonlySet<number>): boolean {
  let found = false;
  visit(expr, (node) => {
    if (node.kind === 'sublink') found ||= isAround(node.query, own);
  });
  return found;
}

function isAround(query: Query, own: ReadonlySet<number>): boolean {
  const within = numbersIn(query);
  let found = false;
  mapExprs(query, (node) => {
    if (node.kind !== 'aggregate') return null;
    const read = itemsRead(node);
    found ||= read.some((item) => own.has(item)) && !read.some((item) => within.has(item));
    return null;
  });
  return found;
}

function itemsRead(call: Aggregate): readonly number[] {
  const found: number[] = [];
  visit(call, (node) => {
    if (node.kind === 'column' || node.kind === 'whole_row') found.push(node.relation);
  });
  return found;
}
