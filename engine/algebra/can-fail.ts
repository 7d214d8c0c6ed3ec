/**
 * Whether an expression can fail for one row and not for another: a division by zero, an integer
 * overflow, a cast of text to a number. PostgreSQL then fails for the definition while such a row
 * is there, and so may imat, but no longer: pending rows must be cancelled against each other
 * before such an expression sees them.
 *
 * What is not known to be safe counts as failing: that costs a GROUP BY of the pending rows, and is
 * never wrong. Overflows of numeric, double precision and timestamps take values that nobody
 * stores; they are left to the fold, which tries again.
 */
import type { Binary, Call, Cast, ColumnRef, Expr, NamedArgument } from '../../parser/tree.ts';
import { children, mapExpr } from '../../parser/walk.ts';
import {
  DATE,
  FLOAT4,
  FLOAT8,
  INT2,
  INT4,
  INT8,
  INTERVAL,
  NUMERIC,
  TIMESTAMP,
  TIMESTAMPTZ,
} from './facts.ts';

type Kind = 'integer' | 'wide' | 'time' | 'interval' | 'other';

/** The base type of a column, by OID. */
type ColumnType = (ref: ColumnRef) => number | null;

const KINDS: ReadonlyMap<number | null, Kind> = new Map([
  ...[INT2, INT4, INT8].map((oid) => [oid, 'integer'] as const),
  ...[NUMERIC, FLOAT4, FLOAT8].map((oid) => [oid, 'wide'] as const),
  ...[DATE, TIMESTAMP, TIMESTAMPTZ].map((oid) => [oid, 'time'] as const),
  [INTERVAL, 'interval'] as const,
]);

const TEMPORAL: ReadonlySet<Kind | undefined> = new Set(['time', 'interval']);

const TOTAL_OPERATORS: ReadonlySet<string> = new Set([
  'AND',
  'OR',
  '=',
  '<>',
  '<',
  '<=',
  '>',
  '>=',
  'IS DISTINCT FROM',
  'IS NOT DISTINCT FROM',
  '||',
  '->',
  '->>',
  '#>',
  '#>>',
  '@>',
  '<@',
  '&&',
  '?',
  '?|',
  '?&',
]);
/** Total where the pattern or the time zone is the same for all rows. */
const LITERAL_OPERATORS = /^(!?~~?\*?|AT TIME ZONE)$/;
const TOTAL_FUNCTIONS: ReadonlySet<string> = new Set([
  'lower',
  'upper',
  'initcap',
  'btrim',
  'ltrim',
  'rtrim',
  'length',
  'char_length',
  'octet_length',
  'left',
  'right',
  'md5',
  'replace',
  'abs',
  'round',
  'floor',
  'ceil',
  'ceiling',
  'trunc',
  'sign',
  'date',
  'now',
  'transaction_timestamp',
  'concat',
  'jsonb_typeof',
  'cardinality',
  'array_length',
  'starts_with',
  'isempty',
  'lower_inc',
  'lower_inf',
  'upper_inc',
  'upper_inf',
  'unnest',
  'generate_subscripts',
  'string_to_table',
]);
/**
 * Total where all other arguments than this one are the same for all rows: patterns, fields, time
 * zones, places.
 */
const LITERAL_FUNCTIONS: ReadonlyMap<string, number> = new Map([
  ['regexp_replace', 0],
  ['regexp_match', 0],
  ['regexp_count', 0],
  ['split_part', 0],
  ['date_trunc', 1],
  ['date_part', 1],
  ['extract', 1],
  ['timezone', 1],
]);
const SAME_KIND_FUNCTIONS: ReadonlySet<string> = new Set([
  'abs',
  'round',
  'floor',
  'ceil',
  'ceiling',
  'trunc',
  'sign',
]);

/** What functions of times give. */
const RESULTS: ReadonlyMap<string, Kind> = new Map([
  ...['extract', 'date_part'].map((name) => [name, 'wide'] as const),
  ...['date', 'now', 'transaction_timestamp'].map((name) => [name, 'time'] as const),
  ['make_interval', 'interval'] as const,
]);
/** What gives the kind of its second argument. */
const OF_SECOND: ReadonlySet<string> = new Set(['date_trunc', 'timezone']);

export function canFail(expr: Expr, columnType: ColumnType): boolean {
  const fails = (inner: Expr): boolean => canFail(inner, columnType);
  return failsItself(expr, columnType) || children(expr).some(fails);
}

/** The same where its operands do not fail. */
export const failsItself = (expr: Expr, columnType: ColumnType): boolean =>
  !isTotal(expr, columnType);

/** The same of `forFinite(expr)`. `isSafe`: of what is known not to fail. */
export function failsForFinite(
  expr: Expr,
  columnType: ColumnType,
  isSafe: (expr: Expr) => boolean = () => false,
): boolean {
  if (isSafe(expr)) return false;
  const isOwn = differing(expr, columnType) !== null;
  return (
    !(isOwn || isTotal(expr, columnType)) ||
    children(expr).some((inner) => failsForFinite(inner, columnType, isSafe))
  );
}

/**
 * The expression with NULL in place of the difference between two times of which one is infinite,
 * for which PostgreSQL may fail.
 */
export function forFinite(expr: Expr, columnType: ColumnType): Expr {
  return mapExpr(expr, (node) => {
    const sides = differing(node, columnType)?.map((side) => forFinite(side, columnType));
    const [left, right] = sides ?? [];
    if (left === undefined || right === undefined) return null;
    const result: Expr =
      node.kind === 'binary'
        ? { ...node, left, right }
        : { ...(node as Call), args: [left, right] };
    const both: Expr = {
      kind: 'binary',
      op: 'AND',
      left: isFinite(left),
      right: isFinite(right),
      span: null,
    };
    return {
      kind: 'case',
      subject: null,
      whens: [{ when: both, result }],
      otherwise: null,
      span: node.span,
    };
  });
}

const isFinite = (time: Expr): Expr => ({
  kind: 'call',
  schema: null,
  name: 'isfinite',
  args: [time],
  syntax: 'plain',
  variadic: false,
  returnsSet: false,
  span: null,
});

/** The two times of which an expression is the difference. */
function differing(expr: Expr, columnType: ColumnType): readonly Expr[] | null {
  const isAge = expr.kind === 'call' && expr.schema === null && expr.name === 'age';
  const isMinus = expr.kind === 'binary' && expr.op === '-';
  const sides = isAge ? expr.args : isMinus ? [expr.left, expr.right] : [];
  const isTime = (side: Expr): boolean => kindOf(side, columnType) === 'time';
  return sides.length === 2 && sides.every(isTime) ? sides : null;
}

/** Whether the node itself has a result for whatever its operands are. */
function isTotal(expr: Expr, columnType: ColumnType): boolean {
  const kind = (inner: Expr): Kind => kindOf(inner, columnType);
  switch (expr.kind) {
    case 'binary':
      return isTotalBinary(expr, kind);
    case 'unary':
      return /^(NOT|IS )/.test(expr.op) || kind(expr.operand) === 'wide';
    case 'cast':
      return isOfItsType(expr, columnType) || isTotalCast(expr, kind);
    case 'call':
      if (expr.schema === null && LITERAL_FUNCTIONS.has(expr.name))
        return expr.args.every(
          (arg, place) => place === LITERAL_FUNCTIONS.get(expr.name) || isLiteral(arg),
        );
      if (expr.schema === null && expr.name === 'make_interval')
        return expr.args.every((arg) => arg.kind === 'named_argument' && isTotalPart(arg));
      if (expr.schema === null && expr.name === 'to_char')
        return expr.args.every((arg, index) =>
          index === 0 ? kind(arg) === 'time' : isLiteral(arg),
        );
      return (
        expr.schema === null &&
        TOTAL_FUNCTIONS.has(expr.name) &&
        (!SAME_KIND_FUNCTIONS.has(expr.name) || expr.args.every((arg) => kind(arg) !== 'other'))
      );
    case 'array_comparison':
      return (
        TOTAL_OPERATORS.has(expr.op) || (LITERAL_OPERATORS.test(expr.op) && isLiteral(expr.array))
      );
    case 'aggregate':
    case 'window':
    case 'sublink':
    case 'syntax_form':
      return false;
    default:
      return true;
  }
}

/** Whole numbers of years to minutes; seconds can be infinite. */
const isTotalPart = ({ name, value }: NamedArgument): boolean =>
  name !== 'secs' || isLiteral(value);

const isLiteral = (expr: Expr): boolean =>
  expr.kind === 'literal' ||
  (expr.kind === 'cast' && isLiteral(expr.operand)) ||
  (expr.kind === 'array' && expr.items.every(isLiteral));

function isTotalBinary(expr: Binary, kind: (expr: Expr) => Kind): boolean {
  if (TOTAL_OPERATORS.has(expr.op)) return true;
  if (LITERAL_OPERATORS.test(expr.op)) return isLiteral(expr.right);
  const kinds = [kind(expr.left), kind(expr.right)];
  // Infinity cannot be taken from infinity.
  if (expr.op === '-' && kinds[0] === kinds[1] && TEMPORAL.has(kinds[0])) return false;
  if (expr.op === '+' || expr.op === '-' || expr.op === '*')
    return !kinds.includes('other') && kinds.some((one) => one !== 'integer');
  // By a literal other than zero.
  return (expr.op === '/' || expr.op === '%') && !kinds.includes('other') && isNotZero(expr.right);
}

/** Casts to numbers with fractions keep what is not zero. */
export function isNotZero(expr: Expr): boolean {
  if (expr.kind === 'cast' && /^(numeric|double precision)$/.test(expr.type))
    return isNotZero(expr.operand);
  return expr.kind === 'literal' && /[1-9]/.test(expr.sql);
}

/** A column cast to its own type, as PostgreSQL prints one of a domain that is compared. */
const isOfItsType = ({ operand, type }: Cast, columnType: ColumnType): boolean =>
  operand.kind === 'column' && OIDS.has(type) && OIDS.get(type) === columnType(operand);

/** Of types without a length or precision (PostgreSQL, "pg_type.dat"). */
const OIDS: ReadonlyMap<string, number> = new Map([
  ['boolean', 16],
  ['bytea', 17],
  ['bigint', 20],
  ['smallint', 21],
  ['integer', 23],
  ['real', 700],
  ['double precision', 701],
  ['date', 1082],
  ['time without time zone', 1083],
  ['timestamp without time zone', 1114],
  ['timestamp with time zone', 1184],
  ['interval', 1186],
  ['numeric', 1700],
  ['uuid', 2950],
  ['jsonb', 3802],
]);

function isTotalCast(expr: Cast, kind: (expr: Expr) => Kind): boolean {
  if (expr.operand.kind === 'literal') return true;
  if (/^(text|bpchar|character.*)$/.test(expr.type)) return true;
  const from = kind(expr.operand);
  if (expr.type === 'numeric' || expr.type === 'double precision')
    return from === 'integer' || from === 'wide';
  if (expr.type === 'bigint') return from === 'integer';
  return TEMPORAL.has(kindOfType(expr.type)) && TEMPORAL.has(from);
}

function kindOf(expr: Expr, columnType: ColumnType): Kind {
  const inner = (one: Expr): Kind => kindOf(one, columnType);
  switch (expr.kind) {
    case 'column':
      return KINDS.get(columnType(expr)) ?? 'other';
    case 'literal':
      return /^\d+$/.test(expr.sql) ? 'integer' : /^[\d.]+$/.test(expr.sql) ? 'wide' : 'other';
    case 'cast':
      return kindOfType(expr.type);
    case 'unary':
      return inner(expr.operand);
    case 'binary':
      if (expr.op === 'AT TIME ZONE') return inner(expr.left) === 'time' ? 'time' : 'other';
      // Days between dates; an interval otherwise, with which less can fail.
      if (expr.op === '-' && inner(expr.left) === 'time' && inner(expr.right) === 'time')
        return 'integer';
      return /^[-+*/%]$/.test(expr.op) ? widest([inner(expr.left), inner(expr.right)]) : 'other';
    case 'keyword':
      return widest(expr.args.map(inner));
    case 'case':
      return widest([
        ...expr.whens.map(({ result }) => inner(result)),
        ...(expr.otherwise === null ? [] : [inner(expr.otherwise)]),
      ]);
    case 'call':
      if (expr.schema === null && SAME_KIND_FUNCTIONS.has(expr.name))
        return widest(expr.args.slice(0, 1).map(inner));
      if (expr.schema !== null) return 'other';
      if (OF_SECOND.has(expr.name)) return widest(expr.args.slice(1, 2).map(inner));
      return RESULTS.get(expr.name) ?? 'other';
    default:
      return 'other';
  }
}

function widest(kinds: readonly Kind[]): Kind {
  if (kinds.includes('other')) return 'other';
  if (kinds.includes('time')) return 'time';
  if (kinds.includes('interval')) return 'interval';
  return kinds.includes('wide') ? 'wide' : 'integer';
}

function kindOfType(type: string): Kind {
  if (/^(smallint|integer|bigint)$/.test(type)) return 'integer';
  if (/^(numeric|real|double precision)/.test(type)) return 'wide';
  if (type.startsWith('interval')) return 'interval';
  return /^(date$|timestamp)/.test(type) ? 'time' : 'other';
}
