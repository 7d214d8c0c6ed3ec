/**
 * Groups by the moment are groups by the other keys: `GROUP BY current_date, region` is `GROUP BY
 * region`. So the moment stands above the groups, where it is computed when it is read.
 *
 * Right because such a key has one value for all rows. Where there is no other key, a condition
 * keeps out the one group of no rows. Counter-examples, which stay: `current_date - due`, which
 * reads a column, grouping sets, in which a key can be missing, and functions that return sets:
 * they have several values, and the same one twice.
 */
import type { Aggregate, Expr, GroupItem, Query, Select } from '../../../parser/tree.ts';
import { returnsSet, visit } from '../../../parser/walk.ts';
import { readsNow } from '../moments.ts';
import { conjunction, conjuncts, mapQueries } from './relations.ts';

export const withoutMomentKeys = (query: Query): Query =>
  mapQueries(query, (one) => (one.kind === 'select' ? withoutThem(one) : one));

function withoutThem(query: Select): Select {
  const isPlain = query.groupBy.every(({ kind }) => kind === 'expr');
  const kept = query.groupBy.filter((item) => !isOfMoment(item));
  if (!isPlain || kept.length === query.groupBy.length) return query;
  const having =
    kept.length > 0 ? query.having : conjunction([ANY_ROW, ...conjuncts(query.having)]);
  return { ...query, groupBy: kept, having };
}

const isOfMoment = (item: GroupItem): boolean =>
  item.kind === 'expr' && readsNow(item.expr) && !readsMore(item.expr) && !returnsSet(item.expr);

/** Whether an expression reads rows. */
function readsMore(expr: Expr): boolean {
  let found = false;
  visit(expr, ({ kind }) => {
    found ||= READING.has(kind);
  });
  return found;
}

const READING: ReadonlySet<Expr['kind']> = new Set([
  'column',
  'join_column',
  'whole_row',
  'sublink',
]);

const COUNT: Aggregate = {
  kind: 'aggregate',
  schema: null,
  name: 'count',
  args: [],
  star: true,
  distinct: false,
  orderBy: [],
  filter: null,
  withinGroup: false,
  variadic: false,
  span: null,
};

const ANY_ROW: Expr = {
  kind: 'binary',
  op: '>',
  left: COUNT,
  right: { kind: 'literal', sql: '0', span: null },
  span: null,
};
