/** Asks the server which series of days can be computed from local times (local-series.ts). */
import { deparse } from '../../parser/deparse-query.ts';
import { quoteLiteral } from '../../parser/quote.ts';
import type { Call, Expr, Query, Select } from '../../parser/tree.ts';
import { equalExpr } from '../../parser/walk.ts';
import { seriesOfDays } from '../algebra/query-rewrites/local-series.ts';
import { pinExpr } from '../algebra/query-rewrites/pin-settings.ts';
import { EMPTY } from '../algebra/query-rewrites/select.ts';
import { TIMESTAMPTZ, type Zone } from '../algebra/query-rewrites/zoned.ts';
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
    if (await areSame(db, call, local, timeZone)) same.push(call);
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
  return rolledBack(db, async () => {
    try {
      await db.execute(`SET LOCAL TimeZone = ${quoteLiteral(timeZone)}`);
      for (const question of [rows, same]) {
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
