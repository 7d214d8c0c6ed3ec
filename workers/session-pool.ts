/** A pool of database sessions, with the limits under which all statements of a worker run. */
import { setImmediate } from 'node:timers/promises';
import { requireTrustedCatalog } from '../engine/catalog/trust.ts';
import { connectDb } from '../engine/db/connect-db.ts';
import { type ConnectTarget, type Db, ServerError } from '../engine/db/db.ts';
import type { Imat } from '../engine/index.ts';
import { createImat } from '../engine/index.ts';
import { ImatError } from '../engine/errors/imat-error.ts';
import { within } from './within.ts';

export type Session = { readonly db: Db; readonly imat: Imat };

/** `most`: the largest number of open sessions. `statementTimeoutMs` 0: no timeout. */
export type Limits = {
  readonly most: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
};

type Backend = { readonly pid: number; readonly started: string };
/** `backend` is null for the embedded database. */
type Opened = Session & { readonly backend: Backend | null };
type Use = { readonly since: number; readonly answerMs: number | null };

/** Sessions that have been idle for longer are closed, except the last one. */
const IDLE_MS = 60_000;
/**
 * A session that has been idle for longer must answer before it is used: its connection may be half
 * open.
 */
const PROBE_FROM_MS = 3000;
const PROBE_MS = 3000;
/** How long an answer may take beyond the server's own timeout. */
const MARGIN_MS = 5000;
const CLOSE_MS = 2000;
/** How often the server checks that the client of a running statement is still connected. */
const CLIENT_CHECK = '2s';

/** The start time is part of the identity because process ids are reused. */
const BACKEND = 'pid, extract(epoch FROM backend_start)::text AS started';

export class SessionPool {
  readonly #target: ConnectTarget;
  readonly #limits: Limits;
  readonly #idle: { session: Opened; since: number }[] = [];
  readonly #inUse = new Map<Opened, Use>();
  readonly #waiting: (() => void)[] = [];
  #open = 0;
  #closed = false;

  constructor(target: ConnectTarget, limits: Limits) {
    this.#target = target;
    this.#limits = limits;
  }

  /**
   * Runs `body` with a session; waits if all are in use. The catalog must be one that the role
   * trusts: it may have been removed, and made by somebody else, since the last use.
   *
   * A session whose connection was lost is closed. The connection counts as lost if a statement
   * takes longer than the timeout or `leastMs`, whichever is longer; `body` may set its own timeout
   * up to `leastMs`.
   * @throws ImatError `insufficient_privilege`
   */
  async with<T>(body: (session: Session) => Promise<T>, leastMs = 0): Promise<T> {
    const session = await this.#acquire(leastMs);
    let lost = true;
    try {
      await requireTrustedCatalog(session.db);
      const value = await body(session);
      lost = false;
      return value;
    } catch (error) {
      lost = !(error instanceof ImatError) || error.condition === 'connection_failed';
      throw error;
    } finally {
      this.#release(session, lost);
    }
  }

  /**
   * Milliseconds for which a session in use has been silent beyond all bounds, which is a defect;
   * 0: none has.
   */
  get overdueMs(): number {
    const now = performance.now();
    const overdue = [...this.#inUse].map(([{ db }, { since, answerMs }]) =>
      answerMs === null ? 0 : now - Math.max(since, db.activity.since) - answerMs,
    );
    return Math.max(0, ...overdue);
  }

  /**
   * Aborts sessions in use whose statement or answer was lost: for `waitMs`, the backend has been
   * gone or has waited for a statement. Whatever runs in them fails.
   */
  async abortLost(observer: Db, waitMs: number): Promise<void> {
    const now = performance.now();
    const waiting = [...this.#inUse.keys()].flatMap(({ db, backend }) => {
      const { busy, since } = db.activity;
      return busy && backend !== null && now - since > waitMs ? [{ db, backend, since }] : [];
    });
    if (waiting.length === 0) return;
    const working = await observer.query<Backend>(
      `SELECT ${BACKEND} FROM pg_stat_activity WHERE pid = ANY ($1::int[])
         AND NOT coalesce((state LIKE 'idle%' OR wait_event = 'ClientRead')
           AND state_change < clock_timestamp() - $2 * interval '1 ms', false)`,
      [`{${waiting.map(({ backend }) => backend.pid).join(',')}}`, waitMs],
    );
    // Answers that have arrived in the meantime are read first.
    await setImmediate();
    for (const { db, backend, since } of waiting) {
      const works = working.some(
        ({ pid, started }) => pid === backend.pid && started === backend.started,
      );
      if (!works && db.activity.since === since)
        db.abort('the server is not executing the statement, and no answer has arrived');
    }
  }

  /** Cancels the running statements. */
  async cancel(): Promise<void> {
    await Promise.all(
      [...this.#inUse.keys()].map((session) => session.db.cancel().catch(() => undefined)),
    );
  }

  /** Sessions in use are closed when they are released. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const wake of this.#waiting.splice(0)) wake();
    await Promise.all(this.#idle.splice(0).map(({ session }) => this.#end(session, false)));
  }

  /** Closes all sessions without waiting for anything. */
  abort(): void {
    void this.close();
    for (const { db } of this.#inUse.keys()) db.abort('the worker has ended');
  }

  async #acquire(leastMs: number): Promise<Opened> {
    for (;;) {
      if (this.#closed)
        throw new ImatError('interrupted', { message: 'the worker is being stopped' });
      const idle = this.#idle.pop();
      if (idle === undefined && this.#open >= this.#limits.most) {
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
        continue;
      }
      if (idle !== undefined && !(await answers(idle))) {
        // If one connection is dead, the other idle ones usually are too.
        for (const { session } of [idle, ...this.#idle.splice(0)]) void this.#end(session, true);
        continue;
      }
      const session = idle?.session ?? (await this.#connect());
      const { statementTimeoutMs } = this.#limits;
      // The embedded database has neither timeouts nor other sessions.
      const bounded = session.db.driver === 'pg' && statementTimeoutMs > 0;
      const answerMs = bounded ? Math.max(statementTimeoutMs, leastMs) + MARGIN_MS : null;
      session.db.answerWithin(answerMs);
      this.#inUse.set(session, { since: performance.now(), answerMs });
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
      db?.abort('the session could not be prepared');
      this.#open -= 1;
      this.#waiting.shift()?.();
      throw error;
    }
  }

  async #prepare(db: Db): Promise<Backend> {
    const { statementTimeoutMs, lockTimeoutMs } = this.#limits;
    db.answerWithin(MARGIN_MS);
    await db.execute(
      `SET statement_timeout = ${statementTimeoutMs}; SET lock_timeout = ${lockTimeoutMs};
       SET application_name = 'imat worker'`,
    );
    await db
      .execute(`SET client_connection_check_interval = '${CLIENT_CHECK}'`)
      .catch((error: unknown) => {
        // The server's operating system may not support it.
        if (!(error instanceof ServerError)) throw error;
      });
    const [backend] = await db.query<Backend>(
      `SELECT ${BACKEND} FROM pg_stat_activity WHERE pid = pg_backend_pid()`,
    );
    if (backend === undefined) throw new Error('pg_stat_activity does not show this session');
    return backend;
  }

  #release(session: Opened, lost: boolean): void {
    this.#inUse.delete(session);
    // A cancel that has stopped nothing would stop the work of the next one.
    if (lost || this.#closed || session.db.isCancelPending) void this.#end(session, lost);
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
      db.abort('the database did not answer when the session was closed'),
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
