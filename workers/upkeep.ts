/**
 * Upkeep, whatever the imats do: folds the counters of changes; compares the schema with its last
 * image; notes the names that tables and views have; writes capture functions again whose columns
 * were renamed; deletes expired history, requests and workers, and log rows that nobody needs;
 * vacuums logs; keeps the index on a log's transaction ids.
 *
 * Each live read and each poll scans a log's whole file, empty pages too. So a large one is
 * vacuumed with TRUNCATE, which gives empty pages at its end back. PostgreSQL takes the lock for
 * that only when it is free, and gives it up as soon as somebody waits for it. A log that had
 * nothing to give back is tried again when it has changed.
 *
 * The index is for a log that stays large, mostly because one imat lags and so keeps rows that the
 * others have folded: with it they read only what is younger than their own frontiers. It is built
 * and dropped CONCURRENTLY, so that no writer waits. The build itself waits for transactions, so
 * it comes last, and not while a transaction is open that was open in the previous round. An
 * unfinished index is dropped and built again.
 */
import { renewCapture } from '../engine/capture/renew.ts';
import type { Db } from '../engine/db/db.ts';
import { translated } from '../engine/db/server-errors.ts';
import { ImatError } from '../engine/errors/imat-error.ts';
import type { Policy } from './policy.ts';

type LogRow = {
  readonly source: number;
  readonly log: string;
  readonly rows: string;
  readonly dead: string;
  readonly pages: string;
  readonly bytes: string;
  readonly index: string | null;
  readonly valid: boolean | null;
};

/**
 * The index is dropped below a fifth of the bound, so that a log near the bound does not build and
 * drop it in turns.
 */
const DROP_BELOW = 0.2;
const CLEAN_FROM_ROWS = 1000;
const VACUUM_FROM_DEAD_ROWS = 10_000;
/** Empty pages are scanned at 1 to 2 us each. */
const TRUNCATE_FROM_PAGES = 100;
const BATCH = 10_000;
export const BUILD_TIMEOUT_MS = 120_000;

export type UpkeepStep =
  | 'tidy'
  | 'fold counts'
  | 'compare schema'
  | 'note names'
  | 'renew capture'
  | 'clean'
  | 'vacuum'
  | 'index'
  | 'drop index'
  | 'index waits';

export type UpkeepParts = {
  readonly policy: Policy;
  readonly onStep: (step: UpkeepStep, log: string) => void;
  /** `log` is null if the step concerns no log. */
  readonly onFailure: (error: ImatError, step: UpkeepStep, log: string | null) => void;
  /** The logs as they are when a round begins. */
  readonly onLogs: (logs: readonly LogSize[]) => void;
  readonly isStopping: () => boolean;
};

export type LogSize = { readonly log: string; readonly rows: number; readonly bytes: number };

type Need = { readonly step: 'index' | 'drop index'; rounds: number; isReported: boolean };

export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #needs = new Map<number, Need>();
  /** The logs that were vacuumed, as they were before. */
  readonly #vacuumed = new Map<number, string>();
  /** The columns of each source for which its capture functions were looked at. */
  readonly #columns = new Map<number, string>();
  /** Transactions that were open in the previous round. */
  #open: ReadonlySet<string> = new Set();

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  /**
   * One round; a step that fails stops no other.
   * @throws ImatError `connection_failed`, or if the logs cannot be listed
   */
  async round(db: Db): Promise<void> {
    const { policy, onStep } = this.#parts;
    await this.#try('tidy', null, () => deleteExpired(db, policy));
    await this.#try('fold counts', null, () => foldCounts(db));
    await this.#try('compare schema', null, () => compareSchema(db));
    // A restore finds by its noted name what was renamed.
    await this.#try('note names', null, () => db.query('SELECT imat_catalog.note_names()'));
    await this.#renewCapture(db);
    const logs = await translated(() =>
      db.query<LogRow>(
        `SELECT source, log::text AS log, rows, dead_rows AS dead, pages, bytes,
           xid_index::text AS index, is_valid AS valid
         FROM imat_catalog.log_upkeep
         ORDER BY source`,
      ),
    );
    this.#parts.onLogs(
      logs.map(({ log, rows, bytes }) => ({ log, rows: Number(rows), bytes: Number(bytes) })),
    );
    for (const one of logs) {
      const { source, log, rows } = one;
      if (Number(rows) > CLEAN_FROM_ROWS)
        await this.#try('clean', log, () =>
          db.query('SELECT imat_catalog.clean_log($1)', [source]),
        );
      if (this.#isVacuumDue(one)) {
        onStep('vacuum', log);
        await this.#try('vacuum', log, () => db.execute(`VACUUM (SKIP_LOCKED, TRUNCATE) ${log}`));
      }
    }
    await this.#keepIndexes(db, logs);
  }

  /** After a rename, capture makes its command anew for each statement. */
  async #renewCapture(db: Db): Promise<void> {
    const sources = await translated(() =>
      db.query<{ source: number; log: string; columns: string }>(
        `SELECT s.relation::oid AS source, s.log_text AS log,
           string_agg(quote_ident(a.attname), ',' ORDER BY a.attnum) AS columns
         FROM imat_catalog.source s JOIN pg_attribute a ON a.attrelid = s.relation
         WHERE s.here AND a.attnum > 0 AND NOT a.attisdropped
         GROUP BY s.relation, s.log_text`,
      ),
    );
    for (const { source, log, columns } of sources) {
      if (this.#columns.get(source) === columns) continue;
      const error = await this.#try('renew capture', log, () => renewCapture(db, source));
      if (error === null) this.#columns.set(source, columns);
    }
  }

  #isVacuumDue({ source, rows, dead, pages }: LogRow): boolean {
    if (Number(dead) > VACUUM_FROM_DEAD_ROWS) return true;
    if (Number(pages) <= TRUNCATE_FROM_PAGES) return false;
    const now = [rows, dead, pages].join(' ');
    const isChanged = this.#vacuumed.get(source) !== now;
    this.#vacuumed.set(source, now);
    return isChanged || Number(dead) > 0;
  }

  async #keepIndexes(db: Db, logs: readonly LogRow[]): Promise<void> {
    const { policy, onStep } = this.#parts;
    for (const log of logs) {
      const step = neededStep(log, policy);
      const known = this.#needs.get(log.source);
      if (step === null) this.#needs.delete(log.source);
      else if (known?.step === step) known.rounds += 1;
      else this.#needs.set(log.source, { step, rounds: 1, isReported: false });
    }
    if (this.#needs.size === 0) return;
    const before = this.#open;
    this.#open = await translated(() => openTransactions(db));
    const isHeldUp = [...this.#open].some((transaction) => before.has(transaction));
    for (const { source, log, index } of logs) {
      const need = this.#needs.get(source);
      // A burst of rows that the next fold takes needs no index, so the need must last for two
      // rounds.
      if (need === undefined || need.rounds < 2) continue;
      if (isHeldUp) {
        if (!need.isReported) onStep('index waits', log);
        need.isReported = true;
        continue;
      }
      onStep(need.step, log);
      const statement =
        need.step === 'index'
          ? `CREATE INDEX CONCURRENTLY ON ${log} (xid)`
          : `DROP INDEX CONCURRENTLY IF EXISTS ${index}`;
      const error = await this.#try(need.step, log, () => concurrently(db, statement));
      if (error === null) this.#needs.delete(source);
      // The other builds would wait for the same transactions.
      else if (error.category === 'transient') return;
    }
  }

  async #try(
    step: UpkeepStep,
    log: string | null,
    body: () => Promise<unknown>,
  ): Promise<ImatError | null> {
    if (this.#parts.isStopping()) return null;
    try {
      await translated(body);
      return null;
    } catch (error) {
      if (!(error instanceof ImatError) || error.condition === 'connection_failed') throw error;
      this.#parts.onFailure(error, step, log);
      return error;
    }
  }
}

function neededStep(
  { rows, pages, index, valid }: LogRow,
  { indexFromRows, indexFromPages }: Policy,
): Need['step'] | null {
  const size = Math.max(Number(rows) / indexFromRows, Number(pages) / indexFromPages);
  if (index === null) return size >= 1 ? 'index' : null;
  return valid !== true || size < DROP_BELOW ? 'drop index' : null;
}

/**
 * The transactions for which the build of an index on a log would wait: those with a snapshot or a
 * lock on a log, prepared ones included. Every role can see their ids; only privileged roles can
 * see when they began.
 */
async function openTransactions(db: Db): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ id: string }>(
    `SELECT DISTINCT l.virtualtransaction AS id
     FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid), pg_database d
     WHERE d.datname = current_database() AND l.pid IS DISTINCT FROM pg_backend_pid() AND (
       l.locktype = 'relation' AND l.database = d.oid
         AND l.relation IN (SELECT s.log FROM imat_catalog.source s)
       -- An index build does not wait for autovacuum, which has no role.
       OR l.locktype = 'virtualxid' AND a.datid = d.oid AND a.usesysid IS NOT NULL
         AND a.backend_xmin IS NOT NULL
     )`,
  );
  return new Set(rows.map((row) => row.id));
}

/** A role that counts nothing needs no right to fold. */
const foldCounts = (db: Db): Promise<unknown> =>
  db.query('SELECT imat.fold_counts() WHERE EXISTS (SELECT FROM imat_catalog.change_group)');

const compareSchema = (db: Db): Promise<unknown> => db.query('SELECT imat.compare_schema()');

async function deleteExpired(db: Db, { historyMs, historyRows }: Policy): Promise<void> {
  await db.query(
    `DELETE FROM imat_catalog.history WHERE id IN (
       SELECT id FROM imat_catalog.history WHERE ended_at < clock_timestamp() - $1 * interval '1 ms'
       ORDER BY ended_at LIMIT $2
     )`,
    [historyMs, BATCH],
  );
  await db.query(
    `DELETE FROM imat_catalog.history WHERE id IN (
       SELECT id FROM imat_catalog.history
       WHERE id <= (SELECT id FROM imat_catalog.history ORDER BY id DESC OFFSET $1 LIMIT 1)
       ORDER BY id LIMIT $2
     )`,
    [historyRows, BATCH],
  );
  // The request of an imat that exists stays, because imat.create_imat answers from it.
  await db.query(
    `DELETE FROM imat_catalog.request r
     WHERE r.carried_out_at < clock_timestamp() - $1 * interval '1 ms'
       AND NOT EXISTS (SELECT FROM imat_catalog.imat i WHERE i.id = r.imat_id)`,
    [historyMs],
  );
  await db.query(
    `DELETE FROM imat_catalog.worker WHERE seen_at < clock_timestamp() - interval '1 hour'`,
  );
}

/**
 * The statement waits for open transactions; its timeout is bounded because nobody can change the
 * log's columns meanwhile.
 */
async function concurrently(db: Db, statement: string): Promise<void> {
  const [before] = await db.query<{ statement: string; lock: string }>(
    `SELECT current_setting('statement_timeout') AS statement,
       current_setting('lock_timeout') AS lock`,
  );
  await db.execute(`SET statement_timeout = ${BUILD_TIMEOUT_MS}; SET lock_timeout = 0`);
  try {
    await db.execute(statement);
  } finally {
    await db
      .execute(
        `SET statement_timeout = '${before?.statement ?? '0'}';
         SET lock_timeout = '${before?.lock ?? '0'}'`,
      )
      .catch(() => undefined);
  }
}
