/** imat convert against CREATE MATERIALIZED VIEW with its index, on the same table. */
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
      await imat.init();
      const contenders = {
        create: async () => {
          const ms = await timed(() =>
            db.execute(`CREATE MATERIALIZED VIEW public.other AS ${DEFINITION}; CREATE UNIQUE INDEX ON public.other (product)`),
          );
          await db.execute('DROP MATERIALIZED VIEW public.other');
          return ms;
        },
        convert: async () => {
          const ms = await timed(() => imat.convert(`public.${VIEW}`));
          await imat.revert(VIEW);
          return ms;
        },
      };
      await contenders.create();
      await contenders.convert();
      const times = await interleave(bench.scale.rounds, contenders);
      bench.report(
        ratioResult({
          name: `convert, ${bench.scale.rows} rows`,
          unit: 'ms',
          baseline: { label: 'CREATE MATERIALIZED VIEW', values: times.create },
          imat: { label: 'imat convert', values: times.convert },
          bar: atMost(1.5),
        }),
      );
    });
  },
};
