/** What counting changes costs writers, and how long statistics and marks take. */
import { createImat } from '../../engine/index.ts';
import type { Copies, Database, Kind } from '../databases.ts';
import { salesRows } from '../dataset.ts';
import { type Bench, type Measure, timed } from '../measure.ts';
import { absoluteResult, atLeast, atMost, ratioResult } from '../result.ts';
import { interleave } from '../statistics.ts';
import { count, raceWithExtension, raceWrites } from './accounting-writes.ts';

const WRITERS = 8;
const TABLES = 100;
const MARKS = 1000;
const QUICK_MARKS = 50;
const PAUSE_MS = 50;

/** The same load on two copies, of which one is counted. */
async function withPair(
  bench: Bench,
  kind: Kind,
  work: (copies: Copies<'without' | 'counted'>) => Promise<void>,
): Promise<void> {
  await bench.databases.withCopies({ without: kind, counted: kind }, async (copies) => {
    await count(copies.counted.db);
    await work(copies);
  });
}

async function raceBulk(bench: Bench): Promise<void> {
  const { bulkRows, groups, rounds } = bench.scale;
  for (const [name, sql] of [
    ['insert', `INSERT INTO public.sales (product, region, amount) ${salesRows(bulkRows, groups)}`],
    ['update', `UPDATE public.sales SET amount = amount + 1 WHERE id <= ${bulkRows}`],
  ] as const)
    await withPair(bench, 'plain', async (copies) => {
      const run = async ({ db }: Database): Promise<number> => {
        const ms = await timed(() => db.execute(sql));
        await db.execute('VACUUM (ANALYZE)');
        return ms;
      };
      await run(copies.without);
      await run(copies.counted);
      const times = await interleave(rounds, {
        without: () => run(copies.without),
        counted: () => run(copies.counted),
      });
      bench.report(
        ratioResult({
          name: `one ${name} of ${bulkRows} rows`,
          unit: 'ms',
          baseline: { label: 'not counted', values: times.without },
          imat: { label: 'counted', values: times.counted },
          bar: atMost(1.1),
        }),
      );
    });
}

/** Many tables in one group, each changed before each mark; everything folded. */
async function fillMany({ db }: Database, marks: number): Promise<void> {
  const imat = createImat(db);
  await imat.init();
  const { accounting } = imat;
  const names = Array.from({ length: TABLES }, (_, i) => `public.many_${i}`);
  for (const name of names) await db.execute(`CREATE TABLE ${name} (id int)`);
  await accounting.createGroup('many', names);
  await db.execute(`DO $$ BEGIN
    FOR m IN 1..${marks} LOOP
      FOR t IN 0..${TABLES - 1} LOOP EXECUTE 'INSERT INTO public.many_' || t || ' VALUES (1)';
      END LOOP;
      COMMIT;
      PERFORM imat.set_mark('many', 'm' || m);
      COMMIT;
    END LOOP;
  END $$`);
  await accounting.foldCounts();
  await db.execute('VACUUM (ANALYZE)');
}

const repeated = async (
  asked: number,
  work: () => Promise<unknown>,
  pauseMs: number,
): Promise<number[]> => {
  const times: number[] = [];
  for (let i = 0; i < asked; i += 1) {
    times.push(await timed(work));
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return times;
};

async function measureMany(bench: Bench): Promise<void> {
  const { asked } = bench.scale;
  const marks = bench.scale.rounds > 3 ? MARKS : QUICK_MARKS;
  await bench.databases.withCopies({ counted: 'empty' }, async ({ counted }) => {
    await fillMany(counted, marks);
    const { db, url } = counted;
    const ask = (): Promise<unknown> =>
      db.query(`SELECT * FROM imat.log_stat_group('many', 'm1', NULL)`);
    await ask();
    bench.report(
      absoluteResult({
        name: `log_stat_group over ${TABLES} tables and ${marks} marks`,
        unit: 'ms',
        imat: { label: 'folded', values: await repeated(asked, ask, 0) },
        bar: atMost(50),
      }),
    );
    const seconds = (asked * PAUSE_MS * 2) / 1000;
    const script = [0, 1, 2, 3].map((t) => `INSERT INTO public.many_${t} VALUES (1);\n`).join('');
    const load = bench.generator.run(url, { clients: WRITERS, durable: false, script, seconds });
    let waiting = 0;
    const times = await repeated(
      asked,
      async () => {
        await db.query(`SELECT imat.set_mark('many')`);
        const [found] = await db.query<{ n: number }>(
          `SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND locktype <> 'extend'`,
        );
        waiting += found?.n ?? 0;
      },
      PAUSE_MS,
    );
    await load;
    const result = absoluteResult({
      name: `set_mark on ${TABLES} tables while ${WRITERS} clients write`,
      unit: 'ms',
      imat: { label: 'with a look at pg_locks', values: times },
      bar: atMost(20),
      notes: [`writers waiting for a lock: ${waiting}`],
    });
    bench.report({ ...result, ok: result.ok === true && waiting === 0 });
  });
}

export const accounting: Measure = {
  name: 'accounting',
  title: 'counting changes',
  run: async (bench) => {
    await raceWrites(bench, 'plain', atLeast(0.8));
    await raceWrites(bench, 'imat', atLeast(0.92));
    await raceWithExtension(bench);
    await raceBulk(bench);
    await measureMany(bench);
  },
};
