/**
 * Workers with each kind of queue; with one that is killed, emptied, away or frozen with a worker;
 * and with PostgreSQL going away.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { findPostgres } from '../../tools/find-postgres.mjs';
import { startPostgres } from '../../tools/postgres.ts';
import { type RedisServer, startRedis } from '../../tools/redis.ts';
import { connectDb } from '../../engine/db/connect-db.ts';
import { differencesSql, outcomeOf, until, type World } from '../engine/commands/support/world.ts';
import { createDatabase } from '../setup/database.ts';
import { HAS_REDIS_BINARY } from '../setup/redis.ts';
import {
  expectNothingLeft,
  expectSettled,
  IMATS,
  shopOn,
  startWriter,
  useShops,
} from './support/shop.ts';
import { startWorker, type WorkerProcess } from './support/worker-process.ts';

const createShop = useShops();
const workers: WorkerProcess[] = [];
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const start = async (shop: World, ...options: string[]): Promise<WorkerProcess> => {
  const worker = startWorker([shop.url], options);
  workers.push(worker);
  await until('it is connected', async () => {
    expectNoneGone();
    return worker.lines.some((line) => line.msg === 'connected');
  });
  return worker;
};

/** No worker may end by itself; one that the test has killed has no exit code. */
const expectNoneGone = (): void => {
  for (const { process, noise } of workers) expect(process.exitCode, noise.join('\n')).toBeNull();
};

const newShop = async (): Promise<World> => {
  const shop = await createShop();
  cleanups.push(() => shop.drop());
  return shop;
};

const runs = async (shop: World): Promise<number> =>
  Number(
    await shop.value<string>(
      `SELECT count(*) FROM imat_catalog.history WHERE action IN ('fold', 'swap')`,
    ),
  );

/** Nothing may stand still while `what` is so. */
async function expectGoingOn(shop: World, what: string): Promise<void> {
  const before = await runs(shop);
  await until(`folds go on ${what}`, async () => {
    expectNoneGone();
    return (await runs(shop)) >= before + 3;
  });
}

const newRedis = async (options: { cluster?: boolean } = {}): Promise<RedisServer> => {
  const redis = await startRedis(options);
  cleanups.push(() => redis.stop());
  return redis;
};

const newQueueDatabase = async (): Promise<string> => {
  const database = await createDatabase();
  cleanups.push(() => database.drop());
  return database.url;
};

/** Of what is stored, not of the tables: published together with what it reads. */
const READER = {
  name: 'overall',
  definition: 'SELECT count(*) AS managers, sum(total) AS total FROM imat.by_manager',
};

const BACK_ENDS: readonly [
  what: string,
  canRun: boolean,
  queue: (shop: World) => Promise<string | null>,
][] = [
  ['none', true, async () => null],
  ['Redis', HAS_REDIS_BINARY, async () => (await newRedis()).url],
  [
    'Redis in cluster mode, of one node',
    HAS_REDIS_BINARY,
    async () => (await newRedis({ cluster: true })).url,
  ],
  ['PostgreSQL', true, newQueueDatabase],
  ['PostgreSQL, in the database of the imats', true, async (shop) => shop.url],
];

describe.each(BACK_ENDS)('a queue: %s', (_, canRun, queue) => {
  test.runIf(canRun)(
    'two workers maintain every kind of imat, and share the work where they share a queue',
    async () => {
      const shop = await newShop();
      await shop.imat.create(READER.name, READER.definition, { freshness: '1s' });
      const url = await queue(shop);
      const options = url === null ? [] : ['--queue', url];
      const pair = [await start(shop, ...options), await start(shop, ...options)];
      const writer = startWriter(() => shop.session());
      await until(
        'every imat is maintained',
        async () =>
          (await shop.value<number>(
            `SELECT count(DISTINCT imat_id)::int
             FROM imat_catalog.history
             WHERE action <> 'skip' AND error_code IS NULL AND imat_id IS NOT NULL`,
          )) ===
          IMATS.length + 1,
      );
      if (url !== null)
        await until('both have done so', async () => {
          const done = await shop.rows<{ worker: string }>(
            `SELECT DISTINCT worker FROM imat_catalog.history WHERE action IN ('fold', 'swap')`,
          );
          return pair.every(({ process }) =>
            done.some(({ worker }) => worker.includes(`-${process.pid}-`)),
          );
        });
      await writer.stop();
      await expectSettled(shop);
      await until(
        'what reads another is as that is',
        async () => (await shop.rows(differencesSql(READER))).length === 0,
      );
      expect(
        pair.flatMap(({ lines }) =>
          lines.filter(({ level }) => level === 'warn' || level === 'error'),
        ),
      ).toEqual([]);
      expect(await Promise.all(pair.map((worker) => worker.stop()))).toEqual([0, 0]);
      await expectNothingLeft(shop);
    },
    90_000,
  );
});

/** Of a queue that has never been there before: it becomes used. */
async function expectUsed(
  shop: World,
  worker: WorkerProcess,
  completed: () => Promise<number>,
): Promise<void> {
  const writer = startWriter(() => shop.session());
  await until('the queue answers again', async () =>
    worker.lines.some((line) => line.msg === 'the queue answers again'),
  );
  const before = await completed();
  await until('tasks go through it', async () => (await completed()) >= before + 3);
  await writer.stop();
  await expectSettled(shop);
  expect(await worker.stop()).toBe(0);
  await expectNothingLeft(shop);
}

/** Everything is done without the queue, and its absence is reported once. */
async function expectWithout(shop: World, worker: WorkerProcess): Promise<void> {
  await shop.sql(`INSERT INTO sales (region, amount) VALUES ('new', 1)`);
  await expectSettled(shop);
  expect(worker.lines.filter((line) => line.level === 'warn')).toMatchObject([
    {
      msg: 'the queue cannot be used; sweeps go on',
      error: expect.stringContaining('ECONNREFUSED'),
    },
  ]);
}

describe.skipIf(!HAS_REDIS_BINARY)('Redis', () => {
  test('killed, started again empty, and emptied by FLUSHALL', async () => {
    const [shop, redis] = [await newShop(), await newRedis()];
    const pair = [await start(shop, '--queue', redis.url), await start(shop, '--queue', redis.url)];
    const writer = startWriter(() => shop.session());
    await expectGoingOn(shop, 'with Redis');
    expect(await redis.command('KEYS', '{imat}:imat-*')).toContain('{imat}:imat-');
    await redis.kill();
    await expectGoingOn(shop, 'without Redis');
    await redis.start();
    await expectGoingOn(shop, 'with an empty Redis');
    await until('the queue answers again', async () =>
      pair.some(({ lines }) => lines.some((line) => line.msg === 'the queue answers again')),
    );
    for (let i = 0; i < 3; i++) {
      await redis.command('FLUSHALL');
      await expectGoingOn(shop, 'after FLUSHALL');
    }
    await writer.stop();
    await expectSettled(shop);
    expect(await Promise.all(pair.map((worker) => worker.stop()))).toEqual([0, 0]);
    await expectNothingLeft(shop);
  });

  test('what is due all the time is shared by two workers', async () => {
    const [shop, redis] = [await newShop(), await newRedis()];
    // With the tick of 100 ms they are due at every look.
    for (let n = 0; n < 6; n++) {
      const definition = `SELECT region, count(*) AS n
        FROM public.sales
        WHERE amount <> ${n}
        GROUP BY region`;
      await shop.imat.create(`hot_${n}`, definition, { freshness: '200ms' });
    }
    for (let n = 0; n < 2; n++) await start(shop, '--queue', redis.url, '--sweep', '2s');
    const writer = startWriter(() => shop.session());
    // After the sweep interval a task that nobody has run counts as lost by the queue.
    await until('folds have gone on for two sweep intervals', () =>
      shop.value<boolean>(
        `SELECT coalesce(max(ended_at) - min(ended_at) > interval '4 s', false)
         FROM imat_catalog.history WHERE action = 'fold'`,
      ),
    );
    await shop.sql('TRUNCATE imat_catalog.history');
    await until('each has made a fifth of the folds, and many', async () => {
      const shares = await shop.rows<{ n: number }>(
        `SELECT count(h.id)::int AS n FROM imat_catalog.worker w
         LEFT JOIN imat_catalog.history h ON h.worker = w.id AND h.action = 'fold' GROUP BY w.id`,
      );
      const all = shares.reduce((sum, { n }) => sum + n, 0);
      return shares.length === 2 && all > 40 && shares.every(({ n }) => n / all > 0.2);
    });
    await writer.stop();
  });

  test('away from the start, and coming later', async () => {
    const [shop, redis] = [await newShop(), await newRedis()];
    await redis.kill();
    const worker = await start(shop, '--queue', redis.url);
    await expectWithout(shop, worker);
    await redis.start();
    await expectUsed(shop, worker, async () => {
      const script =
        "local n = 0 for _, key in ipairs(redis.call('KEYS', '{imat}:*:id')) " +
        "do n = n + redis.call('GET', key) end return n";
      return Number((await redis.command('EVAL', script, '0')).slice(1));
    });
  });

  test('away at the end: the worker does not wait for it', async () => {
    const [shop, redis] = [await newShop(), await newRedis()];
    const worker = await start(shop, '--queue', redis.url);
    await shop.sql(`INSERT INTO sales (region, amount) VALUES ('new', 1)`);
    await expectSettled(shop);
    await redis.kill();
    await until('the queue is down', async () =>
      worker.lines.some((line) => line.msg === 'the queue cannot be used; sweeps go on'),
    );
    expect(await worker.stop()).toBe(0);
    await expectNothingLeft(shop);
  });

  test('a worker frozen past the lock of the queue, while another one takes over', async () => {
    const [shop, redis] = [await newShop(), await newRedis()];
    const pair = [await start(shop, '--queue', redis.url), await start(shop, '--queue', redis.url)];
    const writer = startWriter(() => shop.session());
    for (let round = 0; round < 2; round++) {
      const frozen = pair[round % 2];
      frozen?.signal('SIGSTOP');
      // The queue's lock lasts for two leases of 1 s: at least that much time must pass.
      await sleep(3000);
      await expectGoingOn(shop, 'with one worker frozen');
      frozen?.signal('SIGCONT');
      await expectGoingOn(shop, 'with both workers');
    }
    await writer.stop();
    await expectSettled(shop);
    expect(await Promise.all(pair.map((worker) => worker.stop()))).toEqual([0, 0]);
    await expectNothingLeft(shop);
  });

  test('a job that somebody else put there does no harm', async () => {
    const [shop, redis] = [await newShop(), await newRedis()];
    const worker = await start(shop, '--queue', redis.url);
    await shop.sql(`INSERT INTO sales (region, amount) VALUES ('new', 1)`);
    await until('the queue is there', async () =>
      (await redis.command('KEYS', '*')).includes('imat-'),
    );
    const queue = /imat-[0-9a-f]+-\d+/.exec(await redis.command('KEYS', '*'))?.[0] ?? '';
    const { Queue } = await import('bullmq');
    const forged = new Queue(queue, { connection: { url: redis.url }, prefix: '{imat}' });
    const tasks = [999, '1; DROP TABLE sales', undefined, 1, -1, 1.5, 5_000_000_000, [1]];
    for (const data of [...tasks.map((task) => ({ task })), null]) await forged.add('run', data);
    await until(
      'they are gone',
      async () => (await forged.count()) === 0 && (await forged.getActiveCount()) === 0,
    );
    await forged.close();
    await shop.sql(`INSERT INTO sales (region, amount) VALUES ('new', 1)`);
    await expectSettled(shop);
    expect(worker.lines.filter((line) => line.level === 'warn' || line.level === 'error')).toEqual(
      [],
    );
  });
});

test.skipIf(findPostgres() === null)(
  'the queue on PostgreSQL: away from the start, and coming later',
  async () => {
    const shop = await newShop();
    const server = await startPostgres();
    cleanups.push(() => server.stop());
    const starting: WorkerProcess[] = [];
    await server.restart('fast', {
      between: async () => {
        const worker = await start(shop, '--queue', server.url);
        starting.push(worker);
        await expectWithout(shop, worker);
      },
    });
    const [worker] = starting;
    if (worker === undefined) throw new Error('no worker was started');
    const admin = await connectDb({ kind: 'url', url: server.url });
    await expectUsed(shop, worker, async () => {
      const [row] = await admin.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM imat_queue.event WHERE event = 'completed'`,
      );
      return row?.n ?? 0;
    });
    await admin.close();
  },
);

test('the queue on PostgreSQL: its backends are terminated, a worker is killed', async () => {
  const shop = await newShop();
  const url = await newQueueDatabase();
  const pair = [await start(shop, '--queue', url), await start(shop, '--queue', url)];
  const writer = startWriter(() => shop.session());
  await expectGoingOn(shop, 'with the queue on PostgreSQL');
  const admin = await connectDb({ kind: 'url', url });
  for (let i = 0; i < 3; i++) {
    await admin.query(
      `SELECT pg_terminate_backend(pid)
       FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await expectGoingOn(shop, 'after its backends were terminated');
  }
  await admin.close();
  pair[0]?.signal('SIGKILL');
  await expectGoingOn(shop, 'with one worker killed');
  await writer.stop();
  await expectSettled(shop);
  expect(await pair[1]?.stop()).toBe(0);
  await expectNothingLeft(shop);
});

test.skipIf(findPostgres() === null)(
  'PostgreSQL restarted, crashed, and its backends terminated',
  async () => {
    const server = await startPostgres({ settings: { fsync: 'on' } });
    cleanups.push(() => server.stop());
    let shop = await shopOn(server.url);
    const pair = [await start(shop), await start(shop)];
    const writer = startWriter(() => shop.session());
    await expectGoingOn(shop, 'at first');
    for (let i = 0; i < 3; i++) {
      await shop.sql(
        `SELECT pg_terminate_backend(pid)
         FROM pg_stat_activity
         WHERE application_name = 'imat worker'`,
      );
      await expectGoingOn(shop, 'after backends were terminated');
    }
    for (const how of ['fast', 'immediate'] as const) {
      const old = shop;
      await server.restart(how);
      await outcomeOf(old.db.close());
      shop = await reopened(server.url);
      await expectGoingOn(shop, `after a restart (${how})`);
    }
    await writer.stop();
    await expectSettled(shop);
    expect(await Promise.all(pair.map((worker) => worker.stop()))).toEqual([0, 0]);
    await expectNothingLeft(shop);
    await shop.drop();
  },
  240_000,
);

async function reopened(url: string): Promise<World> {
  const { openWorld } = await import('../engine/commands/support/world.ts');
  return openWorld(url, '', async () => undefined);
}
