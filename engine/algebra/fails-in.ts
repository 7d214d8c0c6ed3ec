/** Whether expressions over the columns of a tree can fail for some of its rows. */
import type { Expr } from '../../parser/tree.ts';
import { visit } from '../../parser/walk.ts';
import { canFail, failsItself } from './can-fail.ts';
import { connected } from './connected.ts';
import type { ColumnId, Node, NodeOf } from './node.ts';
import { idOf, nodesOf, placesOf, referencesOf } from './node.ts';

/** Whether an expression over the columns of the tree can fail for some rows. */
export function failsIn(tree: Node): (expr: Expr) => boolean {
  const oids = oidsIn(tree);
  return (expr) => canFail(expr, (ref) => oids.get(idOf(ref)) ?? null);
}

/**
 * The conditions of a join that can fail for a row of one input together with one of another, if
 * equalities connect these inputs without them. For `a.x + 1 = b.y` that is not so: either side is
 * computed from one row. Without an equality, only the condition itself keeps the rows few.
 */
export function failingAcross(node: NodeOf<'join'>): readonly Expr[] {
  const oids = oidsIn(node);
  const inputOf = placesOf(node);
  const inputsOf = (expr: Expr): readonly number[] => [
    ...new Set(referencesOf(expr).flatMap((column) => inputOf.get(column) ?? [])),
  ];
  const fails = (condition: Expr): boolean => {
    let found = false;
    visit(condition, (expr) => {
      const isOwn = failsItself(expr, (ref) => oids.get(idOf(ref)) ?? null);
      found ||= isOwn && inputsOf(expr).length > 1;
    });
    return found;
  };
  const failing = node.conditions.filter(fails);
  const equalities = node.conditions.filter(
    (one) => one.kind === 'binary' && one.op === '=' && !failing.includes(one),
  );
  const groups = connected(equalities.map(inputsOf));
  return failing.filter((one) =>
    groups.some((group) => inputsOf(one).every((input) => group.has(input))),
  );
}

/** The base types of the columns that nodes have by themselves. */
export const oidsIn = (tree: Node): ReadonlyMap<ColumnId, number | null> =>
  new Map(
    nodesOf(tree).flatMap((node) =>
      'columns' in node
        ? node.columns.map(({ column, facts }) => [column.id, facts?.oid ?? null] as const)
        : [],
    ),
  );
