/** Which items of FROM are joined with each other by a condition, and not as all pairs of rows. */
import type { Expr, FromItem, Query, Relation, Select } from '../../../parser/tree.ts';
import { mapExprs } from '../../../parser/walk.ts';
import { connected } from '../connected.ts';
import { conjuncts } from './relations.ts';
import { EMPTY } from './select.ts';

/** Whether some items are joined by nothing but these conditions of WHERE. */
export function joinsItems(query: Select, conditions: readonly Expr[]): boolean {
  const others = conjuncts(query.where).filter((one) => !conditions.includes(one));
  return unjoined(query, others) > unjoined(query, [...others, ...conditions]);
}

/** How many groups of items there are under these conditions, none joined with another. */
function unjoined(query: Select, where: readonly Expr[]): number {
  const own = query.relations.map((_, index) => query.first + index);
  const ofOwn = (items: readonly number[]): number[] => items.filter((item) => own.includes(item));
  const joins = [
    ...query.from.flatMap(itemsOfJoins),
    ...query.relations.map((relation, index) => [
      query.first + index,
      ...itemsOfRelation(relation),
    ]),
    ...where.map(itemsOf),
  ];
  return connected(joins.map(ofOwn).filter((items) => items.length > 0)).length;
}

/** The items that an expression refers to, also in queries within it. */
const itemsOf = (expr: Expr): readonly number[] =>
  itemsOfQuery({ ...EMPTY, first: 0, relations: [], from: [], targets: [], where: expr });

function itemsOfQuery(query: Query): readonly number[] {
  const found = new Set<number>();
  mapExprs(query, (node) => {
    if (node.kind === 'column' || node.kind === 'whole_row') found.add(node.relation);
    return null;
  });
  return [...found];
}

function itemsOfRelation(relation: Relation): readonly number[] {
  if (relation.kind === 'subquery') return itemsOfQuery(relation.query);
  return relation.kind === 'function'
    ? relation.functions.flatMap(({ call }) => itemsOf(call))
    : [];
}

function itemsOfJoins(item: FromItem): readonly (readonly number[])[] {
  if (item.kind === 'relation') return [];
  const merged = item.using?.map(({ left, right }) => [...itemsOf(left), ...itemsOf(right)]) ?? [];
  return [
    ...itemsOfJoins(item.left),
    ...itemsOfJoins(item.right),
    ...(item.on === null ? [] : [itemsOf(item.on)]),
    ...merged,
  ];
}
