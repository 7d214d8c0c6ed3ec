/**
 * Parts of a source: its partitions, or the tables that inherit from it. Each has triggers of its
 * own, which write to the log of the root; the catalog has the list of those that are captured. Its
 * functions do the work, because folds follow parts as well (`imat_catalog.follow_part`).
 */
import type { Db } from '../db/db.ts';
import { partsOf } from '../server/parts.ts';
import { MERGE_TRIGGER } from '../sql/names.ts';
import type { SourceRow } from './source-row.ts';

/** Whether a source that was captured without parts has some now. */
export const hasFirstParts = async (db: Db, known: SourceRow): Promise<boolean> =>
  !known.hasParts && (await partsOf(db, [known.oid])).has(known.oid);

/** With the triggers on parts, and on tables that were parts. */
export function dropFunctions(db: Db, names: readonly string[]): void {
  for (const name of names) db.defer(`DROP FUNCTION IF EXISTS ${name}() CASCADE`);
}

/**
 * Captures all parts of a source that nobody reads yet, so that no rows are logged. The caller has
 * locked the root, and with it the parts. What is left of an earlier capture on tables that are no
 * parts any more goes.
 */
export async function captureParts(db: Db, oid: number): Promise<void> {
  // PostgreSQL makes the trigger of the root on all of them, and names no right that is missing.
  await db.query(
    `SELECT imat_catalog.require_part_owner($1, t.part, true)
     FROM (SELECT DISTINCT part FROM imat_store.part_tree($1) ORDER BY part) t`,
    [oid],
  );
  await createMergeTrigger(db, oid);
  await db.query(
    `SELECT imat_catalog.release_part($1, t.tgrelid)
     FROM (
       SELECT DISTINCT tgrelid FROM pg_trigger
       WHERE tgname IN (SELECT n.name FROM imat_catalog.capture_triggers($1, 0) n)
     ) t
     WHERE t.tgrelid NOT IN (SELECT part FROM imat_store.part_tree($1))`,
    [oid],
  );
  await db.query(`UPDATE imat_catalog.source SET parts = '{}' WHERE relation = $1`, [oid]);
  await db.query(
    `SELECT imat_catalog.take_part($1, t.part, true, false)
     FROM (SELECT DISTINCT part FROM imat_store.part_tree($1) ORDER BY part) t
     WHERE imat_catalog.is_capturable($1, t.part)`,
    [oid],
  );
  await db.query('SELECT imat_catalog.write_parts($1)', [oid]);
}

/**
 * After a MERGE has inserted a row through the root of partitions, PostgreSQL puts that row into
 * the transition table of the updates that follow, in place of the updated row. It does not if the
 * partition has a row trigger BEFORE INSERT, and PostgreSQL gives that of a root to all partitions,
 * new ones as well. Into a table from which others inherit MERGE inserts as
 * other commands do. The condition keeps the function from ever being called. The function is one
 * that everybody may use, because whoever attaches a partition must have that right.
 */
async function createMergeTrigger(db: Db, oid: number): Promise<void> {
  if ((await partsOf(db, [oid])).get(oid) !== 'partitions') return;
  const [source] = await db.query<{ name: string }>('SELECT $1::oid::regclass::text AS name', [
    oid,
  ]);
  await db.execute(
    `CREATE OR REPLACE TRIGGER "${MERGE_TRIGGER}" BEFORE INSERT ON ${source?.name ?? ''}
     FOR EACH ROW WHEN (false)
     EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger();
     COMMENT ON TRIGGER "${MERGE_TRIGGER}" ON ${source?.name ?? ''} IS
       'imat: captures changes as the others do, although it never fires: PostgreSQL then captures '
       'MERGE correctly'`,
  );
}

/** After the functions of a source were written anew, and its triggers where `all` says so. */
export async function rewriteParts(db: Db, oid: number, all: boolean): Promise<void> {
  await db.query('SELECT imat_catalog.write_parts($1)', [oid]);
  if (!all) return;
  await createMergeTrigger(db, oid);
  await db.query(
    `SELECT imat_catalog.capture_part(s.relation, c.oid)
       FROM imat_catalog.source s JOIN pg_class c ON c.oid = ANY (s.parts) WHERE s.relation = $1`,
    [oid],
  );
}

/** Takes in what has changed since. */
export async function followParts(db: Db, oid: number): Promise<void> {
  await follow(db, 'SELECT imat_catalog.follow_part($1) AS followed', [oid]);
}

/** The same for all sources of an imat. */
export async function followPartsOf(db: Db, imat: number): Promise<void> {
  await follow(db, 'SELECT imat_catalog.follow_parts_of($1) AS followed', [imat]);
}

/** One part a transaction, which each of these statements is. */
async function follow(db: Db, query: string, values: readonly number[]): Promise<void> {
  for (;;) {
    const [row] = await db.query<{ followed: boolean }>(query, values);
    if (row?.followed !== true) return;
  }
}
