/**
 * A series of days or months in the session's time zone, for servers whose generate_series takes no
 * zone:
 *
 *   generate_series(a, b, step)   generate_series(a's local time, b's, step) AT TIME ZONE zone
 *
 * Right where the two are the same rows, which is asked of the server before (local-series.ts of
 * analysis/): so it is for constants alone. Each step of PostgreSQL's own goes from an instant to
 * its local time, adds, and goes back. As long as each local time exists, the way back and forth
 * changes nothing. Counter-example: where a clock jumps over midnight, as in Havana each spring,
 * PostgreSQL's series goes on from one o'clock.
 */
import type { Call, Expr, Query, Relation } from '../../../parser/tree.ts';
import { equalExpr, visit } from '../../../parser/walk.ts';
import { eachQuery, expressionsOf, mapQueries } from './relations.ts';
import { EMPTY } from './select.ts';
import { isWholeDays } from './shift-by-interval.ts';
import { atZone, type Zone } from './zoned.ts';

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

/** The calls that can have this form: of literals, and where an expression can stand. */
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
  return isWholeDays(step) && node.args.every(isConstant);
}

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
