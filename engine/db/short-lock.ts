/**
 * Transactions that need a lock which writers or readers hold, but must not make others wait behind
 * them.
 */
import type { Db } from './db.ts';
import { isContended } from './db.ts';
import { ImatError } from '../errors/imat-error.ts';

export const LOCK_TIMEOUT_MS = 50;

const ATTEMPTS = 100;

/**
 * Runs a transaction that needs a short lock; gives up its place in the queue and tries again, so
 * that nobody waits behind it.
 */
export async function withShortLock<T>(
  db: Db,
  body: () => Promise<T>,
  onWait: () => void,
  attempts = ATTEMPTS,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction('read committed', async () => {
        await db.execute(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT_MS}ms'`);
        return body();
      });
    } catch (error) {
      const contended = isContended(error instanceof ImatError ? error.cause : error);
      if (!contended || attempt === attempts) throw error;
      onWait();
      await new Promise((resolve) => setTimeout(resolve, Math.min(20 * attempt, 400)));
    }
  }
}
