/**
 * A scalar subquery that reads no table is what it selects: `(SELECT a + 1)` is `a + 1`. A setting
 * is often written so: `t AT TIME ZONE (SELECT current_setting('TimeZone'))`, in which convert has
 * put the zone.
 *
 * Right because such a subquery always has one row. Counter-examples, which stay: one with WHERE or
 * LIMIT, which may have none, one that returns a set, an aggregate or a window function, which
 * would be over the rows around it, and a constant: a number in ORDER BY is the place of a column.
 */
import type { Expr, Query, Select, Sublink } from '../../../parser/tree.ts';
import { mapExpr, mapQuery, returnsSet, visit } from '../../../parser/walk.ts';
import { mapQueries } from './relations.ts';

export const inlineRowlessSublinks = (query: Query): Query =>
  mapQueries(query, (one) => mapQuery(one, { expr: inlined }));

const inlined = (expr: Expr): Expr =>
  mapExpr(expr, (node) => {
    const selected = node.kind === 'sublink' ? selectedBy(node) : null;
    return selected && inlined(selected);
  });

/** What a scalar subquery without FROM selects; null for any other subquery. */
export function selectedBy({ form, query }: Sublink): Expr | null {
  if (form !== 'scalar') return null;
  const [target, ...others] = query.kind === 'select' ? query.targets : [];
  if (query.kind !== 'select' || target === undefined || others.length > 0) return null;
  const isConstant = target.expr.kind === 'literal' || target.expr.kind === 'keyword';
  return isOneRow(query) && isPlain(target.expr) && !isConstant ? target.expr : null;
}

const isOneRow = ({ from, where, grouped, limit, ctes, distinctOn }: Select): boolean =>
  from.length === 0 &&
  where === null &&
  !grouped &&
  limit === null &&
  ctes.length === 0 &&
  distinctOn.length === 0;

function isPlain(expr: Expr): boolean {
  let isPlainExpr = !returnsSet(expr);
  visit(expr, (node) => {
    isPlainExpr &&= node.kind !== 'window' && node.kind !== 'aggregate' && node.kind !== 'grouping';
    return isPlainExpr;
  });
  return isPlainExpr;
}
