/** One statement that writes many rows, its commit included. */
import type { Database } from '../databases.ts';
import { salesRows, VIEW } from '../dataset.ts';
import { type Bench, type Measure, PG_IVM_ABSENT, timed } from '../measure.ts';
import { atMost, ratioResult } from '../result.ts';
import { interleave, ratioOf } from '../statistics.ts';
import { contendersOf } from '../throughput.ts';

const BAR = atMost(1.6);

type Statement = { readonly name: string; readonly sql: string };

function statementsOf({ scale }: Bench): Statement[] {
  const rows = scale.bulkRows.toLocaleString('en').replaceAll(',', ' ');
  return [
    {
      name: `one insert of ${rows} rows`,
      sql: `INSERT INTO public.sales (product, region, amount)
        ${salesRows(scale.bulkRows, scale.groups)}`,
    },
    {
      name: `one update of ${rows} rows`,
      sql: `UPDATE public.sales SET amount = amount + 1 WHERE id <= ${scale.bulkRows}`,
    },
    {
      name: `one update of ${rows} rows, another column`,
      sql: `UPDATE public.sales SET region = 'moved' WHERE id <= ${scale.bulkRows}`,
    },
    {
      name: `one delete of ${rows} rows`,
      sql: `DELETE FROM public.sales
        WHERE id > (SELECT max(id) - ${scale.bulkRows} FROM public.sales)`,
    },
  ];
}

/** What a worker and autovacuum would do between two such statements. */
async function tidyUp({ db, kind }: Database): Promise<void> {
  if (kind === 'imat') await db.execute(`CALL imat.fold('${VIEW}')`);
  await db.execute('VACUUM (ANALYZE)');
}

export const bulk: Measure = {
  name: 'bulk',
  title: 'one large statement',
  run: async (bench) => {
    for (const { name, sql } of statementsOf(bench)) {
      await bench.databases.withCopies(contendersOf(bench), async (copies) => {
        const contenders = Object.values(copies).map(
          (database): [string, () => Promise<number>] => [
            database.kind,
            async () => {
              const ms = await timed(() => database.db.execute(sql));
              await tidyUp(database);
              return ms;
            },
          ],
        );
        for (const [, run] of contenders) await run();
        const times = await interleave(bench.scale.rounds, Object.fromEntries(contenders));
        const of = (kind: string): number[] => times[kind] ?? [];
        const notes = [
          bench.databases.hasPgIvm
            ? `pg_ivm: ${ratioOf(of('pg_ivm'), of('plain')).median.toFixed(2)} of plain`
            : PG_IVM_ABSENT,
        ];
        bench.report(
          ratioResult({
            name,
            unit: 'ms',
            baseline: { label: 'no view', values: of('plain') },
            imat: { label: 'imat', values: of('imat') },
            bar: BAR,
            notes,
          }),
        );
      });
    }
  },
};
