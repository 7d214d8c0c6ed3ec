/**
 * What a user sees: fresh figures by the definition, by REFRESH, and by the live view with the last
 * minute's writes pending.
 */
import { VIEW } from '../dataset.ts';
import { type Measure, timed } from '../measure.ts';
import { ratioResult } from '../result.ts';
import { interleave } from '../statistics.ts';

const PENDING_ROWS = 1000;

export const mainJob: Measure = {
  name: 'main-job',
  title: 'the definition, REFRESH and the live view',
  run: async (bench) => {
    await bench.databases.withCopies({ imat: 'imat' }, async ({ imat: { db } }) => {
      const contenders = {
        definition: () => timed(() => db.query(`SELECT * FROM imat_store.definition_${VIEW}`)),
        refresh: () => timed(() => db.execute(`REFRESH MATERIALIZED VIEW public.${VIEW}`)),
        concurrently: () =>
          timed(() => db.execute(`REFRESH MATERIALIZED VIEW CONCURRENTLY public.${VIEW}`)),
        live: async () => {
          await db.execute(
            `INSERT INTO public.sales (product, region, amount)
             SELECT 1 + n * 7919 % ${bench.scale.groups}, 'north', 12.34
             FROM generate_series(1, ${PENDING_ROWS}) AS n`,
          );
          return await timed(() => db.query(`SELECT * FROM imat.${VIEW}`));
        },
        fold: () => timed(() => db.query('CALL imat.fold($1)', [VIEW])),
      };
      for (const run of Object.values(contenders)) await run();
      const times = await interleave(bench.scale.rounds, contenders);
      const series = (label: string, values: readonly number[]) => ({ label, values });
      const live = series(`live, ${PENDING_ROWS} pending`, times.live);
      const folded = series(`fold of ${PENDING_ROWS}`, times.fold);
      bench.report(
        ratioResult({
          name: 'all groups, fresh: read',
          unit: 'ms',
          baseline: series('definition', times.definition),
          imat: live,
        }),
      );
      bench.report(
        ratioResult({
          name: 'bring up to date',
          unit: 'ms',
          baseline: series('REFRESH', times.refresh),
          imat: folded,
        }),
      );
      bench.report(
        ratioResult({
          name: 'bring up to date, readers not blocked',
          unit: 'ms',
          baseline: series('REFRESH CONCURRENTLY', times.concurrently),
          imat: folded,
        }),
      );
    });
  },
};
