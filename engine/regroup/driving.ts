/**
 * Of the tables that hold a key, those whose rows are looked up by it. PostgreSQL joins the others
 * to them by the key, so a list of keys is a filter there: as a condition of an index, it would be
 * sorted again for every row that is joined (0.2 ms for 7,500 keys).
 *
 * One table for each query that PostgreSQL plans on its own: the outermost, the branches of set
 * operations, and subqueries that group, limit or the like. Subqueries that are planned together
 * with the query around them, or for each of its rows, have one only if that has none. No row of
 * one side of a FULL JOIN is looked up for a row of the other side, so each has one of its own.
 *
 * Rows of a constant item are all computed whatever the keys are. So beside it, tables that an
 * outer join can show as NULLs are looked up as well: nothing else makes their rows few.
 */
import type { FromItem, Query, Relation, Select } from '../../parser/tree.ts';
import { visit, visitQuery } from '../../parser/walk.ts';
import { numbersOf } from '../algebra/query-rewrites/relations.ts';
import { nullableIn } from './outline.ts';

/** The numbers of items. `isHolder`: whether an item is a table that holds the key. */
export function drivingItems(
  query: Query,
  isHolder: (item: number) => boolean,
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
    const isJoined = isDriven && (isFlat(one) || leadsOut(one, outer));
    const inside = new Set([...outer, ...one.relations.map((_, place) => one.first + place)]);
    const [main, ...sides] = partsOf(one);
    const isMainDriven = seePart(one, main, isJoined, inside);
    const areSidesDriven = sides.map((part) => seePart(one, part, false, inside));
    const driven = isMainDriven || areSidesDriven.includes(true);
    const inRelations = new Set(one.relations.flatMap(queryOf));
    visitQuery(one, {
      expr: () => undefined,
      query: (inner) => {
        if (!inRelations.has(inner)) see(inner, driven, inside);
      },
    });
    return driven;
  }

  function seePart(
    one: Select,
    { kept, nullable }: Part,
    isJoined: boolean,
    inside: ReadonlySet<number>,
  ): boolean {
    const first = kept.find(isHolder);
    if (!isJoined && first !== undefined) driving.add(first);
    let driven = isJoined || first !== undefined;
    for (const item of [...kept, ...nullable])
      for (const inner of queryOf(one.relations[item - one.first]))
        driven = (see(inner, driven, inside) && isFlatQuery(inner)) || driven;
    if (driven) return true;
    const others = nullable.filter(isHolder);
    for (const item of others) driving.add(item);
    return others.length > 0;
  }

  see(query, false, new Set());
  return driving;
}

const queryOf = (relation: Relation | undefined): readonly Query[] =>
  relation?.kind === 'subquery' ? [relation.query] : [];

/** Items of FROM among which one can be looked up for a row of another one. */
type Part = {
  readonly kept: readonly number[];
  /** Those that outer joins within the part can show as NULLs. */
  readonly nullable: readonly number[];
};

/** What is outside of FULL JOINs, and each of their sides. */
function partsOf({ from }: Select): readonly [Part, ...Part[]] {
  const sides = from.flatMap(fullSides);
  const partOf = (items: readonly FromItem[]): Part => {
    const within = new Set(items.flatMap(fullSides).flatMap(numbersOf));
    const own = items.flatMap(numbersOf).filter((item) => !within.has(item));
    const nullable = new Set(items.flatMap(nullableIn));
    return {
      kept: own.filter((item) => !nullable.has(item)),
      nullable: own.filter((item) => nullable.has(item)),
    };
  };
  return [partOf(from), ...sides.map((side) => partOf([side]))];
}

/** The sides of FULL JOINs, at any depth. */
function fullSides(item: FromItem): readonly FromItem[] {
  if (item.kind === 'relation') return [];
  const own = item.type === 'full' ? [item.left, item.right] : [];
  return [...own, ...fullSides(item.left), ...fullSides(item.right)];
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
