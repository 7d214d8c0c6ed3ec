/**
 * Who waits for whom: swaps that take long, live imats that must not wait for them, and several
 * databases.
 */
import { afterEach, expect, test } from 'vitest';
import { DEFAULT_POLICY, type Policy } from '../../workers/policy.ts';
import { parseQueueUrl, type QueueUrl } from '../../workers/queue/open-queue.ts';
import { ImatWorker } from '../../workers/worker.ts';
import { createPreparedWorld, until, type World } from '../engine/commands/support/world.ts';
import { provideRedis } from '../setup/redis.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

type Gated = World & {
  /** Lets swaps end again. */
  readonly openGate: () => Promise<void>;
};

/** With a live imat, and swap imats that are always due and do not end until the gate opens. */
async function newWorld(swaps: number): Promise<Gated> {
  const world = await createPreparedWorld(`
    CREATE TABLE t (k int, v int); INSERT INTO t SELECT g % 10, g FROM generate_series(1, 100) g;
    CREATE FUNCTION pass_gate() RETURNS int LANGUAGE plpgsql STABLE AS $$
      BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN 1; END $$`);
  cleanups.push(() => world.drop());
  await world.imat.create('sums', 'SELECT k, sum(v) AS s FROM public.t GROUP BY k');
  for (let n = 0; n < swaps; n++)
    await world.imat.create(
      `slow_${n}`,
      'SELECT public.pass_gate() AS s, now() AS at, rank() OVER () AS r FROM (VALUES (1)) v',
      { freshness: '1ms' },
    );
  const gate = await world.session();
  await gate.sql('SELECT pg_advisory_lock(1)');
  return { ...world, openGate: () => gate.sql('SELECT pg_advisory_unlock(1)') };
}

async function start(
  worlds: readonly World[],
  changes: Partial<Policy>,
  queue: QueueUrl = null,
): Promise<void> {
  const worker = new ImatWorker({
    targets: worlds.map(({ url }) => ({ kind: 'url', url })),
    queue,
    policy: {
      ...DEFAULT_POLICY,
      tickMs: 50,
      maxPendingMs: 200,
      drainMs: 0,
      lockTimeoutMs: 3_600_000,
      ...changes,
    },
    version: 'test',
    logLevel: 'silent',
    writeLog: () => undefined,
    http: null,
  });
  cleanups.push(() => worker.stop());
  await worker.start();
}

const swapsUnderWay = (world: World): Promise<number> =>
  world.value<number>(
    `SELECT count(*)::int
     FROM pg_stat_activity
     WHERE datname = current_database() AND state = 'active' AND query LIKE 'CALL imat.swap%'`,
  );

async function expectFold(world: World): Promise<void> {
  await world.sql('INSERT INTO t VALUES (1, 1)');
  await until(
    'it is folded',
    async () =>
      (await world.value(
        `SELECT imat_catalog.pending_rows(id) FROM imat_catalog.imat WHERE name = 'sums'`,
      )) === '0',
  );
}

test.each(['no queue', 'Redis', 'PostgreSQL'])(
  'long swaps leave a slot to a live imat: %s',
  async (queue) => {
    const world = await newWorld(8);
    const redis = queue === 'Redis' ? await provideRedis() : null;
    if (redis !== null) cleanups.push(() => redis.stop());
    await start(
      [world],
      { concurrency: 3 },
      parseQueueUrl(queue === 'PostgreSQL' ? world.url : redis?.url, '--queue'),
    );
    await until('all slots of swaps are taken', async () => (await swapsUnderWay(world)) === 2);
    for (let n = 0; n < 5; n++) {
      await expectFold(world);
      expect(await swapsUnderWay(world)).toBe(2);
    }
    await world.openGate();
  },
);

test('long swaps of one database leave turns to another', async () => {
  const [greedy, modest] = [await newWorld(5), await newWorld(1)];
  await start([greedy, modest], { concurrency: 3 });
  await until(
    'all slots of swaps are taken',
    async () => (await swapsUnderWay(greedy)) + (await swapsUnderWay(modest)) === 2,
  );
  await expectFold(modest);
  await greedy.openGate();
  await until('the other database has its turn', async () => (await swapsUnderWay(modest)) === 1);
  await expectFold(modest);
  expect(await swapsUnderWay(modest)).toBe(1);
  await modest.openGate();
});

test('with one slot swaps go on beside folds', async () => {
  const world = await newWorld(2);
  await world.openGate();
  await start([world], { concurrency: 1 });
  for (let n = 0; n < 5; n++) await expectFold(world);
  await until(
    'both are swapped',
    async () =>
      (await world.value<number>(
        `SELECT count(DISTINCT imat_id)::int
         FROM imat_catalog.history
         WHERE action = 'swap' AND error IS NULL`,
      )) === 2,
  );
});
