import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resolveServer } from '../../../engine/db/environment.ts';
import { findPassword } from '../../../engine/db/password-file.ts';

const NOBODY_ELSE = { PGPASSFILE: '/nonexistent' };

test('a URL says it all', () => {
  const config = resolveServer(
    'postgresql://ann:p%40ss@db.example:6000/shop?application_name=till',
    {
      ...NOBODY_ELSE,
      PGUSER: 'x',
      PGPORT: '1',
    },
  );
  expect(config).toMatchObject({ host: 'db.example', port: 6000, user: 'ann', database: 'shop' });
  expect(config.client).toMatchObject({ password: 'p@ss', application_name: 'till' });
  // Linux would wait for two hours.
  expect(config.client).toMatchObject({ keepAlive: true, keepAliveInitialDelayMillis: 10_000 });
});

test('the variables fill in what the URL leaves out', () => {
  const env = {
    ...NOBODY_ELSE,
    PGHOST: 'h',
    PGPORT: '6001',
    PGUSER: 'u',
    PGPASSWORD: 'secret',
    PGDATABASE: 'd',
    PGAPPNAME: 'a',
    PGCONNECT_TIMEOUT: '3',
  };
  expect(resolveServer(null, env)).toMatchObject({
    host: 'h',
    port: 6001,
    user: 'u',
    database: 'd',
  });
  expect(resolveServer('postgresql:///other', env)).toMatchObject({
    host: 'h',
    user: 'u',
    database: 'other',
  });
  expect(resolveServer(null, env).client).toMatchObject({
    password: 'secret',
    application_name: 'a',
    connectionTimeoutMillis: 3000,
  });
});

test('the user is the one of the operating system, and the database has its name', () => {
  const { username } = userInfo();
  expect(resolveServer(null, NOBODY_ELSE)).toMatchObject({
    user: username,
    database: username,
    port: 5432,
  });
});

test.each([
  ['postgresql:///d?host=/var/run/postgresql', '/var/run/postgresql', false],
  ['postgresql://%2Ftmp/d', '/tmp', false],
  ['postgresql://localhost/d', 'localhost', false],
  ['postgresql://[::1]/d', '::1', false],
  ['postgresql://localhost/d?sslmode=require', 'localhost', { rejectUnauthorized: false }],
  ['postgresql://far/d', 'far', { rejectUnauthorized: false }],
  ['postgresql://far/d?sslmode=disable', 'far', false],
  ['postgresql://far/d?sslmode=require', 'far', { rejectUnauthorized: false }],
  ['postgresql://far/d?sslmode=no-verify', 'far', { rejectUnauthorized: false }],
  ['postgresql://far/d?sslmode=verify-full', 'far', {}],
  ['postgresql:///d?host=/tmp&sslmode=require', '/tmp', false],
])('%s: host and TLS', (url, host, ssl) => {
  const config = resolveServer(url, NOBODY_ELSE);
  expect([config.host, config.client.ssl]).toEqual([host, ssl]);
});

test('only where the user did not ask for TLS may it be left out', () => {
  expect(resolveServer('postgresql://far/d', NOBODY_ELSE).tlsOptional).toBe(true);
  expect(resolveServer('postgresql://far/d?sslmode=prefer', NOBODY_ELSE).tlsOptional).toBe(true);
  expect(resolveServer('postgresql://far/d?sslmode=require', NOBODY_ELSE).tlsOptional).toBe(false);
  expect(
    resolveServer('postgresql://far/d', { ...NOBODY_ELSE, PGSSLMODE: 'require' }).tlsOptional,
  ).toBe(false);
});

test.each([
  'mysql://u:sesame@h/d',
  'u:sesame@h',
  'postgresql://u:sesame@h:port/d',
  'postgresql://u:sesame@h/d?sslmode=verify-ca',
  'postgresql://u:sesame@h/d?port=0',
])('%s is refused without its password being quoted', (url) => {
  let error: unknown = null;
  try {
    resolveServer(url, NOBODY_ELSE);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ name: 'ImatError', condition: 'invalid_argument' });
  expect(JSON.stringify([error, String(error)])).not.toContain('sesame');
});

const KEY = { host: 'db.example', port: 5432, database: 'shop', user: 'ann' };

test.each([
  ['db.example:5432:shop:ann:secret', 'secret'],
  ['*:*:*:ann:first\n*:*:*:*:second', 'first'],
  ['other:*:*:*:no\n# a comment\n*:*:*:*:yes', 'yes'],
  ['*:*:*:*:with\\:colon and \\\\', 'with:colon and \\'],
  ['*:*:*:*:with:colon', 'with:colon'],
  ['*:5433:*:*:no', undefined],
  ['nonsense', undefined],
  ['', undefined],
])('password file %j', (text, password) => {
  expect(findPassword(text, KEY)).toBe(password);
});

test('a Unix socket is localhost in a password file', () => {
  expect(findPassword('localhost:*:*:*:here', { ...KEY, host: '/tmp' })).toBe('here');
});

test.skipIf(process.platform === 'win32')(
  'a password file that others can read is not used',
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'imat-pass-'));
    const file = join(directory, 'pass');
    writeFileSync(file, '*:*:*:*:shared', { mode: 0o600 });
    expect(resolveServer(null, { PGPASSFILE: file }).client.password).toBe('shared');
    const open = join(directory, 'open');
    writeFileSync(open, '*:*:*:*:shared', { mode: 0o644 });
    expect(resolveServer(null, { PGPASSFILE: open }).client.password).toBe('');
    rmSync(directory, { recursive: true });
  },
);
