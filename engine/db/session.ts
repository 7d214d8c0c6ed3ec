/**
 * `Db` over a `pg` client. The embedded database speaks the same protocol, so both drivers share
 * this file.
 */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Client, Connection, CustomTypesConfig, QueryConfig } from 'pg';
import { ImatError } from '../errors/imat-error.ts';
import { sessionLost, statementFailure } from './connection-errors.ts';
import type { Activity, Db, Isolation, Row } from './db.ts';
import { QUERY_CANCELED, ServerError } from './db.ts';

const asText = (text: string): string => text;
const PARSERS: ReadonlyMap<number, (text: string) => unknown> = new Map<
  number,
  (text: string) => unknown
>([
  [16, (text) => text === 't'], // bool
  [21, Number], // int2
  [23, Number], // int4
  [26, Number], // oid
  [114, JSON.parse], // json
  [3802, JSON.parse], // jsonb
]);

/**
 * Everything else stays text: pg would make dates lose their microseconds and arrays their exact
 * elements.
 */
export const TEXT_TYPES: CustomTypesConfig = {
  getTypeParser: ((oid: number) =>
    PARSERS.get(oid) ?? asText) as CustomTypesConfig['getTypeParser'],
};

/**
 * A load takes as long as it takes. A process that is stopped or cut off in a transaction must not
 * keep its locks; of the server's own setting, which may be shorter than what imat computes between
 * two statements, or none, nothing is left. Below PostgreSQL 17 there is no transaction_timeout.
 */
const TRANSACTION_TIMEOUTS = `
  SET idle_in_transaction_session_timeout = '60s';
  SELECT set_config('transaction_timeout', '0', false)
  WHERE current_setting('transaction_timeout', true) IS NOT NULL`;

/** For the few statements that a session begins with. */
const OPENING_MS = 15_000;
/** Node takes a longer timeout for none. */
const TIMEOUT_MOST_MS = 2 ** 31 - 1;

export type SessionParts = {
  readonly client: Client;
  readonly driver: Db['driver'];
  /** Asks once to stop the statement under way. */
  readonly cancel: () => Promise<void>;
  /** Runs after the connection is closed. */
  readonly release?: () => Promise<void>;
};

export class Session implements Db {
  readonly driver: Db['driver'];
  #userSearchPath = '';
  readonly #parts: SessionParts;
  #tail: Promise<unknown> = Promise.resolve();
  #activity: Activity = { busy: false, since: performance.now() };
  #answerMs: number | null = null;
  #inTransaction = false;
  /** To be sent with the next statement. */
  #deferred: string[] = [];
  #canceled = false;
  #closed: Promise<void> | null = null;
  /** What ended the connection, where something did. */
  #lost: Error | null = null;

  /**
   * Takes over a connected client and gives it the settings that everything generated relies on.
   */
  static async open(parts: SessionParts): Promise<Session> {
    const session = new Session(parts);
    // An embedded database may have to be recovered first.
    if (parts.driver === 'pg') session.answerWithin(OPENING_MS);
    // PGlite sets a search_path of its own at start; RESET gives back what the role and database
    // are configured with.
    await session.execute('RESET search_path');
    const [row] = await session.query<{ search_path: string }>('SHOW search_path');
    session.#userSearchPath = row?.search_path ?? '';
    await session.execute(
      'SET search_path = pg_catalog; SET statement_timeout = 0; ' +
        'SET standard_conforming_strings = on; SET quote_all_identifiers = off; ' +
        "SET default_transaction_isolation = 'read committed'",
    );
    if (parts.driver === 'pg') await session.execute(TRANSACTION_TIMEOUTS);
    session.answerWithin(null);
    return session;
  }

  private constructor(parts: SessionParts) {
    this.#parts = parts;
    this.driver = parts.driver;
    // Without a listener, a connection lost while idle would end the process.
    parts.client.on('error', (error) => (this.#lost ??= error));
  }

  get client(): Client {
    return this.#parts.client;
  }

  get userSearchPath(): string {
    return this.#userSearchPath;
  }

  get activity(): Activity {
    return this.#activity;
  }

  async query<T extends Row = Row>(sql: string, params: readonly unknown[] = []): Promise<T[]> {
    // pg's types do not know queryMode: without it, a statement without parameters would go by the
    // simple protocol.
    const config: QueryConfig & { queryMode: 'extended' } = {
      text: sql,
      values: [...params],
      queryMode: 'extended',
    };
    const result = await this.#run(sql, () => this.#parts.client.query<T>(config));
    return result.rows;
  }

  async execute(sql: string): Promise<void> {
    await this.#run(sql, () => this.#parts.client.query(sql));
  }

  defer(sql: string): void {
    // Elsewhere the next statement would be carried out although this one has failed.
    if (!this.#inTransaction && this.#parts.client.getTransactionStatus() === 'I')
      throw new ImatError('internal', {
        message: 'a statement was deferred outside a transaction',
      });
    this.#deferred.push(sql);
  }

  async transaction<T>(
    isolation: Isolation,
    body: () => Promise<T>,
    settings?: string,
  ): Promise<T> {
    if (this.#inTransaction)
      throw new ImatError('internal', { message: 'a transaction was begun inside another one' });
    this.#inTransaction = true;
    try {
      const begin = `BEGIN ISOLATION LEVEL ${isolation.toUpperCase()}`;
      await this.execute(settings === undefined ? begin : `${begin}; ${settings}`);
      const value = await body();
      await this.#commit();
      return value;
    } catch (error) {
      // What was to be sent with the next statement is undone with the rest.
      this.#deferred = [];
      // Where the connection is gone the rollback fails too, and the server has done it already:
      // the first error tells.
      await this.execute('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }

  async cancel(): Promise<void> {
    // A call that was made just before begins in a microtask: let it.
    await setImmediate();
    const statement = this.#activity;
    this.#canceled = true;
    // A request that arrives before the server has started the statement is lost (seen on a busy
    // machine), so repeat it until the statement has ended.
    for (
      let delayMs = 50;
      statement.busy && statement === this.#activity;
      delayMs = Math.min(2 * delayMs, 1000)
    ) {
      await this.#parts.cancel();
      await sleep(delayMs);
    }
  }

  get isCancelPending(): boolean {
    return this.#canceled;
  }

  forgetCancel(): void {
    this.#canceled = false;
  }

  answerWithin(ms: number | null): void {
    this.#answerMs = ms;
  }

  abort(reason: string): void {
    this.#lost ??= new Error(reason);
    this.#destroy();
  }

  close(): Promise<void> {
    if (this.#closed === null) {
      this.#closed = this.#parts.client.end().then(() => this.#parts.release?.());
      // In pipeline mode pg would wait for it, also for a server that does not answer any more.
      if (this.#activity.busy) this.#destroy();
    }
    return this.#closed;
  }

  #destroy(): void {
    const client = this.#parts.client as Client & { readonly connection: Connection };
    client.connection.stream.destroy();
  }

  /**
   * PostgreSQL answers COMMIT of a failed transaction with ROLLBACK and no error: a body that
   * swallowed one must not look committed.
   */
  async #commit(): Promise<void> {
    const result = await this.#run('COMMIT', () => this.#parts.client.query('COMMIT'));
    if (result.command === 'COMMIT') return;
    throw new ServerError({
      message: 'current transaction is aborted, nothing was committed',
      sqlstate: '25P02',
      detail: null,
      hint: null,
      position: null,
      statement: 'COMMIT',
    });
  }

  /** Carries calls out one after another. */
  #run<R>(statement: string, send: () => Promise<R>): Promise<R> {
    const deferred = this.#deferred.splice(0);
    const result = this.#tail.then(() => this.#send(deferred, statement, send));
    this.#tail = result.catch(() => undefined);
    return result;
  }

  async #send<R>(
    deferred: readonly string[],
    statement: string,
    send: () => Promise<R>,
  ): Promise<R> {
    if (this.#closed !== null) throw sessionLost(new Error('the session is closed'));
    // A cancel stops one statement, so that what has begun can be undone: the one under way, or the
    // next one if the server has not stopped that. What undoes work is never stopped.
    if (this.#canceled && !UNDOES_WORK.test(statement)) {
      this.#canceled = false;
      this.#deferred.unshift(...deferred);
      throw canceled(statement);
    }
    this.#activity = { busy: true, since: performance.now() };
    const within = this.#answerMs;
    const timer =
      within === null
        ? undefined
        : setTimeout(
            () => this.abort(`no answer within ${within} ms`),
            Math.min(within, TIMEOUT_MOST_MS),
          );
    try {
      return await this.#together(messagesOf(deferred), statement, send);
    } catch (error) {
      if (error instanceof ServerError && error.sqlstate === QUERY_CANCELED) this.#canceled = false;
      throw error;
    } finally {
      clearTimeout(timer);
      this.#activity = { busy: false, since: performance.now() };
    }
  }

  /** All are sent at once. Where one fails, so does the transaction that they are in. */
  async #together<R>(
    first: readonly string[],
    statement: string,
    send: () => Promise<R>,
  ): Promise<R> {
    const before = first.map((text) => this.#parts.client.query(text));
    const [result, ...done] = await Promise.allSettled([send(), ...before]);
    const failed = done.findIndex(({ status }) => status === 'rejected');
    const failure = done[failed];
    if (failure?.status === 'rejected') throw this.#failure(failure.reason, first[failed] ?? '');
    if (result.status === 'rejected') throw this.#failure(result.reason, statement);
    return result.value;
  }

  #failure(error: unknown, statement: string): Error {
    const failure = statementFailure(error, statement, this.#lost);
    // The embedded database has no cancel but its end, which then means what a server says for a
    // cancel.
    if (this.driver === 'pglite' && this.#canceled && !(failure instanceof ServerError)) {
      return canceled(statement, error);
    }
    return failure;
  }
}

/**
 * PostgreSQL carries out nothing of a message with a syntax error, so a savepoint ends its message:
 * it must be there when what comes after it fails.
 */
function messagesOf(deferred: readonly string[]): readonly string[] {
  const messages: string[][] = [[]];
  for (const statement of deferred) {
    messages.at(-1)?.push(statement);
    if (statement.startsWith('SAVEPOINT ')) messages.push([]);
  }
  return messages.filter(({ length }) => length > 0).map((message) => message.join(';\n'));
}

/** To stop these would leave a transaction open, or a lock taken. */
const UNDOES_WORK = /^(?:ROLLBACK\b|SELECT pg_advisory_unlock)/;

function canceled(statement: string, cause?: unknown): ServerError {
  return new ServerError({
    message: 'canceling statement due to user request',
    sqlstate: QUERY_CANCELED,
    detail: null,
    hint: null,
    position: null,
    statement,
    cause,
  });
}
