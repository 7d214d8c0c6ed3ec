/** Sessions that the server ends, each after another answer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { connectDb } from '../../../engine/db/connect-db.ts';
import { withShortLock } from '../../../engine/db/short-lock.ts';
import { useDatabase } from '../../setup/database.ts';
import { startEndingProxy, uncaughtDuring } from '../../setup/ending-proxy.ts';

const database = useDatabase();

async function useSession(url: string): Promise<void> {
  const db = await connectDb({ kind: 'url', url });
  try {
    await db.query('SELECT 1');
  } finally {
    await db.close();
  }
}

test('a session that the server ends rejects what was asked; the process lives on', async () => {
  const proxy = await startEndingProxy(database.url);
  onTestFinished(() => proxy.close());
  for (let answers = 0; ; answers++) {
    const order = proxy.endAfter(answers);
    const rejected: unknown[] = [];
    const uncaught = await uncaughtDuring(() =>
      useSession(proxy.url).catch((error: unknown) => rejected.push(error)),
    );
    expect(uncaught, `ended after ${answers} answers`).toEqual([]);
    if (order.isOpen()) {
      expect(rejected).toEqual([]);
      expect(answers).toBeGreaterThan(2);
      break;
    }
  }
});

test('time-outs of the database do not matter, and a stopped command keeps no lock', async () => {
  const owner = await connectDb({ kind: 'url', url: database.url });
  const [found] = await owner.query<{ name: string | null; here: string }>(
    `SELECT current_setting('transaction_timeout', true) AS name,
       format('ALTER DATABASE %I SET', current_database()) AS here`,
  );
  const names = ['idle_in_transaction_session_timeout', 'statement_timeout'];
  if (typeof found?.name === 'string') names.push('transaction_timeout');
  for (const name of names) await owner.execute(`${found?.here} ${name} = '20ms'`);
  const db = await connectDb({ kind: 'url', url: database.url });
  const idleMost = async (): Promise<string | undefined> => {
    await sleep(40);
    await db.query('SELECT pg_sleep(0.04)');
    const [row] = await db.query<{ value: string }>(
      `SELECT current_setting('idle_in_transaction_session_timeout') AS value`,
    );
    return row?.value;
  };
  expect(await db.transaction('read committed', idleMost)).toBe('1min');
  // Others wait for what it has locked.
  expect(await withShortLock(db, idleMost)).toBe('10s');
  for (const name of names) await owner.execute(`${found?.here} ${name} TO DEFAULT`);
  await Promise.all([db.close(), owner.close()]);
});

test('a session that its own time-out ends is said to be lost, and why', async () => {
  const db = await connectDb({ kind: 'url', url: database.url });
  const late = db.transaction(
    'read committed',
    async () => {
      await sleep(100);
      await db.query('SELECT 1');
    },
    `SET LOCAL idle_in_transaction_session_timeout = '20ms'`,
  );
  await expect(late).rejects.toMatchObject({
    condition: 'connection_failed',
    message: 'the connection to the database was lost',
    detail: 'Terminating connection due to idle-in-transaction timeout.',
  });
  await db.close().catch(() => undefined);
});
