/** Which server a session is opened on, with what, and what is said where that cannot be done. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { connectDb } from '../../../engine/db/connect-db.ts';
import type { Db } from '../../../engine/db/db.ts';
import { useDatabase } from '../../setup/database.ts';

const database = useDatabase();

const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.fail('it should have failed'),
    (error: unknown) => error,
  );

test('target_session_attrs is honored or the session refused, options are honored', async () => {
  const open = async (search: string): Promise<Db> =>
    connectDb({ kind: 'url', url: `${database.url}?${search}` });
  const settings = 'options=-c%20work_mem%3D1MB&fallback_application_name=till';
  for (const wanted of ['any', 'read-write', 'primary', 'prefer-standby']) {
    const session = await open(`target_session_attrs=${wanted}&${settings}`);
    expect(await session.query('SHOW work_mem')).toEqual([{ work_mem: '1MB' }]);
    expect(await session.query('SHOW application_name')).toEqual([{ application_name: 'till' }]);
    await session.close();
  }
  expect(await errorOf(open('target_session_attrs=standby'))).toMatchObject({
    condition: 'connection_refused',
    message: 'the server is not one that target_session_attrs=standby asks for',
    detail: 'It is a primary, and its sessions are read-write.',
  });
  const readOnly = 'options=-c%20default_transaction_read_only%3Don';
  const session = await open(`target_session_attrs=read-only&${readOnly}`);
  await session.close();
  expect(await errorOf(open(`target_session_attrs=read-write&${readOnly}`))).toMatchObject({
    condition: 'connection_refused',
    detail: 'It is a primary, and its sessions are read-only.',
  });
});

test('what cannot be connected to is named, with a hint and without the password', async () => {
  const url = new URL(database.url);
  url.password = 'sesame-42';
  url.pathname = '/no_such_database';
  const missing = await errorOf(connectDb({ kind: 'url', url: url.href }));
  expect(missing).toMatchObject({
    condition: 'connection_refused',
    message: expect.stringContaining('"no_such_database"'),
    hint: 'Create the database or name another one.',
  });
  url.port = '1';
  const refused = await errorOf(connectDb({ kind: 'url', url: url.href }));
  expect(refused).toMatchObject({
    condition: 'connection_failed',
    message: 'could not connect to the server at 127.0.0.1:1: connection refused',
    hint: expect.stringContaining('--embedded'),
  });
  for (const error of [missing, refused]) {
    expect(JSON.stringify([error, String(error), (error as Error).stack])).not.toContain(
      'sesame-42',
    );
  }
});

test('a server without a free slot says so, and that it may work later', async () => {
  const admin = await database.connect();
  await admin.execute('CREATE ROLE slotless LOGIN CONNECTION LIMIT 0');
  const url = new URL(database.url);
  url.username = 'slotless';
  expect(await errorOf(connectDb({ kind: 'url', url: url.href }))).toMatchObject({
    condition: 'connection_failed',
    detail: 'Too many connections for role "slotless".',
    hint: expect.stringContaining('no free connection slot'),
  });
  await admin.execute('DROP ROLE slotless');
});

test.each([
  ['says nothing', () => undefined, 'no answer in time', ''],
  ['closes', (socket: Socket) => socket.end(), 'the connection was closed at the other end', ''],
  [
    'speaks another language',
    (socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    'what answers is not a PostgreSQL server',
    'sslmode=require',
  ],
])('what listens there %s', async (_, answer, reason, tls) => {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `postgresql://127.0.0.1:${port}/d?connect_timeout=1&${tls}`;
  expect(await errorOf(connectDb({ kind: 'url', url }))).toMatchObject({
    condition: 'connection_failed',
    message: `could not connect to the server at 127.0.0.1:${port}: ${reason}`,
    hint: expect.any(String),
  });
  server.close();
});
