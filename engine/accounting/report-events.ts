/** What a report shows beside the changes of tables: schema changes, and the runs of imats. */
import type { GroupReport, ImatRuns, SchemaChange } from '../accounting-api.ts';
import type { Db } from '../db/db.ts';
import { call } from './call.ts';
import { isoTime, msOf } from './report-range.ts';

const MOST_SCHEMA_CHANGES = 1000;
/** Runs of one kind that are nearer than a part of the time shown are drawn as one. */
const PARTS = 120;

const BETWEEN = 'h.at >= $1::timestamptz AND h.at <= $2::timestamptz';

type Changes = Pick<GroupReport, 'schemaChanges' | 'schemaChangesLeftOut'>;

type FoundChange = SchemaChange & { readonly ms: string; readonly notBeforeMs: string | null };

/** Of all objects that imat knows and this role may read; newest first. */
export async function schemaChangesBetween(db: Db, from: string, to: string): Promise<Changes> {
  const [all] = await call<{ changes: string }>(
    db,
    `SELECT count(*) AS changes FROM imat.schema_changes h WHERE ${BETWEEN}`,
    [from, to],
  );
  const rows = await call<FoundChange>(
    db,
    `SELECT ${isoTime('h.not_before')} AS "notBefore", ${isoTime('h.at')} AS at,
       ${msOf('h.at')} AS ms, ${msOf('h.not_before')} AS "notBeforeMs", h.xid::text AS xid,
       h.xid::xid::text AS "printedXid", h.role,
       h.command, h.object, h.type, h.part, h.kind, h.before, h.after, h.source,
       to_jsonb(h.imats) AS imats
     FROM imat.schema_changes h
     WHERE ${BETWEEN}
     ORDER BY h.at DESC LIMIT ${MOST_SCHEMA_CHANGES}`,
    [from, to],
  );
  return {
    schemaChanges: rows.map((change) => ({
      ...change,
      ms: Number(change.ms),
      notBeforeMs: change.notBeforeMs === null ? null : Number(change.notBeforeMs),
    })),
    schemaChangesLeftOut: Number(all?.changes) - rows.length,
  };
}

/** Null if this role may not read the history of runs. */
export async function imatRuns(
  db: Db,
  from: string,
  to: string,
): Promise<readonly ImatRuns[] | null> {
  const [right] = await db.query<{ may: boolean }>(
    `SELECT has_schema_privilege('imat_catalog', 'USAGE')
       AND has_column_privilege('imat_catalog.imat', 'name', 'SELECT')
       AND has_table_privilege('imat_catalog.history', 'SELECT') AS may`,
  );
  if (right?.may !== true) return null;
  const rows = await call<Found>(db, RUNS, [from, to]);
  return rows.map(({ fromAt, fromMs, toAt, toMs, runs, rows: touched, failures, ...run }) => ({
    ...run,
    from: fromAt === null ? null : { at: fromAt, ms: Number(fromMs) },
    to: toAt === null ? null : { at: toAt, ms: Number(toMs) },
    runs: Number(runs),
    rows: Number(touched),
    ms: Number(run.ms),
    failures: Number(failures),
  }));
}

type Found = {
  readonly imat: string;
  readonly action: string | null;
  readonly fromAt: string | null;
  readonly fromMs: string | null;
  readonly toAt: string | null;
  readonly toMs: string | null;
  readonly runs: string;
  readonly rows: string;
  readonly ms: string;
  readonly failures: string;
};

const RUNS = `WITH run AS (
    SELECT h.name, h.action, h.started_at, h.ended_at, h.times, h.ms, h.rows, h.error_code,
      width_bucket(extract(epoch FROM h.started_at), extract(epoch FROM $1::timestamptz),
        extract(epoch FROM $2::timestamptz) + 0.001, ${PARTS}) AS part
    FROM imat_catalog.history h
    WHERE h.ended_at >= $1::timestamptz AND h.started_at <= $2::timestamptz
  ), shown AS (
    SELECT r.name, r.action, min(r.started_at) AS started_at, max(r.ended_at) AS ended_at,
      sum(r.times) AS runs, coalesce(sum(r.rows), 0) AS rows, coalesce(sum(r.ms), 0) AS ms,
      count(r.error_code) AS failures
    FROM run r GROUP BY r.name, r.action, r.part
  )
  SELECT coalesce(s.name, i.name) AS imat, s.action, ${isoTime('s.started_at')} AS "fromAt",
    ${msOf('s.started_at')} AS "fromMs", ${isoTime('s.ended_at')} AS "toAt",
    ${msOf('s.ended_at')} AS "toMs", coalesce(s.runs, 0) AS runs, coalesce(s.rows, 0) AS rows,
    coalesce(s.ms, 0) AS ms, coalesce(s.failures, 0) AS failures
  FROM shown s FULL JOIN imat_catalog.imat i ON i.name = s.name
  ORDER BY 1, s.started_at, 2`;
