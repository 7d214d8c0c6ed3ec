/**
 * Comparisons of a row with a bound that moves with the time as those of a value of the row, which
 * lies between two bounds if the comparison has changed: so an index finds such rows.
 */
import type { Binary, Expr } from '../../parser/tree.ts';
import { visit } from '../../parser/walk.ts';
import { measureOf, spanOfColumns, spanOfNumber } from './measures.ts';
import { isBound, isInstant, readsNow } from './moments.ts';
import { comparedSpan } from './query-rewrites/shift-by-interval.ts';

/**
 * `slack`: by how many seconds the value may lie beyond the two bounds although the comparison has
 * changed; null where the comparison is this one.
 */
export type Sought = {
  readonly value: Expr;
  readonly op: string;
  readonly bound: Expr;
  readonly slack: number | null;
};

const FLIPPED: Readonly<Record<string, string>> = {
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
  '=': '=',
  '<>': '<>',
};

export const comparisonOf = ({ value, op, bound }: Omit<Sought, 'slack'>): Binary => ({
  kind: 'binary',
  op,
  left: value,
  right: bound,
  span: null,
});

/** A comparison as one of a value with a bound; null for what is none. */
export function soughtBy(expr: Expr): Sought | null {
  if (expr.kind !== 'binary') return null;
  const { op, left, right } = expr;
  const flipped = FLIPPED[op];
  return flipped === undefined
    ? null
    : (soughtIn(left, op, right) ?? soughtIn(right, flipped, left));
}

/** Of `value op bound`, and of a difference between the two that is compared with a constant. */
function soughtIn(one: Expr, op: string, other: Expr): Sought | null {
  if (isBound(other))
    return readsNow(one) || !isOrdered(other)
      ? null
      : { value: one, op, bound: other, slack: null };
  return soughtByAge(one, op, other) ?? soughtByMeasure(one, op, other);
}

function soughtByAge(one: Expr, op: string, other: Expr): Sought | null {
  if (one.kind !== 'binary' || one.op !== '-') return null;
  const span = spanOf(other);
  if (span === null) {
    const read = readsNow(other) ? null : spanOfColumns(other);
    return read && movedValue(one, op, read.expr, read.isExact ? null : 1);
  }
  const moved = (bound: Expr, by: '-' | '+'): Expr => ({
    kind: 'binary',
    op: by,
    left: bound,
    right: span,
    span: null,
  });
  if (isLinear(one.left) && !readsNow(one.right))
    return { value: one.right, op: FLIPPED[op] ?? op, bound: moved(one.left, '-'), slack: null };
  return isLinear(one.right) && !readsNow(one.left)
    ? { value: one.left, op, bound: moved(one.right, '+'), slack: null }
    : null;
}

/** Of a number that rises with a difference: seconds or whole days. */
function soughtByMeasure(one: Expr, op: string, other: Expr): Sought | null {
  const measure = readsNow(other) ? null : measureOf(one);
  if (measure === null) return null;
  const { age, seconds, slack } = measure;
  const span = spanOfNumber(other, seconds);
  return span.isConstant
    ? movedBound(age, op, span.expr, slack)
    : movedValue(age, op, span.expr, slack);
}

/** `now() - placed > span` as `placed + span < now()`. */
function movedValue(
  { left, right }: Binary,
  op: string,
  span: Expr,
  slack: number | null,
): Sought | null {
  if (isInstant(left) && !readsNow(right))
    return { value: sum(right, '+', span), op: FLIPPED[op] ?? op, bound: left, slack };
  return isInstant(right) && !readsNow(left)
    ? { value: sum(left, '-', span), op, bound: right, slack }
    : null;
}

/** `now() - placed > span` as `placed < now() - span`. */
function movedBound({ left, right }: Binary, op: string, span: Expr, slack: number): Sought | null {
  if (isInstant(left) && !readsNow(right))
    return { value: right, op: FLIPPED[op] ?? op, bound: sum(left, '-', span), slack };
  return isInstant(right) && !readsNow(left)
    ? { value: left, op, bound: sum(right, '+', span), slack }
    : null;
}

const sum = (left: Expr, op: '+' | '-', right: Expr): Expr => ({
  kind: 'binary',
  op,
  left,
  right,
  span: null,
});

/** Types whose values keep their order when a span is added: a time of day begins anew at 24:00. */
const LINEAR =
  /^(date$|timestamp|interval|numeric|smallint$|integer$|bigint$|text$|double precision$)/;

const ORDERED = new RegExp(`${LINEAR.source}|^(time |time\\(|boolean$|real$)`);

/**
 * Whether two values of a bound have the order in which a column is compared with them. Texts may
 * have another one: that of the column's collation.
 */
function isOrdered(expr: Expr): boolean {
  if (expr.kind === 'case')
    return [...expr.whens.map(({ result }) => result), expr.otherwise].every(
      (one) => one === null || isOrdered(one),
    );
  if (expr.kind === 'literal') return !expr.sql.startsWith("'");
  if (expr.kind === 'call' && expr.name === 'to_char') return false;
  return expr.kind !== 'cast' || (expr.type !== 'text' && ORDERED.test(expr.type));
}

/** Whether it is a bound that can be moved by a span. */
function isLinear(expr: Expr): boolean {
  let isOwn = isBound(expr);
  visit(expr, (node) => {
    isOwn &&= node.kind !== 'cast' || LINEAR.test(node.type);
    return isOwn;
  });
  return isOwn;
}

/**
 * Days between dates, or an interval between times; null for anything else. With more days the
 * moved bound might be out of range where the difference is not.
 */
const spanOf = (expr: Expr): Expr | null =>
  expr.kind === 'literal' && /^\d{1,6}$/.test(expr.sql) ? expr : comparedSpan(expr);
