/**
 * A definition confined to some keys: a condition on the key at every table or constant item that
 * holds it, below groupings, windows and outer joins, so that indexes on the key find the rows.
 *
 * A condition on a table that an outer join can show as NULLs stands in a subquery in its place: in
 * WHERE it would take away the rows that have no partner. A constant item there is left whole.
 */
import type { Expr, Query, Relation, Select, TableItem } from '../../parser/tree.ts';
import { equalExpr, mapExpr, visit, visitQuery } from '../../parser/walk.ts';
import { freeNumber, isStore, mapQueries } from '../algebra/query-rewrites/relations.ts';
import { EMPTY, valueOf } from '../algebra/query-rewrites/select.ts';
import type { SourceFacts } from '../algebra/facts.ts';
import type { Holder } from './classes.ts';
import { drivingItems } from './driving.ts';
import { groupKeys } from './lineage.ts';
import type { Outline } from './outline.ts';
import type { Confinable } from './regroup-plan.ts';

/**
 * `condition` is given the key as a table holds it, and whether its rows are to be looked up by it
 * (driving.ts).
 */
export function confined(
  query: Query,
  outline: Outline,
  holders: readonly Holder[],
  sources: ReadonlyMap<number, SourceFacts>,
  condition: (key: Expr, isDriving: boolean) => Expr,
): Query {
  const isKept = (item: number): boolean => outline.items.get(item)?.isNullable === false;
  const driving = drivingIn(query, outline, holders);
  // What a store holds now is a query that PostgreSQL plans on its own.
  const isDriving = (item: number, relation: Relation): boolean =>
    driving.has(item) || (relation.kind === 'table' && isStore(relation));
  let next = freeNumber(query);
  return mapQueries(query, (one) => {
    if (one.kind !== 'select') return one;
    let { where } = one;
    const relations: Relation[] = [...one.relations];
    for (const { item, expr } of holders) {
      const place = item - one.first;
      const relation = one.relations[place];
      if (place < 0 || relation === undefined) continue;
      if (isKept(item)) {
        const own = condition(expr, isDriving(item, relation));
        where =
          where === null ? own : { kind: 'binary', op: 'AND', left: where, right: own, span: null };
      } else if (relation.kind === 'table' && !needsTable(one, item)) {
        const source = sources.get(relation.oid);
        if (source === undefined) continue;
        relations[place] = subqueryOf(relation, source, next, (number) =>
          condition(moved(expr, item, number), isDriving(item, relation)),
        );
        next += 1;
      }
    }
    return { ...one, where, relations };
  });
}

function drivingIn(
  query: Query,
  { items }: Outline,
  holders: readonly Holder[],
): ReadonlySet<number> {
  const isTable = (item: number): boolean => items.get(item)?.relation.kind === 'table';
  return drivingItems(
    query,
    (item) => isTable(item) && holders.some((holder) => holder.item === item),
  );
}

/** The tables, none of them a store, whose rows are looked up by the key. */
export function lookedUp({ query, outline, holders }: Confinable): readonly Holder[] {
  const driving = drivingIn(query, outline, holders);
  return holders.filter(({ item }) => {
    const relation = outline.items.get(item)?.relation;
    return driving.has(item) && relation?.kind === 'table' && !isStore(relation);
  });
}

const moved = (expr: Expr, from: number, to: number): Expr =>
  mapExpr(expr, (node) =>
    node.kind === 'column' && node.relation === from ? { ...node, relation: to } : null,
  );

/** Whether a SELECT uses an item as only a table can be used. */
function needsTable(query: Select, item: number): boolean {
  const keys = query.grouped ? groupKeys(query) : null;
  let isNeeded = false;
  const see = (expr: Expr, isGrouped: boolean): void =>
    visit(expr, (node) => {
      if (isGrouped && keys?.some((key) => equalExpr(key, node)) === true) return false;
      if (node.kind === 'aggregate' && isGrouped) {
        for (const arg of node.args) see(arg, false);
        return false;
      }
      if (node.kind === 'sublink') {
        seeQuery(node.query, isGrouped);
      }
      // A column that is not grouped by depends on a primary key in GROUP BY.
      if (node.kind === 'column' && node.relation === item && isGrouped) isNeeded = true;
      if (node.kind === 'whole_row' && node.relation === item) isNeeded = true;
      return true;
    });
  const seeQuery = (inner: Query, isGrouped: boolean): void =>
    visitQuery(inner, {
      expr: (expr) => see(expr, isGrouped),
      query: (deeper) => seeQuery(deeper, isGrouped),
    });
  for (const { expr } of query.targets) see(expr, query.grouped);
  for (const { expr } of query.orderBy) see(expr, query.grouped);
  if (query.having !== null) see(query.having, true);
  visitQuery(
    { ...query, targets: [], orderBy: [], having: null },
    { expr: (expr) => see(expr, false) },
  );
  return isNeeded;
}

/**
 * With the columns alone that the definition reads: no ALTER TABLE of another one may depend on an
 * imat.
 */
function subqueryOf(
  relation: TableItem,
  { columns, used }: SourceFacts,
  number: number,
  condition: (number: number) => Expr,
): Relation {
  const read = columns
    .map(({ name, attnum }, place) => ({
      name,
      shown: relation.columnAliases[place] ?? name,
      isRead: used === null || used.includes(attnum),
    }))
    .filter(({ isRead }) => isRead);
  const inner: Select = {
    ...EMPTY,
    first: number,
    relations: [{ ...relation, columnAliases: [] }],
    from: [{ kind: 'relation', relation: number }],
    where: condition(number),
    targets: read.map(({ name, shown }) => ({ name: shown, expr: valueOf(number, name) })),
  };
  return {
    kind: 'subquery',
    query: inner,
    lateral: false,
    alias: relation.alias,
    aliased: true,
    columnAliases: [],
    span: relation.span,
  };
}
