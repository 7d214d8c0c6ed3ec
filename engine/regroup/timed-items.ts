/**
 * The comparisons of a query with bounds that move with the time, by the table whose rows they
 * compare. The passing of time is a change of these rows: it touches their keys by the table's path
 * (paths.ts), wherever in the query the comparison stands.
 */
import type { Expr, Query, TableItem } from '../../parser/tree.ts';
import { mapExprs } from '../../parser/walk.ts';
import type { SourceFacts } from '../algebra/facts.ts';
import { isStrict } from '../algebra/strict.ts';
import type { Timed, TimedExpr } from '../algebra/timed.ts';
import { isOfNow } from '../algebra/moments.ts';
import { computedForAll, timedComparison, timedOf, timedValue } from '../algebra/timed.ts';
import { factsOf } from './key-facts.ts';
import { lineageOf } from './lineage.ts';
import type { Outline } from './outline.ts';

export type TimedItem = {
  readonly item: number;
  readonly relation: TableItem;
  readonly timed: readonly Timed[];
};

/**
 * `untimed`: where the query reads the time otherwise. `values`: whether values that are no
 * comparisons, and seldom change, may be stored as well.
 */
export function timedItems(
  query: Query,
  outline: Outline,
  sources: ReadonlyMap<number, SourceFacts>,
  values: boolean,
): { readonly items: readonly TimedItem[]; readonly untimed: readonly Expr[] } {
  const found = new Map<number, { item: number; relation: TableItem; timed: Timed[] }>();
  const untimed: Expr[] = [];
  mapExprs(query, (node) => {
    if (isOfNow(node)) untimed.push(node);
    const one = timedComparison(node) ?? (values ? timedValue(node) : null);
    const item = one && itemOf(one, outline);
    const relation = item === null ? undefined : outline.items.get(item)?.relation;
    if (one === null || item === null || relation?.kind !== 'table') return null;
    const timed = timedOf(one, {
      nameOf: (column) => lineageOf(outline, column)?.name ?? '',
      typeOf: (column) => factsOf(outline, sources, column)?.oid ?? null,
    });
    if (timed === null || !isSteadyInNulls(one, outline)) return null;
    const known = found.get(item) ?? { item, relation, timed: [] };
    known.timed.push(timed);
    found.set(item, known);
    return node;
  });
  return { items: [...found.values()], untimed };
}

/** The only item whose columns an expression reads; null where there are several, or none. */
function itemOf({ columns }: TimedExpr, outline: Outline): number | null {
  const items = new Set(columns.map((column) => lineageOf(outline, column)?.relation ?? null));
  const [item] = items;
  return items.size === 1 ? (item ?? null) : null;
}

/** Whether it is NULL at each moment in a row of NULLs that an outer join shows in place of one. */
function isSteadyInNulls(one: TimedExpr, outline: Outline): boolean {
  const isShownAsNull = one.columns.some(({ relation }) => outline.items.get(relation)?.isNullable);
  return !isShownAsNull || isStrict(computedForAll(one));
}
