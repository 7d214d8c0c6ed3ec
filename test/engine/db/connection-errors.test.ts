/** What is said of a connection that could not be made. */
import { expect, test } from 'vitest';
import { connectFailure } from '../../../engine/db/connection-errors.ts';

const PLACE = { host: 'db', port: 5432, user: 'me', database: 'shop' };

/** As node-postgres and the server report them. */
const reported = (message: string, code?: string): Error =>
  Object.assign(new Error(message), code === undefined ? {} : { code });

test.each([
  ['connect ECONNREFUSED 10.0.0.1:5432', 'ECONNREFUSED', 'connection refused', 'PGHOST and PGPORT'],
  ['getaddrinfo ENOTFOUND db', 'ENOTFOUND', 'unknown host', 'Check the host name'],
  ['getaddrinfo EAI_AGAIN db', 'EAI_AGAIN', 'the host name could not be looked up', 'network'],
  ['connect ETIMEDOUT 10.0.0.1:5432', 'ETIMEDOUT', 'no answer in time', 'firewall'],
  ['timeout expired', undefined, 'no answer in time', 'firewall'],
  ['connect EHOSTUNREACH 10.0.0.1', 'EHOSTUNREACH', 'no route to the host', 'firewall'],
  ['read ECONNRESET', 'ECONNRESET', 'the connection was closed at the other end', 'its log'],
  ['write EPIPE', 'EPIPE', 'the connection was closed at the other end', 'its log'],
  ['Connection terminated unexpectedly', undefined, 'the connection was closed at', 'its log'],
])('where no server answers (%s), the message says why', (message, code, reason, hint) => {
  const error = connectFailure(reported(message, code), PLACE);
  expect(error.condition).toBe('connection_failed');
  expect(error.message).toContain(`could not connect to the server at db:5432: ${reason}`);
  expect(error.hint).toContain(hint);
  expect(`${error.message} ${error.detail ?? ''} ${error.hint}`).not.toMatch(/E[A-Z]{5,}/);
});

test('of the several addresses of a host, the first one tells', () => {
  const all = ['::1', '127.0.0.1'].map((to) =>
    reported(`connect ECONNREFUSED ${to}`, 'ECONNREFUSED'),
  );
  expect(connectFailure(new AggregateError(all), PLACE).message).toBe(
    'could not connect to the server at db:5432: connection refused',
  );
});

test('a Unix socket is named by its directory', () => {
  const error = connectFailure(reported('connect ENOENT', 'ENOENT'), { ...PLACE, host: '/tmp' });
  expect(error.message).toBe(
    'could not connect to the server in /tmp, port 5432: there is no such Unix socket',
  );
});

test.each([
  [
    reported('The server does not support SSL connections'),
    'connection_refused',
    'The server does not support SSL connections.',
    'Turn TLS on at the server (ssl = on), or connect with sslmode=disable.',
  ],
  [
    reported('database "shop" does not exist', '3D000'),
    'connection_refused',
    'Database "shop" does not exist.',
    'Create the database or name another one.',
  ],
  [
    reported('unrecognized configuration parameter "nope"', '42704'),
    'connection_refused',
    'Unrecognized configuration parameter "nope".',
    'Check the options',
  ],
  [
    reported('invalid value for parameter "work_mem": "much"', '22023'),
    'connection_refused',
    'Invalid value for parameter "work_mem": "much".',
    'Check the options',
  ],
  [
    reported('password authentication failed for user "me"', '28P01'),
    'connection_refused',
    'Password authentication failed for user "me".',
    'Check the role and its password',
  ],
  [
    reported('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a non-empty string'),
    'connection_refused',
    'The server asks for a password, and none was given.',
    'Check the role and its password',
  ],
  [
    reported('sorry, too many clients already', '53300'),
    'connection_failed',
    'Sorry, too many clients already.',
    'The server has no free connection slot',
  ],
  [
    reported('the database system is starting up', '57P03'),
    'connection_failed',
    'The database system is starting up.',
    'The server is starting up or shutting down; try again in a moment.',
  ],
] as const)('%s: detail and hint', (cause, condition, detail, hint) => {
  expect(connectFailure(cause, PLACE)).toMatchObject({
    condition,
    detail,
    hint: expect.stringContaining(hint),
    message: 'could not connect to database "shop" at db:5432 as role "me"',
  });
});
