/** A cancel that reaches the server when the statement has ended. */
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { shrinkCapture } from '../../../engine/capture/shrink.ts';
import { renewCapture } from '../../../engine/capture/renew.ts';
import { connectDb } from '../../../engine/db/connect-db.ts';
import { Session, TEXT_TYPES } from '../../../engine/db/session.ts';
import { createImat } from '../../../engine/index.ts';
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

test('is not taken for a refusal by what may be left undone', async () => {
  const db = await connectDb({ kind: 'url', url: database.url });
  const imat = createImat(db);
  await db.execute(`CREATE TABLE public.t (k int, v int);
    CREATE MATERIALIZED VIEW public.upper AS SELECT k, sum(v) AS s FROM public.t GROUP BY k`);
  await imat.convert('public.upper');
  const [table] = await db.query<{ oid: number }>(`SELECT 'public.t'::regclass::oid AS oid`);
  const oid = table?.oid ?? 0;
  for (const work of [() => shrinkCapture(db, oid), () => renewCapture(db, oid)]) {
    await db.cancel();
    await expect(work()).rejects.toMatchObject({ sqlstate: '57014' });
  }
  await imat.revert('upper');
  await imat.close();
});

test('can be taken back', async () => {
  const session = await openSession();
  await session.cancel();
  session.forgetCancel();
  expect(await session.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await session.close();
});
