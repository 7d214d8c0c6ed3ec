/** Maintenance without a worker: jobs of pg_cron that fold, swap and do upkeep by SQL alone. */
import { ImatError } from '../errors/imat-error.ts';
import type { ScheduleResult } from '../api.ts';
import { requireCatalog } from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import { literal, sql } from '../sql/sql.ts';

export type ScheduleRequest = {
  readonly everySeconds: number | null;
  readonly remove: boolean;
  readonly dryRun: boolean;
};

const SYNC = 'imat jobs';
const UPKEEP = 'imat upkeep';

/**
 * @throws ImatError `not_initialized`, `strategy_unavailable`, `insufficient_privilege`,
 * `invalid_argument`
 */
export async function schedule(
  db: Db,
  { everySeconds, remove, dryRun }: ScheduleRequest,
): Promise<ScheduleResult> {
  await requireCatalog(db);
  const version = await installedVersion(db);
  if (everySeconds !== null && (version[0] ?? 0) * 100 + (version[1] ?? 0) < 105) {
    throw new ImatError('invalid_argument', {
      message: `pg_cron ${version.join('.')} cannot run a job every ${everySeconds} seconds`,
      detail: 'Version 1.5 and later can.',
      hint: 'Leave --every out, or run imat worker.',
    });
  }
  const every = everySeconds === null ? '* * * * *' : `${everySeconds} seconds`;
  const statements = (remove ? await removal(db) : scheduling(every)).map(
    (statement) => statement.text,
  );
  if (!dryRun) for (const statement of statements) await db.query(statement);
  return { statements, dryRun };
}

function scheduling(every: string) {
  const sync = sql`SELECT imat_catalog.sync_cron(${literal(every)})`;
  const upkeep = sql`CALL imat_catalog.upkeep()`;
  return [
    sql`SELECT cron.schedule(${literal(SYNC)}, '* * * * *', ${literal(sync.text)})`,
    sql`SELECT cron.schedule(${literal(UPKEEP)}, '*/10 * * * *', ${literal(upkeep.text)})`,
    sync,
  ];
}

async function removal(db: Db) {
  const jobs = await db.query<{ name: string }>(
    `SELECT j.jobname::text AS name
     FROM cron.job j
     WHERE (j.jobname IN ($1, $2) OR j.jobname LIKE 'imat maintain %')
       AND j.database = current_database()
       AND j.username = current_user
     ORDER BY j.jobid`,
    [SYNC, UPKEEP],
  );
  return jobs.map((job) => sql`SELECT cron.unschedule(${literal(job.name)})`);
}

async function installedVersion(db: Db): Promise<number[]> {
  const [row] = await db.query<{ version: string | null; usable: boolean | null; role: string }>(
    `SELECT e.extversion AS version,
       CASE WHEN e.oid IS NOT NULL THEN has_schema_privilege('cron', 'USAGE') END AS usable,
       quote_ident(current_user) AS role
     FROM (SELECT) one LEFT JOIN pg_extension e ON e.extname = 'pg_cron'`,
  );
  if (typeof row?.version !== 'string') {
    throw new ImatError('strategy_unavailable', {
      message: 'this database has no extension pg_cron',
      detail:
        'It works in one database of a server, cron.database_name, ' +
        "and has to be among the server's shared_preload_libraries.",
      hint:
        "Set shared_preload_libraries = 'pg_cron' and cron.database_name to this database, " +
        'restart, and run CREATE EXTENSION pg_cron here; or run imat worker.',
    });
  }
  if (row.usable !== true) {
    throw new ImatError('insufficient_privilege', {
      message: 'this role may not use pg_cron',
      hint: `Run as its owner: GRANT USAGE ON SCHEMA cron TO ${row.role}.`,
    });
  }
  return (row.version.match(/\d+/g) ?? []).slice(0, 2).map(Number);
}
