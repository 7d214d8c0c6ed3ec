/** The statements of a worker on `imat_catalog`: thin calls of its SQL functions. */
import type { Db } from '../engine/db/db.ts';
import { translated } from '../engine/db/server-errors.ts';
import type { ImatError } from '../engine/errors/imat-error.ts';
import { retryMs } from './retry.ts';
import type { ImatSignals, PollResult } from './poll-result.ts';
import type { SkipRow } from './skips.ts';
import type { Dependency } from './publication.ts';

/** Polls all imats. `since` is the snapshot of the previous poll; null asks for everything. */
export async function poll(db: Db, since: string | null, countUpTo: number): Promise<PollResult> {
  await followParts(db);
  const [row] = await translated(() =>
    db.query<{ result: PollResult }>('SELECT imat_catalog.look($1, $2, NULL) AS result', [
      since,
      countUpTo,
    ]),
  );
  if (row === undefined) throw new Error('imat_catalog.look returned no row');
  return row.result;
}

/**
 * Takes in what has become of the partitions of sources, one partition a statement. A poll has a
 * bound, so that a flood of new partitions does not hold up the rest.
 */
async function followParts(db: Db): Promise<void> {
  for (let number = 0; number < PARTS_A_POLL; number++) {
    const [row] = await translated(() =>
      db.query<{ followed: boolean }>('SELECT imat_catalog.follow_any_part() AS followed'),
    );
    if (row?.followed !== true) return;
  }
}

const PARTS_A_POLL = 100;

/** Leases an imat and polls it; null if another worker has the lease, or the imat is gone. */
export async function leaseAndPoll(
  db: Db,
  task: number,
  workerId: string,
  leaseMs: number,
  countUpTo: number,
): Promise<ImatSignals | null> {
  const [row] = await translated(() =>
    db.query<{ result: PollResult | null }>(
      `SELECT CASE WHEN imat_catalog.lease($1, $2, $3)
         THEN imat_catalog.look(NULL, $4, ARRAY[$1]) END AS result`,
      [task, workerId, leaseMs, countUpTo],
    ),
  );
  return row?.result?.imats?.[0] ?? null;
}

export type Run = {
  readonly action: 'fold' | 'swap' | 'rebuild' | 'finish' | 'publish' | 'repair';
  readonly reason: string;
  readonly pendingRows: number | null;
  readonly pendingMs: number | null;
  readonly ms: number;
  readonly signature: string | null;
  readonly error: ImatError | null;
  readonly retryMs: number | null;
  readonly endsLease: boolean;
};

/**
 * Records a run, and ends the lease if nothing follows. Returns the number of stored rows that the
 * session's last fold or swap touched.
 */
export async function record(db: Db, task: number, workerId: string, run: Run): Promise<number> {
  const { error } = run;
  const [row] = await translated(() =>
    db.query<{ rows: string | null }>(
      `SELECT imat_catalog.record(
           imat => $1, worker_id => $2, action => $3, reason => $4, took_ms => $7,
           pending_count => $5, count_ms => $6, new_signature => $8,
           touched_rows => CASE WHEN $9::text IS NULL AND $3 <> 'finish'
             THEN nullif(current_setting('imat.rows', true), '')::bigint END,
           code => $9, message => $10, detail => $11, hint => $12, retry_ms => $13),
         CASE WHEN $14 THEN imat_catalog.release($1, $2) END,
         current_setting('imat.rows', true) AS rows`,
      [
        task,
        workerId,
        run.action,
        run.reason,
        run.pendingRows,
        run.pendingMs,
        run.ms,
        run.signature,
        error?.code ?? null,
        error?.message ?? null,
        error?.detail ?? null,
        error?.hint ?? null,
        run.retryMs,
        run.endsLease,
      ],
    ),
  );
  return Number(row?.rows ?? 0);
}

/** Records the failure of an imat that was published as an input as its own failure. */
export async function recordInputFailure(
  db: Db,
  name: string,
  workerId: string,
  run: Run,
): Promise<void> {
  const [input] = await translated(() =>
    db.query<{ id: number; attempts: number }>(
      `SELECT i.id, coalesce(s.attempts, 0) AS attempts
       FROM imat_catalog.imat i LEFT JOIN imat_catalog.schedule s ON s.imat_id = i.id
       WHERE i.name = $1`,
      [name],
    ),
  );
  if (input === undefined || run.error === null) return;
  await record(db, input.id, workerId, {
    ...run,
    pendingRows: null,
    pendingMs: null,
    retryMs: retryMs(run.error.category, input.attempts),
  });
}

/** Deletes the measured costs, so that they no longer lead to a rebuild. */
export async function forgetCosts(db: Db, task: number): Promise<void> {
  await translated(() =>
    db.query(
      `UPDATE imat_catalog.schedule SET rebuild_ms = NULL, fold_ms_per_row = NULL
       WHERE imat_id = $1`,
      [task],
    ),
  );
}

/**
 * Records an attempt before it starts, so that one that ends its session or the worker counts;
 * false if the lease was lost.
 */
export async function beginAttempt(
  db: Db,
  task: number,
  workerId: string,
  action: string,
  retryMs: number,
): Promise<boolean> {
  const [row] = await translated(() =>
    db.query<{ ours: boolean }>('SELECT imat_catalog.begin_attempt($1, $2, $3, $4) AS ours', [
      task,
      workerId,
      action,
      retryMs,
    ]),
  );
  return row?.ours === true;
}

export async function release(db: Db, task: number, workerId: string): Promise<void> {
  await translated(() => db.query('SELECT imat_catalog.release($1, $2)', [task, workerId]));
}

/** Records that this worker is alive, and renews its leases. */
export async function heartbeat(
  db: Db,
  workerId: string,
  version: string,
  held: readonly number[],
  leaseMs: number,
): Promise<void> {
  await translated(async () => {
    await db.query(
      `INSERT INTO imat_catalog.worker AS w (id, version, lease_ms) VALUES ($1, $2, $3)
       ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp()`,
      [workerId, version, leaseMs],
    );
    if (held.length > 0)
      await db.query('SELECT imat_catalog.renew($1::int[], $2, $3)', [
        `{${held.join(',')}}`,
        workerId,
        leaseMs,
      ]);
  });
}

export async function claimTicker(db: Db, workerId: string, leaseMs: number): Promise<boolean> {
  const [row] = await translated(() =>
    db.query<{ ours: boolean }>('SELECT imat_catalog.take_turn($1, $2) AS ours', [
      workerId,
      leaseMs,
    ]),
  );
  return row?.ours === true;
}

/** Gives up all leases of a worker that ends, so that others need not wait for them to expire. */
export async function deregister(db: Db, workerId: string): Promise<void> {
  await translated(async () => {
    await db.query('UPDATE imat_catalog.ticker SET until = NULL WHERE worker = $1', [workerId]);
    await db.query(
      `UPDATE imat_catalog.schedule SET lease_until = NULL
       WHERE worker = $1 AND lease_until IS NOT NULL`,
      [workerId],
    );
    await db.query('DELETE FROM imat_catalog.worker WHERE id = $1', [workerId]);
  });
}

/**
 * Which imats read which. Imats with the freshness manual are left out, because workers never
 * maintain them.
 */
export async function dependencies(db: Db): Promise<Dependency[]> {
  return translated(() =>
    db.query<Dependency>(
      `SELECT r.imat_id AS imat, r.reads_imat AS reads, r.stored
       FROM imat_catalog.reading r JOIN imat_catalog.imat o ON o.id = r.reads_imat
       WHERE o.freshness <> 'manual' ORDER BY 1, 2`,
    ),
  );
}

export async function recordSkips(
  db: Db,
  workerId: string,
  rows: readonly SkipRow[],
): Promise<void> {
  if (rows.length === 0) return;
  await translated(() =>
    db.query(
      `INSERT INTO imat_catalog.history
         (imat_id, name, worker, action, reason, started_at, ended_at, times, pending_rows)
       SELECT s.imat, i.name, $1, 'skip', s.reason,
         clock_timestamp() - s."firstMs" * interval '1 ms',
         clock_timestamp() - s."lastMs" * interval '1 ms', s.times, s."pendingRows"
       FROM json_to_recordset($2::json) s(imat int, reason text, times int, "firstMs" float8,
         "lastMs" float8, "pendingRows" bigint)
       JOIN imat_catalog.imat i ON i.id = s.imat`,
      [workerId, JSON.stringify(rows)],
    ),
  );
}

/** `key` identifies the database among all databases, for the name of its queue. */
export async function identify(db: Db): Promise<{ key: string; database: string }> {
  const [row] = await translated(() =>
    db.query<{ key: string; database: string }>(
      `SELECT to_hex(c.system_identifier) || '-' || d.oid AS key, d.datname::text AS database
       FROM pg_control_system() c, pg_database d WHERE d.datname = current_database()`,
    ),
  );
  if (row === undefined) throw new Error('pg_control_system and pg_database returned no row');
  return row;
}
