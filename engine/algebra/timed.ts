/**
 * Comparisons of a row with bounds that move with the time: `placed >= now() - '30 days'`,
 * `placed::date = CURRENT_DATE`, `CURRENT_DATE - due > 30`.
 *
 * The passing of time is a change of rows. A state is that of a moment t0, a reader has another
 * one, t1: a row has changed if a comparison of it has. Only these two are compared with each
 * other, so nothing is asked of a bound but that it is a function of the time alone: it need not
 * rise with it (a change of the clock, the end of a month), and t1 may be before t0.
 *
 *   changed   some bound(t0) is distinct from bound(t1),
 *             and comparison(row, t0) is distinct from comparison(row, t1)
 *
 * Where a value of the row is compared with the bound, that lies between the two bounds, and an
 * index on it finds the row. Otherwise the table is read, but only once a bound has moved: with
 * CURRENT_DATE once a day.
 *
 * Counter-examples: `greatest(placed, now())` is another value at each moment, for every row;
 * `extract(hour FROM now() - placed) > 6` would have the table read all the time; a comparison of
 * columns of two tables is no row of one; one that can fail would be computed for rows that the
 * definition never looks at.
 */
import type { ColumnRef, Expr } from '../../parser/tree.ts';
import { children, mapExpr, visit } from '../../parser/walk.ts';
import { canFail, failsForFinite, forFinite } from './can-fail.ts';
import { isDatePart } from './date-parts.ts';
import {
  isBound,
  isNow,
  isOfTimeOrNull,
  readsInBody,
  readsNow,
  readsNowInBody,
} from './moments.ts';
import { comparisonOf, soughtBy } from './sought.ts';

/** A comparison over one table, or another value that seldom changes. */
export type Timed = {
  /**
   * Its columns are called as in the table, and belong to no item of FROM. It is
   * `placed > now() - '24 hours'` for `now() - placed < '1 day'`, which fails for infinity.
   */
  readonly expr: Expr;
  /** Whether it is no comparison: then values that are equal need not be the same. */
  readonly isValue: boolean;
  /** The largest parts of it that read the time and no column. */
  readonly bounds: readonly Expr[];
  /** Rows for which it changes have the value between the bound then and now, or near these. */
  readonly between: Between | null;
};

/** `slack`: how many seconds beyond the bounds the value can lie. */
export type Between = { readonly value: Expr; readonly bound: Expr; readonly slack: number };

/** The attribute number of a moment among the columns of a scan: no column of a table has it. */
export const MOMENT = 0;

/** A comparison or a value as it is written, and the columns that it reads. */
export type TimedExpr = {
  readonly node: Expr;
  readonly columns: readonly ColumnRef[];
};

/** Operators that give a boolean, which seldom changes. */
const TESTS: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=', '@>', '<@', '&&']);

/** Nodes that have one value for one row and one moment. */
const PLAIN: ReadonlySet<Expr['kind']> = new Set([
  'array',
  'array_comparison',
  'binary',
  'call',
  'case',
  'cast',
  'column',
  'keyword',
  'literal',
  'named_argument',
  'row',
  'unary',
]);

/** Null for what is no comparison of columns with a bound that moves. */
export const timedComparison = (expr: Expr): TimedExpr | null =>
  isTest(expr) ? plainOf(expr) : null;

const isTest = (expr: Expr): boolean => expr.kind === 'binary' && TESTS.has(expr.op);

/**
 * The same of any value that is computed from columns and bounds, such as `CURRENT_DATE - due` or
 * `coalesce(paid, CURRENT_DATE)`. Null where a comparison in it reads the time: that is found by
 * itself, and an index may find its rows.
 */
export function timedValue(expr: Expr): TimedExpr | null {
  if (expr.kind === 'binary' && /^(AND|OR)$/.test(expr.op)) return null;
  if (expr.kind === 'unary' && expr.op === 'NOT') return null;
  let hasTest = false;
  visit(expr, (node) => {
    hasTest ||= isTest(node) && readsNow(node);
  });
  return hasTest || expr.kind === 'column' ? null : plainOf(expr);
}

function plainOf(expr: Expr): TimedExpr | null {
  if (!readsNow(expr)) return null;
  const columns = new Map<string, ColumnRef>();
  let isPlain = true;
  visit(expr, (node) => {
    const column = columnOf(node);
    if (column !== null) columns.set(`${column.relation} ${column.name}`, column);
    else isPlain &&= isNow(node) || (PLAIN.has(node.kind) && !isSet(node) && !readsInBody(node));
    return isPlain && column === null;
  });
  return isPlain && columns.size > 0 ? { node: expr, columns: [...columns.values()] } : null;
}

const isSet = (node: Expr): boolean => node.kind === 'call' && node.returnsSet;

function columnOf(expr: Expr): ColumnRef | null {
  if (expr.kind === 'column') return expr;
  return expr.kind === 'join_column' && !expr.merged ? columnOf(expr.target) : null;
}

/** Whether rows that change with the time are found otherwise than by reading all of them. */
export const findsRows = (comparison: Expr): boolean =>
  soughtBy(comparison) !== null || boundsIn(comparison).every(isSteadyBound);

/**
 * What is asked of a table for a comparison or a value. Null where rows could only be found by
 * reading the table all the time, and where it can fail for a row that other conditions keep away.
 */
export function timedOf({ node }: TimedExpr, { nameOf, typeOf }: TableColumns): Timed | null {
  const own = (expr: Expr): Expr =>
    mapExpr(expr, (inner) => {
      const column = columnOf(inner);
      return column && { ...column, relation: NO_ITEM, name: nameOf(column) };
    });
  const sought = soughtBy(node);
  if (sought !== null) {
    const [left, right] = [own(sought.value), own(sought.bound)];
    const { slack } = sought;
    if (canFail(sought.value, typeOf)) return null;
    if (slack !== null && failsForFinite(node, typeOf)) return null;
    const isExact = slack === null;
    return {
      expr: isExact
        ? comparisonOf({ value: left, op: sought.op, bound: right })
        : own(forFinite(node, typeOf)),
      isValue: false,
      bounds: boundsIn(right),
      between: { value: left, bound: right, slack: slack ?? 0 },
    };
  }
  const bounds = boundsIn(own(node));
  const canBeNone =
    computedForRows(node).some((one) => failsForFinite(one, typeOf, isOfTimeOrNull)) ||
    comparesRows(node);
  return !bounds.every(isSteadyBound) || canBeNone
    ? null
    : { expr: own(forFinite(node, typeOf)), isValue: !isTest(node), bounds, between: null };
}

/**
 * What could fail for a row that another condition keeps away. Of a comparison of rows, these are
 * the fields that are no bounds.
 */
function computedForRows(node: Expr): readonly Expr[] {
  if (!isTest(node) || node.kind !== 'binary') return [node];
  const { left, right } = node;
  if (left.kind !== 'row' || right.kind !== 'row') return [node];
  return [...left.items, ...right.items].filter((one) => !isBound(one));
}

/** Whether rows contain rows, whose comparison fails if their fields have other types. */
const comparesRows = (node: Expr): boolean =>
  children(node).some((side) => side.kind === 'row' && children(side).some(isRow));

const isRow = ({ kind }: Expr): boolean => kind === 'row';

/** What columns are called in the table, and the OIDs of their types. */
export type TableColumns = {
  readonly nameOf: (column: ColumnRef) => string;
  readonly typeOf: (column: ColumnRef) => number | null;
};

/** What is computed for all rows of the table: the rest is the same for all rows. */
export const computedForAll = ({ node }: TimedExpr): Expr => soughtBy(node)?.value ?? node;

/** Whether a bound is that of a day, or of another part of the time, and so stays for a while. */
const movesSeldom = (expr: Expr): boolean =>
  !isNow(expr) && (isDatePart(expr) || children(expr).every(movesSeldom));

/** Whether it is an interval: '30 days' and '1 mon' are equal, but not the same. */
function isInterval(expr: Expr): boolean {
  if (expr.kind === 'cast') return expr.type.startsWith('interval');
  if (expr.kind === 'call') return expr.args.some(isInterval) || expr.name === 'make_interval';
  if (expr.kind === 'binary' && expr.op !== '*') return isInterval(expr.left);
  if (expr.kind === 'case') return expr.whens.some(({ result }) => isInterval(result));
  return children(expr).some(isInterval);
}

/** Whether a bound stays for a while, and is another one only where it is distinct. */
export const isSteadyBound = (bound: Expr): boolean =>
  movesSeldom(bound) && !isInterval(bound) && !readsNowInBody(bound);

const NO_ITEM = 0;

function boundsIn(expr: Expr): readonly Expr[] {
  if (!readsNow(expr)) return [];
  // The fields of a row are bounds: a row as such is no value that is noted.
  return expr.kind === 'row' || hasColumn(expr) ? children(expr).flatMap(boundsIn) : [expr];
}

function hasColumn(expr: Expr): boolean {
  let found = false;
  visit(expr, (node) => {
    found ||= node.kind === 'column' || node.kind === 'join_column';
    return !found;
  });
  return found;
}

/**
 * The expression with each of its comparisons with a bound that moves replaced, and with `values`
 * other values as well, the largest that can be.
 */
export const mapTimed = (
  expr: Expr,
  values: boolean,
  replace: (timed: TimedExpr) => Expr | null,
): Expr =>
  mapExpr(expr, (node) => {
    const timed = timedComparison(node) ?? (values ? timedValue(node) : null);
    return timed === null ? null : replace(timed);
  });
