/**
 * The comparisons of a query with bounds that move with the time, by the table whose rows they
 * compare. The passing of time is a change of these rows: it touches their keys by the table's path
 * (paths.ts), wherever in the query the comparison stands.
 */
import type { Expr, Query, TableItem } from '../../parser/tree.ts';
import { mapExprs } from '../../parser/walk.ts';
import type { Timed } from '../algebra/timed.ts';
import { isNow, timedComparison } from '../algebra/timed.ts';
import { lineageOf } from './lineage.ts';
import type { Outline } from './outline.ts';

export type TimedItem = {
  readonly item: number;
  readonly relation: TableItem;
  readonly timed: readonly Timed[];
};

/** `untimed`: where the query reads the time otherwise. */
export function timedItems(
  query: Query,
  outline: Outline,
): { readonly items: readonly TimedItem[]; readonly untimed: readonly Expr[] } {
  const found = new Map<number, { item: number; relation: TableItem; timed: Timed[] }>();
  const untimed: Expr[] = [];
  mapExprs(query, (node) => {
    if (isNow(node)) untimed.push(node);
    const timed = timedComparison(node);
    if (timed === null) return null;
    const column = lineageOf(outline, timed.column);
    const relation = column === null ? undefined : outline.items.get(column.relation)?.relation;
    if (column === null || relation?.kind !== 'table') return null;
    const known = found.get(column.relation) ?? { item: column.relation, relation, timed: [] };
    known.timed.push({ column: column.name, op: timed.op, bound: timed.bound });
    found.set(column.relation, known);
    return node;
  });
  return { items: [...found.values()], untimed };
}
