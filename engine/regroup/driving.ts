/**
 * Of the tables that hold a key, those whose rows are looked up by it. PostgreSQL joins the others
 * to them by the key, so a list of keys is a filter there: as a condition of an index, it would be
 * sorted again for every row that is joined (0.2 ms for 7,500 keys).
 *
 * One table for each query that PostgreSQL plans on its own: the outermost, the branches of set
 * operations, and subqueries that group, limit or the like. Subqueries that are planned together
 * with the query around them, or for each of its rows, have one only if that has none.
 */
import type { Query, Select } from '../../parser/tree.ts';
import { visit, visitQuery } from '../../parser/walk.ts';

/** The numbers of items. `canDrive`: whether an item holds the key, and no join leaves it out. */
export function drivingItems(
  query: Query,
  canDrive: (item: number) => boolean,
): ReadonlySet<number> {
  const driving = new Set<number>();

  /** Whether there is one now. */
  function see(one: Query, isDriven: boolean, outer: ReadonlySet<number>): boolean {
    if (one.kind === 'select') return seeSelect(one, isDriven, outer);
    const isJoined = isDriven && leadsOut(one, outer);
    visitQuery(one, { expr: () => undefined, query: (inner) => see(inner, isJoined, outer) });
    return isDriven;
  }

  function seeSelect(one: Select, isDriven: boolean, outer: ReadonlySet<number>): boolean {
    const own = one.relations.map((_, place) => one.first + place);
    const isJoined = isDriven && (isFlat(one) || leadsOut(one, outer));
    const first = own.find(canDrive);
    if (!isJoined && first !== undefined) driving.add(first);
    let driven = isJoined || first !== undefined;
    const inside = new Set([...outer, ...own]);
    for (const relation of one.relations)
      if (relation.kind === 'subquery')
        driven = (see(relation.query, driven, inside) && isFlatQuery(relation.query)) || driven;
    const inRelations = new Set(
      one.relations.flatMap((item) => (item.kind === 'subquery' ? [item.query] : [])),
    );
    visitQuery(one, {
      expr: () => undefined,
      query: (inner) => {
        if (!inRelations.has(inner)) see(inner, driven, inside);
      },
    });
    return driven;
  }

  see(query, false, new Set());
  return driving;
}

/** Whether PostgreSQL plans it as a part of the query around it. */
const isFlat = (query: Select): boolean =>
  !query.grouped &&
  !query.distinct &&
  query.distinctOn.length === 0 &&
  query.windows.length === 0 &&
  query.limit === null &&
  query.ctes.length === 0;

const isFlatQuery = (query: Query): boolean => query.kind === 'select' && isFlat(query);

/** Whether a query reads columns of the queries around it. */
function leadsOut(query: Query, outer: ReadonlySet<number>): boolean {
  let leads = false;
  const inside = (one: Query): void =>
    visitQuery(one, {
      expr: (expr) =>
        visit(expr, (node) => {
          if (node.kind === 'column' && outer.has(node.relation)) leads = true;
        }),
      query: inside,
    });
  inside(query);
  return leads;
}
