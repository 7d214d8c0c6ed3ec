/**
 * Reads of an imat against the materialized view, a plain table with the same columns, rows and
 * index.
 */
import { createImat } from '../../engine/index.ts';
import type { Database } from '../databases.ts';
import { salesRows, VIEW } from '../dataset.ts';
import type { Bench, Measure, Script } from '../measure.ts';
import { inMilliseconds } from '../measure.ts';
import { type Bar, type Series, atMost, differenceResult, ratioResult } from '../result.ts';
import { interleave } from '../statistics.ts';

const PENDING_ROWS = 1000;
const COLUMNS = 'product, revenue, sales, average';

type Protocol = NonNullable<Script['protocol']>;

const pointRead = (from: string, groups: number): string =>
  `\\set product random(1, ${groups})\nSELECT ${COLUMNS} FROM ${from} WHERE product = :product;\n`;
const fullRead = (from: string): string => `SELECT ${COLUMNS} FROM ${from};\n`;

export const reads: Measure = {
  name: 'reads',
  title: 'reads',
  run: async (bench) => {
    await bench.databases.withCopies({ imat: 'imat' }, async ({ imat: database }) => {
      await comparePointReads(bench, database, 'point read, nothing pending', null);
      await compareFullReads(bench, database, 'full read, nothing pending', atMost(4));
      await leavePending(bench, database);
      await comparePointReads(
        bench,
        database,
        `point read, ${PENDING_ROWS} rows pending`,
        atMost(1),
      );
      await compareFullReads(bench, database, `full read, ${PENDING_ROWS} rows pending`, null);
    });
    await bench.databases.withCopies({ imat: 'imat' }, async ({ imat: database }) => {
      await keepFoldedRows(bench, database);
      const name =
        `point read, ${PENDING_ROWS} rows pending, ` +
        `${bench.scale.bulkRows} folded ones kept for another imat`;
      await comparePointReads(bench, database, name, null);
    });
    await bench.databases.withCopies({ view: 'view' }, async ({ view: database }) => {
      await createImat(database.db).convert(`public.${VIEW}`, { freshness: '5s' });
      await leavePending(bench, database);
      await compareStored(bench, database);
    });
  },
};

/** One transaction each, as writers leave them. */
async function leavePending(bench: Bench, { db }: Database): Promise<void> {
  await db.execute(`DO $$ BEGIN
  FOR i IN 1..${PENDING_ROWS} LOOP
    INSERT INTO public.sales (product, region, amount)
    VALUES (1 + i * 7919 % ${bench.scale.groups}, 'north', 12.34);
    COMMIT;
  END LOOP;
END $$`);
  await db.execute('ANALYZE public.sales');
}

/**
 * A second imat that is never folded needs all of the log; the first has taken in all but the last
 * rows.
 */
async function keepFoldedRows(bench: Bench, database: Database): Promise<void> {
  const { db } = database;
  const imat = createImat(db);
  await imat.create(
    'never_folded',
    'SELECT count(*) AS sales, sum(amount) AS revenue FROM public.sales',
    { freshness: 'manual' },
  );
  await db.execute(
    `INSERT INTO public.sales (product, region, amount)
     ${salesRows(bench.scale.bulkRows, bench.scale.groups)}`,
  );
  await imat.fold(VIEW);
  await leavePending(bench, database);
  await db.execute('VACUUM (ANALYZE)');
}

async function comparePointReads(
  bench: Bench,
  database: Database,
  name: string,
  bar: Bar | null,
): Promise<void> {
  for (const protocol of ['prepared', 'simple'] as const) {
    const times = await compareReads(
      bench,
      database,
      (from) => pointRead(from, bench.scale.groups),
      protocol,
    );
    const planned = protocol === 'prepared' ? 'prepared' : 'planned anew each time';
    bench.report(
      differenceResult({
        name: `${name}, ${planned}`,
        unit: 'ms',
        ...times,
        ...(bar === null ? {} : { bar }),
      }),
    );
  }
}

async function compareFullReads(
  bench: Bench,
  database: Database,
  name: string,
  bar: Bar | null,
): Promise<void> {
  const times = await compareReads(bench, database, fullRead, 'prepared');
  bench.report(ratioResult({ name, unit: 'ms', ...times, ...(bar === null ? {} : { bar }) }));
}

/** `--freshness 5s`: what is stored is what is read. */
async function compareStored(bench: Bench, database: Database): Promise<void> {
  const point = await compareReads(
    bench,
    database,
    (from) => pointRead(from, bench.scale.groups),
    'prepared',
  );
  bench.report(
    ratioResult({ name: 'point read, freshness 5s', unit: 'ms', ...point, bar: atMost(1.1) }),
  );
  const full = await compareReads(bench, database, fullRead, 'prepared');
  bench.report(
    ratioResult({ name: 'full read, freshness 5s', unit: 'ms', ...full, bar: atMost(1.1) }),
  );
}

/** Milliseconds a read, of one client. */
async function compareReads(
  bench: Bench,
  { url }: Database,
  scriptOf: (from: string) => string,
  protocol: Protocol,
): Promise<{ baseline: Series; imat: Series }> {
  const runOnce = async (from: string): Promise<number> => {
    const load = {
      script: scriptOf(from),
      clients: 1,
      durable: false,
      protocol,
      seconds: bench.scale.seconds / 2,
    };
    return inMilliseconds(1 / (await bench.generator.run(url, load)).transactionsPerSecond);
  };
  const times = await interleave(bench.scale.rounds, {
    table: () => runOnce(`public.${VIEW}`),
    imat: () => runOnce(`imat.${VIEW}`),
  });
  return {
    baseline: { label: 'plain table', values: times.table },
    imat: { label: 'imat', values: times.imat },
  };
}
