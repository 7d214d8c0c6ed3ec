/**
 * The display scale of a numeric expression, where it is the same for every row.
 *
 * PostgreSQL's sum has the largest scale among the rows of the group, and avg and stddev take their
 * number of digits from it. Subtracting a deleted row cannot lower a scale again, so where rows
 * differ in scale their scales must be counted; where all have one scale there is nothing to count.
 * Rules as in numeric.c: + and - take the larger scale, * adds them; integers have scale 0.
 * Whatever is not listed is not fixed.
 */
import type { ColumnRef, Expr } from '../../parser/tree.ts';

/** `columnScale` gives the scale of a `numeric(p,s)` or integer column (0), null for any other. */
export function fixedScale(
  expr: Expr,
  columnScale: (ref: ColumnRef) => number | null,
): number | null {
  const scaleOf = (inner: Expr): number | null => fixedScale(inner, columnScale);
  switch (expr.kind) {
    case 'column':
      return columnScale(expr);
    case 'literal':
      return literalScale(expr.sql);
    case 'unary':
      return expr.op === '-' || expr.op === '+' ? scaleOf(expr.operand) : null;
    case 'binary':
      return binaryScale(expr.op, scaleOf(expr.left), scaleOf(expr.right));
    case 'cast':
      return castScale(expr.type, scaleOf(expr.operand));
    default:
      return null;
  }
}

function literalScale(sql: string): number | null {
  const match = /^\d*(?:\.(\d*))?$/.exec(sql);
  return match === null || sql === '' ? null : (match[1] ?? '').length;
}

function binaryScale(op: string, left: number | null, right: number | null): number | null {
  if (left === null || right === null) return null;
  if (op === '+' || op === '-') return Math.max(left, right);
  return op === '*' ? left + right : null;
}

function castScale(type: string, operand: number | null): number | null {
  const numeric = /^numeric\(\d+,(\d+)\)$/.exec(type);
  if (numeric !== null) return Number(numeric[1]);
  if (/^(smallint|integer|bigint)$/.test(type)) return 0;
  return type === 'numeric' ? operand : null;
}
