/**
 * That a range of a column contains the time, or has times in common with a span that begins or
 * ends at the time, by the bounds of the range:
 *
 *   during @> now()
 *   NOT isempty(during)
 *     AND (lower_inf(during) OR lower(during) < now()
 *       OR lower_inc(during) AND lower(during) = now())
 *     AND (upper_inf(during) OR upper(during) > now()
 *       OR upper_inc(during) AND upper(during) = now())
 *
 *   during && tstzrange(now() - interval '1 day', now())
 *   the same with lower(during) < now(), and upper(during) compared with the day before
 *
 * So rows that the passing of time changes are found by an index on a bound (timed.ts). Right
 * because a range is what lies between its bounds, a bound that is there is not NULL, and of NULL
 * all these functions are NULL. Counter-examples, which stay: a multirange, which has gaps; a
 * range whose bounds can be in the wrong order at some moment, and fails then; days, which are
 * compared once a day without an index.
 */
import type { Binary, Call, ColumnRef, Expr, Query } from '../../../parser/tree.ts';
import { equalExpr, mapExprs } from '../../../parser/walk.ts';
import { TSRANGE, TSTZRANGE } from '../facts.ts';
import { isTimeBound } from '../moments.ts';
import { findsRows } from '../timed.ts';
import { binary } from './expressions.ts';
import { conjunction } from './relations.ts';
import { textOf } from './zoned.ts';

const RANGES: ReadonlySet<number | null> = new Set([TSRANGE, TSTZRANGE]);
const CONSTRUCTORS: ReadonlySet<string> = new Set(['tsrange', 'tstzrange']);

/** `typeOf`: the OID of a column's type; null if it is not known. */
export const rangesAtMoments = (
  query: Query,
  typeOf: (column: ColumnRef) => number | null,
): Query =>
  mapExprs(query, (node) => {
    if (node.kind !== 'binary' || findsRows(node)) return null;
    return heldBy(node, typeOf);
  });

function heldBy(
  { op, left, right }: Binary,
  typeOf: (column: ColumnRef) => number | null,
): Expr | null {
  const isRange = (expr: Expr): boolean => expr.kind === 'column' && RANGES.has(typeOf(expr));
  if (op === '@>' && isRange(left) && isTimeBound(right)) return contains(left, right);
  if (op === '<@' && isRange(right) && isTimeBound(left)) return contains(right, left);
  if (op !== '&&') return null;
  const [range, other] = isRange(left) ? [left, right] : [right, left];
  const span = spanOf(other);
  return isRange(range) && span !== null ? overlaps(range, span) : null;
}

const contains = (range: Expr, time: Expr): Expr =>
  all([notEmpty(range), beginsBy(range, time, true), endsAfter(range, time)]);

const overlaps = (range: Expr, { begin, end }: Span): Expr =>
  all([notEmpty(range), beginsBy(range, end, false), endsAfter(range, begin)]);

const notEmpty = (range: Expr): Expr => ({
  kind: 'unary',
  op: 'NOT',
  operand: of('isempty', range),
  span: null,
});

/** `isIncluded`: whether the time itself counts. */
function beginsBy(range: Expr, time: Expr, isIncluded: boolean): Expr {
  const before = binary(of('lower', range), '<', time);
  const at = binary(of('lower_inc', range), 'AND', binary(of('lower', range), '=', time));
  const bounded = isIncluded ? binary(before, 'OR', at) : before;
  return binary(of('lower_inf', range), 'OR', bounded);
}

function endsAfter(range: Expr, time: Expr): Expr {
  const after = binary(of('upper', range), '>', time);
  const at = binary(of('upper_inc', range), 'AND', binary(of('upper', range), '=', time));
  return binary(of('upper_inf', range), 'OR', binary(after, 'OR', at));
}

const of = (name: string, range: Expr): Call => ({
  kind: 'call',
  schema: null,
  name,
  args: [range],
  syntax: 'plain',
  variadic: false,
  returnsSet: false,
  span: null,
});

function all(conditions: readonly Expr[]): Expr {
  const whole = conjunction(conditions);
  if (whole === null) throw new Error('there are conditions');
  return whole;
}

type Span = { readonly begin: Expr; readonly end: Expr };

/** A range from some time before a moment to it, or from it to some time after it. */
function spanOf(expr: Expr): Span | null {
  if (expr.kind !== 'call' || expr.schema !== null || !CONSTRUCTORS.has(expr.name)) return null;
  const [begin, end, ...written] = expr.args;
  if (begin === undefined || end === undefined || written.length > 0) return null;
  const isBefore = isMoved(begin, '-', end) || isMoved(end, '+', begin);
  return isBefore && isTimeBound(begin) && isTimeBound(end) ? { begin, end } : null;
}

/** Whether an expression is a moment that is moved by a span of at least a part of a day. */
const isMoved = (expr: Expr, op: string, moment: Expr): boolean =>
  expr.kind === 'binary' &&
  expr.op === op &&
  equalExpr(expr.left, moment) &&
  MOVES.test(textOf(expr.right) ?? '');

/** As PostgreSQL prints an interval above zero with one kind of field. */
const MOVES = /^([1-9]\d{0,3} (days?|mons?|years?)|(?=.*[1-9])\d{2}:\d{2}:\d{2}(\.\d{1,6})?)$/;
