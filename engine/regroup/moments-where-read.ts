/**
 * A column of a subquery that is computed from the time alone is computed where it is read:
 *
 *   SELECT .. FROM (SELECT o.*, now() - interval '1 day' AS since FROM o) d WHERE d.at > d.since
 *   SELECT .. FROM (SELECT o.* FROM o) d WHERE d.at > now() - interval '1 day'
 *
 * There it is the bound of a comparison, which timed-items.ts knows.
 *
 * Right because such a column has one value for all rows. Counter-examples, which stay: an item
 * that an outer join can show as NULLs, the branches of a union, a column that USING merges, a row
 * as a whole, and an expression with COLLATE: a column passes its collation on as an implicit one.
 */
import { outputNames } from '../../parser/scope.ts';
import type { Expr, FromItem, Query, Select, SubqueryItem } from '../../parser/tree.ts';
import { mapExprs, returnsSet, visit } from '../../parser/walk.ts';
import { mapQueries } from '../algebra/query-rewrites/relations.ts';
import { readsNow } from '../algebra/timed.ts';
import { nullableIn } from './outline.ts';

/** The same object where there is no such column. */
export function momentsWhereRead(query: Query): Query {
  let isSame = true;
  const mapped = mapQueries(query, (one) => {
    const other = one.kind === 'select' ? withMoments(one) : one;
    isSame &&= other === one;
    return other;
  });
  return isSame ? query : mapped;
}

/** The columns of an item of FROM that are computed from the time alone, by name. */
type Moments = ReadonlyMap<string, Expr>;

function withMoments(query: Select): Select {
  const items = new Map<number, Moments>();
  const fixed = new Set([...query.from.flatMap(nullableIn), ...readOtherwise(query)]);
  for (const [place, relation] of query.relations.entries()) {
    const number = query.first + place;
    if (relation.kind !== 'subquery' || fixed.has(number)) continue;
    const moments = momentsOf(relation);
    if (moments.size > 0) items.set(number, moments);
  }
  if (items.size === 0) return query;
  const mapped = mapExprs(query, (node) =>
    node.kind === 'column' ? (items.get(node.relation)?.get(node.name) ?? null) : null,
  );
  if (mapped.kind !== 'select') return query;
  const relations = mapped.relations.map((relation, place) => {
    const moments = items.get(query.first + place);
    return relation.kind === 'subquery' && moments !== undefined
      ? without(relation, moments)
      : relation;
  });
  return { ...mapped, relations };
}

function momentsOf({ query, columnAliases }: SubqueryItem): Moments {
  if (query.kind !== 'select') return new Map();
  // DISTINCT must show what it orders by.
  if (query.distinct && query.orderBy.some(({ expr }) => isMoment(expr))) return new Map();
  const names = outputNames(query, columnAliases);
  const found = query.targets.flatMap(({ expr }, place): [string, Expr][] =>
    isMoment(expr) ? [[names[place] ?? '', expr]] : [],
  );
  const isOnce = new Set(names).size === names.length;
  // A row of nothing is none that can be written everywhere.
  return new Map(isOnce && found.length < query.targets.length ? found : []);
}

function isMoment(expr: Expr): boolean {
  let isPlain = readsNow(expr) && !returnsSet(expr);
  visit(expr, ({ kind }) => {
    isPlain &&= !OTHERS.has(kind);
  });
  return isPlain;
}

/** What depends on rows, and what a column does not pass on. */
const OTHERS: ReadonlySet<Expr['kind']> = new Set([
  'column',
  'join_column',
  'whole_row',
  'sublink',
  'aggregate',
  'window',
  'grouping',
  'collate',
]);

/** A subquery without some of its columns. */
function without(relation: SubqueryItem, moments: Moments): SubqueryItem {
  const { query, columnAliases } = relation;
  if (query.kind !== 'select') return relation;
  const names = outputNames(query, columnAliases);
  const isKept = (_: unknown, place: number): boolean => !moments.has(names[place] ?? '');
  return {
    ...relation,
    query: { ...query, targets: query.targets.filter(isKept) },
    columnAliases: columnAliases.filter(isKept),
  };
}

/** The items that the query reads as a row, or by a name that a join gives to their columns. */
function readOtherwise(query: Select): ReadonlySet<number> {
  const found = new Set<number>();
  const see = (expr: Expr): void =>
    visit(expr, (node) => {
      if (node.kind === 'column') found.add(node.relation);
    });
  mapExprs(query, (node) => {
    if (node.kind === 'whole_row') found.add(node.relation);
    if (node.kind === 'join_column') see(node);
    return null;
  });
  for (const item of query.from) for (const one of usingIn(item)) see(one);
  return found;
}

function usingIn(item: FromItem): readonly Expr[] {
  if (item.kind === 'relation') return [];
  const own = (item.using ?? []).flatMap(({ left, right }) => [left, right]);
  return [...own, ...usingIn(item.left), ...usingIn(item.right)];
}
