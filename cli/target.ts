import type { ConnectTarget } from '../engine/db/db.ts';
import { ImatError } from '../engine/errors/imat-error.ts';

/**
 * The global options that say which database is meant; `embedded` is `true` where it was given
 * without a directory.
 */
export type TargetOptions = { readonly databaseUrl?: string; readonly embedded?: string | true };

export type Environment = Readonly<Record<string, string | undefined>>;

/** One of these is enough to mean a server; a password or a port alone is not. */
const PG_VARIABLES = ['PGHOST', 'PGDATABASE', 'PGUSER'] as const;

/**
 * The database to use: an option, else DATABASE_URL, else the PG* variables. An empty variable
 * counts as not set.
 */
export function resolveTarget(options: TargetOptions, environment: Environment): ConnectTarget {
  const given = targetOfOptions(options);
  if (given !== null) return given;
  const url = environment['DATABASE_URL'] ?? '';
  if (url !== '') return { kind: 'url', url: checkedUrl(url, 'DATABASE_URL') };
  if (PG_VARIABLES.some((name) => (environment[name] ?? '') !== '')) return { kind: 'environment' };
  throw new ImatError('invalid_argument', {
    message: 'no database given',
    hint: 'Give --database-url postgres://user@host/database, or set DATABASE_URL or PGHOST and PGDATABASE, or use --embedded <dir>. "imat demo" needs none.',
  });
}

/**
 * The database that the options alone name, or null. `imat demo` looks no further: it must not find
 * a database by accident.
 */
export function targetOfOptions(options: TargetOptions): ConnectTarget | null {
  if (options.databaseUrl !== undefined && options.embedded !== undefined) {
    throw new ImatError('invalid_argument', {
      message: '--database-url and --embedded cannot be used together',
      hint: 'Give one of them.',
    });
  }
  if (options.databaseUrl !== undefined)
    return { kind: 'url', url: checkedUrl(options.databaseUrl, '--database-url') };
  if (options.embedded === undefined) return null;
  return { kind: 'embedded', directory: options.embedded === true ? null : options.embedded };
}

export function isInMemory(target: ConnectTarget): boolean {
  return target.kind === 'embedded' && target.directory === null;
}

/** Several databases named as arguments, or the one that options and environment name. */
export function resolveTargets(
  urls: readonly string[],
  options: TargetOptions,
  environment: Environment,
): ConnectTarget[] {
  if (urls.length === 0) return [resolveTarget(options, environment)];
  if (targetOfOptions(options) !== null) {
    throw new ImatError('invalid_argument', {
      message: 'database URLs and --database-url or --embedded cannot be used together',
      hint: 'Name all databases as arguments.',
    });
  }
  const targets = urls.map(
    (url): ConnectTarget => ({ kind: 'url', url: checkedUrl(url, 'the argument') }),
  );
  if (new Set(urls).size < urls.length)
    throw new ImatError('invalid_argument', {
      message: 'a database is named twice',
      hint: 'Name each once.',
    });
  return targets;
}

/**
 * Refuses what cannot work before it is sent anywhere. No message quotes the URL: it may hold a
 * password.
 */
function checkedUrl(text: string, origin: string): string {
  const url = parseUrl(text);
  if (url === null || (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:')) {
    throw new ImatError('invalid_argument', {
      message: `${origin} is not a PostgreSQL URL`,
      hint: 'It looks like postgres://user:password@host:5432/database; write @ : / ? # in a password as %40 %3A %2F %3F %23.',
    });
  }
  // An unescaped "/", "?" or "#" in the password moves the rest of it behind the host, from where
  // messages would show it.
  if (url.username === '' && /@/.test(url.pathname + url.search + url.hash)) {
    throw new ImatError('invalid_argument', {
      message: `${origin} has its "@" after the host`,
      hint: 'A password with / ? or # in it must write them as %2F %3F %23.',
    });
  }
  return text;
}

/** Null where it is no URL. The error of `new URL` is dropped on purpose: it carries the input. */
function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
