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
 * as a whole, an expression with COLLATE, since a column passes its collation on as an implicit
 * one, ROW(..), which is compared field by field only where it is written, keys of grouping sets,
 * since two columns of one time are two keys, but one expression, and `(SELECT max(d.since))`: by
 * its columns an aggregate is one of a query further out.
 */
import { outputNames } from '../../parser/scope.ts';
import type { Expr, FromItem, Query, Select, SubqueryItem } from '../../parser/tree.ts';
import { mapExprs, returnsSet, visit } from '../../parser/walk.ts';
import { failsForFinite } from '../algebra/can-fail.ts';
import { groupKeysOf } from '../algebra/query-rewrites/grouping-sets.ts';
import { mapQueries, numbersIn } from '../algebra/query-rewrites/relations.ts';
import { isBound, readsNow } from '../algebra/moments.ts';
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
  const nullable = new Set(query.from.flatMap(nullableIn));
  const otherwise = readOtherwise(query);
  for (const [place, relation] of query.relations.entries()) {
    const number = query.first + place;
    if (relation.kind !== 'subquery' || nullable.has(number) || otherwise.rows.has(number))
      continue;
    const moments = momentsOf(relation, (name) => otherwise.columns.has(`${number} ${name}`));
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

function momentsOf(
  { query, columnAliases }: SubqueryItem,
  isFixed: (name: string) => boolean,
): Moments {
  if (query.kind !== 'select') return new Map();
  // DISTINCT must show what it orders by.
  if (query.distinct && query.orderBy.some(({ expr }) => isMoment(expr))) return new Map();
  // Sets without such a key show it as NULL.
  if (groupKeysOf(query).some(readsNow)) return new Map();
  const names = outputNames(query, columnAliases);
  const found = query.targets.flatMap(({ expr }, place): [string, Expr][] => {
    const name = names[place] ?? '';
    return isMoment(expr) && !isFixed(name) ? [[name, expr]] : [];
  });
  const isOnce = new Set(names).size === names.length;
  // A row of nothing is none that can be written everywhere.
  return new Map(isOnce && found.length < query.targets.length ? found : []);
}

function isMoment(expr: Expr): boolean {
  // Where the subquery has no rows, nothing may fail.
  const failsNowhere = isBound(expr) || !failsForFinite(expr, () => null);
  let isPlain = failsNowhere && readsNow(expr) && !returnsSet(expr);
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
  'row',
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

type ReadOtherwise = {
  /** The items that are read as a row. */
  readonly rows: ReadonlySet<number>;
  /** Columns that are more to the query than values, with the number of the item. */
  readonly columns: ReadonlySet<string>;
};

function readOtherwise(query: Select): ReadOtherwise {
  const rows = new Set<number>();
  const columns = new Set<string>();
  const add = (node: Expr): null => {
    if (node.kind === 'column') columns.add(`${node.relation} ${node.name}`);
    return null;
  };
  const see = (expr: Expr): void =>
    visit(expr, (node) => {
      add(node);
      if (node.kind === 'sublink') mapExprs(node.query, add);
    });
  mapExprs(query, (node) => {
    if (node.kind === 'whole_row') rows.add(node.relation);
    if (node.kind === 'join_column') see(node);
    if (node.kind === 'sublink') for (const one of aggregatesAround(node.query)) see(one);
    return null;
  });
  for (const one of [...query.from.flatMap(usingIn), ...groupKeysOf(query)]) see(one);
  return { rows, columns };
}

/** The aggregates in a query that are those of a query around it. */
function aggregatesAround(query: Query): readonly Expr[] {
  const found: Expr[] = [];
  const own = numbersIn(query);
  mapExprs(query, (node) => {
    if (node.kind !== 'aggregate') return null;
    const read: number[] = [];
    visit(node, (one) => {
      if (one.kind === 'column') read.push(one.relation);
    });
    if (!read.some((number) => own.has(number))) found.push(node);
    return null;
  });
  return found;
}

function usingIn(item: FromItem): readonly Expr[] {
  if (item.kind === 'relation') return [];
  const own = (item.using ?? []).flatMap(({ left, right }) => [left, right]);
  return [...own, ...usingIn(item.left), ...usingIn(item.right)];
}
