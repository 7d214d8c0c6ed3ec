/** What capture left behind on tables that are gone, and logs from before a restore. */
import { sharesCatalog } from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import type { CaptureNames } from './install.ts';

/** What is left of capture on tables that are gone, and that no imat names any more. */
export async function dropLostCapture(db: Db): Promise<void> {
  await db.transaction('read committed', async () => {
    if (!(await sharesCatalog(db))) return;
    const lost = await db.query<{ source: string; logs: string[]; capture: CaptureNames }>(
      `DELETE FROM imat_catalog.source s
       WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = s.relation)
         AND NOT EXISTS (SELECT FROM imat_catalog.imat_source z JOIN imat_catalog.imat i ON i.id = z.imat_id WHERE z.relation_text = s.relation_text AND i.state <> 'reverting')
       RETURNING s.relation_text AS source, to_json(s.log_text || s.former_logs) AS logs, s.capture`,
    );
    for (const { logs, capture } of lost) {
      for (const name of Object.values(capture))
        await db.execute(`DROP FUNCTION IF EXISTS ${name}()`);
      await db.execute(`DROP TABLE IF EXISTS ${logs.join(', ')}`);
    }
  });
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
      await db.execute(`DROP TABLE IF EXISTS ${log}`);
      await db.query(
        'UPDATE imat_catalog.source SET former_logs = array_remove(former_logs, $2) WHERE relation = $1',
        [oid, log],
      );
    }
  });
}
