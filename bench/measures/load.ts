/**
 * The load, and convert as a whole, against CREATE MATERIALIZED VIEW with its index, on the same
 * table. What convert does before the load (reading the definition, proving the reading, capture)
 * takes the same time whatever the size.
 */
import type { Progress } from '../../engine/index.ts';
import { createImat } from '../../engine/index.ts';
import { DEFINITION, VIEW } from '../dataset.ts';
import { type Measure, timed } from '../measure.ts';
import { atMost, ratioResult } from '../result.ts';
import { interleave } from '../statistics.ts';

export const load: Measure = {
  name: 'load',
  title: 'the initial load',
  run: async (bench) => {
    await bench.databases.withCopies({ view: 'view' }, async ({ view: { db } }) => {
      const imat = createImat(db);
      const loads: number[] = [];
      await imat.init();
      const contenders = {
        create: async () => {
          const ms = await timed(() =>
            db.execute(
              `CREATE MATERIALIZED VIEW public.other AS ${DEFINITION};
               CREATE UNIQUE INDEX ON public.other (product)`,
            ),
          );
          await db.execute('DROP MATERIALIZED VIEW public.other');
          return ms;
        },
        convert: async () => {
          let began = 0;
          const onProgress = ({ label }: Progress): void => {
            if (label === 'loading') began = performance.now();
          };
          const ms = await timed(async () => {
            await imat.convert(`public.${VIEW}`, { onProgress });
            loads.push(performance.now() - began);
          });
          await imat.revert(VIEW);
          return ms;
        },
      };
      await contenders.create();
      await contenders.convert();
      loads.length = 0;
      const times = await interleave(bench.scale.rounds, contenders);
      const baseline = { label: 'CREATE MATERIALIZED VIEW', values: times.create };
      bench.report(
        ratioResult({
          name: `load, ${bench.scale.rows} rows`,
          unit: 'ms',
          baseline,
          imat: { label: 'load', values: loads },
          bar: atMost(1.5),
        }),
      );
      bench.report(
        ratioResult({
          name: `convert as a whole, ${bench.scale.rows} rows`,
          unit: 'ms',
          baseline,
          imat: { label: 'imat convert', values: times.convert },
        }),
      );
    });
  },
};
