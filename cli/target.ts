import type { ConnectTarget } from '../engine/db/db.ts';
import { checkParameters } from '../engine/db/url-parameters.ts';
import { ImatError } from '../engine/errors/imat-error.ts';

/**
 * The global options that name the database; `embedded` is `true` if it was given without a
 * directory.
 */
export type TargetOptions = { readonly databaseUrl?: string; readonly embedded?: string | true };

export type Environment = Readonly<Record<string, string | undefined>>;

/** Any of these names a server; a password or a port alone does not. */
const PG_VARIABLES = ['PGHOST', 'PGDATABASE', 'PGUSER'] as const;

/**
 * The database to use: an option, otherwise DATABASE_URL, otherwise the PG* variables. An empty
 * variable counts as not set.
 */
export function resolveTarget(options: TargetOptions, environment: Environment): ConnectTarget {
  const given = targetOfOptions(options);
  if (given !== null) return given;
  const url = environment['DATABASE_URL'] ?? '';
  if (url !== '') return { kind: 'url', url: checkedUrl(url, 'DATABASE_URL') };
  if (PG_VARIABLES.some((name) => (environment[name] ?? '') !== '')) return { kind: 'environment' };
  throw new ImatError('invalid_argument', {
    message: 'no database given',
    hint:
      'Use --database-url postgres://user@host/database or --embedded <dir>, or set ' +
      'DATABASE_URL, or PGHOST and PGDATABASE. Only imat demo needs no database.',
  });
}

/**
 * The database that the options alone name, or null. `imat demo` uses only this, so that it never
 * runs on a database by accident.
 */
export function targetOfOptions(options: TargetOptions): ConnectTarget | null {
  if (options.databaseUrl !== undefined && options.embedded !== undefined) {
    throw new ImatError('invalid_argument', {
      message: '--database-url and --embedded cannot be used together',
      hint: 'Use one of them.',
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

/** The databases that the arguments name, or the one that options and environment name. */
export function resolveTargets(
  urls: readonly string[],
  options: TargetOptions,
  environment: Environment,
): ConnectTarget[] {
  if (urls.length === 0) return [resolveTarget(options, environment)];
  if (targetOfOptions(options) !== null) {
    throw new ImatError('invalid_argument', {
      message: 'database URLs and --database-url or --embedded cannot be used together',
      hint: 'Give all databases as arguments.',
    });
  }
  const targets = urls.map(
    (url): ConnectTarget => ({ kind: 'url', url: checkedUrl(url, 'the argument') }),
  );
  if (new Set(urls).size < urls.length)
    throw new ImatError('invalid_argument', {
      message: 'the same database is given twice',
      hint: 'Give each database once.',
    });
  return targets;
}

/**
 * Refuses an invalid URL before it is used. No message quotes the URL, because it can contain a
 * password.
 */
function checkedUrl(text: string, origin: string): string {
  const url = parseUrl(text);
  if (url === null || (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:')) {
    throw new ImatError('invalid_argument', {
      message: `${origin} is not a PostgreSQL URL`,
      hint:
        'Write it as postgres://user:password@host:5432/database, with @ : / ? # in a ' +
        'password as %40 %3A %2F %3F %23.',
    });
  }
  // An unescaped "/", "?" or "#" in the password moves the rest of it after the host, and messages
  // would show it.
  if (url.username === '' && /@/.test(url.pathname + url.search + url.hash)) {
    throw new ImatError('invalid_argument', {
      message: `${origin} has its "@" after the host`,
      hint: 'Write / ? # in a password as %2F %3F %23.',
    });
  }
  checkParameters(text, origin);
  return text;
}

/** Null if the text is not a URL. The error of `new URL` is dropped because it quotes the text. */
function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
