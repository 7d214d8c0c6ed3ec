/**
 * What an error of a driver means: a connection that is not there, or a statement that the server
 * refused.
 */
import type { DatabaseError } from 'pg';
import { ImatError } from '../errors/imat-error.ts';
import { ServerError } from './db.ts';

type Place = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
};

/**
 * SQLSTATEs that end a session whatever it was doing: connection exceptions, time-outs of a
 * transaction, shutdown, crash, start-up under way, time-out of the session.
 */
const SESSION_LOST = /^(08|25P0[34]|57P0[1235])/;

type Trouble = { readonly reason: string; readonly hint: string };

const RUNNING =
  'Check that the server is running, and its host and port in the database URL or in PGHOST and ' +
  'PGPORT. To try imat without a server, use --embedded.';
const ROUTE = 'Check the host name, the port and any firewall in between.';
const LISTENER = 'Check that a PostgreSQL server listens there, and what its log says.';
const NO_ANSWER: Trouble = { reason: 'no answer in time', hint: ROUTE };
const NO_ROUTE: Trouble = { reason: 'no route to the host', hint: ROUTE };
const CLOSED: Trouble = { reason: 'the connection was closed at the other end', hint: LISTENER };

/** By the codes of the operating system and the messages of node-postgres: no server answers. */
const NETWORK: Readonly<Record<string, Trouble>> = {
  ECONNREFUSED: { reason: 'connection refused', hint: RUNNING },
  ENOENT: { reason: 'there is no such Unix socket', hint: RUNNING },
  EACCES: {
    reason: 'permission denied',
    hint: 'The operating system refuses access to the Unix socket.',
  },
  ENOTFOUND: { reason: 'unknown host', hint: 'Check the host name in the database URL or PGHOST.' },
  EAI_AGAIN: {
    reason: 'the host name could not be looked up',
    hint: 'Check the host name and the network.',
  },
  ETIMEDOUT: NO_ANSWER,
  'timeout expired': NO_ANSWER,
  EHOSTUNREACH: NO_ROUTE,
  ENETUNREACH: NO_ROUTE,
  ECONNRESET: CLOSED,
  // A statement was sent after the server had ended the session.
  EPIPE: CLOSED,
  'Connection terminated unexpectedly': CLOSED,
  'There was an error establishing an SSL connection': {
    reason: 'what answers is not a PostgreSQL server',
    hint: LISTENER,
  },
};

const troubleOf = (error: unknown): Trouble | undefined =>
  NETWORK[codeOf(error)] ?? NETWORK[reasonOf(error)];

/** The error for a connection that could not be made. The password is in no part of it. */
export function connectFailure(error: unknown, place: Place): ImatError {
  const where = place.host.startsWith('/')
    ? `in ${place.host}, port ${place.port}`
    : `at ${place.host}:${place.port}`;
  const trouble = troubleOf(error);
  if (trouble !== undefined)
    return new ImatError('connection_failed', {
      message: `could not connect to the server ${where}: ${trouble.reason}`,
      hint: trouble.hint,
      cause: error,
    });
  return new ImatError(isRefusal(error) ? 'connection_refused' : 'connection_failed', {
    message: `could not connect to database "${place.database}" ${where} as role "${place.user}"`,
    detail: sentence(reasonOf(error)),
    hint: connectHint(error),
    cause: error,
  });
}

/**
 * SQLSTATEs of a login that cannot succeed: a setting that is unknown, has no such value or cannot
 * be set, no such role or database, a wrong password, no right, no logins allowed.
 */
const REFUSALS = /^(22|28|3D|42|55)/;

/** Whether trying again cannot help before somebody changes something. */
const isRefusal = (error: unknown): boolean =>
  REFUSALS.test(codeOf(error)) ||
  isLoginFailure(error) ||
  isCertificateFailure(error) ||
  refusedTls(error);

/**
 * The error for a session that ended by itself. `first` is what was reported at the time, where
 * that is known.
 */
export function sessionLost(error: unknown, first: unknown = error): ImatError {
  return new ImatError('connection_failed', {
    message: 'the connection to the database was lost',
    detail: sentence(troubleOf(first)?.reason ?? reasonOf(first)),
    hint: 'Nothing of the transaction under way was kept. Try again.',
    cause: error,
  });
}

/**
 * The error for a statement: a `ServerError` with PostgreSQL's own fields, or `connection_failed`.
 */
export function statementFailure(error: unknown, statement: string, first: unknown): Error {
  if (isDatabaseError(error)) {
    if (SESSION_LOST.test(error.code ?? '')) return sessionLost(error);
    return new ServerError({
      message: error.message,
      sqlstate: error.code ?? 'XX000',
      // A RAISE that passes another error on gives empty ones.
      detail: error.detail || null,
      hint: error.hint || null,
      position: error.position === undefined ? null : Number(error.position),
      schema: error.schema ?? null,
      table: error.table ?? null,
      context: error.where ?? null,
      statement,
      cause: error,
    });
  }
  if (first !== null || isNetworkError(error)) return sessionLost(error, first ?? error);
  return error instanceof Error ? error : new Error(String(error));
}

/** True where the server was reached and only has no TLS. */
export function refusedTls(error: unknown): boolean {
  return error instanceof Error && error.message === 'The server does not support SSL connections';
}

function connectHint(error: unknown): string | undefined {
  const code = codeOf(error);
  if (code.startsWith('28') || isLoginFailure(error)) {
    return (
      'Check the role and its password (in the URL, PGPASSWORD or ~/.pgpass) ' +
      "and the server's pg_hba.conf."
    );
  }
  if (/^(22|42(?!501)|55P02)/.test(code))
    return 'Check the options in the database URL and in PGOPTIONS.';
  if (code === '3D000') return 'Create the database or name another one.';
  if (code === '53300')
    return 'The server has no free connection slot; close some sessions or try again later.';
  if (code === '57P03') return 'The server is starting up or shutting down; try again in a moment.';
  if (refusedTls(error))
    return 'Turn TLS on at the server (ssl = on), or connect with sslmode=disable.';
  if (isCertificateFailure(error))
    return 'Name the authority with sslrootcert, or choose another sslmode.';
  return undefined;
}

const NO_PASSWORD = 'the server asks for a password, and none was given';

const isLoginFailure = (error: unknown): boolean =>
  codeOf(error) === '08P01' ||
  reasonOf(error).startsWith('SASL') ||
  reasonOf(error) === NO_PASSWORD;

const isCertificateFailure = (error: unknown): boolean =>
  /certificate|self.signed/i.test(reasonOf(error));

function isDatabaseError(error: unknown): error is DatabaseError {
  return error instanceof Error && 'severity' in error && 'code' in error;
}

function isNetworkError(error: unknown): boolean {
  return (
    /^E[A-Z]+$/.test(codeOf(error)) || /^Connection terminated|not queryable/.test(reasonOf(error))
  );
}

/** Of several errors (Node tries every address of a host) that of the first. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

/** The text of an error; of several the first. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  const text = error instanceof Error ? error.message : String(error);
  return text.includes('client password must be') ? NO_PASSWORD : text;
}

function sentence(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return `${line.charAt(0).toUpperCase()}${line.slice(1)}${/[.!?]$/.test(line) ? '' : '.'}`;
}
