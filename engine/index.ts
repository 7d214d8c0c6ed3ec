/** imat's public API. */
import { ImatError } from './errors/imat-error.ts';
import type { FoldResult, Imat, ImatStatus, Status, SwapResult, VerifyResult } from './api.ts';
import { catalogVersion, initialize, requireCatalog } from './catalog/migrate.ts';
import { connectDb } from './db/connect-db.ts';
import type { ConnectTarget, Db } from './db/db.ts';
import { maintained, translated } from './db/server-errors.ts';
import { convertQuery, convertView } from './commands/convert.ts';
import { explainTarget } from './commands/explain.ts';
import { installExtension } from './extension/install.ts';
import { rebuildImat } from './commands/rebuild.ts';
import { checkIntact, resolveImat } from './server/names.ts';
import { revertImat } from './commands/revert.ts';
import { examine } from './commands/doctor.ts';
import { scheduleByPgCron } from './commands/schedule.ts';
import { verifyImat } from './commands/verify.ts';

export * from './api.ts';
export { ERROR_CATALOGUE, type ErrorCategory, type ErrorCondition } from './errors/catalogue.ts';
export { ImatError, type Position } from './errors/imat-error.ts';
export type { ConnectTarget } from './db/db.ts';

const OLDEST_MAJOR = 15;

/** Connects to a database. @throws ImatError `connection_failed`, `unsupported_server`, `embedded_locked` */
export async function connect(target: ConnectTarget | string): Promise<Imat> {
  return createImat(
    await connectDb(typeof target === 'string' ? { kind: 'url', url: target } : target),
  );
}

/** imat over a session that is open already; `close` closes it. */
export function createImat(db: Db): Imat {
  let major: Promise<number> | null = null;
  let building: AbortController | null = null;
  const serverMajor = (): Promise<number> => (major ??= supportedMajor(db));
  return {
    init: () => translated(async () => (await serverMajor(), initialize(db, true))),
    convert: (view, options = {}) =>
      translated(async () => convertView(db, await serverMajor(), view, options)),
    create: (name, query, options = {}) =>
      translated(async () => convertQuery(db, await serverMajor(), name, query, options)),
    list: () => translated(async () => statusOf(db, null)),
    status: (name) => translated(() => wholeStatus(db, name ?? null)),
    explain: (target, options = {}) =>
      translated(async () =>
        explainTarget(db, await serverMajor(), target, options.query === true),
      ),
    fold: (name) => translated(() => fold(db, name ?? null)),
    swap: (name) => translated(() => swap(db, name)),
    rebuild: (name) =>
      translated(async () => {
        await requireCatalog(db);
        const imat = await resolveImat(db, name);
        await checkIntact(db, imat.id);
        return rebuildImat(db, await serverMajor(), imat);
      }),
    schedule: (options) =>
      translated(async () => {
        await requireCatalog(db);
        return scheduleByPgCron(db, options);
      }),
    verify: (name) => translated(async () => ({ results: await verify(db, name ?? null) })),
    revert: (name, options = {}) =>
      translated(async () => {
        await requireCatalog(db);
        const imat = await resolveImat(db, name);
        const [row] = await db.query<{ original: string | null }>(REVERTED_SQL, [imat.id]);
        await revertImat(db, imat.id, (label) =>
          options.onProgress?.({ step: 1, steps: 1, label }),
        );
        return { name: imat.name, original: row?.original ?? null };
      }),
    doctor: () => translated(async () => ({ checks: await examine(db, await majorOf(db)) })),
    installExtension: (options = {}) =>
      translated(async () => {
        building = new AbortController();
        return installExtension(db, await serverMajor(), options, building.signal);
      }),
    cancel: () => {
      building?.abort();
      return db.cancel();
    },
    close: () => db.close(),
  };
}

/** The name that the materialized view has when the imat is gone; null where it is gone itself. */
const REVERTED_SQL = `
SELECT coalesce(quote_ident(i.original_schema) || '.' || quote_ident(i.original_name), c.oid::regclass::text) AS original
FROM imat_catalog.imat i JOIN pg_class c ON c.oid = i.original WHERE i.id = $1`;

async function majorOf(db: Db): Promise<number> {
  const [row] = await db.query<{ version: number }>(
    `SELECT current_setting('server_version_num')::int AS version`,
  );
  return Math.floor((row?.version ?? 0) / 10_000);
}

async function supportedMajor(db: Db): Promise<number> {
  const major = await majorOf(db);
  if (major < OLDEST_MAJOR)
    throw new ImatError('unsupported_server', {
      message: `the server is PostgreSQL ${major}, imat needs ${OLDEST_MAJOR} or later`,
    });
  return major;
}

async function statusOf(db: Db, name: string | null): Promise<ImatStatus[]> {
  if (name === null && (await catalogVersion(db)) === 0) return [];
  await requireCatalog(db);
  const imat = name === null ? null : await resolveImat(db, name);
  const rows = await db.query<
    Omit<ImatStatus, 'pendingRows' | 'stateBytes' | 'logBytes'> & {
      pendingRows: string;
      stateBytes: string;
      logBytes: string;
    }
  >(
    `SELECT name, 'imat.' || quote_ident(name) AS relation, strategy, freshness, state, pending_rows AS "pendingRows", to_json(sources::text[]) AS sources,
       original::text AS original, state_bytes AS "stateBytes", log_bytes AS "logBytes",
       ${isoTime('frontier_at')} AS "frontierAt",
       CASE WHEN last_action IS NOT NULL THEN json_build_object('action', last_action, 'reason', last_reason, 'endedAt', ${isoTime('last_run_at')}, 'ms', last_ms) END AS "lastRun",
       CASE WHEN error_code IS NOT NULL THEN json_build_object('code', error_code, 'message', error, 'hint', error_hint, 'attempts', failed_attempts,
         'nextAttemptAt', CASE WHEN isfinite(next_attempt_at) THEN ${isoTime('next_attempt_at')} END) END AS failure,
       worker
     FROM imat_catalog.status WHERE $1::text IS NULL OR name = $1 ORDER BY name`,
    [imat?.name ?? null],
  );
  return rows.map((row) => ({
    ...row,
    pendingRows: Number(row.pendingRows),
    stateBytes: Number(row.stateBytes),
    logBytes: Number(row.logBytes),
  }));
}

const isoTime = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

async function wholeStatus(db: Db, name: string | null): Promise<Status> {
  const imats = await statusOf(db, name);
  if ((await catalogVersion(db)) === 0) return { imats, workers: [], heldBack: [] };
  const workers = await db.query<Status['workers'][number]>(
    `SELECT id, version, ${isoTime('started_at')} AS "startedAt", ${isoTime('seen_at')} AS "seenAt", seen_at > clock_timestamp() - interval '1 minute' AS alive
     FROM imat_catalog.worker WHERE seen_at > clock_timestamp() - interval '10 minutes' ORDER BY started_at, id`,
  );
  const held = await db.query<{ reason: string }>(
    `SELECT h.reason FROM imat_catalog.held_back h
     WHERE $1::text IS NULL OR h.source IS NULL
       OR h.source IN (SELECT z.relation FROM imat_catalog.imat_source z JOIN imat_catalog.imat i ON i.id = z.imat_id WHERE i.name = $1) ORDER BY 1`,
    [name === null ? null : (imats[0]?.name ?? null)],
  );
  return { imats, workers, heldBack: held.map((row) => row.reason) };
}

async function fold(db: Db, name: string | null): Promise<FoldResult[]> {
  await requireCatalog(db);
  const names =
    name === null
      ? (await statusOf(db, null))
          .filter((imat) => imat.strategy === 'delta' && imat.state === 'active')
          .map((imat) => imat.name)
      : [await intact(db, name)];
  const results: FoldResult[] = [];
  for (const one of names) results.push({ name: one, ...(await call(db, 'fold', one)) });
  return results;
}

async function swap(db: Db, name: string): Promise<SwapResult> {
  await requireCatalog(db);
  const imat = await intact(db, name);
  return { name: imat, ...(await call(db, 'swap', imat)) };
}

/** The name of an imat that has all it is built on. */
async function intact(db: Db, name: string): Promise<string> {
  const imat = await resolveImat(db, name);
  await checkIntact(db, imat.id);
  return imat.name;
}

async function call(
  db: Db,
  procedure: 'fold' | 'swap',
  name: string,
): Promise<{ rows: number; ms: number }> {
  const start = performance.now();
  await maintained(name, procedure, () => db.query(`CALL imat.${procedure}($1)`, [name]));
  const ms = Math.round((performance.now() - start) * 100) / 100;
  const [row] = await db.query<{ rows: string | null }>(
    `SELECT current_setting('imat.rows', true) AS rows`,
  );
  return { rows: Number(row?.rows ?? 0), ms };
}

async function verify(db: Db, name: string | null): Promise<VerifyResult[]> {
  await requireCatalog(db);
  const wanted = name === null ? null : (await resolveImat(db, name)).name;
  const rows = await db.query<{
    id: number;
    name: string;
    relation: string;
    definition: string;
    view: number;
  }>(
    `SELECT i.id, i.name, i.relation::text AS relation, i.definition_view::text AS definition, i.relation::oid AS view
     FROM imat_catalog.imat i WHERE ($1::text IS NULL OR i.name = $1) AND i.state = 'active' ORDER BY i.name`,
    [wanted],
  );
  const results: VerifyResult[] = [];
  for (const row of rows) {
    const compare = async (): Promise<VerifyResult> => {
      await checkIntact(db, row.id);
      return verifyImat(db, {
        id: row.id,
        name: row.name,
        relation: row.relation,
        definitionView: row.definition,
        viewOid: row.view,
      });
    };
    results.push(
      await translated(compare).catch((error: unknown) => {
        if (name !== null || !(error instanceof ImatError) || error.category === 'transient')
          throw error;
        const { code, category, message, detail, hint } = error;
        return {
          name: row.name,
          equal: false,
          differences: 0,
          sample: [],
          rows: 0,
          error: { code, category, message, detail, hint },
        };
      }),
    );
  }
  return results;
}
