/**
 * Status and list: what the catalog says of imats, workers and what holds back the cleaning of
 * logs.
 */
import type { ImatStatus, Status } from '../api.ts';
import { catalogVersion, requireCatalog } from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import { resolveImat } from '../server/names.ts';

export async function statusOf(db: Db, name: string | null): Promise<ImatStatus[]> {
  if (name === null && (await catalogVersion(db)) === 0) return [];
  await requireCatalog(db);
  const imat = name === null ? null : await resolveImat(db, name);
  const rows = await db.query<
    Omit<ImatStatus, 'pendingRows' | 'stateBytes' | 'logBytes' | 'logRows'> & {
      pendingRows: string;
      stateBytes: string;
      logBytes: string;
      logRows: string;
    }
  >(
    `SELECT name, 'imat.' || quote_ident(name) AS relation, strategy, freshness, state,
       pending_rows AS "pendingRows", reset_pending AS "resetPending",
       to_json(sources::text[]) AS sources, original::text AS original,
       state_bytes AS "stateBytes", log_bytes AS "logBytes", log_rows AS "logRows",
       ${isoTime('frontier_at')} AS "frontierAt",
       CASE WHEN last_action IS NOT NULL THEN json_build_object(
         'action', last_action, 'reason', last_reason,
         'endedAt', ${isoTime('last_run_at')}, 'ms', last_ms
       ) END AS "lastRun",
       CASE WHEN error_code IS NOT NULL THEN json_build_object(
         'code', error_code, 'message', error, 'hint', error_hint, 'attempts', failed_attempts,
         'nextAttemptAt',
         CASE WHEN isfinite(next_attempt_at) THEN ${isoTime('next_attempt_at')} END
       ) END AS failure,
       worker, problems
     FROM imat_catalog.status WHERE $1::text IS NULL OR name = $1 ORDER BY name`,
    [imat?.name ?? null],
  );
  return rows.map((row) => ({
    ...row,
    pendingRows: Number(row.pendingRows),
    stateBytes: Number(row.stateBytes),
    logBytes: Number(row.logBytes),
    logRows: Number(row.logRows),
  }));
}

const isoTime = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

export async function wholeStatus(db: Db, name: string | null): Promise<Status> {
  const imats = await statusOf(db, name);
  if ((await catalogVersion(db)) === 0) return { imats, workers: [], heldBack: [] };
  const workers = await db.query<Status['workers'][number]>(
    `SELECT id, version, ${isoTime('started_at')} AS "startedAt", ${isoTime('seen_at')} AS "seenAt",
       seen_at > clock_timestamp() - interval '1 minute' AS alive
     FROM imat_catalog.worker
     WHERE seen_at > clock_timestamp() - interval '10 minutes'
     ORDER BY started_at, id`,
  );
  const held = await db.query<{ reason: string }>(
    `SELECT h.reason FROM imat_catalog.held_back h
     WHERE $1::text IS NULL OR h.source IS NULL
       OR h.source IN (
         SELECT z.relation
         FROM imat_catalog.imat_source z JOIN imat_catalog.imat i ON i.id = z.imat_id
         WHERE i.name = $1
       )
     ORDER BY 1`,
    [name === null ? null : (imats[0]?.name ?? null)],
  );
  return { imats, workers, heldBack: held.map((row) => row.reason) };
}
