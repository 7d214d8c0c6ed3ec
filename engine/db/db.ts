/**
 * One database session. The only folder that imports `pg` or PGlite is this one: everything else
 * speaks `Db`.
 *
 * Contract
 * - Values come back as text, exactly as PostgreSQL prints them (int8, numeric and timestamps
 *   keep every digit); NULL is null;
 *   booleans are JS booleans and int2, int4 and oid are JS numbers, json and jsonb are parsed.
 * - Errors are `ImatError`s where the cause is the connection or contention; other server errors
 *   are `ServerError`s.
 * - A `Db` is one session: calls are carried out one after another.
 */
export type Row = Readonly<Record<string, unknown>>;

export type Isolation = 'read committed' | 'repeatable read';

/** Whether a statement is under way, and since when that is so, by `performance.now()`. */
export type Activity = { readonly busy: boolean; readonly since: number };

export interface Db {
  /** `pg` for a server, `pglite` for the embedded database. */
  readonly driver: 'pg' | 'pglite';
  /**
   * The search_path that the role and database are configured with. The session itself runs with
   * `pg_catalog` alone.
   */
  readonly userSearchPath: string;
  readonly activity: Activity;
  /** Runs one statement with `$1`-style parameters (extended protocol) and gives its rows. */
  query<T extends Row = Row>(sql: string, params?: readonly unknown[]): Promise<T[]>;
  /** Runs a text of one or more statements without parameters (simple protocol). */
  execute(sql: string): Promise<void>;
  /**
   * Inside a transaction: sends such a text together with the next statement, so that it takes no
   * round trip of its own. If it fails, that statement fails with its error and is not carried out.
   */
  defer(sql: string): void;
  /**
   * Runs `body` between BEGIN and COMMIT; rolls back and rethrows where it throws. Not to be
   * nested. `settings` are statements that are sent together with BEGIN.
   */
  transaction<T>(isolation: Isolation, body: () => Promise<T>, settings?: string): Promise<T>;
  /**
   * Cancels the running statement and resolves when it has ended (CancelRequest; the embedded
   * database is terminated). If none is running, or the running one ends normally, the next one
   * fails instead. ROLLBACK and the release of advisory locks never fail for it.
   */
  cancel(): Promise<void>;
  /** Whether a cancel has been asked for and has stopped no statement yet. */
  readonly isCancelPending: boolean;
  /** Takes back a cancel that has stopped no statement yet. */
  forgetCancel(): void;
  /**
   * From now on the session is aborted if a statement is not answered in time; null, as at first,
   * sets no limit.
   */
  answerWithin(ms: number | null): void;
  /**
   * Ends the connection without a word to the server. What is under way fails with
   * `connection_failed`, for that reason.
   */
  abort(reason: string): void;
  /** Waits for no statement: one under way fails with `connection_failed`. */
  close(): Promise<void>;
}

/**
 * An error that PostgreSQL reported for a statement. `position` is a 1-based character offset into
 * the statement.
 */
export class ServerError extends Error {
  readonly sqlstate: string;
  readonly detail: string | null;
  readonly hint: string | null;
  readonly position: number | null;
  /** Of the relation that the error is about, where the server says so. */
  readonly schema: string | null;
  readonly table: string | null;
  /** Where it happened, innermost first: a line for each function that was being called. */
  readonly context: string | null;
  readonly statement: string;

  constructor(fields: {
    message: string;
    sqlstate: string;
    detail: string | null;
    hint: string | null;
    position: number | null;
    schema?: string | null;
    table?: string | null;
    context?: string | null;
    statement: string;
    cause?: unknown;
  }) {
    super(fields.message, { cause: fields.cause });
    this.name = 'ServerError';
    this.sqlstate = fields.sqlstate;
    this.detail = fields.detail;
    this.hint = fields.hint;
    this.position = fields.position;
    this.schema = fields.schema ?? null;
    this.table = fields.table ?? null;
    this.context = fields.context ?? null;
    this.statement = fields.statement;
  }
}

export const QUERY_CANCELED = '57014';

/** Whether the server refused a statement. One that somebody has stopped was not refused. */
export const isRefused = (error: unknown): error is ServerError =>
  error instanceof ServerError && error.sqlstate !== QUERY_CANCELED;

/**
 * Whether a lock was not free in time, or another session has changed the same row of PostgreSQL's
 * catalog, for example by GRANT: the same may work next time.
 */
export const isContended = (error: unknown): boolean =>
  error instanceof ServerError &&
  (error.sqlstate === '55P03' ||
    error.sqlstate === '40P01' ||
    (error.sqlstate === 'XX000' && /^tuple concurrently (?:updated|deleted)$/.test(error.message)));

/** Whether the server refused a statement for what it says, and would refuse it again. */
export const isRejected = (error: unknown): error is ServerError =>
  isRefused(error) && !isContended(error);

/** How to reach a database. */
export type ConnectTarget =
  | { readonly kind: 'url'; readonly url: string }
  /** The PG* environment variables, as libpq reads them. */
  | { readonly kind: 'environment' }
  /** PGlite; `directory` null keeps the database in memory. */
  | { readonly kind: 'embedded'; readonly directory: string | null };
