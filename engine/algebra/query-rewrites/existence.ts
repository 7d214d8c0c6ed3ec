/**
 * EXISTS reads no column, only whether there is a row: its query is stored without them, as one row
 * and its count.
 *
 * Right because the SELECT list, DISTINCT and ORDER BY of such a query are not computed: PostgreSQL
 * leaves them out as well. Counter-examples, which stay: aggregates without GROUP BY, which always
 * have a row, HAVING, set-returning functions, which can have none (in any of these clauses, as in
 * `ORDER BY generate_series(1, 0)`), windows, which are computed and can fail, LIMIT and OFFSET.
 */
import type { Expr, Query } from '../../../parser/tree.ts';
import { returnsSet, visit } from '../../../parser/walk.ts';
import type { Named } from './select.ts';

/** The column of rows of which no column is read. */
export const PRESENT: Named = {
  name: 'present',
  expr: { kind: 'literal', sql: 'true', span: null },
};

/** A query that has a row where this one has one; the same object where its columns are needed. */
export function existence(query: Query): Query {
  if (query.kind !== 'select' || query.grouped) return query;
  const chooses = query.limit !== null || query.locking.length > 0;
  const leftOut = [
    ...[...query.targets, ...query.orderBy].map(({ expr }) => expr),
    ...query.distinctOn,
  ];
  if (chooses || leftOut.some((expr) => returnsSet(expr) || hasWindow(expr))) return query;
  return {
    ...query,
    targets: [PRESENT],
    distinct: false,
    distinctOn: [],
    orderBy: [],
  };
}

function hasWindow(expr: Expr): boolean {
  let found = false;
  visit(expr, ({ kind }) => {
    found ||= kind === 'window';
  });
  return found;
}
