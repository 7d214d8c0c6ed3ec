/** Takes off sources what no imat needs any more: triggers, functions, logs. */
import { sharesCatalog } from '../catalog/migrate.ts';
import { type Db, isRefused } from '../db/db.ts';
import { withShortLock } from '../db/short-lock.ts';
import { findExtension } from '../extension/find.ts';
import { dropTriggers, unregistration } from '../generate/capture.ts';
import { fragment } from '../sql/sql.ts';
import { lockCapture, SOURCE_LOCK_CLASS } from './install.ts';
import { dropFunctions } from './parts.ts';
import type { CaptureNames } from './source-row.ts';
import { untrack } from './tracking.ts';
import { dropCopies } from './triggers.ts';

/** Tables of this role that are captured for no imat, as an interrupted command left them. */
const LEFT_SQL = `
SELECT c.oid
FROM imat_catalog.source s JOIN pg_class c ON c.oid = s.relation
WHERE pg_has_role(c.relowner, 'USAGE') AND NOT EXISTS (
  SELECT FROM imat_catalog.imat_source z JOIN imat_catalog.imat i ON i.id = z.imat_id
  WHERE z.relation = s.relation AND i.state <> 'reverting' AND i.dependence <> 'moment')
ORDER BY 1`;

/** Whether there are any; waits for nobody. There must be a catalog. */
export const hasLeftCapture = async (db: Db): Promise<boolean> =>
  (await db.query(LEFT_SQL)).length > 0;

/**
 * Takes capture off the tables of this role that no imat reads any more. Where another session is
 * in the way, a later command does it.
 */
export async function dropLeftCapture(db: Db): Promise<void> {
  const rows = await db.transaction('read committed', async () =>
    (await sharesCatalog(db)) ? db.query<{ oid: number }>(LEFT_SQL) : [],
  );
  for (const { oid } of rows)
    await dropUnusedCapture(db, oid, () => undefined, 1).catch((error: unknown) => {
      if (!isRefused(error)) throw error;
    });
}

/** Takes capture off a source that no imat reads any more. */
export async function dropUnusedCapture(
  db: Db,
  oid: number,
  onWait: () => void,
  attempts?: number,
): Promise<void> {
  await withShortLock(
    db,
    async () => {
      if (!(await sharesCatalog(db))) return;
      db.defer(`SELECT pg_advisory_xact_lock(${SOURCE_LOCK_CLASS}, ${oid | 0})`);
      lockCapture(db, oid);
      const [source] = await db.query<{
        logs: string[];
        capture: CaptureNames;
        by_extension: boolean;
        tracked: boolean;
        table: string | null;
        lockable: boolean;
      }>(
        `SELECT s.capture, s.by_extension, s.tracked,
           has_table_privilege(s.relation, 'UPDATE, DELETE, TRUNCATE') IS TRUE AS lockable,
           (
             SELECT coalesce(to_json(array_agg(c.oid::regclass::text)), '[]')
             FROM pg_class c
             WHERE c.oid = s.log OR c.oid IN (SELECT to_regclass(l) FROM unnest(s.former_logs) l)
           ) AS logs,
           (
             SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.oid = s.relation
           ) AS table
         FROM imat_catalog.source s
         WHERE s.relation = $1
           AND NOT EXISTS (
             SELECT
             FROM imat_catalog.imat_source z JOIN imat_catalog.imat i ON i.id = z.imat_id
             WHERE z.relation = s.relation AND i.state <> 'reverting'
               AND i.dependence <> 'moment'
           )`,
        [oid],
      );
      if (source === undefined) return;
      if (source.table !== null) await dropAllTriggers(db, oid, { ...source, table: source.table });
      if (source.tracked && source.table !== null) await untrack(db, oid);
      dropFunctions(db, Object.values(source.capture));
      if (source.logs.length > 0) db.defer(`DROP TABLE ${source.logs.join(', ')}`);
      db.defer(
        `DELETE FROM imat_store.reset WHERE relation = ${oid};
         DELETE FROM imat_catalog.source WHERE relation = ${oid}`,
      );
    },
    onWait,
    attempts === undefined ? {} : { attempts },
  );
}

type Triggered = {
  readonly table: string;
  readonly by_extension: boolean;
  readonly lockable: boolean;
};

/** All triggers that write to the log of a source, and the extension's registration of it. */
async function dropAllTriggers(db: Db, oid: number, source: Triggered): Promise<void> {
  const table = fragment(source.table);
  const extension = source.by_extension ? ((await findExtension(db))?.schema ?? null) : null;
  for (const statement of dropTriggers(table, source.lockable)) db.defer(statement.text);
  await dropCopies(db, oid, table);
  for (const statement of unregistration(table, extension)) db.defer(statement.text);
  db.defer(`SELECT imat_catalog.share_counting(${oid}, false)`);
}

/**
 * What is left of capture on tables that are gone, and that no imat names any more. Tables that
 * were partitions of them may have triggers still, which go with the functions.
 */
export async function dropLostCapture(db: Db, onWait: () => void): Promise<void> {
  await withShortLock(
    db,
    async () => {
      if (!(await sharesCatalog(db))) return;
      const lost = await db.query<{ logs: string[]; capture: CaptureNames }>(
        `DELETE FROM imat_catalog.source s
         WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = s.relation)
           AND NOT EXISTS (
             SELECT FROM imat_catalog.imat_source z JOIN imat_catalog.imat i ON i.id = z.imat_id
             WHERE z.relation_text = s.relation_text AND i.state <> 'reverting'
           )
         RETURNING to_json(s.log_text || s.former_logs) AS logs, s.capture`,
      );
      for (const { logs, capture } of lost) {
        dropFunctions(db, Object.values(capture));
        await db.execute(`DROP TABLE IF EXISTS ${logs.join(', ')}`);
      }
    },
    onWait,
  );
}

/** Drops the logs from before a restore that no view reads any more. */
export async function dropFormerLogs(db: Db, oid: number): Promise<void> {
  await db.transaction('read committed', async () => {
    const unread = await db.query<{ log: string }>(
      `SELECT l.log FROM imat_catalog.source s, unnest(s.former_logs) l(log)
       WHERE s.relation = $1 AND NOT EXISTS (
         SELECT FROM pg_depend d WHERE d.refclassid = 'pg_class'::regclass
           AND d.refobjid = to_regclass(l.log) AND d.classid = 'pg_rewrite'::regclass)`,
      [oid],
    );
    for (const { log } of unread) {
      db.defer(`DROP TABLE IF EXISTS ${log}`);
      await db.query(
        `UPDATE imat_catalog.source SET former_logs = array_remove(former_logs, $2)
         WHERE relation = $1`,
        [oid, log],
      );
    }
  });
}
