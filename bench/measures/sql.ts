/**
 * The shapes of TPC-H: folds of changed purchases and lines against REFRESH, live reads against the
 * definition, and how long a live read is planned. Each definition is a materialized view and an
 * imat of one database, so that every change is captured once and taken in by all.
 */
import { createImat } from '../../engine/index.ts';
import type { Db } from '../../engine/db/db.ts';
import type { Database } from '../databases.ts';
import { type Bench, type Measure, timed } from '../measure.ts';
import { absoluteResult, atMost, ratioResult } from '../result.ts';
import { interleave, ratioOf } from '../statistics.ts';
import { warehouseQueries } from '../warehouse/queries.ts';
import {
  changeWarehouse,
  createWarehouse,
  everyForRows,
  type Sizes,
  sizesOf,
} from '../warehouse/tables.ts';

const QUERIES = warehouseQueries({ largeOrder: 250, largeShare: 0.001 });
const NAMES = Object.keys(QUERIES) as (keyof typeof QUERIES)[];
const SHARES = [0.001, 0.01, 0.1] as const;
const PENDING = [0, 100, 10_000] as const;
/** Most milliseconds that planning may take up to `few` tables, and up to `many`. */
const PLANNING = { few: 4, fewMs: 5, many: 8, manyMs: 30 } as const;
const CHAINS = [8, 12] as const;

type Name = (typeof NAMES)[number];
type Subject = {
  readonly bench: Bench;
  readonly db: Db;
  readonly sizes: Sizes;
  /** Those that are maintained by changes; the others are rebuilt, as REFRESH does it. */
  readonly maintained: readonly Name[];
  /** Of the next change. */
  round: number;
};

export const sql: Measure = {
  name: 'sql',
  title: 'the shapes of TPC-H',
  run: async (bench) => {
    await bench.databases.withCopies({ empty: 'empty' }, async ({ empty }) => {
      const subject = await prepare(bench, empty);
      for (const share of SHARES) await compareFolds(subject, share);
      for (const pending of PENDING) await compareReads(subject, pending);
      for (const tables of CHAINS) await reportChain(subject, tables);
    });
  },
};

async function prepare(bench: Bench, { db }: Database): Promise<Subject> {
  const sizes = sizesOf(bench.scale.warehouse);
  await createWarehouse(db, sizes);
  const imat = createImat(db);
  const maintained: Name[] = [];
  for (const name of NAMES) {
    await db.execute(`CREATE MATERIALIZED VIEW public.${name} AS ${QUERIES[name]}`);
    const { strategy } = await imat.create(name, QUERIES[name]);
    if (strategy === 'delta') maintained.push(name);
  }
  await db.execute('VACUUM (ANALYZE)');
  return { bench, db, sizes, maintained, round: 0 };
}

async function change(subject: Subject, every: number): Promise<void> {
  subject.round += 1;
  await changeWarehouse(subject.db, subject.sizes, { every, round: subject.round });
}

async function compareFolds(subject: Subject, share: number): Promise<void> {
  const { bench, db, maintained } = subject;
  const refreshes = new Map<Name, number[]>(maintained.map((name) => [name, []]));
  const folds = new Map<Name, number[]>(maintained.map((name) => [name, []]));
  for (let round = 0; round < bench.scale.rounds; round += 1) {
    await change(subject, Math.round(1 / share));
    for (const name of maintained) {
      const refresh = await timed(() => db.execute(`REFRESH MATERIALIZED VIEW public.${name}`));
      refreshes.get(name)?.push(refresh);
      folds.get(name)?.push(await timed(() => db.query('CALL imat.fold($1)', [name])));
    }
    // What a worker and autovacuum do between folds.
    await db.execute('VACUUM (ANALYZE, TRUNCATE)');
  }
  const percent = `${share * 100} %`;
  report(subject, {
    what: `fold of ${percent} changed`,
    baseline: { label: 'REFRESH', values: refreshes },
    imat: folds,
    each: 1,
    ...(share === 0.01 ? { median: 0.1 } : {}),
  });
}

async function compareReads(subject: Subject, pending: number): Promise<void> {
  const { bench, db, sizes } = subject;
  if (pending > 0) await change(subject, everyForRows(sizes, pending));
  const definitions = new Map<Name, number[]>();
  const reads = new Map<Name, number[]>();
  for (const name of subject.maintained) {
    const times = await interleave(bench.scale.rounds, {
      definition: () => timed(() => db.query(QUERIES[name])),
      imat: () => timed(() => db.query(`SELECT * FROM imat.${name}`)),
    });
    definitions.set(name, times.definition);
    reads.set(name, times.imat);
  }
  report(subject, {
    what: `live read, ${pending} rows pending`,
    baseline: { label: 'the definition', values: definitions },
    imat: reads,
    each: 1.2,
    ...(pending === 100 ? { median: 0.05 } : {}),
  });
  if (pending === 100) await reportPlanning(subject);
}

type Compared = {
  readonly what: string;
  readonly baseline: { readonly label: string; readonly values: ReadonlyMap<Name, number[]> };
  readonly imat: ReadonlyMap<Name, number[]>;
  /** What each ratio, and the median of all, may be at most. */
  readonly each: number;
  readonly median?: number;
};

function report({ bench }: Subject, { what, baseline, imat, each, median }: Compared): void {
  const ratios: number[] = [];
  for (const [name, values] of imat) {
    const compared = baseline.values.get(name) ?? [];
    ratios.push(ratioOf(values, compared).median);
    bench.report(
      ratioResult({
        name: `${name}: ${what}`,
        unit: 'ms',
        baseline: { label: baseline.label, values: compared },
        imat: { label: 'imat', values },
        bar: atMost(each),
      }),
    );
  }
  bench.report(
    absoluteResult({
      name: `${what}, by ${baseline.label}`,
      unit: 'ratio',
      imat: { label: 'median of the definitions', values: ratios },
      ...(median === undefined ? {} : { bar: atMost(median) }),
      notes: notMaintained(imat),
    }),
  );
}

function notMaintained(measured: ReadonlyMap<Name, unknown>): string[] {
  const left = NAMES.filter((name) => !measured.has(name));
  return left.length === 0 ? [] : [`not maintained by changes: ${left.join(', ')}`];
}

async function reportPlanning({ bench, db, maintained }: Subject): Promise<void> {
  for (const name of maintained) {
    const values: number[] = [];
    for (let round = 0; round < bench.scale.rounds; round += 1)
      values.push(await planningMs(db, `SELECT * FROM imat.${name}`));
    const tables = QUERIES[name].match(
      /(?:FROM|JOIN|,) (?:line|purchase|buyer|part|supply|supplier|land|zone) /g,
    );
    const few = (tables?.length ?? 0) <= PLANNING.few;
    bench.report(
      absoluteResult({
        name: `${name}: planning of a live read`,
        unit: 'ms',
        imat: { label: `${tables?.length ?? 0} tables`, values },
        bar: atMost(few ? PLANNING.fewMs : PLANNING.manyMs),
      }),
    );
  }
}

/** Groups over small tables in a chain, each joined by LEFT JOIN to the one before it. */
async function reportChain({ bench, db }: Subject, tables: number): Promise<void> {
  const all = Array.from({ length: tables }, (_, at) => at);
  for (const at of all)
    await db.execute(
      `CREATE TABLE chain_${at} (id int PRIMARY KEY, next int, v int);
       INSERT INTO chain_${at} SELECT i, i % 100 + 1, i FROM generate_series(1, 100) AS i;
       ANALYZE chain_${at}`,
    );
  const joins = all
    .slice(1)
    .map((at) => `LEFT JOIN chain_${at} c${at} ON c${at}.id = c${at - 1}.next`);
  const imat = createImat(db);
  await imat.create(
    'chain',
    `SELECT c0.v, count(*) AS n, sum(c${tables - 1}.v) AS s
     FROM chain_0 c0 ${joins.join(' ')} GROUP BY c0.v`,
  );
  const values: number[] = [];
  for (let round = 0; round < bench.scale.rounds; round += 1)
    values.push(await planningMs(db, 'SELECT * FROM imat.chain'));
  bench.report(
    absoluteResult({
      name: `chain of ${tables} LEFT JOINs: planning of a live read`,
      unit: 'ms',
      imat: { label: `${tables} tables`, values },
      ...(tables <= PLANNING.many ? { bar: atMost(PLANNING.manyMs) } : {}),
    }),
  );
  await imat.revert('chain');
  for (const at of all) await db.execute(`DROP TABLE chain_${at}`);
}

async function planningMs(db: Db, query: string): Promise<number> {
  const [row] = await db.query<{ 'QUERY PLAN': [{ 'Planning Time': number }] }>(
    `EXPLAIN (SUMMARY, FORMAT json) ${query}`,
  );
  const time = row?.['QUERY PLAN'][0]['Planning Time'];
  if (time === undefined) throw new Error('EXPLAIN gave no planning time');
  return time;
}
