/** The LEFT JOINs of which one side is an item of FROM that is joined by equality. */
import type { Expr, FromItem, Relation, Select } from '../../../parser/tree.ts';
import { visit } from '../../../parser/walk.ts';
import { conjuncts } from './relations.ts';

export type JoinItem = Extract<FromItem, { kind: 'join' }>;

export type LeftJoin = {
  readonly item: number;
  readonly relation: Relation;
  /** The sides of the equalities; `name` where the join has USING. */
  readonly pairs: readonly { readonly outer: Expr; readonly own: Expr; readonly name: string }[];
  /** Conditions on the rows that are grouped, and the others. */
  readonly own: readonly Expr[];
  readonly kept: readonly Expr[];
};

/** The joins of which one side is an item by itself that can be missing, the innermost last. */
export function leftJoinsIn(item: FromItem, query: Select): LeftJoin[] {
  if (item.kind === 'relation') return [];
  const inner = [...leftJoinsIn(item.left, query), ...leftJoinsIn(item.right, query)];
  const side = item.type === 'left' ? item.right : item.type === 'right' ? item.left : null;
  if (side?.kind !== 'relation' || item.alias !== null || item.usingAlias !== null) return inner;
  const relation = query.relations[side.relation - query.first];
  if (relation?.kind !== 'table' && relation?.kind !== 'subquery') return inner;
  if (relation.kind === 'subquery' ? relation.lateral : relation.sample !== null) return inner;
  const join =
    item.using === null
      ? joinOn(item.on, side.relation, relation)
      : joinUsing(item.using, item.type === 'left', side.relation, relation);
  return join === null ? inner : [join, ...inner];
}

function joinOn(on: Expr | null, item: number, relation: Relation): LeftJoin | null {
  const pairs: { outer: Expr; own: Expr; name: string }[] = [];
  const own: Expr[] = [];
  const kept: Expr[] = [];
  for (const one of conjuncts(on)) {
    if (isTangled(one)) return null;
    const reads = readsOf(one, item);
    if (reads === 'none' || reads === 'others') kept.push(one);
    else if (reads === 'item') own.push(one);
    else {
      const pair =
        one.kind === 'binary' && one.op === '=' ? sides(one.left, one.right, item) : null;
      if (pair === null) return null;
      pairs.push({ ...pair, name: 'key' });
    }
  }
  return pairs.length === 0 ? null : { item, relation, pairs, own, kept };
}

function joinUsing(
  using: readonly { readonly name: string; readonly left: Expr; readonly right: Expr }[],
  isRight: boolean,
  item: number,
  relation: Relation,
): LeftJoin {
  const pairs = using.map(({ name, left, right }) =>
    isRight ? { outer: left, own: right, name } : { outer: right, own: left, name },
  );
  return { item, relation, pairs, own: [], kept: [] };
}

function sides(left: Expr, right: Expr, item: number): { outer: Expr; own: Expr } | null {
  if (readsOf(left, item) === 'item' && readsOf(right, item) === 'others')
    return { outer: right, own: left };
  if (readsOf(right, item) === 'item' && readsOf(left, item) === 'others')
    return { outer: left, own: right };
  return null;
}

/** Whose columns an expression reads. */
export function readsOf(expr: Expr, item: number): 'none' | 'item' | 'others' | 'both' {
  let [own, others] = [false, false];
  visit(expr, (node) => {
    if (node.kind !== 'column' && node.kind !== 'whole_row') return;
    if (node.relation === item) own = true;
    else others = true;
  });
  if (own) return others ? 'both' : 'item';
  return others ? 'others' : 'none';
}

/** Whether it is more than an expression over the columns of one row. */
export function isTangled(expr: Expr): boolean {
  let found = false;
  visit(expr, ({ kind }) => {
    found ||= ['sublink', 'window', 'whole_row', 'aggregate', 'grouping'].includes(kind);
  });
  return found;
}

/** The tree of joins with the one mapped that has an item by itself on a side. */
export function mapJoin(from: FromItem, item: number, map: (join: JoinItem) => JoinItem): FromItem {
  if (from.kind === 'relation') return from;
  const isThis = [from.left, from.right].some(
    (side) => side.kind === 'relation' && side.relation === item,
  );
  if (isThis) return map(from);
  return { ...from, left: mapJoin(from.left, item, map), right: mapJoin(from.right, item, map) };
}
