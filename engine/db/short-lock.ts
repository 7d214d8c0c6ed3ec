/**
 * Transactions that need a lock which writers or readers hold, but must not make others wait behind
 * them.
 */
import type { Db, Isolation } from './db.ts';
import { isContended } from './db.ts';
import { ImatError } from '../errors/imat-error.ts';

export const LOCK_TIMEOUT_MS = 50;

const ATTEMPTS = 100;

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
      return await db.transaction(isolation, async () => {
        await db.execute(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT_MS}ms'`);
        return body();
      });
    } catch (error) {
      if (!hasContended(error) || attempt === attempts) throw error;
      onWait();
      await new Promise((resolve) => setTimeout(resolve, Math.min(20 * attempt, 400)));
    }
  }
}
