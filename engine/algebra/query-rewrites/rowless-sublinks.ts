/**
 * A scalar subquery that reads no table is what it selects: `(SELECT a + 1)` is `a + 1`. A setting
 * is often written so: `t AT TIME ZONE (SELECT current_setting('TimeZone'))`, in which convert has
 * put the zone. So is one over such a subquery:
 * `(SELECT p.since FROM (SELECT now() - x AS since) p)`.
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
  const [target, ...others] = rowOf(query) ?? [];
  if (target === undefined || others.length > 0) return null;
  const isConstant = target.expr.kind === 'literal' || target.expr.kind === 'keyword';
  return isPlain(target.expr) && !isConstant ? target.expr : null;
}

/** The columns of a query that has one row and reads no table; null for any other. */
function rowOf(query: Query): Select['targets'] | null {
  if (query.kind !== 'select' || !isOneRow(query)) return null;
  const { relations, from, first, targets } = query;
  if (from.length === 0) return targets;
  const [only, ...others] = relations;
  if (only?.kind !== 'subquery' || only.lateral || others.length > 0) return null;
  const inner = rowOf(only.query);
  if (inner === null || !inner.every(({ expr }) => isPlain(expr))) return null;
  const named = inner.map(({ name, expr }, place) => ({
    name: only.columnAliases[place] ?? name,
    expr,
  }));
  const known = (node: Expr): Expr | null =>
    node.kind === 'column' && node.relation === first
      ? (named.find(({ name }) => name === node.name)?.expr ?? null)
      : null;
  const mapped = targets.map((one) => ({ ...one, expr: mapExpr(one.expr, known) }));
  const isKnown = mapped.every(({ expr }) => !readsItem(expr, first));
  return isKnown ? mapped : null;
}

/** Whether an expression reads an item of FROM otherwise than by its known columns. */
function readsItem(expr: Expr, item: number): boolean {
  let found = false;
  visit(expr, (node) => {
    found ||=
      node.kind === 'sublink' ||
      ((node.kind === 'column' || node.kind === 'whole_row') && node.relation === item);
  });
  return found;
}

const isOneRow = ({ where, grouped, limit, ctes, distinctOn }: Select): boolean =>
  where === null && !grouped && limit === null && ctes.length === 0 && distinctOn.length === 0;

function isPlain(expr: Expr): boolean {
  let isPlainExpr = !returnsSet(expr);
  visit(expr, (node) => {
    isPlainExpr &&= node.kind !== 'window' && node.kind !== 'aggregate' && node.kind !== 'grouping';
    return isPlainExpr;
  });
  return isPlainExpr;
}
