/** The time of the transaction in expressions, and what is computed from it alone. */
import type { Expr, Span } from '../../parser/tree.ts';
import { mapExpr, visit } from '../../parser/walk.ts';
import { isNotZero } from './can-fail.ts';

/** The time at which the transaction began, under any of its names. */
export const isNow = (expr: Expr): boolean =>
  (expr.kind === 'call' &&
    expr.schema === null &&
    expr.args.length === 0 &&
    (expr.name === 'now' || expr.name === 'transaction_timestamp')) ||
  (expr.kind === 'value_function' && expr.sql.toUpperCase() === 'CURRENT_TIMESTAMP');

export const now = (span: Span | null): Expr => ({
  kind: 'call',
  schema: null,
  name: 'now',
  args: [],
  syntax: 'plain',
  variadic: false,
  returnsSet: false,
  span,
});

/** Whether a node is the time, or a call of a function whose body reads it. */
export const isOfNow = (node: Expr): boolean => isNow(node) || readsInBody(node);

/** A body reads the time of its transaction: no other moment can be written in its place. */
export const readsInBody = (node: Expr): boolean => node.kind === 'call' && node.readsTime === true;

/** Whether an expression reads the time. */
export const readsNow = (expr: Expr): boolean => contains(expr, isOfNow);

/** Whether it does so in the body of a function. */
export const readsNowInBody = (expr: Expr): boolean => contains(expr, readsInBody);

function contains(expr: Expr, test: (node: Expr) => boolean): boolean {
  let found = false;
  visit(expr, (node) => {
    found ||= test(node);
    return !found;
  });
  return found;
}

/** From a bound to the same at another moment. */
export const atMoment = (expr: Expr, moment: Expr): Expr =>
  mapExpr(expr, (node) => (isNow(node) ? moment : null));

/** Functions that have one value for one time, and NULL for none. */
const BOUND_FUNCTIONS: ReadonlySet<string> = new Set([
  'date',
  'date_add',
  'date_bin',
  'date_part',
  'date_subtract',
  'date_trunc',
  'extract',
  'make_interval',
  'timestamp',
  'timestamptz',
  'timezone',
  'to_char',
]);

/** Whether it is computed from the time alone, by what does not fail, and is never NULL. */
export const isBound = (expr: Expr): boolean => isOfTime(expr, false);

/** The same of what can be NULL: `CASE extract(year FROM now())::int % 2 WHEN 1 THEN .. END`. */
export const isOfTimeOrNull = (expr: Expr): boolean => isOfTime(expr, true);

function isOfTime(expr: Expr, orNull: boolean): boolean {
  let isPlain = true;
  visit(expr, (node) => {
    const isOwn =
      isNow(node) ||
      node.kind === 'cast' ||
      node.kind === 'named_argument' ||
      (node.kind === 'literal' && (orNull || node.sql.toUpperCase() !== 'NULL')) ||
      (node.kind === 'unary' && /^([-+]|NOT)$/.test(node.op)) ||
      (node.kind === 'case' && (orNull || node.otherwise !== null)) ||
      (node.kind === 'binary' && OF_TIMES.test(node.op)) ||
      (node.kind === 'binary' && /^[/%]$/.test(node.op) && isNotZero(node.right)) ||
      (node.kind === 'call' && node.schema === null && BOUND_FUNCTIONS.has(node.name));
    isPlain &&= isOwn;
    return isPlain;
  });
  return isPlain && readsNow(expr);
}

/** Operators that have a value for values, and do not fail for what times are made of. */
const OF_TIMES = /^([-+*]|[<>]=?|=|<>|AND|OR|AT TIME ZONE)$/;

/** Whether it is a time, with its date, that is computed from the time alone. */
export function isInstant(expr: Expr): boolean {
  if (!isBound(expr)) return false;
  if (expr.kind === 'binary' && /^[-+]$/.test(expr.op)) return isInstant(expr.left);
  return (
    isNow(expr) ||
    (expr.kind === 'cast' && expr.type.startsWith('timestamp')) ||
    (expr.kind === 'binary' && expr.op === 'AT TIME ZONE')
  );
}

/** Whether an expression is the time, or a date or time that is computed from it alone. */
export function isTimeBound(expr: Expr): boolean {
  if (!isBound(expr)) return false;
  return (
    isNow(expr) ||
    (expr.kind === 'cast' && /^(date|timestamp)/.test(expr.type)) ||
    (expr.kind === 'binary' && expr.op === 'AT TIME ZONE')
  );
}
