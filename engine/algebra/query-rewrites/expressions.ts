/** Expressions as rewrites make them. */
import type { Binary, Expr } from '../../../parser/tree.ts';

export const literal = (sql: string): Expr => ({ kind: 'literal', sql, span: null });
export const ONE = literal('1');
export const ZERO = literal('0');
export const NULL = literal('NULL');

export const binary = (left: Expr, op: string, right: Expr): Binary => ({
  kind: 'binary',
  op,
  left,
  right,
  span: null,
});

export const cast = (operand: Expr, type: string): Expr => ({
  kind: 'cast',
  operand,
  type,
  span: null,
});

export const bigint = (expr: Expr): Expr => cast(expr, 'bigint');

export const coalesce = (value: Expr, otherwise: Expr): Expr => ({
  kind: 'keyword',
  name: 'COALESCE',
  args: [value, otherwise],
  span: null,
});

export const choose = (when: Expr, result: Expr, otherwise: Expr): Expr => ({
  kind: 'case',
  subject: null,
  whens: [{ when, result }],
  otherwise,
  span: null,
});

export const sum = (arg: Expr): Expr => ({
  kind: 'aggregate',
  schema: null,
  name: 'sum',
  args: [arg],
  variadic: false,
  star: false,
  distinct: false,
  orderBy: [],
  withinGroup: false,
  filter: null,
  span: null,
});
