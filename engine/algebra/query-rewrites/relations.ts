/** What the rewrites ask of the items of FROM, in a query and all queries in it. */
import type {
  Expr,
  FromItem,
  GroupItem,
  Query,
  Relation,
  Select,
  TableItem,
} from '../../../parser/tree.ts';
import { mapExpr, mapExprs, mapQuery, visitQuery } from '../../../parser/walk.ts';

/** Calls `see` for the query and every query in it. */
export function eachQuery(query: Query, see: (query: Query) => void): void {
  see(query);
  visitQuery(query, { expr: () => {}, query: (inner) => eachQuery(inner, see) });
}

/** The tables among the items of FROM, by number. */
export function tablesIn(query: Query): ReadonlyMap<number, TableItem> {
  const tables = new Map<number, TableItem>();
  eachQuery(query, (one) => {
    if (one.kind !== 'select') return;
    for (const [index, relation] of one.relations.entries())
      if (relation.kind === 'table') tables.set(one.first + index, relation);
  });
  return tables;
}

/** The numbers of all items of FROM, in the query and in those in it. */
export function numbersIn(query: Query): ReadonlySet<number> {
  const found = new Set<number>();
  eachQuery(query, (one) => {
    if (one.kind !== 'select') return;
    for (const place of one.relations.keys()) found.add(one.first + place);
  });
  return found;
}

/** Whether a query refers to nothing around it. */
export function isClosed(query: Query): boolean {
  const own = numbersIn(query);
  let closed = true;
  mapExprs(query, (node) => {
    if (node.kind === 'column' || node.kind === 'whole_row') closed &&= own.has(node.relation);
    return null;
  });
  return closed;
}

/** Whether a table of a query is a store: its OID is the number of that, with the other sign. */
export const isStore = ({ oid }: TableItem): boolean => oid < 0;

/** Maps every query from the inside out; `map` sees a query whose inner ones are mapped. */
export function mapQueries(query: Query, map: (query: Query) => Query): Query {
  const inner = (one: Query): Query => mapQueries(one, map);
  const expr = (one: Expr): Expr =>
    mapExpr(one, (node) =>
      node.kind === 'sublink'
        ? { ...node, left: node.left && expr(node.left), query: inner(node.query) }
        : null,
    );
  return map(mapQuery(query, { expr, query: inner }));
}

export function mapRelations(query: Query, map: (relation: Relation) => Relation): Query {
  return mapQueries(query, (one) =>
    one.kind === 'select' ? { ...one, relations: one.relations.map(map) } : one,
  );
}

/** Whether FROM joins by inner joins alone. */
export const isInner = (item: FromItem): boolean =>
  item.kind === 'relation' ||
  ((item.type === 'inner' || item.type === 'cross') && isInner(item.left) && isInner(item.right));

/** The conditions of inner joins, in the order in which the plan takes them. */
export function joinConditions(item: FromItem): Expr[] {
  if (item.kind === 'relation') return [];
  const merged = (item.using ?? []).map(
    ({ left, right }): Expr => ({ kind: 'binary', op: '=', left, right, span: left.span }),
  );
  return [
    ...joinConditions(item.left),
    ...joinConditions(item.right),
    ...(item.on === null ? [] : [item.on]),
    ...merged,
  ];
}

/** The numbers of the items, from the left. */
export const numbersOf = (item: FromItem): number[] =>
  item.kind === 'relation' ? [item.relation] : [...numbersOf(item.left), ...numbersOf(item.right)];

export const conjunction = (conditions: readonly Expr[]): Expr | null =>
  conditions.length === 0
    ? null
    : conditions.reduce((left, right) => ({ kind: 'binary', op: 'AND', left, right, span: null }));

/** The conditions that a conjunction is made of. */
export function conjuncts(expr: Expr | null): readonly Expr[] {
  if (expr === null) return [];
  return expr.kind === 'binary' && expr.op === 'AND'
    ? [...conjuncts(expr.left), ...conjuncts(expr.right)]
    : [expr];
}

/** The expressions in an item of GROUP BY, those of grouping sets included. */
export function keysIn(item: GroupItem): readonly Expr[] {
  switch (item.kind) {
    case 'expr':
      return [item.expr];
    case 'row':
      return item.exprs;
    case 'empty':
      return [];
    default:
      return item.items.flatMap(keysIn);
  }
}

/** All expressions of a query's own. */
export function expressionsOf(query: Query): Expr[] {
  const found: Expr[] = [];
  visitQuery(query, { expr: (expr) => void found.push(expr) });
  return found;
}

/** Whether a query, or one in it, refers to a row of an item as a whole. */
export function readsWhole(query: Query, number: number): boolean {
  let found = false;
  mapExprs(query, (expr) => {
    found ||= expr.kind === 'whole_row' && expr.relation === number;
    return null;
  });
  return found;
}

/** The first number that no item of FROM has. */
export function freeNumber(query: Query): number {
  let next = 0;
  eachQuery(query, (one) => {
    if (one.kind === 'select') next = Math.max(next, one.first + one.relations.length);
  });
  return next;
}

/** A copy of a query whose items have numbers of their own, from `next` on. */
export function renumbered(query: Query, next: number): Query {
  const shifts: { readonly from: number; readonly to: number; readonly by: number }[] = [];
  let free = next;
  eachQuery(query, (one) => {
    if (one.kind !== 'select') return;
    shifts.push({ from: one.first, to: one.first + one.relations.length, by: free - one.first });
    free += one.relations.length;
  });
  const shifted = (number: number): number =>
    number + (shifts.find(({ from, to }) => number >= from && number < to)?.by ?? 0);
  return mapQueries(query, (one) => shiftOwn(one, shifted));
}

function shiftOwn(query: Query, shifted: (number: number) => number): Query {
  const expr = (one: Expr): Expr =>
    mapExpr(one, (node) =>
      node.kind === 'column' || node.kind === 'whole_row'
        ? { ...node, relation: shifted(node.relation) }
        : null,
    );
  const mapped = mapQuery(query, { expr });
  if (mapped.kind !== 'select') return mapped;
  const from = (item: FromItem): FromItem =>
    item.kind === 'relation'
      ? { ...item, relation: shifted(item.relation) }
      : { ...item, left: from(item.left), right: from(item.right) };
  const first = mapped.relations.length === 0 ? mapped.first : shifted(mapped.first);
  return { ...mapped, first, from: mapped.from.map(from) } satisfies Select;
}
