/**
 * A worker's promises: nothing to do costs next to nothing; what is pending stays young while
 * writers keep their pace; a bound on staleness is met; a swap is noticed by no reader. What was
 * not seen to happen has not been measured: it throws.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../../engine/db/db.ts';
import { connectDb } from '../../engine/db/connect-db.ts';
import { createImat } from '../../engine/index.ts';
import { DEFAULT_POLICY } from '../../workers/policy.ts';
import { ImatWorker } from '../../workers/worker.ts';
import type { Load } from '../load-outcome.ts';
import type { Bench, Measure } from '../measure.ts';
import { inMilliseconds, inSeconds } from '../measure.ts';
import { absoluteResult, atLeast, atMost, ratioResult } from '../result.ts';
import { percentile } from '../statistics.ts';

const IDLE_IMATS = 200;
const IDLE_SOURCES = 20;
const LIVE_IMATS = 20;
const WRITES_A_SECOND = 2000;
const SWAP_MOST_MS = 120_000;

export const workers: Measure = {
  name: 'workers',
  title: 'workers',
  run: async (bench) => {
    await idle(bench);
    await underLoad(bench);
    await fresh(bench);
    await swapUnderReaders(bench);
  },
};

/** Runs a worker while `work` does. */
async function withWorker<T>(url: string, work: (worker: ImatWorker) => Promise<T>): Promise<T> {
  const worker = new ImatWorker({
    targets: [{ kind: 'url', url }],
    queue: null,
    policy: DEFAULT_POLICY,
    version: 'bench',
    logLevel: 'silent',
    writeLog: () => undefined,
    http: '127.0.0.1:0',
  });
  await worker.start();
  try {
    for (
      const deadline = Date.now() + 10_000;
      worker.states.some((state) => !state.ticker);
      await sleep(20)
    ) {
      if (Date.now() > deadline)
        throw new Error(`the worker did not take its turn: ${JSON.stringify(worker.states)}`);
    }
    return await work(worker);
  } finally {
    await worker.stop();
  }
}

/**
 * The server's CPU time while a worker looks for some seconds; null if it cannot be told. A
 * backend's time counts when it has ended.
 */
async function cpuOfWorker(
  bench: Bench,
  url: string,
  seconds: number,
): Promise<{ cpu: number | null; looks: number }> {
  const before = bench.cpuSeconds();
  const looks = await withWorker(url, async (worker) => {
    await sleep(inMilliseconds(seconds));
    const text = await (await fetch(`http://127.0.0.1:${worker.port}/metrics`)).text();
    return Number(/^imat_looks_total\{.*\} (\d+)/m.exec(text)?.[1] ?? Number.NaN);
  });
  // A worker that does not look is idle too.
  const least = Math.floor(inMilliseconds(seconds) / DEFAULT_POLICY.tickMs / 2);
  if (!(looks >= least))
    throw new Error(`the worker looked ${looks} times in ${seconds} s: at least ${least} were due`);
  await sleep(300);
  const after = bench.cpuSeconds();
  if (before !== null && before === after) throw new Error("the server's CPU time was not counted");
  return { cpu: before === null || after === null ? null : after - before, looks };
}

/** Fewer over few groups. */
const imatsAt = ({ scale }: Bench, most: number): number =>
  Math.max(2, Math.min(most, Math.floor(scale.groups / 50)));

async function idle(bench: Bench): Promise<void> {
  await bench.databases.withCopies({ imat: 'empty' }, async ({ imat: { db, url } }) => {
    const imat = createImat(db);
    const imats = imatsAt(bench, IDLE_IMATS);
    for (let source = 0; source < Math.min(IDLE_SOURCES, imats); source++)
      await db.execute(
        `CREATE TABLE public.s${source} (k int, v int);
         INSERT INTO public.s${source} SELECT g % 10, g FROM generate_series(1, 1000) g`,
      );
    for (let n = 0; n < imats; n++)
      await imat.create(
        `idle_${n}`,
        `SELECT k, count(*) AS n, sum(v) AS s
         FROM public.s${n % Math.min(IDLE_SOURCES, imats)}
         GROUP BY k`,
      );
    // Two runs, so that starting and stopping cancel out.
    const short = 2;
    const long = short + 8 * bench.scale.seconds;
    const first = await cpuOfWorker(bench, url, short * Math.min(1, bench.scale.seconds));
    const second = await cpuOfWorker(bench, url, long * Math.min(1, bench.scale.seconds));
    const seconds = (long - short) * Math.min(1, bench.scale.seconds);
    if (first.cpu !== null && second.cpu !== null) {
      const share = (100 * Math.max(0.01, second.cpu - first.cpu)) / seconds;
      bench.report(
        absoluteResult({
          name: `${imats} imats, nothing changing: the server's CPU`,
          unit: '% of a core',
          imat: { label: 'worker', values: [share] },
          bar: atMost(1),
        }),
      );
    }
    const ticks = inMilliseconds(seconds) / DEFAULT_POLICY.tickMs;
    bench.report(
      absoluteResult({
        name: `${imats} imats, nothing changing: signal queries a tick`,
        unit: 'queries',
        imat: { label: 'worker', values: [Math.max(0.01, (second.looks - first.looks) / ticks)] },
        bar: atMost(1.05),
      }),
    );
  });
}

/** `id` spreads the writes over the imats' sources. */
const writeScript = (imats: number): string =>
  `\\set n random(0, ${imats - 1})\n\\set k random(1, 1000)\n` +
  'INSERT INTO public.written (n, k, v) VALUES (:n, :k, 1);';

async function underLoad(bench: Bench): Promise<void> {
  const imats = imatsAt(bench, LIVE_IMATS);
  await bench.databases.withCopies({ without: 'empty', with: 'empty' }, async (copies) => {
    for (const { db } of Object.values(copies)) {
      await db.execute('CREATE TABLE public.written (n int, k int, v int)');
      const imat = createImat(db);
      for (let n = 0; n < imats; n++)
        await imat.create(
          `live_${n}`,
          `SELECT k, count(*) AS c, sum(v) AS s
           FROM public.written
           WHERE n = ${n} OR k % ${imats} = ${n}
           GROUP BY k`,
        );
    }
    const seconds = 12 * bench.scale.seconds;
    const load = { script: writeScript(imats), clients: 8, durable: false };
    const rated = { ...load, seconds, rate: WRITES_A_SECOND };
    const before = await bench.generator.run(copies.without.url, rated);
    const ages: number[] = [];
    const during = await withWorker(copies.with.url, async () => {
      const load = new AbortController();
      const [outcome] = await Promise.all([
        bench.generator.run(copies.with.url, rated).finally(() => load.abort()),
        sampleAges(copies.with.url, imats, ages, Math.min(3, seconds / 4), load.signal),
      ]);
      return outcome;
    });
    for (const { failed } of [before, during])
      if (failed > 0) throw new Error(`${failed} writes failed`);
    bench.report(
      absoluteResult({
        name: `${WRITES_A_SECOND} writes/s over ${imats} live imats: age of what is pending, p99`,
        unit: 's',
        imat: { label: 'worker', values: [inSeconds(percentile(ages, 0.99))] },
        bar: atMost(2),
        notes: [
          `median ${inSeconds(percentile(ages, 0.5)).toFixed(2)} s, ${ages.length} samples, ` +
            'an upper bound: since the snapshot of the last fold',
          `${Math.round(during.transactionsPerSecond)} writes/s were reached`,
        ],
      }),
    );
    bench.report(
      ratioResult({
        name: `the same: writers' pace at ${WRITES_A_SECOND} writes/s`,
        unit: 'tps',
        baseline: { label: 'no worker', values: [before.transactionsPerSecond] },
        imat: { label: 'worker', values: [during.transactionsPerSecond] },
        bar: atLeast(0.95),
      }),
    );
    await reportPace(bench, copies.with.url, load);
  });
}

/** What writers reach at most, with and without a worker. */
async function reportPace(bench: Bench, url: string, load: Omit<Load, 'seconds'>): Promise<void> {
  const fast = { ...load, seconds: bench.scale.seconds };
  const pace: { without: number[]; with: number[] } = { without: [], with: [] };
  for (let round = 0; round < Math.min(3, bench.scale.rounds); round++) {
    pace.without.push((await bench.generator.run(url, fast)).transactionsPerSecond);
    pace.with.push(
      await withWorker(
        url,
        async () => (await bench.generator.run(url, fast)).transactionsPerSecond,
      ),
    );
  }
  bench.report(
    ratioResult({
      name: 'as many writes as 8 clients can, over the same imats',
      unit: 'tps',
      baseline: { label: 'no worker', values: pace.without },
      imat: { label: 'worker', values: pace.with },
      notes: ['the folds and the writers share the cores'],
    }),
  );
}

/**
 * How long ago the snapshot of each imat's last fold was taken; of one that was never folded, when
 * it was filled.
 */
async function sampleAges(
  url: string,
  imats: number,
  ages: number[],
  warmUpSeconds: number,
  over: AbortSignal,
): Promise<void> {
  const db = await connectDb({ kind: 'url', url });
  try {
    await sleep(inMilliseconds(warmUpSeconds));
    while (!over.aborted) {
      const rows = await db.query<{ ms: string }>(
        `SELECT extract(epoch FROM clock_timestamp() - f.advanced_at) * 1000
           + coalesce(s.last_ms, 0) AS ms
         FROM imat_catalog.frontier f LEFT JOIN imat_catalog.schedule s USING (imat_id)`,
      );
      if (rows.length !== imats) throw new Error(`${rows.length} of ${imats} imats were sampled`);
      ages.push(...rows.map((row) => Number(row.ms)));
      await sleep(100);
    }
  } finally {
    await db.close();
  }
}

/**
 * A writer numbers its rows; a reader sees how far what is stored has come, and so how old it is.
 */
async function fresh(bench: Bench): Promise<void> {
  await bench.databases.withCopies({ imat: 'empty' }, async ({ imat: { db, url } }) => {
    await db.execute('CREATE TABLE public.numbered (n int)');
    await createImat(db).create('numbers', 'SELECT count(*) AS n FROM public.numbered', {
      freshness: '1s',
    });
    const seconds = 6 * bench.scale.seconds;
    const written: number[] = [];
    const stale: number[] = [];
    await withWorker(url, async () => {
      const [writer, reader] = [
        await connectDb({ kind: 'url', url }),
        await connectDb({ kind: 'url', url }),
      ];
      const end = performance.now() + inMilliseconds(seconds);
      const writing = async (): Promise<void> => {
        while (performance.now() < end) {
          await writer.query('INSERT INTO public.numbered VALUES (1)');
          written.push(performance.now());
          await sleep(5);
        }
      };
      const reading = async (): Promise<void> => {
        while (performance.now() < end) {
          const asked = performance.now();
          const [row] = await reader.query<{ n: string }>('SELECT n FROM imat.numbers');
          const oldest = written[Number(row?.n ?? 0)];
          stale.push(oldest === undefined ? 0.01 : Math.max(0.01, asked - oldest));
          await sleep(20);
        }
      };
      await Promise.all([writing(), reading()]);
      await Promise.all([writer.close(), reader.close()]);
    });
    // What does not change is never stale.
    if (written.length < 10 * seconds)
      throw new Error(`${written.length} writes in ${seconds} s are no constant change`);
    bench.report(
      absoluteResult({
        name: 'freshness 1s under constant change: staleness, p99',
        unit: 's',
        imat: { label: 'worker', values: [inSeconds(percentile(stale, 0.99))] },
        bar: atMost(2),
        notes: [`median ${inSeconds(percentile(stale, 0.5)).toFixed(2)} s`],
      }),
    );
  });
}

type Reads = { readonly waits: number[]; readonly faults: string[]; over: boolean };

/** Reads again and again; with an isolation level in transactions that last longer than a swap. */
async function readUntilOver(
  url: string,
  probe: string,
  isolation: string | null,
  reads: Reads,
): Promise<void> {
  const look = async (session: Db): Promise<void> => {
    const start = performance.now();
    const [row] = await session.query<{ n: number; versions: number }>(probe);
    reads.waits.push(performance.now() - start);
    if (row?.n !== 2 || row.versions !== 1) reads.faults.push(JSON.stringify(row));
  };
  const session = await connectDb({ kind: 'url', url });
  try {
    do {
      if (isolation !== null) await session.execute(`BEGIN ISOLATION LEVEL ${isolation}`);
      for (const end = performance.now() + (isolation === null ? 0 : 2000); ; await sleep(10)) {
        await look(session);
        if (reads.over || performance.now() >= end) break;
      }
      if (isolation !== null) await session.execute('COMMIT');
    } while (!reads.over);
  } catch (error) {
    reads.faults.push(error instanceof Error ? error.message : String(error));
  } finally {
    await session.close();
  }
}

async function swapUnderReaders(bench: Bench): Promise<void> {
  const { rows } = bench.scale;
  await bench.databases.withCopies({ imat: 'empty' }, async ({ imat: { db, url } }) => {
    await db.execute(
      `CREATE TABLE public.big (id int PRIMARY KEY, version int);
       INSERT INTO public.big SELECT g, 0 FROM generate_series(1, ${rows}) g;
       CREATE MATERIALIZED VIEW public.big_ones AS SELECT id, version FROM public.big;
       CREATE UNIQUE INDEX ON public.big_ones (id)`,
    );
    await createImat(db).convert('public.big_ones', { strategy: 'swap', freshness: '1s' });
    const reads: Reads = { waits: [], faults: [], over: false };
    const { waits, faults } = reads;
    // One row from each end: both there, and of one version.
    const probe = `SELECT count(*)::int AS n, count(DISTINCT version)::int AS versions
      FROM imat.big_ones
      WHERE id IN (1, ${rows})`;
    const reading = (isolation: string | null): Promise<void> =>
      readUntilOver(url, probe, isolation, reads);
    const versions = Math.min(3, bench.scale.rounds);
    await withWorker(url, async () => {
      const readers = Promise.all(
        [null, 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'].map(reading),
      );
      try {
        for (let version = 1; version <= versions; version++) {
          await db.execute(`UPDATE public.big SET version = ${version}`);
          await sleep(inMilliseconds(bench.scale.seconds));
          await swapped(db, version);
        }
      } finally {
        reads.over = true;
        await readers;
      }
    });
    if (faults.length > 0)
      throw new Error(
        `errors, empty or mixed reads during ${versions} swaps: ${faults.length}, ` +
          `such as ${faults[0]}`,
      );
    bench.report(
      absoluteResult({
        name: `swaps of ${rows} rows: the longest that a reader waited`,
        unit: 'ms',
        imat: { label: 'worker', values: [Math.max(...waits)] },
        bar: atMost(100),
        notes: [
          `${versions} swaps, ${waits.length} reads at every isolation level, ` +
            `p99 ${percentile(waits, 0.99).toFixed(1)} ms; none failed, was empty or mixed`,
        ],
      }),
    );
  });
}

async function swapped(db: Db, version: number): Promise<void> {
  for (const deadline = Date.now() + SWAP_MOST_MS; Date.now() < deadline; await sleep(50)) {
    const [row] = await db.query<{ version: number }>(
      'SELECT version FROM imat.big_ones WHERE id = 1',
    );
    if (row?.version === version) return;
  }
  throw new Error(`version ${version} was not swapped in within ${inSeconds(SWAP_MOST_MS)} s`);
}
