/**
 * What has to be done now and then whatever the imats do: history and workers that are over, log rows nobody needs, dead rows
 * in logs, and the index on a log's transaction ids.
 *
 * The index is for a log that keeps rows which most of its imats have folded, because another imat lags: without it each look
 * at what is pending scans them all. It is built and dropped CONCURRENTLY, so no writer waits; one that was not finished is
 * dropped and built again.
 */
import type { Db } from '../engine/db/db.ts';
import { translated } from '../engine/errors.ts';
import type { Policy } from './policy.ts';

type LogRow = {
  readonly source: number;
  readonly log: string;
  readonly name: string;
  readonly rows: string;
  readonly dead: string;
  readonly index: string | null;
  readonly valid: boolean | null;
};

/** Below a fifth of the bound the index goes again: a log at the bound must not build and drop it by turns. */
const DROP_BELOW = 0.2;
const CLEAN_FROM_ROWS = 1000;
const VACUUM_FROM_DEAD_ROWS = 10_000;
const BATCH = 10_000;
export const BUILD_TIMEOUT_MS = 120_000;

export type UpkeepStep = { readonly step: 'vacuum' | 'index' | 'drop index'; readonly log: string };

/** Carries out one round; `wanted` counts the rounds in which a log has asked for its index. */
export async function upkeep(db: Db, policy: Policy, wanted: Map<number, number>, onStep: (step: UpkeepStep) => void): Promise<void> {
  await translated(async () => {
    await tidyHistory(db, policy);
    await db.query(`DELETE FROM imat_catalog.worker WHERE seen_at < clock_timestamp() - interval '1 day'`);
    const logs = await db.query<LogRow>(
      `SELECT source, log::text AS log, name::text AS name, rows, dead_rows AS dead, xid_index::text AS index, is_valid AS valid FROM imat_catalog.log_upkeep ORDER BY source`,
    );
    for (const log of logs) {
      if (Number(log.rows) > CLEAN_FROM_ROWS) await db.query('SELECT imat_catalog.clean_log($1)', [log.source]);
      if (Number(log.dead) > VACUUM_FROM_DEAD_ROWS) {
        onStep({ step: 'vacuum', log: log.log });
        await db.execute(`VACUUM (SKIP_LOCKED) ${log.log}`);
      }
      await keepIndex(db, log, policy, wanted, onStep);
    }
  });
}

async function tidyHistory(db: Db, { historyMs, historyRows }: Policy): Promise<void> {
  await db.query(
    `DELETE FROM imat_catalog.history WHERE id IN (
       SELECT id FROM imat_catalog.history WHERE ended_at < clock_timestamp() - $1 * interval '1 ms' ORDER BY ended_at LIMIT $2
     )`,
    [historyMs, BATCH],
  );
  await db.query(
    `DELETE FROM imat_catalog.history WHERE id IN (
       SELECT id FROM imat_catalog.history WHERE id <= (SELECT id FROM imat_catalog.history ORDER BY id DESC OFFSET $1 LIMIT 1) ORDER BY id LIMIT $2
     )`,
    [historyRows, BATCH],
  );
}

async function keepIndex(
  db: Db,
  log: LogRow,
  policy: Policy,
  wanted: Map<number, number>,
  onStep: (step: UpkeepStep) => void,
): Promise<void> {
  const rows = Number(log.rows);
  if (log.index !== null && (log.valid !== true || rows < policy.indexFromRows * DROP_BELOW)) {
    onStep({ step: 'drop index', log: log.log });
    await concurrently(db, `DROP INDEX CONCURRENTLY IF EXISTS ${log.index}`);
    wanted.delete(log.source);
    return;
  }
  if (log.index !== null || rows < policy.indexFromRows) {
    wanted.delete(log.source);
    return;
  }
  // A burst that the next fold takes in needs none: twice in a row it must be there.
  const rounds = (wanted.get(log.source) ?? 0) + 1;
  wanted.set(log.source, rounds);
  if (rounds < 2) return;
  onStep({ step: 'index', log: log.log });
  await concurrently(db, `CREATE INDEX CONCURRENTLY ON ${log.log} (xid)`);
}

/** It waits for all transactions that are open: not for ever, since nobody can change the log's columns meanwhile. */
async function concurrently(db: Db, statement: string): Promise<void> {
  const [before] = await db.query<{ statement: string; lock: string }>(
    `SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock`,
  );
  await db.execute(`SET statement_timeout = ${BUILD_TIMEOUT_MS}; SET lock_timeout = 0`);
  try {
    await db.execute(statement);
  } finally {
    await db
      .execute(`SET statement_timeout = '${before?.statement ?? '0'}'; SET lock_timeout = '${before?.lock ?? '0'}'`)
      .catch(() => undefined);
  }
}
