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
const ROWS_OF_JOIN = 100_000;
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
      await comparePointReads(bench, database, 'point read, nothing pending', atMost(0.5));
      await compareFullReads(bench, database, 'full read, nothing pending', atMost(1.5));
      await leavePending(bench, database);
      await comparePointReads(
        bench,
        database,
        `point read, ${PENDING_ROWS} rows pending`,
        atMost(1),
      );
      await compareFullReads(bench, database, `full read, ${PENDING_ROWS} rows pending`, atMost(3));
    });
    await bench.databases.withCopies({ view: 'view' }, async ({ view: database }) => {
      await compareTopReads(bench, database);
      await compareRowReads(bench, database);
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

/** In the order of a value, by an index that convert carries over. */
async function compareTopReads(bench: Bench, database: Database): Promise<void> {
  const { db } = database;
  await db.execute(`CREATE INDEX ON public.${VIEW} (revenue)`);
  await createImat(db).convert(`public.${VIEW}`);
  await db.execute('VACUUM (ANALYZE)');
  const top = (from: string): string =>
    `SELECT ${COLUMNS} FROM ${from} ORDER BY revenue DESC LIMIT 10;\n`;
  const times = await compareReads(bench, database, top, 'prepared');
  const name = 'the first 10 by a value, nothing pending';
  bench.report(ratioResult({ name, unit: 'ms', ...times, bar: atMost(1.5) }));
}

/** Rows of a join as they are, against the query that they are the rows of. */
async function compareRowReads(bench: Bench, database: Database): Promise<void> {
  const { db } = database;
  const rows = `SELECT s.id, s.amount, r.name
    FROM public.sales s JOIN public.regions r ON r.region = s.region
    WHERE s.id <= ${ROWS_OF_JOIN}`;
  await db.execute(
    `CREATE TABLE public.regions AS
     SELECT DISTINCT region, upper(region) AS name FROM public.sales`,
  );
  await createImat(db).create('sold', rows);
  const baseline = { label: 'the definition', from: `(${rows}) AS d` };
  for (const pending of [0, 1, PENDING_ROWS]) {
    if (pending > 0)
      await db.execute(
        `UPDATE public.sales SET amount = amount + 1 WHERE id <= ${Math.ceil(pending / 2)}`,
      );
    await db.execute('VACUUM (ANALYZE)');
    const times = await compareReads(
      bench,
      database,
      (from) => `SELECT count(*), sum(amount) FROM ${from};\n`,
      'prepared',
      { baseline, imat: 'imat.sold' },
    );
    const what = pending === 0 ? 'nothing' : `${pending} rows`;
    const name = `${ROWS_OF_JOIN} rows of a join, ${what} pending`;
    bench.report(ratioResult({ name, unit: 'ms', ...times, bar: atMost(1.2) }));
  }
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
  relations = { baseline: { label: 'plain table', from: `public.${VIEW}` }, imat: `imat.${VIEW}` },
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
    table: () => runOnce(relations.baseline.from),
    imat: () => runOnce(relations.imat),
  });
  return {
    baseline: { label: relations.baseline.label, values: times.table },
    imat: { label: 'imat', values: times.imat },
  };
}
