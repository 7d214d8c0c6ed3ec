/** The steps of the demo, all in one session. */
import type { ConvertResult } from '../../engine/api.ts';
import type { Session } from '../context.ts';
import type { ProgressLine } from '../progress.ts';
import { type Check, checkAfter, type GroupKey } from './checks.ts';
import type { Place } from './place.ts';
import * as report from './report.ts';
import { createSales, type Sales, salesIn } from './sales.ts';
import { timed, timeReads, timeRefresh, timeWrites, type Timing } from './timings.ts';
import { writeAndCheck } from './writes.ts';

/** Where the demo prints its steps; with --json nowhere, and only the result of `play` counts. */
export type Audience = {
  readonly say: (text: string) => void;
  readonly progress: ProgressLine;
  /** Throws if the user has interrupted the demo. */
  readonly checkpoint: () => void;
};

export async function play(
  session: Session,
  place: Place,
  rows: number,
  audience: Audience,
): Promise<report.Played> {
  const { db, imat } = session;
  const { say, progress, checkpoint } = audience;
  const sales = salesIn(place.schema);
  const [version] = await db.query<{ server: string }>(
    `SELECT 'PostgreSQL ' || current_setting('server_version') AS server`,
  );
  const server = version?.server ?? 'PostgreSQL';
  say(report.welcomeText(rows, server, db.driver === 'pglite'));

  await createSales(db, sales, rows, (done) => {
    checkpoint();
    progress.bar('creating sales', done, rows);
  });
  progress.wait('creating the materialized view');
  const { groups, key } = await createView(session, sales);
  say(report.viewText(sales, groups));

  progress.wait('measuring without imat');
  const without = await measureWithout(session, sales, key);
  checkpoint();
  const conversion = await timed(() =>
    imat.convert(sales.shortView, { name: place.name, onProgress: (step) => progress.step(step) }),
  );
  const convert = conversion.result;
  say(report.conversionText(convert, sales, place, conversion.ms));

  checkpoint();
  const written = await writeAndCheck(db, sales, convert.relation, key);
  say(report.checksText(written, convert.relation, key));

  checkpoint();
  progress.wait('measuring with imat');
  const { pendingRows, folded, timings } = await measureWith(session, sales, convert, key, without);
  say(report.timingsText(timings, pendingRows));
  const { results } = await imat.verify(convert.name);
  const verified = {
    step: 'imat verify',
    group: null,
    unrefreshed: null,
    differences: results.reduce((sum, result) => sum + result.differences, 0),
  };
  return { server, groups, convert, checks: [...written, folded, verified], pendingRows, timings };
}

/** Creates the materialized view and returns the group of its first sale, which the demo shows. */
async function createView(
  { db }: Session,
  sales: Sales,
): Promise<{ readonly groups: number; readonly key: GroupKey }> {
  await db.execute(`CREATE MATERIALIZED VIEW ${sales.view} AS\n${sales.definition}`);
  const [counted] = await db.query<{ groups: number }>(
    `SELECT count(*)::int AS groups FROM ${sales.view}`,
  );
  const [key] = await db.query<GroupKey>(
    `SELECT region, product FROM ${sales.table} ORDER BY id LIMIT 1`,
  );
  if (counted === undefined || key === undefined) throw new Error('the sales table is empty');
  return { groups: counted.groups, key };
}

/** Milliseconds, measured before the imat exists. */
type Without = {
  readonly write: number;
  readonly one: number;
  readonly all: number;
  readonly refresh: number;
};

async function measureWithout({ db }: Session, sales: Sales, key: GroupKey): Promise<Without> {
  const write = await timeWrites(db, sales, key);
  const { one, all } = await timeReads(db, `(${sales.definition})`, key);
  return { write, one, all, refresh: await timeRefresh(db, sales) };
}

type Measured = {
  readonly pendingRows: number;
  readonly folded: Check;
  readonly timings: readonly Timing[];
};

async function measureWith(
  { db, imat }: Session,
  sales: Sales,
  { name, relation }: ConvertResult,
  key: GroupKey,
  without: Without,
): Promise<Measured> {
  const write = await timeWrites(db, sales, key);
  const { imats } = await imat.status(name);
  const { one, all } = await timeReads(db, relation, key);
  // A single run, because after it nothing is pending and a second one would measure another case.
  const fold = await timed(() => imat.fold(name));
  return {
    pendingRows: imats[0]?.pendingRows ?? 0,
    folded: await checkAfter(db, 'fold', sales, relation, key),
    timings: [
      {
        job: 'insert one row',
        ms: write,
        comparedWith: 'insert one row',
        comparedMs: without.write,
      },
      {
        job: 'read one group, live',
        ms: one,
        comparedWith: 'run the definition for that group',
        comparedMs: without.one,
      },
      {
        job: 'read all groups, live',
        ms: all,
        comparedWith: 'run the definition',
        comparedMs: without.all,
      },
      {
        job: 'fold the pending rows',
        ms: fold.ms,
        comparedWith: 'REFRESH MATERIALIZED VIEW',
        comparedMs: without.refresh,
      },
    ],
  };
}
