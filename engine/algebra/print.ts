/**
 * Expressions of a tree as people know them from the definition: aliases and names, without quotes.
 */
import { deparseExpr } from '../../parser/deparse.ts';
import type { Expr } from '../../parser/tree.ts';
import type { ColumnId, Node } from './node.ts';
import { idOf, nodesOf } from './node.ts';
import { isRecursion } from './query-rewrites/recursive-ctes.ts';
import { MOMENT } from './timed.ts';

/** How to call expressions over any columns of the tree. */
export function labeller(root: Node): (expr: Expr) => string {
  const known = new Map<ColumnId, string>();
  const print = (expr: Expr): string =>
    deparseExpr(expr, (ref) => known.get(idOf(ref)) ?? ref.name);
  for (const node of nodesOf(root)) {
    if (node.op === 'scan')
      for (const { column, facts } of node.columns)
        known.set(column.id, facts.attnum === MOMENT ? 'now()' : `${node.label}.${facts.name}`);
    if (node.op === 'stored' && isRecursion(node.query))
      for (const { column, facts } of node.columns)
        known.set(column.id, `${node.query.ctes[0].name}.${facts.name}`);
    for (const [id, expr] of computedBy(node)) if (!known.has(id)) known.set(id, print(expr));
  }
  return (expr) => print(expr).replaceAll('pg_catalog.', '').replaceAll('"', '');
}

function computedBy(node: Node): readonly (readonly [ColumnId, Expr])[] {
  if (node.op === 'project') return node.outputs.map(({ column, expr }) => [column.id, expr]);
  if (node.op !== 'group') return [];
  return [
    ...node.keys.map(({ column, expr }) => [column.id, expr] as const),
    ...node.aggregates.map(({ column, call }) => [column.id, call] as const),
  ];
}
