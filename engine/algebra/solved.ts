/**
 * Equalities of two columns that are a constant apart, solved for either column: previous rows,
 * gaps, the day before.
 *
 *   p.id = m.id - 1   is   m.id = p.id + 1
 *
 * So an index on the column finds the rows of its table, and integers do not overflow: a table is
 * asked for rows that the definition never looks at.
 */
import type { Binary, ColumnRef, Expr } from '../../parser/tree.ts';
import { DATE, INT2, INT4, INT8, NUMERIC } from './facts.ts';
import { binary } from './query-rewrites/expressions.ts';

type OidOf = (column: ColumnRef) => number | null;

/** A column with a constant added to it. `isCast`: to bigint, which rounds what is no integer. */
type Shifted = { readonly column: ColumnRef; readonly by: bigint; readonly isCast: boolean };

/** Larger constants make a bigint of an integer, which could overflow. */
const LARGEST_INTEGER = 2n ** 31n - 1n;
const LARGEST_BIGINT = 2n ** 63n - 1n;
/** PostgreSQL, `datatype/timestamp.h`: `DATE_END_JULIAN`. */
const FIRST_DATE = '4714-11-24 BC';
const LAST_DATE = '5874897-12-31';
const MOST_DAYS = 2_147_483_493n;

/**
 * The same with the column for which `isSought` holds alone on the left side; what it is compared
 * with fails for no row. Null for anything else, and for two columns without a constant.
 */
export function solvedFor(
  expr: Expr,
  isSought: (column: ColumnRef) => boolean,
  oidOf: OidOf,
): Expr | null {
  if (expr.kind !== 'binary' || expr.op !== '=') return null;
  const [left, right] = [shifted(expr.left), shifted(expr.right)];
  if (left === null || right === null || (left.by === 0n && right.by === 0n)) return null;
  const [sought, given] = isSought(left.column) ? [left, right] : [right, left];
  if (!isSought(sought.column) || isSought(given.column)) return null;
  const by = given.by - sought.by;
  const oids = [sought, given].map(({ column }) => oidOf(column));
  if (!oids.every(isInteger) && (left.isCast || right.isCast)) return null;
  const value = moved(given.column, by, oids);
  return value && { kind: 'binary', op: '=', left: sought.column, right: value, span: expr.span };
}

/** The column that a constant is added to, as written or solved for; null for anything else. */
export function shiftedColumn(expr: Expr): ColumnRef | null {
  // A CASE of the definition has a place in its text.
  const [own] = expr.kind === 'case' && expr.span === null ? expr.whens : [];
  const found = shifted(own?.result ?? expr);
  return found === null || found.by === 0n ? null : found.column;
}

function shifted(expr: Expr): Shifted | null {
  if (expr.kind === 'column') return { column: expr, by: 0n, isCast: false };
  if (expr.kind === 'cast' && expr.type === 'bigint') {
    const inner = shifted(expr.operand);
    return inner && { ...inner, isCast: true };
  }
  if (expr.kind !== 'binary' || (expr.op !== '+' && expr.op !== '-')) return null;
  const [left, right] = [shifted(expr.left), constant(expr.right)];
  if (left !== null && right !== null)
    return within({ ...left, by: expr.op === '+' ? left.by + right : left.by - right });
  const [first, last] = [constant(expr.left), shifted(expr.right)];
  return first === null || last === null || expr.op === '-'
    ? null
    : within({ ...last, by: first + last.by });
}

const within = (one: Shifted): Shifted | null =>
  one.by <= LARGEST_INTEGER && one.by >= -LARGEST_INTEGER ? one : null;

/** An integer as PostgreSQL prints it: `1`, `'-1'::integer`. */
function constant(expr: Expr): bigint | null {
  const isCast = expr.kind === 'cast' && /^(smallint|integer|bigint)$/.test(expr.type);
  const inner = isCast ? expr.operand : expr;
  if (inner.kind !== 'literal') return null;
  const [, digits] = (isCast ? /^'?(-?\d+)'?$/ : /^(\d+)$/).exec(inner.sql) ?? [];
  return digits === undefined ? null : BigInt(digits);
}

const isInteger = (oid: number | null): boolean => oid === INT2 || oid === INT4 || oid === INT8;

/** Null for types with which that is not exact: a sum of double precision is rounded. */
function moved(column: ColumnRef, by: bigint, oids: readonly (number | null)[]): Expr | null {
  if (oids.every((oid) => oid === NUMERIC)) return plus(column, by);
  if (oids.every((oid) => oid === DATE)) return days(column, by);
  if (!oids.every(isInteger)) return null;
  if (by === 0n) return column;
  if (oids[1] !== INT8) return plus(cast(column, 'bigint'), by);
  return guarded(
    by > 0n
      ? binary(column, '<=', quoted(LARGEST_BIGINT - by, 'bigint'))
      : binary(column, '>=', quoted(-LARGEST_BIGINT - 1n - by, 'bigint')),
    plus(column, by),
  );
}

/** Dates have a last one, and infinite ones that stay what they are. Null for too many days. */
function days(column: ColumnRef, by: bigint): Expr | null {
  if (by === 0n) return column;
  if (by > MOST_DAYS || by < -MOST_DAYS) return null;
  const [isWithin, limit, infinite] =
    by > 0n ? ['<=', LAST_DATE, 'infinity'] : ['>=', FIRST_DATE, '-infinity'];
  return guarded(
    binary(
      binary(column, isWithin, plus(quoted(limit, 'date'), -by)),
      'OR',
      binary(column, '=', quoted(infinite, 'date')),
    ),
    plus(column, by),
  );
}

/** Null, which equals nothing, where it would overflow. */
const guarded = (when: Binary, result: Expr): Expr => ({
  kind: 'case',
  subject: null,
  whens: [{ when, result }],
  otherwise: null,
  span: null,
});

const plus = (expr: Expr, by: bigint): Expr =>
  by === 0n ? expr : binary(expr, by < 0n ? '-' : '+', literal(String(by < 0n ? -by : by)));

const literal = (text: string): Expr => ({ kind: 'literal', sql: text, span: null });

const cast = (operand: Expr, type: string): Expr => ({ kind: 'cast', operand, type, span: null });

const quoted = (value: bigint | string, type: string): Expr => cast(literal(`'${value}'`), type);
