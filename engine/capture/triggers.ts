/** Whether the capture triggers of a source are still as imat left them. */
import type { Db } from '../db/db.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, sql } from '../sql/sql.ts';

/**
 * Under a lock that keeps others from the triggers: notes that they are as imat wants them. Those
 * on partitions are noted where they are created (imat_catalog.capture_part). Under one that keeps
 * writers out, too, they may begin to count what change accounting counts.
 */
export const noteTriggers = (db: Db, oid: number, mayCount: boolean): void =>
  db.defer(
    `SELECT imat_catalog.note_triggers(${oid}, ${oid});
     SELECT imat_catalog.share_counting(${oid}, ${mayCount})`,
  );

/** Drops other triggers that call the capture functions of a source (see copied_triggers.sql). */
export async function dropCopies(db: Db, oid: number, source: Sql): Promise<void> {
  const copies = await db.query<{ name: string }>(
    'SELECT c::text AS name FROM imat_catalog.copied_triggers($1, $1) c',
    [oid],
  );
  for (const { name } of copies) db.defer(sql`DROP TRIGGER ${ident(name)} ON ${source}`.text);
}

/**
 * Compares the triggers, the log, and the extension's registration of it, with what imat made. If
 * they differ, changes may have been lost: the imats on the source are marked as broken, and the
 * result is false.
 */
export async function checkTriggers(db: Db, oid: number): Promise<boolean> {
  const [row] = await db.query<{ intact: boolean }>(
    `SELECT triggers @> imat_catalog.triggers_of($1)
       AND EXISTS (SELECT FROM pg_class c WHERE c.oid = log)
       AND (NOT by_extension OR imat_catalog.is_registered($1, log)) AS intact
     FROM imat_catalog.source WHERE relation = $1`,
    [oid],
  );
  // All that these imats depend on is compared only then: it can be much.
  if (row?.intact !== true) await breakDiffering(db, oid);
  return row?.intact === true;
}

/**
 * Marks the imats on a source as broken that are not what their facts say. Those that read it
 * before it had parts lack the rows of these, whether or not anybody has noticed.
 */
export const breakDiffering = (db: Db, oid: number): Promise<unknown> =>
  db.query(
    `SELECT imat_catalog.break_differing(ARRAY(
       SELECT z.imat_id FROM imat_catalog.imat_source z WHERE z.relation = $1), true)`,
    [oid],
  );
