/**
 * Comparisons of a column with a bound that moves with the time: `placed >= now() - '30 days'`.
 *
 * The passing of time is a change of rows. A state is that of a moment t0, a reader has another
 * one, t1: a row has changed if a comparison of it has. Only these two are compared with each
 * other, so nothing is asked of the bound but that it is a function of the time alone: it need not
 * rise with it (a change of the clock, the end of a month), and t1 may be before t0.
 *
 *   changed   column op bound(t0) is distinct from column op bound(t1)
 *
 * Such a row lies between the two bounds, where an index on the column finds it. Counter-examples:
 * `now() - placed < '30 days'` has no bound that an index could find; `greatest(placed, now())` is
 * another value at each moment.
 */
import type { Binary, ColumnRef, Expr, Span } from '../../parser/tree.ts';
import { mapExpr, visit } from '../../parser/walk.ts';

/** `column op bound`; the bound reads no column, and the time is the only thing that it reads. */
export type Timed = { readonly column: string; readonly op: string; readonly bound: Expr };

/** The attribute number of a moment among the columns of a scan: no column of a table has it. */
export const MOMENT = 0;

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

/** Whether an expression reads the time. */
export function readsNow(expr: Expr): boolean {
  let found = false;
  visit(expr, (node) => {
    found ||= isNow(node);
    return !found;
  });
  return found;
}

/** From a bound to the same at another moment. */
export const atMoment = (expr: Expr, moment: Expr): Expr =>
  mapExpr(expr, (node) => (isNow(node) ? moment : null));

const FLIPPED: Readonly<Record<string, string>> = {
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
  '=': '=',
  '<>': '<>',
};

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
]);

function isBound(expr: Expr): boolean {
  let isPlain = true;
  visit(expr, (node) => {
    const isOwn =
      isNow(node) ||
      node.kind === 'cast' ||
      node.kind === 'named_argument' ||
      (node.kind === 'literal' && node.sql.toUpperCase() !== 'NULL') ||
      (node.kind === 'unary' && (node.op === '-' || node.op === '+')) ||
      (node.kind === 'binary' && /^([-+*]|AT TIME ZONE)$/.test(node.op)) ||
      (node.kind === 'call' && node.schema === null && BOUND_FUNCTIONS.has(node.name));
    isPlain &&= isOwn;
    return isPlain;
  });
  return isPlain && readsNow(expr);
}

export type TimedComparison = Omit<Timed, 'column'> & { readonly column: ColumnRef };

/** Null for what is no comparison of a column with a bound that moves. */
export function timedComparison(expr: Expr): TimedComparison | null {
  if (expr.kind !== 'binary') return null;
  const [left, right] = [columnOf(expr.left), columnOf(expr.right)];
  const flipped = FLIPPED[expr.op];
  if (flipped === undefined) return null;
  if (left !== null && isBound(expr.right)) return { column: left, op: expr.op, bound: expr.right };
  return right !== null && isBound(expr.left)
    ? { column: right, op: flipped, bound: expr.left }
    : null;
}

function columnOf(expr: Expr): ColumnRef | null {
  if (expr.kind === 'column') return expr;
  return expr.kind === 'join_column' && !expr.merged ? columnOf(expr.target) : null;
}

/** The expression with each of its comparisons with a bound that moves replaced. */
export const mapTimed = (
  expr: Expr,
  replace: (comparison: TimedComparison, node: Binary) => Expr | null,
): Expr =>
  mapExpr(expr, (node) => {
    const timed = node.kind === 'binary' ? timedComparison(node) : null;
    return timed === null || node.kind !== 'binary' ? null : replace(timed, node);
  });
