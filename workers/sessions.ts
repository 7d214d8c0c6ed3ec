/** Database sessions lent one at a time, with the limits that all of a worker's statements run under. */
import { connectDb } from '../engine/db/connect-db.ts';
import type { ConnectTarget, Db } from '../engine/db/db.ts';
import type { Imat } from '../engine/index.ts';
import { createImat } from '../engine/index.ts';
import { ImatError } from '../parser/errors.ts';

export type Session = { readonly db: Db; readonly imat: Imat };

export type Limits = { readonly most: number; readonly statementTimeoutMs: number; readonly lockTimeoutMs: number };

/** A session that has been idle for so long is closed, but for the last one. */
const IDLE_MS = 60_000;

export class Sessions {
  readonly #target: ConnectTarget;
  readonly #limits: Limits;
  readonly #idle: { session: Session; since: number }[] = [];
  readonly #lent = new Set<Session>();
  readonly #waiting: (() => void)[] = [];
  #open = 0;
  #closed = false;

  constructor(target: ConnectTarget, limits: Limits) {
    this.#target = target;
    this.#limits = limits;
  }

  /** Lends a session to `body`; waits where all are lent. A session whose connection was lost is not lent again. */
  async with<T>(body: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.#borrow();
    let lost = true;
    try {
      const value = await body(session);
      lost = false;
      return value;
    } catch (error) {
      lost = !(error instanceof ImatError) || error.condition === 'connection_failed';
      throw error;
    } finally {
      this.#giveBack(session, lost);
    }
  }

  /** Stops the statements under way. */
  async cancel(): Promise<void> {
    await Promise.all([...this.#lent].map((session) => session.db.cancel().catch(() => undefined)));
  }

  /** Sessions that are lent are closed when they come back. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const wake of this.#waiting.splice(0)) wake();
    await Promise.all(this.#idle.splice(0).map(({ session }) => this.#end(session)));
  }

  async #borrow(): Promise<Session> {
    while (!this.#closed && this.#idle.length === 0 && this.#open >= this.#limits.most) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#closed) throw new ImatError('interrupted', { message: 'the worker is being stopped' });
    const known = this.#idle.pop()?.session;
    const session = known ?? (await this.#connect());
    this.#lent.add(session);
    return session;
  }

  async #connect(): Promise<Session> {
    this.#open += 1;
    try {
      const db = await connectDb(this.#target);
      const { statementTimeoutMs, lockTimeoutMs } = this.#limits;
      // The embedded database has neither other sessions nor timeouts.
      if (db.driver === 'pg') {
        await db.execute(
          `SET statement_timeout = ${statementTimeoutMs}; SET lock_timeout = ${lockTimeoutMs}; SET idle_in_transaction_session_timeout = '60s'; SET application_name = 'imat worker'`,
        );
      }
      return { db, imat: createImat(db) };
    } catch (error) {
      this.#open -= 1;
      this.#waiting.shift()?.();
      throw error;
    }
  }

  #giveBack(session: Session, lost: boolean): void {
    this.#lent.delete(session);
    if (lost || this.#closed) void this.#end(session);
    else this.#idle.push({ session, since: performance.now() });
    while (this.#idle.length > 1 && performance.now() - (this.#idle[0]?.since ?? 0) > IDLE_MS) {
      const oldest = this.#idle.shift();
      if (oldest !== undefined) void this.#end(oldest.session);
    }
    this.#waiting.shift()?.();
  }

  async #end(session: Session): Promise<void> {
    this.#open -= 1;
    await session.db.close().catch(() => undefined);
  }
}
