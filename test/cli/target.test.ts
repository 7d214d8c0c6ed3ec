import { describe, expect, test } from 'vitest';
import { resolveTarget, resolveTargets, targetOfOptions } from '../../cli/target.ts';
import { parseQueueUrl } from '../../workers/queue/open-queue.ts';
import { ImatError } from '../../engine/errors/imat-error.ts';

const URL_A = 'postgres://a@host/a';
const URL_B = 'postgresql://b@host/b';

function errorOf(body: () => unknown): ImatError {
  try {
    body();
  } catch (error) {
    if (error instanceof ImatError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('the database that is meant', () => {
  test('an option wins over DATABASE_URL, and that over the PG* variables', () => {
    const environment = { DATABASE_URL: URL_B, PGHOST: 'host' };
    expect(resolveTarget({ databaseUrl: URL_A }, environment)).toEqual({ kind: 'url', url: URL_A });
    expect(resolveTarget({ embedded: 'here' }, environment)).toEqual({
      kind: 'embedded',
      directory: 'here',
    });
    expect(resolveTarget({ embedded: true }, environment)).toEqual({
      kind: 'embedded',
      directory: null,
    });
    expect(resolveTarget({}, environment)).toEqual({ kind: 'url', url: URL_B });
    expect(resolveTarget({}, { PGHOST: 'host' })).toEqual({ kind: 'environment' });
    expect(resolveTarget({}, { PGDATABASE: 'shop' })).toEqual({ kind: 'environment' });
  });

  test('empty variables count as not set', () => {
    expect(resolveTarget({}, { DATABASE_URL: '', PGUSER: 'me' })).toEqual({ kind: 'environment' });
    expect(errorOf(() => resolveTarget({}, { DATABASE_URL: '', PGHOST: '' })).message).toBe(
      'no database given',
    );
  });

  test('without any, the error says what to give; a password or port alone is not enough', () => {
    const error = errorOf(() => resolveTarget({}, { PGPASSWORD: 'secret', PGPORT: '5433' }));
    expect(error).toMatchObject({ code: 'IM001', category: 'user' });
    for (const way of ['--database-url', 'DATABASE_URL', 'PGHOST', '--embedded'])
      expect(error.hint).toContain(way);
  });

  test('the options alone never look at the environment', () => {
    expect(targetOfOptions({})).toBeNull();
  });

  test('two databases at once are refused', () => {
    expect(
      errorOf(() => resolveTarget({ databaseUrl: URL_A, embedded: true }, {})).message,
    ).toContain('cannot be used together');
  });

  test('sockets and percent-encoded hosts are URLs of PostgreSQL too', () => {
    for (const url of [
      'postgresql:///shop?host=/var/run/postgresql',
      'postgres://%2Fvar%2Frun/shop',
      'postgres://me:p%40ss@[::1]:5432/shop?sslmode=require',
    ]) {
      expect(resolveTarget({ databaseUrl: url }, {})).toEqual({ kind: 'url', url });
    }
  });

  test('an unknown parameter is refused, with the name that was meant', () => {
    expect(
      errorOf(() => resolveTarget({ databaseUrl: `${URL_A}?sslmod=require` }, {})),
    ).toMatchObject({
      code: 'IM001',
      message: 'parameter "sslmod" of --database-url is unknown',
      hint: 'Did you mean "sslmode"?',
    });
    const url = `${URL_A}?requireauth=scram-sha-256`;
    expect(errorOf(() => resolveTargets([url], {}, {})).message).toBe(
      'parameter "requireauth" of the argument is unknown',
    );
    expect(errorOf(() => parseQueueUrl(url, '--queue')).hint).toBe('Did you mean "require_auth"?');
  });

  test.each([
    'mysql://root:s3cret@host/db',
    's3cret',
    'postgres://user:s3cret/more@host/db',
    'postgres://user:12/s3cret@host/db',
    'postgres://user:12#s3cret@host/db',
    'postgres://user:12?s3cret@host/db',
  ])('%s is refused, and no part of the error holds the password', (url) => {
    const error = errorOf(() => resolveTarget({}, { DATABASE_URL: url }));
    expect(error.code).toBe('IM001');
    expect(error.message).toContain('DATABASE_URL');
    expect(
      JSON.stringify([error.message, error.detail, error.hint, error.stack, error.cause ?? null]),
    ).not.toContain('s3cret');
  });
});
