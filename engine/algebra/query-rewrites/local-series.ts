/**
 * A series of days or months in the session's time zone, for servers whose generate_series takes no
 * zone:
 *
 *   generate_series(a, b, step)   generate_series(a's local time, b's, step) AT TIME ZONE zone
 *
 * Right where the two are the same rows. Of constants, that is asked of the server; of series that
 * move with the time from midnight to midnight, whether the clock shows each midnight once
 * (local-series.ts of analysis/). Each step of PostgreSQL's own goes from an instant to its local
 * time, adds, and goes back. As long as each local time exists, the way back and forth
 * changes nothing. Counter-example: where a clock jumps over midnight, as in Havana each spring,
 * PostgreSQL's series goes on from one o'clock.
 */
import type { Call, Expr, Query, Relation } from '../../../parser/tree.ts';
import { equalExpr, visit } from '../../../parser/walk.ts';
import { isNow } from '../moments.ts';
import { eachQuery, expressionsOf, mapQueries } from './relations.ts';
import { EMPTY } from './select.ts';
import { isWholeDays } from './shift-by-interval.ts';
import { DATE, TIMESTAMPTZ } from '../facts.ts';
import { atZone, textOf, type Zone } from './zoned.ts';

/** A call of generate_series whose arguments name the zone already. */
export function localSeries(node: Call, zone: Pick<Zone, 'name'>): Expr | null {
  const [start, stop, step] = node.args;
  if (start === undefined || stop === undefined || step === undefined) return null;
  const local = (time: Expr): Expr =>
    time.kind === 'binary' && time.op === 'AT TIME ZONE' && equalExpr(time.right, zone.name)
      ? time.left
      : atZone(time, zone);
  return atZone({ ...node, args: [local(start), local(stop), step] }, zone);
}

/** The calls that can have this form: by whole days, and where an expression can stand. */
export function seriesOfDays(query: Query): readonly Call[] {
  const found: Call[] = [];
  const barred: Expr[] = [];
  eachQuery(query, (one) => {
    for (const expr of expressionsOf(one))
      visit(expr, (node) => {
        if (isSeriesOfDays(node)) found.push(node);
      });
    if (one.kind !== 'select') return;
    for (const relation of one.relations)
      if (relation.kind === 'function' && !isOneColumn(relation))
        barred.push(...relation.functions.map(({ call }) => call));
  });
  return found.filter(
    (call, at) =>
      !barred.some((one) => equalExpr(one, call)) &&
      found.findIndex((one) => equalExpr(one, call)) === at,
  );
}

function isSeriesOfDays(node: Expr): node is Call {
  if (node.kind !== 'call' || node.schema !== null || node.name !== 'generate_series') return false;
  const [, , step] = node.args;
  if (node.args.length !== 3 || node.variadic || step === undefined) return false;
  return isWholeDays(step);
}

export const isConstantSeries = ({ args }: Call): boolean => args.every(isConstant);

/** Whether a series begins at a midnight, and ends at one or now. */
export function isSeriesOfMidnights({ args }: Call, zone: Pick<Zone, 'typeOf'>): boolean {
  const [start, stop] = args;
  if (start === undefined || stop === undefined) return false;
  return isMidnight(start, zone) && (isMidnight(stop, zone) || isNow(stop));
}

/** Whether it is the beginning of a day in the session's time zone, and reads no row. */
function isMidnight(expr: Expr, zone: Pick<Zone, 'typeOf'>): boolean {
  switch (expr.kind) {
    case 'cast':
      return (
        expr.type === 'timestamp with time zone' &&
        zone.typeOf(expr.operand) === DATE &&
        readsNoRow(expr.operand)
      );
    case 'call':
      return (
        expr.schema === null &&
        expr.name === 'date_trunc' &&
        expr.args.length === 2 &&
        UNITS.has(textOf(expr.args[0])?.toLowerCase() ?? '') &&
        expr.args.every(readsNoRow) &&
        expr.args[1] !== undefined &&
        zone.typeOf(expr.args[1]) === TIMESTAMPTZ
      );
    case 'binary':
      return (
        (expr.op === '+' || expr.op === '-') &&
        isMidnight(expr.left, zone) &&
        isWholeDays(expr.right)
      );
    default:
      return false;
  }
}

const UNITS: ReadonlySet<string> = new Set(['day', 'week', 'month', 'quarter', 'year']);

/** Whether it is made of literals and the time alone. */
function readsNoRow(expr: Expr): boolean {
  let isOwn = true;
  visit(expr, (node) => {
    isOwn &&= PARTS.has(node.kind) || isNow(node);
  });
  return isOwn;
}

const PARTS: ReadonlySet<Expr['kind']> = new Set(['binary', 'cast', 'literal', 'value_function']);

/** Of literals, by PostgreSQL's own operators: the server is asked for its value. */
function isConstant(expr: Expr): boolean {
  switch (expr.kind) {
    case 'literal':
      return true;
    case 'cast':
      return TIMES.test(expr.type) && isConstant(expr.operand);
    case 'binary':
      return OPERATORS.has(expr.op) && isConstant(expr.left) && isConstant(expr.right);
    default:
      return false;
  }
}

const TIMES = /^(date|timestamp|interval|text)\b/;
const OPERATORS: ReadonlySet<string> = new Set(['+', '-', 'AT TIME ZONE']);

const isOneColumn = (relation: Extract<Relation, { kind: 'function' }>): boolean =>
  relation.functions.length === 1 && !relation.ordinality && relation.columnAliases.length === 1;

/** A function in FROM that has become another expression, as a subquery with its column. */
export function seriesAsSubqueries(query: Query): Query {
  return mapQueries(query, (one) =>
    one.kind === 'select' ? { ...one, relations: one.relations.map(asSubquery) } : one,
  );
}

function asSubquery(relation: Relation): Relation {
  if (relation.kind !== 'function' || !isOneColumn(relation)) return relation;
  const [only] = relation.functions;
  const [name] = relation.columnAliases;
  if (only?.call.kind !== 'binary' || name === undefined) return relation;
  return {
    kind: 'subquery',
    query: { ...EMPTY, first: 0, relations: [], from: [], targets: [{ name, expr: only.call }] },
    lateral: false,
    alias: relation.alias,
    aliased: true,
    columnAliases: [],
    span: relation.span,
  };
}
