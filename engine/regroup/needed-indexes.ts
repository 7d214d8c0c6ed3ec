/**
 * The columns by which tables are read when touched keys are found and their rows computed again:
 * the key where a table holds it, and on the paths to the key the columns that join their tables.
 *
 * A path is gone along in both directions: from a changed row up to its keys, and from the keys
 * down to the rows that matter to them. So both sides of a join need an index. Rows that the
 * passing of time has changed are found by the column that is compared with it.
 */
import type { Expr } from '../../parser/tree.ts';
import { columnSought } from '../algebra/timed.ts';
import { plainColumn } from './lineage.ts';
import type { Path } from './paths.ts';
import type { RegroupPlan } from './regroup-plan.ts';

/** A column of the table that an item of FROM is. */
export type NeededColumn = { readonly item: number; readonly column: string };

/** Columns of tables alone: an index on an expression is not proposed. */
export function neededColumns(plan: RegroupPlan): readonly NeededColumn[] {
  const keys = plan.holders.flatMap(({ expr }) => columnOf(expr));
  const joins = [...plan.paths.values()].flatMap((path) => (path === null ? [] : joined(path)));
  const timed = plan.timed.flatMap((one) =>
    one.timed.flatMap((timed) => {
      const column = columnSought(timed);
      return column === null ? [] : { item: one.item, column };
    }),
  );
  const found = new Map<string, NeededColumn>();
  for (const one of [...keys, ...joins, ...timed])
    if (canHaveIndex(plan, one)) found.set(`${one.item} ${one.column}`, one);
  return [...found.values()];
}

/** An index finds rows by equality with a column, and by no other condition here. */
const joined = ({ conditions }: Path): readonly NeededColumn[] =>
  conditions.flatMap((condition) =>
    condition.kind === 'binary' && condition.op === '='
      ? [...columnOf(condition.left), ...columnOf(condition.right)]
      : [],
  );

function columnOf(expr: Expr): readonly NeededColumn[] {
  const column = plainColumn(expr);
  return column === null ? [] : [{ item: column.relation, column: column.name }];
}

function canHaveIndex({ outline, sources }: RegroupPlan, { item, column }: NeededColumn): boolean {
  const relation = outline.items.get(item)?.relation;
  if (relation?.kind !== 'table') return false;
  const facts = sources.get(relation.oid)?.columns.find(({ name }) => name === column);
  return facts?.sortable === true && !facts.isVirtual;
}
