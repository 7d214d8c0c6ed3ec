import { expect, test } from 'vitest';
import { connectDb } from '../../engine/db/connect-db.ts';
import { createDatabase, useDatabase } from './database.ts';

const database = useDatabase();

test('the server under test has what the tests need', async () => {
  const db = await database.connect();
  const rows = await db.query<{ name: string; setting: string }>(
    `SELECT name, setting
     FROM pg_settings
     WHERE name IN (
       'max_prepared_transactions', 'server_encoding', 'server_version_num', 'wal_level'
     )`,
  );
  const settings = Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
  expect(Number(settings['server_version_num'])).toBeGreaterThanOrEqual(150_000);
  expect(Number(settings['max_prepared_transactions'])).toBeGreaterThanOrEqual(8);
  expect(settings).toMatchObject({ server_encoding: 'UTF8', wal_level: 'logical' });
});

test('a database is fresh, apart from the others, and gone after drop', async () => {
  const other = await createDatabase();
  const there = await connectDb({ kind: 'url', url: other.url });
  await there.execute('CREATE TABLE public.only_there (a int)');
  const here = await database.connect();
  expect(await here.query("SELECT 1 FROM pg_class WHERE relname = 'only_there'")).toEqual([]);
  await there.close();
  await other.drop();
  await expect(connectDb({ kind: 'url', url: other.url })).rejects.toMatchObject({
    condition: 'connection_refused',
  });
});
