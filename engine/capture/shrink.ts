/** Takes columns out of a log that no imat needs any more. */
import { sharesCatalog } from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import { isRefused } from '../db/db.ts';
import { withShortLock } from '../db/short-lock.ts';
import { findExtension } from '../extension/find.ts';
import { captureFunctions, createTriggers } from '../generate/capture.ts';
import { loadColumns } from '../server/columns.ts';
import { logColumn } from '../sql/names.ts';
import { fragment, ident, qualified, sql } from '../sql/sql.ts';
import { alterLog, attnumArray, lockCapture, neededColumns, SOURCE_LOCK_CLASS } from './install.ts';
import { rewriteParts } from './parts.ts';
import { capturedBy, loggedColumns, sourceRow } from './source-row.ts';
import { checkTriggers, noteTriggers } from './triggers.ts';

/**
 * Takes columns out of a log that no imat needs any more. Nothing else holds on to them: their
 * types may change and they may be dropped, and capture that still named them would make writers
 * fail. Where it cannot be done now (somebody reads the log in a long transaction, or this role
 * does not own the table) they stay; doctor tells when that has come to matter.
 */
export async function shrinkCapture(db: Db, oid: number): Promise<void> {
  try {
    await withShortLock(
      db,
      () => shrink(db, oid),
      () => undefined,
      { attempts: SHRINK_ATTEMPTS },
    );
  } catch (error) {
    if (!isRefused(error)) throw error;
  }
}

const SHRINK_ATTEMPTS = 10;

async function shrink(db: Db, oid: number): Promise<void> {
  if (!(await sharesCatalog(db))) return;
  db.defer(`SELECT pg_advisory_xact_lock(${SOURCE_LOCK_CLASS}, ${oid | 0})`);
  lockCapture(db, oid);
  const known = await sourceRow(db, oid);
  const [table] = await db.query<{ schema: string; name: string }>(
    `SELECT n.nspname::text AS schema, c.relname::text AS name
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = $1`,
    [oid],
  );
  if (known === null || known.marks || !known.here || table === undefined) return;
  const logged = Object.keys(known.logged).map(Number);
  // An imat whose convert is under way may need columns that the log does not have yet: its own
  // convert adds them, and capture must not name them before.
  const wanted = await neededColumns(db, oid, (await loadColumns(db, [oid])).get(oid) ?? []);
  const needed = wanted === null ? null : loggedColumns(known, wanted);
  const unneeded = logged.filter(
    (attnum) => needed?.some((column) => column.attnum === attnum) !== true,
  );
  const extension = known.by_extension ? await findExtension(db) : null;
  if (unneeded.length === 0 || (known.by_extension && extension === null)) return;
  db.defer('SET LOCAL imat.maintaining = on');
  const source = qualified(table.schema, table.name);
  const log = fragment(known.log);
  const target = {
    oid,
    source,
    hasParts: known.hasParts,
    isGiven: known.given,
    log,
    functions: capturedBy(known.capture),
    extension: extension?.schema ?? null,
    columns: needed,
  };
  db.defer(`LOCK TABLE ${source.text} IN SHARE ROW EXCLUSIVE MODE`);
  if (!(await checkTriggers(db, oid))) return;
  const triggers = needed === null ? createTriggers(target) : [];
  for (const statement of [...captureFunctions(target), ...triggers]) db.defer(statement.text);
  await alterLog(
    db,
    log,
    unneeded.map((attnum) => sql`DROP COLUMN ${ident(logColumn(attnum))}`),
  );
  await db.query('UPDATE imat_catalog.source SET columns = $2::smallint[] WHERE relation = $1', [
    oid,
    needed === null ? null : attnumArray(needed.map((column) => column.attnum)),
  ]);
  if (known.hasParts) await rewriteParts(db, oid, needed === null);
  noteTriggers(db, oid, true);
}
