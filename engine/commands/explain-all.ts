/**
 * Explain all: every materialized view that the role may read, and how convert would maintain it.
 * Each is looked at in a transaction of its own, so that no lock is held for long and an error is
 * one of its own row.
 */
import type { Analysis } from '../analysis/analyse.ts';
import { prepare } from '../analysis/prepare.ts';
import type { ViewSummary } from '../api.ts';
import type { Db } from '../db/db.ts';
import { isRejected, QUERY_CANCELED, ServerError } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import { definitionFailure, translated } from '../db/server-errors.ts';
import { withShortLock } from '../db/short-lock.ts';
import { durationText } from '../durations.ts';
import { ImatError } from '../errors/imat-error.ts';
import { viewText } from '../server/view-text.ts';
import { maintenanceOf } from './maintenance.ts';
import { resultError } from './result-error.ts';

type ViewRow = {
  oid: number;
  name: string;
  populated: boolean;
  rows: string | null;
  bytes: string;
};

/**
 * The size of a view that is dropped meanwhile is NULL. PostgreSQL locks each view only while it
 * looks at its size, so a wait for a REFRESH holds nothing.
 */
const VIEWS_SQL = `
SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name,
  c.relispopulated AS populated,
  CASE WHEN c.relispopulated AND c.reltuples >= 0 THEN c.reltuples::bigint END AS rows,
  coalesce(pg_total_relation_size(c.oid), 0) AS bytes
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'm' AND has_schema_privilege(n.oid, 'USAGE')
  AND has_table_privilege(c.oid, 'SELECT')
ORDER BY n.nspname, c.relname`;

export const readableViews = (db: Db): Promise<ViewRow[]> => db.query<ViewRow>(VIEWS_SQL);

/** `measure`: after how many milliseconds a definition is stopped; null if none is run. */
export async function explainAll(
  db: Db,
  serverMajor: number,
  measure: number | null,
  stop: AbortSignal,
): Promise<{ readonly views: readonly ViewSummary[] }> {
  const views: ViewSummary[] = [];
  for (const view of await readableViews(db)) {
    const summary = (): Promise<ViewSummary> =>
      withShortLock(db, () =>
        rolledBack(db, async () => {
          const { analysis } = await prepare(db, view.oid, serverMajor, {});
          const time =
            measure === null ? NOT_ASKED : await timeOf(db, view, analysis, measure, stop);
          const maintenance = maintenanceOf(analysis);
          const reason = analysis.plan === null ? (analysis.reasons[0] ?? null) : null;
          return { ...factsOf(view), ...time, maintenance, reason, error: null };
        }),
      );
    views.push(
      await translated(summary).catch((error: unknown) => ({
        ...factsOf(view),
        ...NOT_ASKED,
        maintenance: null,
        reason: null,
        error: resultError(error, stop),
      })),
    );
  }
  return { views };
}

const factsOf = ({ name, rows, bytes }: ViewRow): Pick<ViewSummary, 'name' | 'rows' | 'bytes'> => ({
  name,
  rows: rows === null ? null : Number(rows),
  bytes: Number(bytes),
});

type Time = Pick<ViewSummary, 'ms' | 'refreshMs' | 'notMeasured'>;

const NOT_ASKED: Time = { ms: null, refreshMs: null, notMeasured: null };

const notMeasured = (why: string): Time => ({ ms: null, refreshMs: null, notMeasured: why });

/**
 * Runs a definition once, as REFRESH does, but read-only and without keeping its rows. What REFRESH
 * takes beside that is the time to write as many rows as the view has.
 */
async function timeOf(
  db: Db,
  view: ViewRow,
  { searchPath, untrusted }: Analysis,
  limitMs: number,
  stop: AbortSignal,
): Promise<Time> {
  const [stranger] = untrusted;
  if (stranger !== undefined)
    return notMeasured(`it calls ${stranger}, which would run with your rights`);
  const limit = `SET LOCAL transaction_read_only = on; SET LOCAL statement_timeout = ${limitMs}`;
  const isTimeout = (error: unknown): boolean =>
    error instanceof ServerError && error.sqlstate === QUERY_CANCELED;
  try {
    const ms = await rolledBack(db, async () => {
      db.defer('SET LOCAL search_path = pg_catalog');
      const definition = await viewText(db, view.oid);
      db.defer(limit);
      if (searchPath !== null) db.defer(`SET LOCAL search_path = ${searchPath}`);
      return executionTime(db, definition);
    });
    const writing = await timeToWrite(db, view, limit).catch((error: unknown) => {
      if (!isRejected(error) && (!isTimeout(error) || stop.aborted)) throw error;
      return null;
    });
    return { ms, refreshMs: writing === null ? null : ms + writing, notMeasured: null };
  } catch (error) {
    if (isTimeout(error) && !stop.aborted)
      return notMeasured(`it ran longer than ${durationText(limitMs)}`);
    const known = definitionFailure(error);
    if (!(known instanceof ImatError) || known.category === 'transient' || isTimeout(error))
      throw known;
    return notMeasured(known.message);
  }
}

/**
 * Copies the view's rows into a temporary table. REFRESH itself would lock the view against its
 * readers.
 */
async function timeToWrite(
  db: Db,
  { name, populated }: ViewRow,
  limit: string,
): Promise<number | null> {
  if (!populated) return null;
  return rolledBack(db, async () => {
    await db.execute(`CREATE TEMPORARY TABLE imat_refreshed (LIKE ${name}); ${limit}`);
    return executionTime(db, `INSERT INTO pg_temp.imat_refreshed SELECT * FROM ${name}`);
  });
}

type Executed = { 'QUERY PLAN': readonly { 'Execution Time': number }[] };

async function executionTime(db: Db, statement: string): Promise<number> {
  const [row] = await db.query<Executed>(`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${statement}`);
  return row?.['QUERY PLAN'][0]?.['Execution Time'] ?? 0;
}
