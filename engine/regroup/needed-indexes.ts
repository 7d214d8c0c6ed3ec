/**
 * The columns, or expressions over columns, by which tables are read when touched keys are found
 * and their rows computed again: the key where a table holds it, and on the paths to the key what
 * joins their tables.
 *
 * A path is gone along in both directions: from a changed row up to its keys, and from the keys
 * down to the rows that matter to them. So both sides of a join need an index. Rows that the
 * passing of time has changed are found by what is compared with it.
 */
import type { Expr } from '../../parser/tree.ts';
import type { ColumnFacts } from '../algebra/facts.ts';
import { shiftedColumn } from '../algebra/solved.ts';
import type { Holder } from './classes.ts';
import { itemOf } from './classes.ts';
import type { IndexKey } from './index-key.ts';
import { indexKey } from './index-key.ts';
import { plainColumn, withoutJoinNames } from './lineage.ts';
import type { Path } from './paths.ts';
import type { RegroupPlan } from './regroup-plan.ts';

/** What an index on the table that an item of FROM is would begin with. */
export type NeededColumn = IndexKey & { readonly item: number };

/**
 * An expression is found only by an index if all functions in it are immutable. `holders`: the
 * tables that are read by the key.
 */
export function neededColumns(
  plan: RegroupPlan,
  holders: readonly Holder[],
): readonly NeededColumn[] {
  const keys = holders.flatMap(({ expr }) => indexed(plan, expr));
  const link = plan.recursion?.link ?? null;
  const joins = [
    ...[...plan.paths.values()].flatMap((path) => (path === null ? [] : joined(plan, path))),
    ...(link === null ? [] : joined(plan, { conditions: [link.condition] })),
  ];
  const timed = plan.timed.flatMap(({ item, timed: all }) =>
    all.flatMap(({ between }) => {
      const value = between?.value ?? null;
      const key = value && indexKey(value, ({ name }) => factsOf(plan, item, name));
      return key === null ? [] : [{ item, ...key }];
    }),
  );
  const found = new Map<string, NeededColumn>();
  for (const one of [...keys, ...joins, ...timed])
    found.set(`${one.item} ${one.isExpression} ${one.column}`, one);
  return [...found.values()];
}

/** An index finds rows by equality, and by no other condition here. */
const joined = (
  plan: RegroupPlan,
  { conditions }: Pick<Path, 'conditions'>,
): readonly NeededColumn[] =>
  conditions.flatMap((condition) =>
    condition.kind === 'binary' && condition.op === '='
      ? [condition.left, condition.right].flatMap((side) =>
          indexed(plan, shiftedColumn(withoutJoinNames(side)) ?? side),
        )
      : [],
  );

function indexed(plan: RegroupPlan, expr: Expr): readonly NeededColumn[] {
  const own = plainColumn(expr) ?? withoutJoinNames(expr);
  const item = itemOf(own);
  const key = indexKey(own, ({ relation, name }) => factsOf(plan, relation, name));
  return item === null || key === null ? [] : [{ item, ...key }];
}

function factsOf(
  { outline, sources }: RegroupPlan,
  item: number,
  column: string,
): ColumnFacts | null {
  const relation = outline.items.get(item)?.relation;
  if (relation?.kind !== 'table') return null;
  return sources.get(relation.oid)?.columns.find(({ name }) => name === column) ?? null;
}
