/** Database sessions lent one at a time, with the limits that all of a worker's statements run under. */
import { setImmediate } from 'node:timers/promises';
import { connectDb } from '../engine/db/connect-db.ts';
import { type ConnectTarget, type Db, ServerError } from '../engine/db/db.ts';
import type { Imat } from '../engine/index.ts';
import { createImat } from '../engine/index.ts';
import { ImatError } from '../parser/errors.ts';
import { within } from './queue/queue.ts';

export type Session = { readonly db: Db; readonly imat: Imat };

/** `statementTimeoutMs` 0: none. */
export type Limits = {
  readonly most: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
};

type Backend = { readonly pid: number; readonly started: string };
/** `backend` null: the embedded database. */
type Opened = Session & { readonly backend: Backend | null };
type Lending = { readonly since: number; readonly answerMs: number | null };

/** A session that has been idle for so long is closed, but for the last one. */
const IDLE_MS = 60_000;
/** One that has been idle for so long must answer before it is lent: its connection may be half open. */
const PROBE_FROM_MS = 3000;
const PROBE_MS = 3000;
/** What an answer may take beyond the server's own timeout. */
const MARGIN_MS = 5000;
const CLOSE_MS = 2000;
/** The server ends a statement whose client is gone. */
const CLIENT_CHECK = '2s';

/** A process id alone is used again in time. */
const BACKEND = 'pid, extract(epoch FROM backend_start)::text AS started';

export class Sessions {
  readonly #target: ConnectTarget;
  readonly #limits: Limits;
  readonly #idle: { session: Opened; since: number }[] = [];
  readonly #lent = new Map<Opened, Lending>();
  readonly #waiting: (() => void)[] = [];
  #open = 0;
  #closed = false;

  constructor(target: ConnectTarget, limits: Limits) {
    this.#target = target;
    this.#limits = limits;
  }

  /**
   * Lends a session to `body`; waits where all are lent. A session whose connection was lost is not lent again. It is taken for lost
   * where a statement takes longer than the timeout, or than `leastMs`, which `body` may set a timeout of its own up to.
   */
  async with<T>(body: (session: Session) => Promise<T>, leastMs = 0): Promise<T> {
    const session = await this.#borrow(leastMs);
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

  /** For how long a lent session has been silent beyond all bounds, which cannot be; 0: none has. */
  get overdueMs(): number {
    const now = performance.now();
    const overdue = [...this.#lent].map(([{ db }, { since, answerMs }]) =>
      answerMs === null ? 0 : now - Math.max(since, db.activity.since) - answerMs,
    );
    return Math.max(0, ...overdue);
  }

  /**
   * Aborts lent sessions whose statement the server does not work on, because it or its answer was lost: after `waitMs`, their
   * backends are gone or wait for a statement. What is under way in them fails.
   */
  async abortLost(observer: Db, waitMs: number): Promise<void> {
    const now = performance.now();
    const waiting = [...this.#lent.keys()].flatMap(({ db, backend }) => {
      const { busy, since } = db.activity;
      return busy && backend !== null && now - since > waitMs ? [{ db, backend, since }] : [];
    });
    if (waiting.length === 0) return;
    const working = await observer.query<Backend>(
      `SELECT ${BACKEND} FROM pg_stat_activity WHERE pid = ANY ($1::int[])
         AND NOT coalesce((state LIKE 'idle%' OR wait_event = 'ClientRead') AND state_change < clock_timestamp() - $2 * interval '1 ms', false)`,
      [`{${waiting.map(({ backend }) => backend.pid).join(',')}}`, waitMs],
    );
    // Answers that have arrived meanwhile are read first.
    await setImmediate();
    for (const { db, backend, since } of waiting) {
      const works = working.some(
        ({ pid, started }) => pid === backend.pid && started === backend.started,
      );
      if (!works && db.activity.since === since)
        db.abort('the server does not work on the statement (any more), and no answer has come');
    }
  }

  /** Stops the statements under way. */
  async cancel(): Promise<void> {
    await Promise.all(
      [...this.#lent.keys()].map((session) => session.db.cancel().catch(() => undefined)),
    );
  }

  /** Sessions that are lent are closed when they come back. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const wake of this.#waiting.splice(0)) wake();
    await Promise.all(this.#idle.splice(0).map(({ session }) => this.#end(session, false)));
  }

  /** Closes without waiting for anything. */
  abort(): void {
    void this.close();
    for (const { db } of this.#lent.keys()) db.abort('the worker has ended');
  }

  async #borrow(leastMs: number): Promise<Opened> {
    for (;;) {
      if (this.#closed)
        throw new ImatError('interrupted', { message: 'the worker is being stopped' });
      const idle = this.#idle.pop();
      if (idle === undefined && this.#open >= this.#limits.most) {
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
        continue;
      }
      if (idle !== undefined && !(await answers(idle))) {
        // It is rarely alone.
        for (const { session } of [idle, ...this.#idle.splice(0)]) void this.#end(session, true);
        continue;
      }
      const session = idle?.session ?? (await this.#connect());
      const { statementTimeoutMs } = this.#limits;
      // The embedded database has neither other sessions nor timeouts.
      const bounded = session.db.driver === 'pg' && statementTimeoutMs > 0;
      const answerMs = bounded ? Math.max(statementTimeoutMs, leastMs) + MARGIN_MS : null;
      session.db.answerWithin(answerMs);
      this.#lent.set(session, { since: performance.now(), answerMs });
      return session;
    }
  }

  async #connect(): Promise<Opened> {
    this.#open += 1;
    let db: Db | null = null;
    try {
      db = await connectDb(this.#target);
      return {
        db,
        imat: createImat(db),
        backend: db.driver === 'pg' ? await this.#prepare(db) : null,
      };
    } catch (error) {
      db?.abort('it could not be prepared');
      this.#open -= 1;
      this.#waiting.shift()?.();
      throw error;
    }
  }

  async #prepare(db: Db): Promise<Backend> {
    const { statementTimeoutMs, lockTimeoutMs } = this.#limits;
    db.answerWithin(MARGIN_MS);
    await db.execute(
      `SET statement_timeout = ${statementTimeoutMs}; SET lock_timeout = ${lockTimeoutMs}; SET idle_in_transaction_session_timeout = '60s'; SET application_name = 'imat worker'`,
    );
    await db
      .execute(`SET client_connection_check_interval = '${CLIENT_CHECK}'`)
      .catch((error: unknown) => {
        // Not every operating system can tell.
        if (!(error instanceof ServerError)) throw error;
      });
    const [backend] = await db.query<Backend>(
      `SELECT ${BACKEND} FROM pg_stat_activity WHERE pid = pg_backend_pid()`,
    );
    if (backend === undefined) throw new Error('the session does not see itself');
    return backend;
  }

  #giveBack(session: Opened, lost: boolean): void {
    this.#lent.delete(session);
    if (lost || this.#closed) void this.#end(session, lost);
    else this.#idle.push({ session, since: performance.now() });
    while (this.#idle.length > 1 && performance.now() - (this.#idle[0]?.since ?? 0) > IDLE_MS) {
      const oldest = this.#idle.shift();
      if (oldest !== undefined) void this.#end(oldest.session, false);
    }
    this.#waiting.shift()?.();
  }

  async #end({ db }: Opened, lost: boolean): Promise<void> {
    this.#open -= 1;
    this.#waiting.shift()?.();
    if (db.driver === 'pglite') return db.close().catch(() => undefined);
    if (lost) db.abort('the connection was given up');
    await within(CLOSE_MS, 'the database', db.close()).catch(() =>
      db.abort('it did not answer when it was closed'),
    );
  }
}

async function answers({
  session: { db },
  since,
}: {
  readonly session: Opened;
  readonly since: number;
}): Promise<boolean> {
  if (db.driver !== 'pg' || performance.now() - since < PROBE_FROM_MS) return true;
  db.answerWithin(PROBE_MS);
  return db.query('SELECT').then(
    () => true,
    () => false,
  );
}
