/** The order in which a limit over the only store takes its rows, and what of it has an index. */
import type { Expr, Select } from '../../parser/tree.ts';
import { hasShortValues, MOST_INDEXED } from '../algebra/facts.ts';
import type { AddPlan, Plan } from './plan.ts';
import { above, addedColumn } from './plan.ts';

/**
 * The order in which a limit over the only store takes its rows, as columns of its table with their
 * directions; null if they are not all stored, or there is no such limit. A limit over a query over
 * the store is none: a window below it counts all rows, a condition leaves out some.
 */
export function limitOrder(plan: Plan): readonly OrderColumn[] | null {
  const { query } = plan.residual ?? { query: null };
  if (query?.kind !== 'select' || query.limit === null || !isOfRows(query)) return null;
  const [store] = plan.stores;
  const columns = query.orderBy.map(({ expr, direction, nulls }): OrderColumn | null => {
    const isWord = direction === null || direction === 'ASC' || direction === 'DESC';
    if (expr.kind !== 'column' || !isWord || store === undefined) return null;
    const name = store.rule === 'regroup' ? expr.name : addedColumn(store, expr.name);
    return name === null ? null : { name, isDescending: direction === 'DESC', nulls };
  });
  const known = columns.flatMap((column) => column ?? []);
  if (store?.rule === 'add' && hidesRows(store)) return null;
  return plan.stores.length === 1 && known.length === columns.length ? known : null;
}

/** Whether the rows that a query limits are those of one store, and its limit is a number. */
function isOfRows({
  relations,
  where,
  grouped,
  distinct,
  distinctOn,
  targets,
  limit,
}: Select): boolean {
  const isPlain = !grouped && !distinct && distinctOn.length === 0 && where === null;
  const bounds = [limit?.count ?? null, limit?.offset ?? null];
  return (
    isPlain &&
    relations.length === 1 &&
    relations[0]?.kind === 'table' &&
    targets.every(({ expr }) => expr.kind === 'column') &&
    bounds.every((expr) => expr === null || isLiteral(expr))
  );
}

const isLiteral = (expr: Expr): boolean =>
  expr.kind === 'literal' || (expr.kind === 'cast' && isLiteral(expr.operand));

/** Whether a stored row may be no row of the store. */
const hidesRows = (plan: AddPlan): boolean => above(plan).some(({ op }) => op !== 'project');

export type OrderColumn = {
  readonly name: string;
  readonly isDescending: boolean;
  readonly nulls: 'FIRST' | 'LAST' | null;
};

/**
 * What of the order has an index: each column once. Rows that are stored as they are may have long
 * values, or be ordered by all of their columns, and an index has bounds for both. So of these it
 * has what comes before the first column whose values can be long.
 */
export function indexedOrder(plan: Plan): readonly OrderColumn[] {
  const order = limitOrder(plan) ?? [];
  const names = order.map(({ name }) => name);
  const once = order.filter(({ name }, at) => names.indexOf(name) === at);
  const [store] = plan.stores;
  if (store?.rule !== 'add' || !store.store.identity.repeats) return once;
  const isShort = ({ name }: OrderColumn): boolean => {
    const facts = store.store.keys.find((key) => key.name === name)?.facts;
    return facts !== undefined && hasShortValues(facts);
  };
  const end = once.findIndex((column) => !isShort(column));
  return once.slice(0, end < 0 ? MOST_INDEXED : Math.min(end, MOST_INDEXED));
}
