/** Which server a session is opened on, with what, and what is said where that cannot be done. */
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
    hint: 'Create the database or name another one.',
  });
  url.port = '1';
  const refused = await errorOf(connectDb({ kind: 'url', url: url.href }));
  expect(refused).toMatchObject({
    condition: 'connection_failed',
    hint: expect.stringContaining('--embedded'),
  });
  for (const error of [missing, refused]) {
    expect(error).toMatchObject({ message: expect.stringContaining('"no_such_database"') });
    expect(JSON.stringify([error, String(error), (error as Error).stack])).not.toContain(
      'sesame-42',
    );
  }
});
