/** Expressions over times with a named time zone. */
import type { Call, Expr } from '../../../parser/tree.ts';

export type Zone = {
  /** The name of the time zone, as an expression of type text. */
  readonly name: Expr;
  readonly serverMajor: number;
  /** The OID of an expression's type, a domain's being that of its base type; null if unknown. */
  readonly typeOf: (expr: Expr) => number | null;
  /** Whether an expression may be written twice: not where one can give two values. */
  readonly mayRepeat: boolean;
  /** Whether a series of times is that of the local times (local-series.ts). */
  readonly isLocalSeries: (call: Call) => boolean;
};

export const cast = (operand: Expr, type: string): Expr => ({
  kind: 'cast',
  operand,
  type,
  span: operand.span,
});

export const literal = (sql: string, type: string): Expr =>
  cast({ kind: 'literal', sql, span: null }, type);

/** From a time with time zone to the local one, and from a local one to that with time zone. */
export const atZone = (expr: Expr, { name }: Pick<Zone, 'name'>): Expr => ({
  kind: 'binary',
  op: 'AT TIME ZONE',
  left: expr,
  right: name,
  span: expr.span,
});

/** The text of a string literal, with or without a cast; null for any other expression. */
export function textOf(expr: Expr | undefined): string | null {
  if (expr?.kind === 'cast') return textOf(expr.operand);
  const isString = expr?.kind === 'literal' && /^'.*'$/s.test(expr.sql);
  return isString ? expr.sql.slice(1, -1).replaceAll("''", "'") : null;
}
