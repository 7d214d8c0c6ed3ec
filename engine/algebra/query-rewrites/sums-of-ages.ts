/**
 * Sums and averages of the seconds since a time, from those between the time and the year 2000:
 * `sum(extract(epoch FROM now() - opened))` is `count(opened) * extract(epoch FROM now() - y2000) -
 * sum(extract(epoch FROM opened - y2000))`. So the time is read above the aggregates.
 *
 * Right to the last digit: a time is a number of microseconds since that year, so its difference
 * from it has that many, and no months; that of any time from now fits as well. The seconds of a
 * difference are a numeric with six decimal places that leave nothing out. Sums of these are exact,
 * and have six places too; PostgreSQL's average is its quotient of the sum and the number, whose
 * places it chooses by their values. An infinite time has infinite seconds of its sign, where a
 * difference from it does not fail (from PostgreSQL 17 on).
 *
 * Counter-example: `extract(epoch FROM opened)` itself is rounded behind the year 294247.
 * What stays: `date_part`, which is a float; seconds that are divided in each row, which are
 * rounded there; a time with time zone and one without, whose difference depends on the zone.
 */
import type { Aggregate, Call, ColumnRef, Expr, Query } from '../../../parser/tree.ts';
import { mapExprs } from '../../../parser/walk.ts';
import { isNow } from '../moments.ts';
import { TIMESTAMP, TIMESTAMPTZ } from '../facts.ts';
import { binary } from './expressions.ts';
import { literal } from './zoned.ts';

/** `typeOf`: the OID of a column's type; null if it is not known. */
export const sumsOfAges = (query: Query, typeOf: (column: ColumnRef) => number | null): Query =>
  mapExprs(query, (expr) => (expr.kind === 'aggregate' ? fromTimes(expr, typeOf) : null));

function fromTimes(call: Aggregate, typeOf: (column: ColumnRef) => number | null): Expr | null {
  const [seconds] = call.args;
  const isPlain = call.schema === null && !call.distinct && call.orderBy.length === 0;
  if (!isPlain || !(call.name === 'sum' || call.name === 'avg')) return null;
  if (seconds?.kind !== 'call' || seconds.syntax !== 'extract') return null;
  const [field, age] = seconds.args;
  const isEpoch = field?.kind === 'literal' && field.sql.toLowerCase() === "'epoch'";
  if (!isEpoch || age?.kind !== 'binary' || age.op !== '-') return null;
  const { left, right } = age;
  const isOf = (time: Expr, column: Expr): column is ColumnRef =>
    column.kind === 'column' && typeOf(column) === typeOfNow(time);
  if (isOf(left, right)) {
    const { past, number, now } = partsOf(call, seconds, { column: right, time: left });
    return asCalled(call, binary(binary(number, '*', now), '-', past), number);
  }
  if (!isOf(right, left)) return null;
  const { past, number, now } = partsOf(call, seconds, { column: left, time: right });
  return asCalled(call, binary(past, '-', binary(number, '*', now)), number);
}

/** The type of the time, which may be that of a time zone; of all else one that no column has. */
function typeOfNow(expr: Expr): number | undefined {
  if (isNow(expr)) return TIMESTAMPTZ;
  return expr.kind === 'binary' && expr.op === 'AT TIME ZONE' && isNow(expr.left) && isText(expr)
    ? TIMESTAMP
    : undefined;
}

const isText = ({ right }: { readonly right: Expr }): boolean =>
  right.kind === 'literal' || (right.kind === 'cast' && right.operand.kind === 'literal');

function partsOf(
  call: Aggregate,
  seconds: Call,
  { column, time }: { readonly column: ColumnRef; readonly time: Expr },
): { readonly past: Expr; readonly number: Expr; readonly now: Expr } {
  const of = (expr: Expr): Expr => ({ ...seconds, args: [...seconds.args.slice(0, 1), expr] });
  const since = (expr: Expr): Expr => of(binary(expr, '-', isNow(time) ? Y2000 : LOCAL_Y2000));
  const finite: Expr = { ...seconds, name: 'isfinite', syntax: 'plain', args: [column] };
  const stored: Expr = {
    kind: 'case',
    subject: null,
    whens: [{ when: finite, result: since(column) }],
    otherwise: of(column),
    span: null,
  };
  return {
    past: { ...call, name: 'sum', args: [stored] },
    number: { ...call, name: 'count', args: [column] },
    now: since(time),
  };
}

const Y2000 = literal(`'2000-01-01 00:00:00+00'`, 'timestamp with time zone');
const LOCAL_Y2000 = literal(`'2000-01-01 00:00:00'`, 'timestamp without time zone');

const asCalled = ({ name }: Aggregate, sum: Expr, number: Expr): Expr =>
  name === 'avg' ? binary(sum, '/', number) : sum;
