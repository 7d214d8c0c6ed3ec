/** Sessions that the server ends, each after another answer. */
import { expect, onTestFinished, test } from 'vitest';
import { connectDb } from '../../../engine/db/connect-db.ts';
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
