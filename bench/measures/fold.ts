/** The fold of many pending rows, its cleaning of the change log included. */
import type { Db } from '../../engine/db/db.ts';
import { VIEW } from '../dataset.ts';
import { inSeconds, type Measure, timed } from '../measure.ts';
import { absoluteResult, atLeast } from '../result.ts';
import { summarize } from '../statistics.ts';

const ROWS_A_TRANSACTION = 100;

export const fold: Measure = {
  name: 'fold',
  title: 'fold',
  run: async (bench) => {
    const { scale } = bench;
    await bench.databases.withCopies({ imat: 'imat' }, async ({ imat: { db } }) => {
      // For pg_stat_user_functions; only a superuser may, and without it the split is not shown.
      await db.execute("SET track_functions = 'pl'").catch(() => undefined);
      const speeds: number[] = [];
      const cleaning: number[] = [];
      for (let round = 0; round <= scale.rounds; round += 1) {
        await leavePending(db, scale.pendingRows, scale.groups);
        const before = await cleaningMs(db);
        const ms = await timed(() => db.query('CALL imat.fold($1)', [VIEW]));
        const after = await cleaningMs(db);
        // What a worker and autovacuum do between folds; the first round warms up.
        await db.execute('VACUUM (ANALYZE)');
        if (round === 0) continue;
        speeds.push(scale.pendingRows / inSeconds(ms));
        if (after !== null) cleaning.push((after - (before ?? 0)) / ms);
      }
      const share =
        cleaning.length === 0
          ? []
          : [`cleaning the log is ${Math.round(summarize(cleaning).median * 100)} % of the time`];
      bench.report(
        absoluteResult({
          name: `fold of ${scale.pendingRows} rows into ${scale.groups} groups`,
          unit: 'rows/s',
          imat: { label: 'imat', values: speeds },
          bar: atLeast(300_000),
          notes: [...share, `${ROWS_A_TRANSACTION} rows a transaction`],
        }),
      );
    });
  },
};

async function leavePending(db: Db, rows: number, groups: number): Promise<void> {
  await db.execute('SET synchronous_commit = off');
  await db.execute(`DO $do$ BEGIN
  FOR i IN 1..${Math.ceil(rows / ROWS_A_TRANSACTION)} LOOP
    INSERT INTO public.sales (product, region, amount)
    SELECT 1 + (i * 7919::bigint + n * 104729) % ${groups}, 'north', 12.34
    FROM generate_series(1, ${ROWS_A_TRANSACTION}) AS n;
    COMMIT;
  END LOOP;
END $do$`);
}

async function cleaningMs(db: Db): Promise<number | null> {
  // Statistics are reported at the end of a transaction: this one's, so that the next sees them.
  await db.query('SELECT pg_stat_force_next_flush()');
  const [row] = await db.query<{ ms: string | null }>(
    `SELECT sum(total_time) AS ms
     FROM pg_stat_user_functions
     WHERE schemaname = 'imat_catalog' AND funcname = 'clean_log'`,
  );
  return row === undefined || row.ms === null ? null : Number(row.ms);
}
