/** What a command says that finds no gap for its lock. */
import { expect, test } from 'vitest';
import { connectDb } from '../../../engine/db/connect-db.ts';
import { toImatError } from '../../../engine/db/server-errors.ts';
import { withShortLock } from '../../../engine/db/short-lock.ts';
import { createImat } from '../../../engine/index.ts';
import { useDatabase } from '../../setup/database.ts';

const database = useDatabase();

test('names the table and who has locked it, as far as that can be known', async () => {
  const db = await connectDb({ kind: 'url', url: database.url });
  const holder = await connectDb({ kind: 'url', url: database.url });
  await db.execute('CREATE TABLE public."a b" (k int)');
  await holder.execute('BEGIN; INSERT INTO public."a b" VALUES (1)');
  const [process] = await holder.query<{ name: string }>(
    `SELECT format('Process %s (role %s)', pg_backend_pid(), current_user) AS name`,
  );
  const failure = async (statement: string): Promise<unknown> =>
    withShortLock(db, () => db.execute(statement), undefined, { attempts: 1 }).catch(
      (error: unknown) => toImatError(error),
    );
  const statement = 'LOCK TABLE public."a b" IN SHARE ROW EXCLUSIVE MODE';
  const named = {
    condition: 'contention',
    message: 'could not lock table "public."a b"" in time',
    hint: 'Try again when that transaction has ended.',
  };
  expect(await failure(statement)).toMatchObject({ ...named, detail: null });
  await createImat(db).init();
  const detail = `${process?.name} has locked it in mode RowExclusiveLock.`;
  for (const one of [
    statement,
    `LOCK TABLE ONLY public."a b"\n IN ACCESS EXCLUSIVE MODE; SELECT 1`,
    `SELECT imat_catalog.lock_relation('public."a b"', 'ACCESS EXCLUSIVE')`,
  ])
    expect(await failure(one)).toMatchObject({ ...named, detail });
  expect(await failure('DROP TABLE public."a b"')).toMatchObject({
    condition: 'contention',
    message: 'a lock was not free in time',
    detail: 'Another transaction changes or has locked something that this command needs.',
    hint: 'Try again when that transaction has ended.',
  });
  await holder.execute('COMMIT');
  await Promise.all([db.close(), holder.close()]);
});
