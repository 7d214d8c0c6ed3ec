/** Sessions of the queue on PostgreSQL that its server ends, each at another moment. */
import { expect, onTestFinished, test } from 'vitest';
import { postgresBackEnd } from '../../workers/queue/postgres.ts';
import { outcomeOf } from '../engine/commands/support/world.ts';
import { useDatabase } from '../setup/database.ts';
import { startEndingProxy, uncaughtDuring } from '../setup/ending-proxy.ts';

const database = useDatabase();

const SETTINGS = {
  concurrency: 1,
  lockDuration: 2000,
  stalledInterval: 1000,
  maxStalledCount: 1,
  drainDelay: 1,
  runRetryDelay: 1000,
  autorun: false,
} as const;

/** All that a worker does with the queue until it can be used; errors are its to hear of. */
async function openQueue(url: string): Promise<void> {
  const backEnd = postgresBackEnd(url);
  await outcomeOf(backEnd.probe());
  const [queue, worker] = [
    backEnd.queue('q'),
    backEnd.worker('q', async () => undefined, SETTINGS),
  ];
  queue.on('error', () => undefined);
  worker.on('error', () => undefined);
  const parts = [queue, worker];
  for (const part of parts) await outcomeOf(part.waitUntilReady());
  for (const part of parts) await outcomeOf(part.close());
}

// The moments are counted in answers of the server: none depends on the speed of the machine.
test('a session that the server ends after any answer does not end the process', async () => {
  await openQueue(database.url);
  const proxy = await startEndingProxy(database.url);
  onTestFinished(() => proxy.close());
  for (let answers = 0; ; answers++) {
    const order = proxy.endAfter(answers);
    const uncaught = await uncaughtDuring(() => openQueue(proxy.url));
    expect(uncaught, `ended after ${answers} answers`).toEqual([]);
    if (order.isOpen()) {
      // The probe, two sessions that look at the version, and the one of LISTEN.
      expect(answers).toBeGreaterThan(10);
      break;
    }
  }
});
