import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resolveServer } from '../../../engine/db/environment.ts';
import type { ImatError } from '../../../engine/errors/imat-error.ts';
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
  ['postgresql://far/d?sslrootcert=system', 'far', {}],
  ['postgresql://far/d?uselibpqcompat=true&sslmode=require', 'far', { rejectUnauthorized: false }],
  [
    'postgresql://far/d?sslmode=prefer&ssl_min_protocol_version=TLSv1.3&sslpassword=x',
    'far',
    { rejectUnauthorized: false, minVersion: 'TLSv1.3', passphrase: 'x' },
  ],
  ['postgresql://far/d?ssl=false', 'far', false],
  ['postgresql://far/d?ssl=true', 'far', {}],
  ['postgresql://far/d?ssl=no-verify', 'far', { rejectUnauthorized: false }],
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

test('a certificate of the client is sent in every mode of TLS', () => {
  const directory = mkdtempSync(join(tmpdir(), 'imat-cert-'));
  const file = join(directory, 'file');
  writeFileSync(file, 'text');
  for (const mode of ['prefer', 'require', 'no-verify', 'verify-full']) {
    const url = `postgresql://far/d?sslmode=${mode}&sslcert=${file}&sslkey=${file}`;
    expect(resolveServer(url, NOBODY_ELSE).client.ssl).toMatchObject({ cert: 'text', key: 'text' });
  }
  rmSync(directory, { recursive: true });
});

/** The error, and proof that it holds no part of the password. */
function refusalOf(url: string, env: NodeJS.ProcessEnv = {}): ImatError {
  try {
    resolveServer(url, { ...NOBODY_ELSE, ...env });
  } catch (error) {
    expect(error).toMatchObject({ name: 'ImatError', condition: 'invalid_argument' });
    expect(JSON.stringify([error, String(error)])).not.toContain('sesame');
    return error as ImatError;
  }
  return expect.fail('it is not refused');
}

test.each([
  ['sslmod=require', 'parameter "sslmod" of the database URL is unknown', 'sslmode'],
  ['SSLMODE=require', 'parameter "SSLMODE" of the database URL is unknown', 'sslmode'],
  ['sslmode=requires', 'parameter "sslmode" of the database URL has a value that', '"require"'],
  ['sslmode', 'parameter "sslmode" of the database URL has a value that', 'Write one of these'],
  ['a=1&schema=public', 'parameter "a" of the database URL is unknown', 'options='],
  ['channel_binding=maybe', 'parameter "channel_binding" of the database URL has a value', ''],
  ['require_auth=scram-sha-256', 'parameter "require_auth" of the database URL is not', 'Remove'],
  ['connect_timeout=1s', 'parameter "connect_timeout" of the database URL is not a whole', ''],
  ['sslrootcert=system&sslmode=require', 'sslrootcert=system needs sslmode=verify-full', ''],
  ['host=a,b', 'imat connects to one host, and several are given', ''],
])('?%s is told about', (search, message, hint) => {
  for (const host of ['far', '', 'me:sesame@far', 'me:sesame@'])
    if (host === '' || host.endsWith('far') || !search.startsWith('host')) {
      const error = refusalOf(`postgresql://${host}/d?${search}`);
      expect(error.message).toContain(message);
      expect(error.hint ?? '').toContain(hint);
    }
});

test('a variable that would be dropped is told about like a parameter', () => {
  expect(refusalOf('postgresql://far/d', { PGCHANNELBINDING: 'maybe' }).message).toBe(
    'environment variable PGCHANNELBINDING has a value that is not supported',
  );
  expect(refusalOf('postgresql://far/d', { PGSSLMODE: 'verify' }).message).toContain('PGSSLMODE');
  expect(refusalOf('postgresql://far/d', { PGSERVICE: 'x' }).message).toContain('PGSERVICE');
  // The URL decides.
  const url = 'postgresql://far/d?channel_binding=disable&sslmode=disable';
  const env = { ...NOBODY_ELSE, PGCHANNELBINDING: 'maybe', PGSSLMODE: 'verify' };
  expect(resolveServer(url, env).client.ssl).toBe(false);
});

test('no part of a password that is not escaped is taken for a name', () => {
  const { message } = refusalOf('postgres://user:12?sesame&open@host/db');
  expect(message).toBe('a parameter of the database URL is unknown');
});

test('the parameters of libpq that node-postgres lacks count', () => {
  const url =
    'postgresql://far?dbname=shop&target_session_attrs=read-write&keepalives_idle=5' +
    '&fallback_application_name=till&options=-c%20work_mem%3D1MB&connect_timeout=0';
  expect(resolveServer(url, NOBODY_ELSE)).toMatchObject({
    database: 'shop',
    wantedServer: 'read-write',
    client: {
      keepAliveInitialDelayMillis: 5000,
      application_name: 'till',
      options: '-c work_mem=1MB',
      connectionTimeoutMillis: 0,
    },
  });
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

test.each([
  ['postgresql://far/d', { PGPORT: 'abc' }, 'the port is not a number', 'PGPORT'],
  ['postgresql://far/d?port=0x1538', {}, 'the port is not a number', 'PGPORT'],
  ['postgresql://', { PGHOST: 'a,b', PGPORT: '1,2' }, 'several are given', 'Name one'],
  ['postgresql://far/d', { PGCONNECT_TIMEOUT: '1s' }, 'PGCONNECT_TIMEOUT is not a whole', ''],
  ['postgresql://far/d%00options', {}, 'has a NUL character', ''],
  ['postgresql://far/d?sslmode=verify-ca&sslrootcert=/no', {}, 'file "/no"', 'Check sslrootcert'],
])('%s with %o is told about', (url, env, message, hint) => {
  const error = refusalOf(url, env);
  expect(error.message).toContain(message);
  expect(error.hint ?? '').toContain(hint);
});

test('a password file that cannot be read is none, as for libpq', () => {
  const unreadable = `/${'x'.repeat(300)}`;
  expect(resolveServer('postgresql://me@far/d', { PGPASSFILE: unreadable }).client.password).toBe(
    '',
  );
});

test('a timeout that is longer than any timer is the longest one', () => {
  const { client } = resolveServer('postgresql://far/d?connect_timeout=99999999', NOBODY_ELSE);
  expect(client.connectionTimeoutMillis).toBe(2_147_483_647);
});
