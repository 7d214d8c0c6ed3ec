/** Asks the server which series of days can be computed from local times (local-series.ts). */
import { deparse } from '../../parser/deparse-query.ts';
import { quoteLiteral } from '../../parser/quote.ts';
import type { Call, Expr, Query, Select } from '../../parser/tree.ts';
import { equalExpr } from '../../parser/walk.ts';
import {
  isConstantSeries,
  isSeriesOfMidnights,
  seriesOfDays,
} from '../algebra/query-rewrites/local-series.ts';
import { pinExpr } from '../algebra/query-rewrites/pin-settings.ts';
import { EMPTY } from '../algebra/query-rewrites/select.ts';
import { TIMESTAMPTZ } from '../algebra/facts.ts';
import { type Zone } from '../algebra/query-rewrites/zoned.ts';
import type { Db } from '../db/db.ts';
import { isRejected } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';

/** A longer series is not compared: it would take longer than a plan should. */
const MAX_ROWS = 100_000;

/** The zone, with what it says of series. */
export async function withLocalSeries(
  db: Db,
  query: Query,
  zone: Zone,
  timeZone: string,
): Promise<Zone> {
  if (zone.serverMajor >= 16) return zone;
  const same: Call[] = [];
  for (const call of seriesOfDays(query)) {
    if (zone.typeOf(call.args[0] ?? call) !== TIMESTAMPTZ) continue;
    const local = pinExpr(call, { ...zone, isLocalSeries: () => true });
    const isSame = isConstantSeries(call)
      ? await areSame(db, call, local, timeZone)
      : isSeriesOfMidnights(call, zone) && (await haveMidnights(db, call, timeZone));
    if (isSame) same.push(call);
  }
  return { ...zone, isLocalSeries: (call) => same.some((one) => equalExpr(one, call)) };
}

/** Whether a series has few rows, and each of them is what the other expression gives. */
async function areSame(db: Db, series: Call, local: Expr, timeZone: string): Promise<boolean> {
  const [start, stop, step] = series.args;
  if (start === undefined || stop === undefined || step === undefined) return false;
  const rows = `SELECT (SELECT extract(epoch FROM v.stop - v.start) / extract(epoch FROM v.step)
    FROM (${textOf({ start, stop, step })}) v) <= ${MAX_ROWS} AS holds`;
  const same = `SELECT ARRAY(${textOf({ series })}) = ARRAY(${textOf({ local })}) AS holds`;
  return allHold(db, [rows, same], timeZone);
}

/**
 * Whether from somewhat before the series on the clock shows each midnight, and shows no later time
 * before it.
 */
async function haveMidnights(db: Db, series: Call, timeZone: string): Promise<boolean> {
  const [start, stop] = series.args;
  if (start === undefined || stop === undefined) return false;
  const zone = quoteLiteral(timeZone);
  const days = `SELECT bool_and(
      (d.day AT TIME ZONE ${zone}) AT TIME ZONE ${zone} = d.day
      AND (d.day AT TIME ZONE ${zone} - interval '1 microsecond') AT TIME ZONE ${zone} < d.day
    ) AS holds
    FROM (${textOf({ start, stop })}) v, generate_series(
      LEAST(v.start, v.stop)::date::timestamp - interval '40 days',
      GREATEST(v.start, v.stop)::date::timestamp + interval '${YEARS_AHEAD} years',
      interval '1 day') AS d(day)`;
  return allHold(db, [days], timeZone);
}

/** A definition that reads a series of midnights is good for this time. */
const YEARS_AHEAD = 80;

/** Whether each of some questions is answered by true, under the time zone. */
async function allHold(db: Db, questions: readonly string[], timeZone: string): Promise<boolean> {
  return rolledBack(db, async () => {
    try {
      db.defer(`SET LOCAL TimeZone = ${quoteLiteral(timeZone)}`);
      for (const question of questions) {
        const [row] = await db.query<{ holds: boolean | null }>(question);
        if (row?.holds !== true) return false;
      }
      return true;
    } catch (error) {
      if (!isRejected(error)) throw error;
      return false;
    }
  });
}

const textOf = (columns: Readonly<Record<string, Expr>>): string =>
  deparse({
    ...EMPTY,
    first: 0,
    relations: [],
    from: [],
    targets: Object.entries(columns).map(([name, expr]) => ({ name, expr })),
  } satisfies Select);
