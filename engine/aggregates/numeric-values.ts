/**
 * What is known of a numeric expression's values from the way it is written: which display scales
 * they can have, and whether one of them can be infinite.
 *
 * PostgreSQL's sum has the largest scale among the rows of the group, and avg and stddev take their
 * number of digits from it. Subtracting a deleted row cannot lower a scale again, so where rows
 * differ in scale their scales must be counted; where all have one scale there is nothing to count.
 * Rules as in numeric.c: + and - take the larger scale, * adds them; integers have scale 0, and
 * round and trunc the scale that they are given.
 *
 * A numeric with a precision and an integer are never infinite, nor is what arithmetic makes of
 * them: it fails where the result is too large. Whatever is not listed is not known.
 */
import type { Binary, Call, ColumnRef, Expr } from '../../parser/tree.ts';

/** Gives the scale of a `numeric(p,s)` or integer column (0), null for any other. */
type ColumnScale = (ref: ColumnRef) => number | null;

/** Null: not known. */
type Scales = ReadonlySet<number> | null;

/** More scales than these are counted otherwise. */
const MOST_SCALES = 4;

/**
 * The display scales that finite values can have, in ascending order; null where they are not
 * known, or too many.
 */
export function scalesOf(expr: Expr, columnScale: ColumnScale): readonly number[] | null {
  const scales = finiteScales(expr, columnScale);
  return scales === null || scales.size === 0 || scales.size > MOST_SCALES
    ? null
    : [...scales].sort((a, b) => a - b);
}

function finiteScales(expr: Expr, columnScale: ColumnScale): Scales {
  const of = (inner: Expr): Scales => finiteScales(inner, columnScale);
  switch (expr.kind) {
    case 'column':
      return one(columnScale(expr));
    case 'literal':
      return /^null$/i.test(expr.sql) ? new Set() : one(literalScale(expr.sql));
    case 'unary':
      return isSign(expr.op) ? of(expr.operand) : null;
    case 'binary':
      return ofBinary(expr, of);
    case 'cast':
      return ofCast(expr.type, () => of(expr.operand));
    case 'case':
    case 'keyword':
      return all(results(expr).map(of));
    case 'call':
      return ofCall(expr, of);
    default:
      return null;
  }
}

const one = (scale: number | null): Scales => (scale === null ? null : new Set([scale]));

function all(sets: readonly Scales[]): Scales {
  const known = sets.filter((scales) => scales !== null);
  return known.length < sets.length ? null : new Set(known.flatMap((scales) => [...scales]));
}

const isSign = (op: string): boolean => op === '-' || op === '+';

/** What the expression gives one of. */
function results(expr: Extract<Expr, { kind: 'case' | 'keyword' }>): readonly Expr[] {
  if (expr.kind === 'keyword') return expr.name === 'NULLIF' ? expr.args.slice(0, 1) : expr.args;
  const otherwise = expr.otherwise === null ? [] : [expr.otherwise];
  return [...expr.whens.map(({ result }) => result), ...otherwise];
}

function literalScale(sql: string): number | null {
  const match = /^\d*(?:\.(\d*))?$/.exec(sql);
  return match === null || sql === '' ? null : (match[1] ?? '').length;
}

function ofBinary({ op, left, right }: Binary, of: (expr: Expr) => Scales): Scales {
  if (!isSign(op) && op !== '*') return null;
  const [lefts, rights] = [of(left), of(right)];
  if (lefts === null || rights === null) return null;
  const both = (a: number, b: number): number => (op === '*' ? a + b : Math.max(a, b));
  return new Set([...lefts].flatMap((a) => [...rights].map((b) => both(a, b))));
}

function ofCast(type: string, operand: () => Scales): Scales {
  const numeric = /^numeric\(\d+,(\d+)\)$/.exec(type);
  if (numeric !== null) return one(Number(numeric[1]));
  if (/^(smallint|integer|bigint)$/.test(type)) return one(0);
  return type === 'numeric' ? operand() : null;
}

/** With one argument only of one whose scale is known, so that it is no float. */
function ofCall({ schema, name, args }: Call, of: (expr: Expr) => Scales): Scales {
  const [value, digits] = args;
  if (schema !== null || value === undefined) return null;
  if (name === 'round' || name === 'trunc') {
    if (digits !== undefined)
      return digits.kind === 'literal' ? one(wholeNumber(digits.sql)) : null;
    return of(value) === null ? null : one(0);
  }
  if (args.length > 1) return null;
  if (name === 'abs') return of(value);
  return /^(ceil|ceiling|floor)$/.test(name) && of(value) !== null ? one(0) : null;
}

const wholeNumber = (sql: string): number | null => (/^\d{1,3}$/.test(sql) ? Number(sql) : null);

const OF_FINITE: ReadonlySet<string> = new Set([
  'abs',
  'ceil',
  'ceiling',
  'floor',
  'mod',
  'round',
  'sign',
  'trunc',
]);

/** Whether no value of the expression, which is a numeric, is infinite. */
export function isNeverInfinite(expr: Expr, columnScale: ColumnScale): boolean {
  const finite = (inner: Expr): boolean => isNeverInfinite(inner, columnScale);
  switch (expr.kind) {
    case 'column':
      return columnScale(expr) !== null;
    case 'literal':
      return /^(null|[\d.]+(e[+-]?\d+)?)$/i.test(expr.sql);
    case 'unary':
      return isSign(expr.op) && finite(expr.operand);
    case 'binary':
      return /^[-+*/%]$/.test(expr.op) && finite(expr.left) && finite(expr.right);
    case 'cast':
      return (
        /^(smallint|integer|bigint|numeric\(.*\))$/.test(expr.type) ||
        (expr.type === 'numeric' && finite(expr.operand))
      );
    case 'case':
    case 'keyword':
      return results(expr).every(finite);
    case 'call':
      return expr.schema === null && OF_FINITE.has(expr.name) && expr.args.every(finite);
    default:
      return false;
  }
}
