import type { Db } from '../../engine/db/db.ts';
import type { GroupKey } from './checks.ts';
import type { Sales } from './sales.ts';

/** Medians in milliseconds of one job with imat and of its counterpart in PostgreSQL. */
export type Timing = {
  readonly job: string;
  readonly ms: number;
  readonly comparedWith: string;
  readonly comparedMs: number;
};

// Odd, so that the median is one of the runs.
const ONE_ROW_WRITES = 51;
const POINT_READS = 15;
const FULL_READS = 5;
const REFRESHES = 3;
const WARM_UP_RUNS = 2;

/** Rounds to microseconds, because more digits of JavaScript's clock are noise. */
export async function timed<T>(
  work: () => Promise<T>,
): Promise<{ readonly ms: number; readonly result: T }> {
  const start = performance.now();
  const result = await work();
  return { ms: Math.round((performance.now() - start) * 1000) / 1000, result };
}

async function medianMs(runs: number, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  // Whichever job is first finds cold caches.
  for (let i = 0; i < WARM_UP_RUNS; i += 1) await work();
  for (let i = 0; i < runs; i += 1) times.push((await timed(work)).ms);
  return times.toSorted((a, b) => a - b)[Math.floor(runs / 2)] ?? Number.NaN;
}

/** Inserts single rows into the group; with and without imat, only the triggers differ. */
export async function timeWrites(db: Db, sales: Sales, key: GroupKey): Promise<number> {
  const sql =
    `INSERT INTO ${sales.table} (region, product, amount, sold_at) VALUES ($1, $2, 10, ` +
    `'2026-11-03')`;
  return await medianMs(ONE_ROW_WRITES, () => db.query(sql, [key.region, key.product]));
}

export async function timeRefresh(db: Db, sales: Sales): Promise<number> {
  return await medianMs(REFRESHES, () => db.execute(`REFRESH MATERIALIZED VIEW ${sales.view}`));
}

/** Reads a relation with the summary's columns: imat.<name>, or the definition in parentheses. */
export async function timeReads(
  db: Db,
  from: string,
  key: GroupKey,
): Promise<{ readonly one: number; readonly all: number }> {
  const one = `SELECT * FROM ${from} AS summary WHERE region = $1 AND product = $2`;
  return {
    one: await medianMs(POINT_READS, () => db.query(one, [key.region, key.product])),
    all: await medianMs(FULL_READS, () => db.query(`SELECT * FROM ${from} AS summary`)),
  };
}
