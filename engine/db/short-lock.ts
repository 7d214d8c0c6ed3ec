/**
 * Transactions that need a lock which writers or readers hold, but must not make others wait behind
 * them.
 */
import type { Db, Isolation } from './db.ts';
import { isContended, ServerError } from './db.ts';
import { ImatError } from '../errors/imat-error.ts';

export const LOCK_TIMEOUT_MS = 50;

/**
 * After this the server ends the session: others wait for a lock that nobody works under, as that
 * of a process that was stopped (Ctrl-Z), or whose machine has lost its network.
 */
const IDLE_TIMEOUT = '10s';

const ATTEMPTS = 100;

/** As SQLSTATE. */
const LOCK_NOT_AVAILABLE = '55P03';

/** Whether a transaction failed because a lock was not free. */
export const hasContended = (error: unknown): boolean =>
  isContended(error instanceof ImatError ? error.cause : error);

type ShortLock = { readonly attempts?: number; readonly isolation?: Isolation };

/**
 * Runs a transaction that needs a short lock; gives up its place in the queue and tries again, so
 * that nobody waits behind it. All that it has locked is given up as well. So nobody who has locked
 * a table can get a deadlock from a transaction that has locked a view over it, or another table.
 */
export async function withShortLock<T>(
  db: Db,
  body: () => Promise<T>,
  onWait: () => void = () => undefined,
  { attempts = ATTEMPTS, isolation = 'read committed' }: ShortLock = {},
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction(
        isolation,
        body,
        `SET LOCAL lock_timeout = '${LOCK_TIMEOUT_MS}ms'${
          // The embedded database has no other sessions.
          db.driver === 'pg'
            ? `; SET LOCAL idle_in_transaction_session_timeout = '${IDLE_TIMEOUT}'`
            : ''
        }`,
      );
    } catch (error) {
      if (!hasContended(error)) throw error;
      if (attempt === attempts) throw await plainer(db, error);
      onWait();
      await new Promise((resolve) => setTimeout(resolve, Math.min(20 * attempt, 400)));
    }
  }
}

const LOCK = /\bLOCK TABLE (?:ONLY )?(.+?)\s+IN (SHARE ROW EXCLUSIVE|ACCESS EXCLUSIVE) MODE/;

/**
 * The same error in plainer words; where it tells the table, with that and with who has locked it.
 */
async function plainer(db: Db, error: unknown): Promise<unknown> {
  if (!(error instanceof ServerError)) return error;
  const { sqlstate, position, schema, table, context, statement, cause } = error;
  const said = (message: string, detail: string | null): ServerError =>
    new ServerError({
      sqlstate,
      position,
      schema,
      table,
      context,
      statement,
      message,
      detail,
      hint: 'Try again when that transaction has ended.',
      cause,
    });
  const [, named, mode] = LOCK.exec(context ?? '') ?? LOCK.exec(statement) ?? [];
  if (named === undefined)
    return sqlstate === LOCK_NOT_AVAILABLE
      ? said(
          'a lock was not free in time',
          'Another transaction changes or has locked something that this command needs.',
        )
      : error;
  // Only commands that have found the catalog theirs lock tables in these modes.
  const [row] = await db
    .query<{ holder: string }>(
      'SELECT imat_catalog.lock_holder(to_regclass($1)::oid, $2) AS holder',
      [named, mode],
    )
    .catch(() => []);
  return said(`could not lock table "${named}" in time`, row?.holder ?? null);
}
