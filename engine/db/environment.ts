/**
 * Where a server is and how to log in, as libpq decides it: the URL first, then the PG* variables,
 * then defaults. `pg` alone differs from libpq in ways that surprise users of psql: it never tries
 * the local Unix socket, takes `sslmode=require` for `verify-full`, and refuses a server without
 * TLS under `prefer`.
 */
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { type ConnectionOptions, parse } from 'pg-connection-string';
import { ImatError } from '../errors/imat-error.ts';
import { readPassword } from './password-file.ts';

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
};

const CONNECT_TIMEOUT_SECONDS = 15;
/** Left to the operating system, it would be two hours. */
const KEEP_ALIVE_AFTER_MS = 10_000;
const SOCKET_DIRECTORIES = ['/var/run/postgresql', '/tmp'];
const TLS_VARIABLES = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
} as const;

/**
 * @throws ImatError `invalid_argument` where the URL cannot be read; the error never quotes it, as
 * it may hold a password.
 */
export function resolveServer(url: string | null, env: NodeJS.ProcessEnv): ServerConfig {
  const options = parseUrl(url ?? 'postgresql://', env);
  const port = Number(options.port || env['PGPORT'] || 5432);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new ImatError('invalid_argument', { message: `port "${port}" is not a port number` });
  const host = options.host || env['PGHOST'] || defaultHost(port);
  const user = options.user || env['PGUSER'] || userInfo().username;
  const database = options.database || env['PGDATABASE'] || user;
  const password =
    options.password || env['PGPASSWORD'] || readPassword({ host, port, database, user }, env);
  const tls = resolveTls(host, options);
  const timeoutSeconds = Number(
    options['connect_timeout'] ?? env['PGCONNECT_TIMEOUT'] ?? CONNECT_TIMEOUT_SECONDS,
  );
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
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    connectionTimeoutMillis: timeoutSeconds * 1000,
    application_name: options.application_name ?? env['PGAPPNAME'] ?? 'imat',
    ...(options.options === undefined ? {} : { options: options.options }),
  };
  return { host, port, user, database, client, tlsOptional: tls.optional };
}

function parseUrl(url: string, env: NodeJS.ProcessEnv): ConnectionOptions {
  const socketPath = url.startsWith('/');
  if (!socketPath && !/^postgres(ql)?:\/\//i.test(url)) {
    throw new ImatError('invalid_argument', {
      message: 'the database URL is not one of PostgreSQL',
      hint: 'Write it as postgresql://user:password@host:port/database.',
    });
  }
  try {
    return parse(socketPath ? url : withTlsVariables(url, env), { useLibpqCompat: true });
  } catch (error) {
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

/** The URL with the TLS settings of the environment added where it says nothing itself. */
function withTlsVariables(url: string, env: NodeJS.ProcessEnv): string {
  const added = new URLSearchParams();
  for (const [name, variable] of Object.entries(TLS_VARIABLES)) {
    const value = env[variable];
    if (value && !new RegExp(`[?&]${name}=`).test(url)) added.set(name, value);
  }
  return added.size === 0 ? url : `${url}${url.includes('?') ? '&' : '?'}${added.toString()}`;
}

function resolveTls(
  host: string,
  options: ConnectionOptions,
): { ssl: NonNullable<ClientConfig['ssl']>; optional: boolean } {
  const local = host === 'localhost' || host === '127.0.0.1' || host === '::1';
  if (host.startsWith('/') || options.ssl === false) return { ssl: false, optional: false };
  if (options.ssl === undefined)
    return local
      ? { ssl: false, optional: false }
      : { ssl: { rejectUnauthorized: false }, optional: true };
  switch (options['sslmode']) {
    case 'allow':
    case 'prefer':
      return { ssl: { rejectUnauthorized: false }, optional: true };
    case 'no-verify':
      return { ssl: { rejectUnauthorized: false }, optional: false };
    default:
      return { ssl: options.ssl as NonNullable<ClientConfig['ssl']>, optional: false };
  }
}

function defaultHost(port: number): string {
  return (
    SOCKET_DIRECTORIES.find((directory) => existsSync(join(directory, `.s.PGSQL.${port}`))) ??
    'localhost'
  );
}
