/** What is said of a connection that could not be made. */
import { expect, test } from 'vitest';
import { connectFailure } from '../../../engine/db/connection-errors.ts';

const PLACE = { host: 'db', port: 5432, user: 'me', database: 'shop' };

test.each([
  [
    new Error('The server does not support SSL connections'),
    'connection_refused',
    'Turn TLS on at the server (ssl = on), or connect with sslmode=disable.',
  ],
  [
    Object.assign(new Error('getaddrinfo ENOTFOUND db'), { code: 'ENOTFOUND' }),
    'connection_failed',
    'Check the host name.',
  ],
  [
    Object.assign(new Error('database "shop" does not exist'), { code: '3D000' }),
    'connection_refused',
    'Create the database or name another one.',
  ],
] as const)('%s: %s', (cause, condition, hint) => {
  expect(connectFailure(cause, PLACE)).toMatchObject({
    condition,
    hint,
    message: 'could not connect to database "shop" at db:5432 as role "me"',
  });
});
