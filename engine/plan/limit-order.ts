/** The order in which a limit over the only store takes its rows, and what of it has an index. */
import type { Expr, Select } from '../../parser/tree.ts';
import { hasShortValues, isShortType, MOST_INDEXED } from '../algebra/facts.ts';
import { identityOf, storedType } from '../operators/store.ts';
import type { AddPlan, Plan, StorePlan } from './plan.ts';
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
 * What of the order has an index: each column once. An index has bounds for the length of a row and
 * for the number of columns, and what is stored may pass both. So it has what comes before the
 * first column whose values can be long. Such a column is indexed alone, where it begins the order
 * and what finds the rows has it as well.
 */
export function indexedOrder(plan: Plan): readonly OrderColumn[] {
  const order = limitOrder(plan) ?? [];
  const names = order.map(({ name }) => name);
  const once = order.filter(({ name }, at) => names.indexOf(name) === at);
  const [store] = plan.stores;
  const [first] = once;
  if (store === undefined || first === undefined) return [];
  const end = once.findIndex(({ name }) => !isShort(store, name));
  if (end === 0) return isIndexed(store, first.name) ? [first] : [];
  return once.slice(0, end < 0 ? MOST_INDEXED : Math.min(end, MOST_INDEXED));
}

function isShort(store: StorePlan, name: string): boolean {
  if (store.rule === 'regroup') return isShortType(store.columnTypes.get(name) ?? '');
  const { keys, extremes } = store.store;
  const facts = [...keys, ...extremes].find((one) => one.name === name)?.facts;
  return facts === undefined
    ? isShortType(storedType(store.store, name) ?? '')
    : hasShortValues(facts);
}

/** Whether an index has the column anyway. */
const isIndexed = (store: StorePlan, name: string): boolean =>
  store.rule === 'regroup'
    ? store.key.name === name
    : identityOf(store.store).includes(name) && !store.store.identity.repeats;
