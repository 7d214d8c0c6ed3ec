/** What a worker says to imat_catalog: thin calls of the functions in engine/catalog/004_workers.sql. */
import type { Db } from '../engine/db/db.ts';
import { translated } from '../engine/errors.ts';
import type { ImatError } from '../parser/errors.ts';
import { retryMs } from './retry.ts';
import type { Found, Look } from './poll-result.ts';
import type { SkipRow } from './skips.ts';
import type { Reading } from './publication.ts';

/** Everything is asked for again where `since` is null. */
export async function look(db: Db, since: string | null, countUpTo: number): Promise<Look> {
  const [row] = await translated(() =>
    db.query<{ look: Look }>('SELECT imat_catalog.look($1, $2, NULL) AS look', [since, countUpTo]),
  );
  if (row === undefined) throw new Error('imat_catalog.look gave no row');
  return row.look;
}

/** Leases a unit and looks at it; null where another worker has it or it is gone. */
export async function leaseAndLook(
  db: Db,
  unit: number,
  self: string,
  leaseMs: number,
  countUpTo: number,
): Promise<Found | null> {
  const [row] = await translated(() =>
    db.query<{ look: Look | null }>(
      'SELECT CASE WHEN imat_catalog.lease($1, $2, $3) THEN imat_catalog.look(NULL, $4, ARRAY[$1]) END AS look',
      [unit, self, leaseMs, countUpTo],
    ),
  );
  return row?.look?.imats?.[0] ?? null;
}

export type Run = {
  readonly action: 'fold' | 'swap' | 'rebuild' | 'finish' | 'publish';
  readonly reason: string;
  readonly pendingRows: number | null;
  readonly pendingMs: number | null;
  readonly ms: number;
  readonly signature: string | null;
  readonly error: ImatError | null;
  readonly retryMs: number | null;
  readonly endsLease: boolean;
};

/** Records a run, ends the lease where nothing follows; gives the stored rows that it touched, as the session's last fold or swap left them. */
export async function record(db: Db, unit: number, self: string, run: Run): Promise<number> {
  const { error } = run;
  const [row] = await translated(() =>
    db.query<{ rows: string | null }>(
      `SELECT imat_catalog.record($1, $2, $3, $4, $5, $6, $7, CASE WHEN $9::text IS NULL AND $3 <> 'finish' THEN nullif(current_setting('imat.rows', true), '')::bigint END, $8, $9, $10, $11, $12, $13),
         CASE WHEN $14 THEN imat_catalog.release($1, $2) END, current_setting('imat.rows', true) AS rows`,
      [
        unit,
        self,
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

/** Records a failure of what was published along as that imat's own. */
export async function blameInput(db: Db, name: string, self: string, run: Run): Promise<void> {
  const [input] = await translated(() =>
    db.query<{ id: number; attempts: number }>(
      'SELECT i.id, coalesce(s.attempts, 0) AS attempts FROM imat_catalog.imat i LEFT JOIN imat_catalog.schedule s ON s.imat_id = i.id WHERE i.name = $1',
      [name],
    ),
  );
  if (input === undefined || run.error === null) return;
  await record(db, input.id, self, {
    ...run,
    pendingRows: null,
    pendingMs: null,
    retryMs: retryMs(run.error.category, input.attempts),
  });
}

/** What was measured is no ground to rebuild an imat any more. */
export async function forgetCosts(db: Db, unit: number): Promise<void> {
  await translated(() =>
    db.query(
      'UPDATE imat_catalog.schedule SET rebuild_ms = NULL, fold_ms_per_row = NULL WHERE imat_id = $1',
      [unit],
    ),
  );
}

/** Notes an attempt before it is made, so that one which ends its session, or the worker, counts; false where the lease was lost. */
export async function beginAttempt(
  db: Db,
  unit: number,
  self: string,
  action: string,
  retryMs: number,
): Promise<boolean> {
  const [row] = await translated(() =>
    db.query<{ ours: boolean }>('SELECT imat_catalog.begin_attempt($1, $2, $3, $4) AS ours', [
      unit,
      self,
      action,
      retryMs,
    ]),
  );
  return row?.ours === true;
}

export async function release(db: Db, unit: number, self: string): Promise<void> {
  await translated(() => db.query('SELECT imat_catalog.release($1, $2)', [unit, self]));
}

/** Keeps leases and the word that this worker is alive. */
export async function beat(
  db: Db,
  self: string,
  version: string,
  held: readonly number[],
  leaseMs: number,
): Promise<void> {
  await translated(async () => {
    await db.query(
      `INSERT INTO imat_catalog.worker AS w (id, version, lease_ms) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp()`,
      [self, version, leaseMs],
    );
    if (held.length > 0)
      await db.query('SELECT imat_catalog.renew($1::int[], $2, $3)', [
        `{${held.join(',')}}`,
        self,
        leaseMs,
      ]);
  });
}

export async function takeTurn(db: Db, self: string, leaseMs: number): Promise<boolean> {
  const [row] = await translated(() =>
    db.query<{ ours: boolean }>('SELECT imat_catalog.take_turn($1, $2) AS ours', [self, leaseMs]),
  );
  return row?.ours === true;
}

/** The worker goes: others need not wait for its turn and its leases to run out. */
export async function sayGoodbye(db: Db, self: string): Promise<void> {
  await translated(async () => {
    await db.query('UPDATE imat_catalog.ticker SET until = NULL WHERE worker = $1', [self]);
    await db.query(
      'UPDATE imat_catalog.schedule SET lease_until = NULL WHERE worker = $1 AND lease_until IS NOT NULL',
      [self],
    );
    await db.query('DELETE FROM imat_catalog.worker WHERE id = $1', [self]);
  });
}

/** Imats read by imats. Those with the freshness manual stay out: nothing moves them but hands. */
export async function readings(db: Db): Promise<Reading[]> {
  return translated(() =>
    db.query<Reading>(
      `SELECT r.imat_id AS imat, r.reads_imat AS reads, r.stored FROM imat_catalog.reading r JOIN imat_catalog.imat o ON o.id = r.reads_imat WHERE o.freshness <> 'manual' ORDER BY 1, 2`,
    ),
  );
}

export async function recordSkips(db: Db, self: string, rows: readonly SkipRow[]): Promise<void> {
  if (rows.length === 0) return;
  await translated(() =>
    db.query(
      `INSERT INTO imat_catalog.history (imat_id, name, worker, action, reason, started_at, ended_at, times, pending_rows)
       SELECT s.imat, i.name, $1, 'skip', s.reason, clock_timestamp() - s."firstMs" * interval '1 ms', clock_timestamp() - s."lastMs" * interval '1 ms', s.times, s."pendingRows"
       FROM json_to_recordset($2::json) s(imat int, reason text, times int, "firstMs" float8, "lastMs" float8, "pendingRows" bigint) JOIN imat_catalog.imat i ON i.id = s.imat`,
      [self, JSON.stringify(rows)],
    ),
  );
}

/** What tells this database from all others, for the queue's name, and what people call it. */
export async function identify(db: Db): Promise<{ key: string; database: string }> {
  const [row] = await translated(() =>
    db.query<{ key: string; database: string }>(
      `SELECT to_hex(c.system_identifier) || '-' || d.oid AS key, d.datname::text AS database FROM pg_control_system() c, pg_database d WHERE d.datname = current_database()`,
    ),
  );
  if (row === undefined) throw new Error('the database does not know itself');
  return row;
}
