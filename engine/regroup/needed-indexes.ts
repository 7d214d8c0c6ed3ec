/**
 * The columns, or expressions over columns, by which tables are read when touched keys are found
 * and their rows computed again: the key where a table holds it, and on the paths to the key what
 * joins their tables.
 *
 * A path is gone along in both directions: from a changed row up to its keys, and from the keys
 * down to the rows that matter to them. So both sides of a join need an index. Rows that the
 * passing of time has changed are found by the column that is compared with it.
 */
import { deparseExpr } from '../../parser/deparse.ts';
import { quoteIdent } from '../../parser/quote.ts';
import type { ColumnRef, Expr } from '../../parser/tree.ts';
import { visit } from '../../parser/walk.ts';
import { canFail } from '../algebra/can-fail.ts';
import type { ColumnFacts } from '../algebra/facts.ts';
import { columnSought } from '../algebra/timed.ts';
import { itemOf } from './classes.ts';
import { plainColumn, withoutJoinNames } from './lineage.ts';
import type { Path } from './paths.ts';
import type { RegroupPlan } from './regroup-plan.ts';

/** What an index on the table that an item of FROM is would begin with. */
export type NeededColumn = {
  readonly item: number;
  /** A column's name, or the SQL of an expression over columns. */
  readonly column: string;
  readonly isExpression: boolean;
};

/** An expression is found only by an index if all functions in it are immutable. */
export function neededColumns(plan: RegroupPlan): readonly NeededColumn[] {
  const keys = plan.holders.flatMap(({ expr }) => indexed(plan, expr));
  const joins = [...plan.paths.values()].flatMap((path) =>
    path === null ? [] : joined(plan, path),
  );
  const timed = plan.timed.flatMap((one) =>
    one.timed.flatMap((timed) => {
      const column = columnSought(timed);
      if (column === null || !canHaveIndex(plan, one.item, column)) return [];
      return { item: one.item, column, isExpression: false };
    }),
  );
  const found = new Map<string, NeededColumn>();
  for (const one of [...keys, ...joins, ...timed])
    found.set(`${one.item} ${one.isExpression} ${one.column}`, one);
  return [...found.values()];
}

/** An index finds rows by equality, and by no other condition here. */
const joined = (plan: RegroupPlan, { conditions }: Path): readonly NeededColumn[] =>
  conditions.flatMap((condition) =>
    condition.kind === 'binary' && condition.op === '='
      ? [...indexed(plan, condition.left), ...indexed(plan, condition.right)]
      : [],
  );

/**
 * An index on an expression that can fail would make writers fail that the definition never looks
 * at.
 */
function indexed(plan: RegroupPlan, expr: Expr): readonly NeededColumn[] {
  const column = plainColumn(expr);
  if (column !== null)
    return canHaveIndex(plan, column.relation, column.name)
      ? [{ item: column.relation, column: column.name, isExpression: false }]
      : [];
  const own = withoutJoinNames(expr);
  const item = itemOf(own);
  const facts = columnsIn(own).map((ref) => factsOf(plan, ref.relation, ref.name));
  if (item === null || facts.some((one) => one === null || one.isVirtual)) return [];
  const typeOf = (ref: ColumnRef): number | null =>
    factsOf(plan, ref.relation, ref.name)?.oid ?? null;
  if (canFail(own, typeOf)) return [];
  return [{ item, column: deparseExpr(own, ({ name }) => quoteIdent(name)), isExpression: true }];
}

function columnsIn(expr: Expr): readonly ColumnRef[] {
  const found: ColumnRef[] = [];
  visit(expr, (node) => {
    if (node.kind === 'column') found.push(node);
  });
  return found;
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

function canHaveIndex(plan: RegroupPlan, item: number, column: string): boolean {
  const facts = factsOf(plan, item, column);
  return facts?.sortable === true && !facts.isVirtual;
}
