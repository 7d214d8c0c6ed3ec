/**
 * Who waits for whom: swaps that take long, live imats that must not wait for them, and several
 * databases.
 */
import { afterEach, expect, test } from 'vitest';
import { DEFAULT_POLICY, type Policy } from '../../workers/policy.ts';
import { parseQueueUrl, type QueueUrl } from '../../workers/queue/open-queue.ts';
import { ImatWorker } from '../../workers/worker.ts';
import { createWorld, until, type World } from '../engine/maintain/support/world.ts';
import { provideRedis } from '../setup/redis.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/**
 * With a live imat, and swap imats that are due all the time and take as long as the table pace
 * says.
 */
async function newWorld(swaps: number): Promise<World> {
  const world = await createWorld(`
    CREATE TABLE t (k int, v int); INSERT INTO t SELECT g % 10, g FROM generate_series(1, 100) g;
    CREATE TABLE pace (seconds float8); INSERT INTO pace VALUES (0);
    CREATE FUNCTION slow() RETURNS float8 LANGUAGE plpgsql STABLE AS $$
      DECLARE s float8 := (SELECT seconds FROM public.pace); BEGIN PERFORM pg_sleep(s); RETURN s; END $$`);
  cleanups.push(() => world.drop());
  await world.imat.create('sums', 'SELECT k, sum(v) AS s FROM public.t GROUP BY k');
  for (let n = 0; n < swaps; n++)
    await world.imat.create(
      `slow_${n}`,
      'SELECT public.slow() AS s, now() AS at, rank() OVER () AS r FROM (VALUES (1)) v',
      {
        freshness: '1ms',
      },
    );
  await world.sql('UPDATE pace SET seconds = 4');
  return world;
}

async function start(
  worlds: readonly World[],
  changes: Partial<Policy>,
  queue: QueueUrl = null,
): Promise<void> {
  const worker = new ImatWorker({
    targets: worlds.map(({ url }) => ({ kind: 'url', url })),
    queue,
    policy: { ...DEFAULT_POLICY, tickMs: 50, maxPendingMs: 200, drainMs: 0, ...changes },
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
    `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE 'CALL imat.swap%'`,
  );

/** How long a new row of t waits to be folded. */
async function foldedAfterMs(world: World): Promise<number> {
  await world.sql('INSERT INTO t VALUES (1, 1)');
  const start = performance.now();
  await until(
    'it is folded',
    async () =>
      (await world.value(
        `SELECT imat_catalog.pending_rows(id) FROM imat_catalog.imat WHERE name = 'sums'`,
      )) === '0',
  );
  return performance.now() - start;
}

test.each(['no queue', 'Redis', 'PostgreSQL'])(
  'long swaps leave a slot to a live imat: %s',
  async (queue) => {
    // They rest for as long as they take: half of these are more than there are slots.
    const world = await newWorld(8);
    const redis = queue === 'Redis' ? await provideRedis() : null;
    if (redis !== null) cleanups.push(() => redis.stop());
    await start(
      [world],
      { concurrency: 3 },
      parseQueueUrl(queue === 'PostgreSQL' ? world.url : redis?.url, '--queue'),
    );
    await until(
      'as many swaps are under way as may be',
      async () => (await swapsUnderWay(world)) === 2,
    );
    const waits: number[] = [];
    for (let n = 0; n < 5; n++) {
      waits.push(await foldedAfterMs(world));
      expect(await swapsUnderWay(world)).toBeLessThanOrEqual(2);
    }
    expect(Math.max(...waits)).toBeLessThan(1500);
  },
);

test('long swaps of one database leave turns to another', async () => {
  const [greedy, modest] = [await newWorld(5), await newWorld(1)];
  await start([greedy, modest], { concurrency: 3 });
  await until(
    'swaps are under way',
    async () => (await swapsUnderWay(greedy)) + (await swapsUnderWay(modest)) === 2,
  );
  expect(await foldedAfterMs(modest)).toBeLessThan(1500);
  await until(
    'the other database has its turn',
    async () => (await swapsUnderWay(modest)) === 1,
    8000,
  );
  expect(await foldedAfterMs(modest)).toBeLessThan(1500);
});

test('with one slot swaps go on beside folds', async () => {
  const world = await newWorld(2);
  await world.sql('UPDATE pace SET seconds = 0.2');
  await start([world], { concurrency: 1 });
  for (let n = 0; n < 5; n++) expect(await foldedAfterMs(world)).toBeLessThan(2000);
  await until(
    'both are swapped',
    async () =>
      (await world.value<number>(
        `SELECT count(DISTINCT imat_id)::int FROM imat_catalog.history WHERE action = 'swap' AND error IS NULL`,
      )) === 2,
  );
});
