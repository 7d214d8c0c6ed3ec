/**
 * The extremes of a difference from now, as a difference from an extreme: `max(now() - opened)` is
 * `now() - min(opened)`. So the time is read above the aggregate.
 *
 * Right for columns of dates and times, because the bound is the same for all rows and a difference
 * rises with what it is taken from. Counter-examples: `avg`, which there is of no time; intervals,
 * because a month is compared as 30 days and subtracted as it comes; numbers, because of NaN.
 */
import { DATE, TIMESTAMP, TIMESTAMPTZ } from '../facts.ts';
import type { Aggregate, ColumnRef, Expr, Query } from '../../../parser/tree.ts';
import { mapExprs } from '../../../parser/walk.ts';
import { isTimeBound } from '../moments.ts';

const TIMES: ReadonlySet<number | null> = new Set([DATE, TIMESTAMP, TIMESTAMPTZ]);

/** `typeOf`: the OID of a column's type; null if it is not known. */
export const extremesOfAges = (query: Query, typeOf: (column: ColumnRef) => number | null): Query =>
  mapExprs(query, (expr) => (expr.kind === 'aggregate' ? differenceOf(expr, typeOf) : null));

const OPPOSITE: Readonly<Record<string, string>> = { min: 'max', max: 'min' };

function differenceOf(call: Aggregate, typeOf: (column: ColumnRef) => number | null): Expr | null {
  const [age] = call.args;
  const opposite = OPPOSITE[call.name];
  if (call.schema !== null || opposite === undefined || age?.kind !== 'binary') return null;
  if (age.op !== '-') return null;
  const isColumn = (expr: Expr): boolean => expr.kind === 'column' && TIMES.has(typeOf(expr));
  const extreme = (name: string, of: Expr): Expr => ({ ...call, name, args: [of] });
  if (isTimeBound(age.left) && isColumn(age.right))
    return { ...age, right: extreme(opposite, age.right) };
  return isColumn(age.left) && isTimeBound(age.right)
    ? { ...age, left: extreme(call.name, age.left) }
    : null;
}
