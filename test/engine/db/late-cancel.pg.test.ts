/** A cancel that reaches the server when the statement has ended. */
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { Session, TEXT_TYPES } from '../../../engine/db/session.ts';
import { useDatabase } from '../../setup/database.ts';

const database = useDatabase();

/** A session whose cancel requests get lost. */
async function openSession(): Promise<Session> {
  const client = new Client({ connectionString: database.url, types: TEXT_TYPES });
  await client.connect();
  return Session.open({ client, driver: 'pg', cancel: async () => undefined });
}

test('stops the next statement, but nothing that undoes work', async () => {
  const session = await openSession();
  const ended = session.query('SELECT pg_sleep(0.1), 1 AS one');
  await session.cancel();
  expect(await ended).toMatchObject([{ one: 1 }]);
  expect(session.isCancelPending).toBe(true);
  await session.query('SELECT pg_advisory_unlock_all()');
  await session.execute('ROLLBACK');
  await expect(session.query('SELECT 1')).rejects.toMatchObject({ sqlstate: '57014' });
  expect(session.isCancelPending).toBe(false);
  expect(await session.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await session.close();
});

test('can be taken back', async () => {
  const session = await openSession();
  await session.cancel();
  session.forgetCancel();
  expect(await session.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await session.close();
});
