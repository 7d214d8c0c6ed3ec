/**
 * What an aggregate without an order takes its rows by is in the columns of the subquery that it
 * reads: an order by something else becomes one of them.
 *
 *   SELECT array_agg(q.x) FROM (SELECT x FROM t ORDER BY y) q
 *   -> SELECT array_agg(q.x) FROM (SELECT x, y AS sort_1 FROM t ORDER BY y) q
 *
 * Right because nothing asks how many columns the subquery has. Wrong for `to_jsonb(q)`, which has
 * the whole row, for a CTE, which others may read, and for SELECT DISTINCT, whose rows it would
 * tell apart; there the order is by columns anyway.
 */
import type { Aggregate, Query, Select, Sort } from '../../../parser/tree.ts';
import { equalExpr, mapExprs } from '../../../parser/walk.ts';
import { ORDER_SENSITIVE } from './orders.ts';

/** Of an aggregate that is not PostgreSQL's own nothing is known but its name. */
export const mindsOrder = (node: Aggregate): boolean =>
  !node.withinGroup && !node.star && (node.schema !== null || ORDER_SENSITIVE.has(node.name));

/** Whether it has its rows in the order in which they come. */
export const takesInputOrder = (node: Aggregate): boolean =>
  mindsOrder(node) && node.orderBy.length === 0 && !node.distinct;

/**
 * The order of a query's rows, without what comes behind the expressions of DISTINCT ON: no two
 * rows are equal in these.
 */
export function decisiveOrder(query: Query): readonly Sort[] {
  if (query.kind !== 'select' || query.distinctOn.length === 0) return query.orderBy;
  const { distinctOn, orderBy } = query;
  const other = orderBy.findIndex(({ expr }) => !distinctOn.some((one) => equalExpr(one, expr)));
  return other < 0 ? orderBy : orderBy.slice(0, other);
}

/** The same query where no aggregate needs it. `isArray`: an ARRAY subquery shows the order too. */
export function withSortColumns(select: Select, isArray: boolean): Select {
  const [item, ...others] = select.relations;
  if (item?.kind !== 'subquery' || item.query.kind !== 'select' || others.length > 0) return select;
  const inner = item.query;
  const sorts = decisiveOrder(inner).filter(
    ({ expr }) => !inner.targets.some((target) => equalExpr(target.expr, expr)),
  );
  if (sorts.length === 0 || (inner.distinct && inner.distinctOn.length === 0)) return select;
  let isNeeded = isArray && select.orderBy.length === 0;
  let hasWholeRow = false;
  mapExprs(select, (node) => {
    isNeeded ||= node.kind === 'aggregate' && takesInputOrder(node);
    hasWholeRow ||= node.kind === 'whole_row' && node.relation === select.first;
    return null;
  });
  if (!isNeeded || hasWholeRow) return select;
  const taken = new Set([...inner.targets.map(({ name }) => name), ...item.columnAliases]);
  let number = 0;
  const nextName = (): string => {
    number += 1;
    return taken.has(`sort_${number}`) ? nextName() : `sort_${number}`;
  };
  const targets = [...inner.targets, ...sorts.map(({ expr }) => ({ name: nextName(), expr }))];
  return { ...select, relations: [{ ...item, query: { ...inner, targets } }] };
}
