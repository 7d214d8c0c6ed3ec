/**
 * Aggregates of ages that end, or last until now, as those of the ones and of the others:
 *
 *   max(coalesce(closed, now()) - opened)
 *   greatest(max(closed - opened) FILTER (WHERE closed IS NOT NULL),
 *     max(now() - opened) FILTER (WHERE closed IS NULL))
 *
 * and so `min`, and `sum` and `avg` of the seconds. The ages until now are then computed from the
 * times at which they began (extremes-of-ages.ts, sums-of-ages.ts).
 *
 * Right because each row is one of the two, differences of times are equal only if they are the
 * same, and sums of seconds are exact: PostgreSQL's average is the sum divided by the number.
 * Counter-examples, which stay: seconds that are divided in each row, which are rounded there, and
 * DISTINCT.
 */
import type { Aggregate, Call, Expr, Keyword, Query } from '../../../parser/tree.ts';
import { mapExprs } from '../../../parser/walk.ts';
import { isTimeBound, readsNow } from '../moments.ts';
import { conjunction } from './relations.ts';
import { textOf } from './zoned.ts';

export const agesUntilNow = (query: Query): Query =>
  mapExprs(query, (expr) => (expr.kind === 'aggregate' ? apart(expr) : null));

const EXTREMES: Readonly<Record<string, Keyword['name']>> = { max: 'GREATEST', min: 'LEAST' };

function apart(call: Aggregate): Expr | null {
  const [arg] = call.args;
  if (call.schema !== null || call.distinct || arg === undefined) return null;
  const keyword = EXTREMES[call.name];
  if (keyword !== undefined) {
    const parts = partsOf(arg);
    if (parts === null) return null;
    const args = parts.map(({ age, when }) => ofSome(call, call.name, age, when));
    return { kind: 'keyword', name: keyword, args, span: call.span };
  }
  if (call.name !== 'sum' && call.name !== 'avg') return null;
  if (!isSeconds(arg)) return null;
  const [field, whole] = arg.args;
  const parts = partsOf(whole);
  if (parts === null || field === undefined) return null;
  const sums = parts.map(({ age, when }) =>
    ofSome(call, 'sum', { ...arg, args: [field, age] }, when),
  );
  const sum: Expr = { kind: 'keyword', name: 'COALESCE', args: [added(sums), ...sums], span: null };
  const number: Aggregate = {
    ...call,
    name: 'count',
    args: parts.map(({ other }) => other).slice(0, 1),
  };
  return call.name === 'sum'
    ? sum
    : { kind: 'binary', op: '/', left: sum, right: number, span: call.span };
}

const isSeconds = (expr: Expr): expr is Call =>
  expr.kind === 'call' && expr.syntax === 'extract' && textOf(expr.args[0]) === 'epoch';

/** `other`: without which there is no age. */
type Part = { readonly age: Expr; readonly when: Expr; readonly other: Expr };

/** A difference with `coalesce(column, now())` on one side, as two; null for anything else. */
function partsOf(age: Expr | undefined): readonly Part[] | null {
  if (age?.kind !== 'binary' || age.op !== '-') return null;
  const [left, right] = [choiceOf(age.left), choiceOf(age.right)];
  const choice = left ?? right;
  if (choice === null || (left !== null && right !== null)) return null;
  const { column, time } = choice;
  const other = left === null ? age.left : age.right;
  if (readsNow(other)) return null;
  const by = (end: Expr): Expr => (left === null ? { ...age, right: end } : { ...age, left: end });
  const is = (op: string): Expr => ({ kind: 'unary', op, operand: column, span: null });
  return [
    { age: by(column), when: is('IS NOT NULL'), other },
    { age: by(time), when: is('IS NULL'), other },
  ];
}

function choiceOf(expr: Expr): { readonly column: Expr; readonly time: Expr } | null {
  if (expr.kind !== 'keyword' || expr.name !== 'COALESCE' || expr.args.length !== 2) return null;
  const [column, time] = expr.args;
  if (column?.kind !== 'column' || time === undefined || !isTimeBound(time)) return null;
  return { column, time };
}

const ofSome = (call: Aggregate, name: string, arg: Expr, when: Expr): Aggregate => ({
  ...call,
  name,
  args: [arg],
  filter: conjunction([...(call.filter === null ? [] : [call.filter]), when]),
});

const added = ([left, right]: readonly Expr[]): Expr => {
  if (left === undefined || right === undefined) throw new Error('there are two parts');
  return { kind: 'binary', op: '+', left, right, span: null };
};
