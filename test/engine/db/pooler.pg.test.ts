/** Poolers between imat and the server. */
import { expect, onTestFinished, test } from 'vitest';
import { connectDb } from '../../../engine/db/connect-db.ts';
import { useDatabase } from '../../setup/database.ts';
import { startPooler } from '../../setup/pooler.ts';

const database = useDatabase();

test('a pooler in transaction mode is named, with what to do', async () => {
  const pooler = await startPooler(database.url, 'transaction');
  onTestFinished(() => pooler.close());
  await expect(connectDb({ kind: 'url', url: pooler.url })).rejects.toMatchObject({
    condition: 'unsupported_server',
    message: 'the connection goes through a pooler in transaction mode',
    hint: expect.stringContaining('session-mode'),
  });
});

test('a pooler in session mode serves', async () => {
  const pooler = await startPooler(database.url, 'session');
  onTestFinished(() => pooler.close());
  const db = await connectDb({ kind: 'url', url: pooler.url });
  expect(await db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await db.close();
});
