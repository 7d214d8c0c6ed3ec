/**
 * Gives the names of a log and of its functions free for those that take their place: a restore
 * with --clean drops what has the names that its dump knows.
 */
import type { Db } from '../db/db.ts';
import { isContended } from '../db/db.ts';
import { LOCK_TIMEOUT_MS } from '../db/short-lock.ts';
import { qualified } from '../sql/sql.ts';
import type { SourceRow } from './source-row.ts';

/** What is left of a former capture, as it is called now. */
export type Former = { readonly log: string | null; readonly functions: readonly string[] };

/**
 * Where somebody reads the log, for example pg_dump, everything keeps its name. The caller has
 * locked the source, so nobody writes to the log.
 */
export async function setAside(db: Db, known: SourceRow): Promise<Former> {
  db.defer(`SAVEPOINT imat_aside; SET LOCAL lock_timeout = '${LOCK_TIMEOUT_MS / 5}ms'`);
  const former = await renamed(db, known).catch(async (error: unknown) => {
    if (!isContended(error)) throw error;
    db.defer('ROLLBACK TO SAVEPOINT imat_aside');
    return { log: known.hasLog ? known.log : null, functions: Object.values(known.capture) };
  });
  db.defer(`RELEASE SAVEPOINT imat_aside; SET LOCAL lock_timeout = '${LOCK_TIMEOUT_MS}ms'`);
  return former;
}

async function renamed(db: Db, { hasLog, log, capture }: SourceRow): Promise<Former> {
  const aside = hasLog ? await rename(db, 'TABLE', log) : null;
  const functions: string[] = [];
  for (const name of Object.values(capture)) {
    const other = await rename(db, 'FUNCTION', name);
    if (other !== null) functions.push(other);
  }
  return { log: aside, functions };
}

/** By its OID, which nothing else has in its name. Null if it is not there. */
async function rename(db: Db, kind: 'TABLE' | 'FUNCTION', name: string): Promise<string | null> {
  const find = kind === 'TABLE' ? 'to_regclass' : 'to_regproc';
  const [found] = await db.query<{ aside: string | null }>(
    `SELECT 'former_' || ${find}($1)::oid AS aside`,
    [name],
  );
  if (found === undefined || found.aside === null) return null;
  await db.execute(`ALTER ${kind} ${name} RENAME TO ${found.aside}`);
  return qualified('imat_store', found.aside).text;
}
