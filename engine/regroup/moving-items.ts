/**
 * Items of FROM that read no table and move with the time: `generate_series(current_date - 29,
 * current_date, '1 day')`. Such an item is a constant one (constant-items.ts) whose rows have
 * changed between two moments, as if somebody had written to it:
 *
 *   changed   rows at t0 that are not there at t1, and the other way round
 *
 * They touch keys by the item's path, as pending rows of a table do (paths.ts). All that is said
 * there of tables holds of it: t1 is now, and what a path reads of it is as it is now.
 *
 * Counter-examples, which are no such items: a series up to now() itself, which is another one at
 * each moment; columns of which equal values can differ, because rows are compared by equality.
 */
import type { Expr, Query, Relation } from '../../parser/tree.ts';
import { children, mapExprs, returnsSet, visit } from '../../parser/walk.ts';
import type { ColumnFacts } from '../algebra/facts.ts';
import { eachQuery, expressionsOf, mapQueries } from '../algebra/query-rewrites/relations.ts';
import { EMPTY } from '../algebra/query-rewrites/select.ts';
import { readsNow } from '../algebra/moments.ts';
import { isSteadyBound } from '../algebra/timed.ts';

export type MovingItem = {
  readonly item: number;
  readonly relation: Relation;
  /** The names of its columns that the query reads. */
  readonly columns: readonly string[];
  /** The largest parts of it that read the time alone. */
  readonly bounds: readonly Expr[];
};

/** A column that a query reads of an item, with what is known of its type. */
export type ReadColumn = {
  readonly item: number;
  readonly name: string;
  readonly facts: ColumnFacts | null;
};

export const movesWithTime = (relation: Relation): boolean =>
  expressionsIn(relation).some(readsNow);

/** The items among `closed` that move and have a rule; not those within others. */
export function movingItems(
  query: Query,
  closed: ReadonlyMap<number, Relation>,
  read: readonly ReadColumn[],
): readonly MovingItem[] {
  const whole = wholeRows(query);
  const found = [...closed].flatMap(([item, relation]): MovingItem[] => {
    if (!movesWithTime(relation) || whole.has(item)) return [];
    const bounds = expressionsIn(relation).flatMap(boundsIn);
    const columns = read.filter((one) => one.item === item);
    const areSame = columns.every(({ facts }) => facts?.sortable === true && facts.equalIsSame);
    const names = columns.map(({ name }) => name);
    return bounds.every(isSteadyBound) && areSame
      ? [{ item, relation, columns: names, bounds }]
      : [];
  });
  const within = new Set(found.flatMap(({ relation }) => itemsIn(relation)));
  return found.filter(({ item }) => !within.has(item));
}

/** The numbers of the items within a subquery. */
function itemsIn(relation: Relation): readonly number[] {
  const found: number[] = [];
  if (relation.kind === 'subquery')
    eachQuery(relation.query, (one) => {
      if (one.kind === 'select')
        for (const place of one.relations.keys()) found.push(one.first + place);
    });
  return found;
}

function expressionsIn(relation: Relation): readonly Expr[] {
  if (relation.kind === 'function') return relation.functions.map(({ call }) => call);
  const found: Expr[] = [];
  if (relation.kind === 'subquery')
    eachQuery(relation.query, (one) => {
      found.push(...expressionsOf(one));
    });
  return found;
}

function boundsIn(expr: Expr): readonly Expr[] {
  if (!readsNow(expr)) return [];
  let isOfRows = returnsSet(expr);
  visit(expr, ({ kind }) => {
    isOfRows ||= kind === 'column' || kind === 'join_column';
  });
  return isOfRows ? children(expr).flatMap(boundsIn) : [expr];
}

function wholeRows(query: Query): ReadonlySet<number> {
  const found = new Set<number>();
  mapExprs(query, (node) => {
    if (node.kind === 'whole_row') found.add(node.relation);
    return null;
  });
  return found;
}

/** The query without what these items read. */
export function withoutItems(query: Query, items: ReadonlySet<number>): Query {
  return mapQueries(query, (one) => {
    if (one.kind !== 'select') return one;
    const relations = one.relations.map(
      (relation, place): Relation =>
        items.has(one.first + place) ? { ...relation, ...NOTHING } : relation,
    );
    return { ...one, relations };
  });
}

const NOTHING = {
  kind: 'subquery',
  lateral: false,
  query: { ...EMPTY, first: 0, relations: [], from: [], targets: [] },
} as const;
