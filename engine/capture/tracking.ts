/** Tells the extension which tables to track, so that workers can ask it what has changed. */
import type { Db } from '../db/db.ts';
import { isRefused } from '../db/db.ts';
import { LOCK_TIMEOUT_MS } from '../db/short-lock.ts';
import { partsOf } from '../server/parts.ts';
import { findExtension } from '../extension/find.ts';
import { qualified, regclass } from '../sql/sql.ts';

export type SourceName = { readonly oid: number; readonly schema: string; readonly name: string };

/**
 * Has the extension track a source, where it can. Workers then ask it which tables have changed;
 * without it they look at the logs, so it does not matter where it has no room for another table.
 */
export async function trackSource(db: Db, source: SourceName): Promise<void> {
  const extension = await findExtension(db);
  // What a partition brings along or takes away is in the log, and no change of the table.
  if (extension?.tracks !== true || (await partsOf(db, [source.oid])).has(source.oid)) return;
  // Typed: for a bare literal, somebody's function of the same name over text would be preferred.
  const table = regclass(qualified(source.schema, source.name));
  try {
    await db.transaction(
      'read committed',
      () =>
        db.query(
          `UPDATE imat_catalog.source
           SET tracked = true
           WHERE relation = $1 AND ${extension.schema.text}.enable_table_tracking(${table.text})`,
          [source.oid],
        ),
      `SET LOCAL lock_timeout = '${LOCK_TIMEOUT_MS}ms'`,
    );
  } catch (error) {
    if (!isRefused(error)) throw error;
  }
}

export async function untrack(db: Db, oid: number): Promise<void> {
  const extension = await findExtension(db);
  if (extension?.tracks === true)
    await db.query(`SELECT ${extension.schema.text}.disable_table_tracking($1::oid::regclass)`, [
      oid,
    ]);
}
