/**
 * Numbers that rise with the difference of two times, and intervals that are computed from columns:
 * `extract(epoch FROM now() - opened) > 3600 * hours`,
 * `now() - opened > hours * interval '1 hour'`.
 *
 * A difference of two times is a number of microseconds. Its seconds are these, and its days those
 * of 24 hours, cut off; an interval is compared as long as PostgreSQL takes it, with months of 30
 * days. So such a comparison has changed only for rows near the bound; how near says `slack`, which
 * also covers what numbers round. Whether it has changed is asked of the comparison itself.
 *
 * Counter-examples: the hours of a difference, which begin anew each day; the days of an age; a
 * number that is converted to an integer, which can fail.
 */
import type { Binary, Call, Expr } from '../../parser/tree.ts';
import { isInstant, readsNow } from './moments.ts';
import { comparedSpan } from './query-rewrites/shift-by-interval.ts';
import { cast, literal, textOf } from './query-rewrites/zoned.ts';

/** One of the number is `seconds` of the difference, give or take `slack` seconds. */
type Measure = { readonly age: Binary; readonly seconds: number; readonly slack: number };

/** Null for what is no such number. */
export function measureOf(expr: Expr): Measure | null {
  if (expr.kind === 'cast')
    return /^(numeric|double precision)$/.test(expr.type) ? measureOf(expr.operand) : null;
  if (expr.kind === 'binary') {
    const number = numberOf(expr.right);
    const inner = number === null || number <= 0 ? null : measureOf(expr.left);
    if (inner === null || number === null) return null;
    if (expr.op === '/') return { ...inner, seconds: inner.seconds * number };
    return expr.op === '*' ? { ...inner, seconds: inner.seconds / number } : null;
  }
  if (expr.kind !== 'call' || expr.schema !== null) return null;
  if (expr.name === 'extract' || expr.name === 'date_part') return fieldOf(expr);
  const [first] = expr.args;
  const inner = first !== undefined && ROUNDING.has(expr.name) ? measureOf(first) : null;
  return inner && { ...inner, slack: inner.slack + inner.seconds };
}

const ROUNDING: ReadonlySet<string> = new Set(['ceil', 'ceiling', 'floor', 'round', 'trunc']);

const DAY = 86_400;

function fieldOf({ args }: Call): Measure | null {
  const [field, age] = args;
  if (age?.kind !== 'binary' || age.op !== '-') return null;
  const isOfTwo = isInstant(age.left) ? !readsNow(age.right) : isInstant(age.right);
  if (!isOfTwo) return null;
  switch (textOf(field)?.toLowerCase()) {
    case 'epoch':
      return { age, seconds: 1, slack: 1 };
    case 'day':
      return { age, seconds: DAY, slack: DAY + 1 };
    default:
      return null;
  }
}

/** A literal number. */
function numberOf(expr: Expr): number | null {
  if (expr.kind === 'cast')
    return /^(numeric|double precision|integer|bigint)$/.test(expr.type)
      ? numberOf(expr.operand)
      : null;
  const found = expr.kind === 'literal' ? /^'?(\d{1,9}(?:\.\d{1,6})?)'?$/.exec(expr.sql) : null;
  return found === null ? null : Number(found[1]);
}

/** A number of `seconds`, as an interval without days. */
export function spanOfNumber(
  expr: Expr,
  seconds: number,
): { readonly expr: Expr; readonly isConstant: boolean } {
  const number = numberOf(expr);
  if (number !== null) return { expr: ofSeconds(number * seconds), isConstant: true };
  return { expr: times(cast(expr, 'double precision'), ofSeconds(seconds)), isConstant: false };
}

const ofSeconds = (seconds: number): Expr =>
  literal(`'${Math.round(seconds * 1e6)} microseconds'`, 'interval');

const times = (left: Expr, right: Expr): Expr => ({
  kind: 'binary',
  op: '*',
  left,
  right,
  span: null,
});

/** What an interval of columns counts where intervals are compared; null if it is not known. */
export function spanOfColumns(
  expr: Expr,
): { readonly expr: Expr; readonly isExact: boolean } | null {
  const made = expr.kind === 'call' ? madeSpan(expr) : null;
  if (made !== null) return { expr: made, isExact: true };
  const span = multiplied(expr);
  return span && { expr: span, isExact: false };
}

/** Of constants that are multiplied, which rounds. */
function multiplied(expr: Expr): Expr | null {
  const constant = comparedSpan(expr);
  if (constant !== null) return constant;
  if (expr.kind === 'call') return madeSpan(expr);
  if (expr.kind !== 'binary') return null;
  if (expr.op === '*') {
    const span = comparedSpan(expr.left) ?? comparedSpan(expr.right);
    return span && times(comparedSpan(expr.left) === null ? expr.left : expr.right, span);
  }
  const [left, right] =
    expr.op === '+' ? [multiplied(expr.left), multiplied(expr.right)] : [null, null];
  return left && right && { ...expr, left, right };
}

/** Seconds of what `make_interval` takes. */
const UNITS: Readonly<Record<string, number>> = {
  years: 360 * DAY,
  months: 30 * DAY,
  weeks: 7 * DAY,
  days: DAY,
  hours: 3600,
  mins: 60,
  secs: 1,
};

function madeSpan({ schema, name, args }: Call): Expr | null {
  if (schema !== null || name !== 'make_interval') return null;
  let all: Expr | null = null;
  for (const arg of args) {
    const unit = arg.kind === 'named_argument' ? UNITS[arg.name] : undefined;
    if (arg.kind !== 'named_argument' || unit === undefined) return null;
    const part = times(arg.value, ofSeconds(unit));
    all = all === null ? part : { kind: 'binary', op: '+', left: all, right: part, span: null };
  }
  return all;
}
