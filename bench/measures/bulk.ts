/** One statement that writes many rows, its commit included. */
import type { Database } from '../databases.ts';
import { salesRows, VIEW } from '../dataset.ts';
import { type Bench, type Measure, PG_IVM_ABSENT, timed } from '../measure.ts';
import { atMost, ratioResult } from '../result.ts';
import { interleave, ratioOf } from '../statistics.ts';
import { contendersOf } from '../throughput.ts';

const BAR = atMost(1.6);

/**
 * PostgreSQL deletes by marking rows, so a trigger that only has a transition table takes 1.66
 * times as long. What imat can be judged by is what logging costs: at most this many times an
 * INSERT of the same rows.
 */
const LOGGING = 1.2;

type Statement = { readonly name: string; readonly sql: string };

const countOf = (rows: number): string => rows.toLocaleString('en').replaceAll(',', ' ');

function statementsOf({ scale }: Bench): Statement[] {
  const rows = countOf(scale.bulkRows);
  return [
    {
      name: `one insert of ${rows} rows`,
      sql: `INSERT INTO public.sales (product, region, amount)
        ${salesRows(scale.bulkRows, scale.groups)}`,
    },
    {
      name: `one update of ${rows} rows of sales`,
      sql: `UPDATE public.sales SET amount = amount + 1 WHERE id <= ${scale.bulkRows}`,
    },
    {
      name: `one update of ${rows} rows of sales, another column`,
      sql: `UPDATE public.sales SET region = 'moved' WHERE id <= ${scale.bulkRows}`,
    },
  ];
}

/** What a worker and autovacuum would do between two such statements. */
async function tidyUp({ db, kind }: Database): Promise<void> {
  if (kind === 'imat') await db.execute(`CALL imat.fold('${VIEW}')`);
  await db.execute('VACUUM (ANALYZE)');
}

async function measureStatements(bench: Bench): Promise<void> {
  for (const { name, sql } of statementsOf(bench)) {
    await bench.databases.withCopies(contendersOf(bench), async (copies) => {
      const contenders = Object.values(copies).map((database): [string, () => Promise<number>] => [
        database.kind,
        async () => {
          const ms = await timed(() => database.db.execute(sql));
          await tidyUp(database);
          return ms;
        },
      ]);
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
}

/** A DELETE, whose rows are logged, against one without a view and an INSERT of the same rows. */
async function measureLoggedDelete(bench: Bench): Promise<void> {
  const { bulkRows, rounds } = bench.scale;
  const last = `id > (SELECT max(id) - ${bulkRows} FROM public.sales)`;
  await bench.databases.withCopies({ plain: 'plain', imat: 'imat' }, async ({ plain, imat }) => {
    await imat.db.execute(
      'CREATE TABLE public.inserted (LIKE imat_store.log_public_sales INCLUDING ALL)',
    );
    const deleteFrom = (database: Database) => async (): Promise<number> => {
      const ms = await timed(() => database.db.execute(`DELETE FROM public.sales WHERE ${last}`));
      await tidyUp(database);
      return ms;
    };
    const contenders = {
      insert: async (): Promise<number> => {
        const ms = await timed(() =>
          imat.db.execute(
            `INSERT INTO public.inserted (weight, c2, c4)
             SELECT -1, product, amount FROM public.sales WHERE ${last}`,
          ),
        );
        await imat.db.execute('TRUNCATE public.inserted');
        return ms;
      },
      plain: deleteFrom(plain),
      imat: deleteFrom(imat),
    };
    for (const run of Object.values(contenders)) await run();
    const times = await interleave(rounds, contenders);
    const logging = times.imat.map((ms, run) => ms - (times.plain[run] ?? Number.NaN));
    bench.report(
      ratioResult({
        name: `one delete of ${countOf(bulkRows)} rows`,
        unit: 'ms',
        baseline: {
          label: `no view, and ${LOGGING} times an INSERT of these rows`,
          values: times.plain.map((ms, run) => ms + LOGGING * (times.insert[run] ?? Number.NaN)),
        },
        imat: { label: 'imat', values: times.imat },
        bar: atMost(1),
        notes: [
          `logging: ${ratioOf(logging, times.insert).median.toFixed(2)} of the INSERT`,
          `the DELETE: ${ratioOf(times.imat, times.plain).median.toFixed(2)} of one without a view`,
        ],
      }),
    );
  });
}

/** A load of the whole table in one statement. */
async function measureLoad(bench: Bench): Promise<void> {
  const { loadedRows, groups } = bench.scale;
  await bench.databases.withCopies({ plain: 'plain', imat: 'imat' }, async (copies) => {
    const load = (database: Database) => async (): Promise<number> => {
      await database.db.execute('TRUNCATE public.sales');
      await tidyUp(database);
      const ms = await timed(() =>
        database.db.execute(
          `INSERT INTO public.sales (product, region, amount) ${salesRows(loadedRows, groups)}`,
        ),
      );
      await tidyUp(database);
      return ms;
    };
    const times = await interleave(Math.min(bench.scale.rounds, 3), {
      plain: load(copies.plain),
      imat: load(copies.imat),
    });
    bench.report(
      ratioResult({
        name: `one insert of ${countOf(loadedRows)} rows`,
        unit: 'ms',
        baseline: { label: 'no view', values: times.plain },
        imat: { label: 'imat', values: times.imat },
        bar: BAR,
      }),
    );
  });
}

export const bulk: Measure = {
  name: 'bulk',
  title: 'one large statement',
  run: async (bench) => {
    await measureStatements(bench);
    await measureLoggedDelete(bench);
    await measureLoad(bench);
  },
};
