/**
 * Where a server is and how to log in, as libpq decides it: the URL first, then the PG* variables,
 * then defaults. `pg` alone differs from libpq in ways that surprise users of psql: it never tries
 * the local Unix socket, takes `sslmode=require` for `verify-full`, and refuses a server without
 * TLS under `prefer`.
 */
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { ClientConfig } from 'pg';
import { type ConnectionOptions, parse } from 'pg-connection-string';
import { ImatError } from '../errors/imat-error.ts';
import { readPassword } from './password-file.ts';
import { withVariables } from './url-parameters.ts';

export type ServerConfig = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly client: ClientConfig;
  /**
   * Without TLS support in the server, connect in the clear (`sslmode=prefer`, the default for
   * other machines).
   */
  readonly tlsOptional: boolean;
  /** `target_session_attrs`: which kind of server is wanted. */
  readonly wantedServer: string;
  /** `channel_binding=require`. */
  readonly bindsChannel: boolean;
};

/** What the URL says, with the parameters that node-postgres has no type for. */
type Options = ConnectionOptions & {
  readonly [name in
    | 'dbname'
    | 'passfile'
    | 'connect_timeout'
    | 'keepalives_idle'
    | 'target_session_attrs'
    | 'channel_binding'
    | 'sslmode']?: string;
};

const CONNECT_TIMEOUT_SECONDS = 15;
/** Node.js takes a longer one for 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Left to the operating system, it would be two hours. */
const KEEP_ALIVE_AFTER_S = 10;
const SOCKET_DIRECTORIES = ['/var/run/postgresql', '/tmp'];

/**
 * @throws ImatError `invalid_argument` where the URL cannot be read; the error never quotes it, as
 * it may hold a password.
 */
export function resolveServer(url: string | null, env: NodeJS.ProcessEnv): ServerConfig {
  const options = parseUrl(url ?? 'postgresql://', env);
  const given = options.host || env['PGHOST'];
  if (given?.includes(',') === true)
    throw new ImatError('invalid_argument', {
      message: 'imat connects to one host, and several are given',
      hint: 'Name one of them, or an address that always leads to the primary.',
    });
  const port = portOf(options.port || env['PGPORT'] || '5432');
  const host = given || defaultHost(port);
  const user = options.user || env['PGUSER'] || ownName();
  const database = options.dbname || options.database || env['PGDATABASE'] || user;
  const password =
    options.password ||
    env['PGPASSWORD'] ||
    readPassword({ host, port, database, user }, options.passfile ?? env['PGPASSFILE']);
  const tls = resolveTls(host, options);
  const timeoutSeconds = Number(options.connect_timeout ?? CONNECT_TIMEOUT_SECONDS);
  const client: ClientConfig = {
    host,
    port,
    user,
    database,
    // An empty text keeps pg from looking for a password file itself; that has been done, and pg's
    // way prints a warning.
    password: password ?? '',
    ssl: tls.ssl,
    keepAlive: true,
    keepAliveInitialDelayMillis: Number(options.keepalives_idle ?? KEEP_ALIVE_AFTER_S) * 1000,
    connectionTimeoutMillis: Math.min(timeoutSeconds * 1000, LONGEST_TIMER_MS),
    application_name:
      options.application_name ?? env['PGAPPNAME'] ?? options.fallback_application_name ?? 'imat',
    ...(options.options === undefined ? {} : { options: options.options }),
  };
  const wantedServer = options.target_session_attrs ?? 'any';
  const bindsChannel = options.channel_binding === 'require';
  const tlsOptional = tls.optional && !bindsChannel;
  return { host, port, user, database, client, tlsOptional, wantedServer, bindsChannel };
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new ImatError('invalid_argument', {
    message: 'the port is not a number from 1 to 65535',
    hint: 'Check the port in the database URL and PGPORT.',
  });
}

/** In a container the user may be a number alone. */
function ownName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    throw new ImatError('invalid_argument', {
      message: 'no role is given, and the user of the operating system has no name',
      hint: 'Name a role in the database URL or in PGUSER.',
      cause: error,
    });
  }
}

function parseUrl(url: string, env: NodeJS.ProcessEnv): Options {
  const socketPath = url.startsWith('/');
  if (!socketPath && !/^postgres(ql)?:\/\//i.test(url)) {
    throw new ImatError('invalid_argument', {
      message: 'the database URL is not one of PostgreSQL',
      hint: 'Write it as postgresql://user:password@host:port/database.',
    });
  }
  // Every text of the protocol ends there, and the rest would be taken for more parameters.
  if (/\0|%00/.test(url))
    throw new ImatError('invalid_argument', {
      message: 'the database URL has a NUL character, which PostgreSQL takes in no text',
    });
  const complete = socketPath ? url : withVariables(url, env);
  try {
    return parse(complete, { useLibpqCompat: true });
  } catch (error) {
    if (error instanceof Error && 'path' in error)
      throw new ImatError('invalid_argument', {
        message: `could not read the file "${String(error.path)}"`,
        detail: `${error.message}.`,
        hint: 'Check sslrootcert, sslcert and sslkey in the database URL, or their variables.',
      });
    throw new ImatError('invalid_argument', {
      message: 'the database URL cannot be read',
      detail:
        error instanceof TypeError ? undefined : (error as Error).message.replace(/\.?$/, '.'),
      hint:
        'Special characters in the user name or password are written ' +
        'in percent-encoding, such as %40 for @.',
    });
  }
}

function resolveTls(
  host: string,
  options: Options,
): { ssl: NonNullable<ClientConfig['ssl']>; optional: boolean } {
  const { ssl } = options;
  const local = host === 'localhost' || host === '127.0.0.1' || host === '::1';
  if (host.startsWith('/') || ssl === false || ssl === 'false' || (ssl === undefined && local))
    return { ssl: false, optional: false };
  const given: TlsOptions = {
    ...(typeof ssl === 'object' ? (ssl as TlsOptions) : {}),
    ...named('passphrase', options['sslpassword']),
    ...named('minVersion', options['ssl_min_protocol_version']),
    ...named('maxVersion', options['ssl_max_protocol_version']),
  };
  const unverified = { ...given, rejectUnauthorized: false };
  if (ssl === undefined) return { ssl: unverified, optional: true };
  switch (options.sslmode) {
    case 'allow':
    case 'prefer':
      return { ssl: unverified, optional: true };
    case 'no-verify':
      return { ssl: unverified, optional: false };
    default:
      return { ssl: ssl === 'no-verify' ? unverified : given, optional: false };
  }
}

const named = (name: string, value: unknown): Record<string, unknown> =>
  value === undefined ? {} : { [name]: value };

function defaultHost(port: number): string {
  return (
    SOCKET_DIRECTORIES.find((directory) => existsSync(join(directory, `.s.PGSQL.${port}`))) ??
    'localhost'
  );
}
