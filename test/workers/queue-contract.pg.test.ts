/** The contract of the queue (workers/queue/queue.ts), the same for its three kinds. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openBullQueue } from '../../workers/queue/bullmq.ts';
import { openQueue, parseQueueUrl, type QueueUrl } from '../../workers/queue/open-queue.ts';
import { postgresBackEnd } from '../../workers/queue/postgres.ts';
import type { QueueOptions, RunTask, WorkQueue } from '../../workers/queue/queue.ts';
import { redisBackEnd } from '../../workers/queue/redis.ts';
import { until } from '../engine/commands/support/world.ts';
import { createDatabase, type TestDatabase } from '../setup/database.ts';
import { provideRedis, type TestRedis } from '../setup/redis.ts';

let database: TestDatabase;
let redis: TestRedis;
beforeAll(async () => {
  [database, redis] = await Promise.all([createDatabase(), provideRedis()]);
});
afterAll(async () => {
  await Promise.all([database.drop(), redis.stop()]);
});

const KINDS: readonly [name: string, queue: () => QueueUrl][] = [
  ['in-process', () => null],
  ['redis', () => parseQueueUrl(redis.url, '--queue')],
  ['postgres', () => parseQueueUrl(database.url, '--queue')],
];

describe.each(KINDS)('the queue: %s', (kind, queueUrl) => {
  const opened: WorkQueue[] = [];
  const errors: Error[] = [];
  const failures: unknown[] = [];

  const open = async (run: RunTask, options: Partial<QueueOptions> = {}): Promise<WorkQueue> => {
    const queue = await openQueue(queueUrl(), {
      key: randomBytes(6).toString('hex'),
      concurrency: 2,
      lockMs: 5000,
      onFailure: (error) => failures.push(error),
      onDown: (error) => errors.push(error),
      onUp: () => undefined,
      ...options,
      run,
    });
    opened.push(queue);
    return queue;
  };

  /** A `run` that ends when it is told to. */
  const held = () => {
    const ran: number[] = [];
    const ends: (() => void)[] = [];
    let now = 0;
    let most = 0;
    const run: RunTask = async (task) => {
      ran.push(task);
      most = Math.max(most, (now += 1));
      await new Promise<void>((resolve) => ends.push(resolve));
      now -= 1;
    };
    const end = (): void => {
      for (const resolve of ends.splice(0)) resolve();
    };
    const started = (count: number): Promise<void> =>
      until(`${count} tasks have started`, async () => ran.length >= count);
    return { ran, run, end, started, most: () => most };
  };

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((queue) => queue.close(2000)));
    errors.length = 0;
    failures.length = 0;
  });

  test('a task that is enqueued runs, once each time', async () => {
    const ran: number[] = [];
    const queue = await open(async (task) => void ran.push(task));
    expect(queue).toMatchObject({ kind, up: true });
    for (const [count, task] of [7, 8, 7].entries()) {
      await queue.enqueue(task);
      await until('it runs', async () => ran.length === count + 1);
    }
    expect(ran).toEqual([7, 8, 7]);
    expect(await queue.depth()).toBe(0);
    expect(errors).toEqual([]);
  });

  test('a task that waits is not enqueued twice', async () => {
    const work = held();
    const queue = await open(work.run, { concurrency: 1 });
    await queue.enqueue(1);
    await work.started(1);
    for (let i = 0; i < 5; i++) await queue.enqueue(2);
    expect(await queue.depth()).toBe(1);
    work.end();
    await work.started(2);
    // A second job of task 2 would run before task 3.
    await queue.enqueue(3);
    work.end();
    await work.started(3);
    work.end();
    expect(work.ran).toEqual([1, 2, 3]);
  });

  test('a task that is enqueued while it runs runs once more, afterwards', async () => {
    const work = held();
    const queue = await open(work.run);
    await queue.enqueue(1);
    await work.started(1);
    for (let i = 0; i < 5; i++) await queue.enqueue(1);
    // There is a place for it beside task 1, which another job of task 1 would have taken.
    await queue.enqueue(2);
    await work.started(2);
    expect(work.ran).toEqual([1, 2]);
    work.end();
    await work.started(3);
    work.end();
    for (const task of [3, 4]) {
      await queue.enqueue(task);
      await work.started(task + 1);
      work.end();
    }
    expect(work.ran).toEqual([1, 2, 1, 3, 4]);
  });

  test('no more tasks run at a time than the concurrency allows', async () => {
    const work = held();
    const queue = await open(work.run, { concurrency: 2 });
    for (const task of [1, 2, 3, 4]) await queue.enqueue(task);
    await work.started(2);
    expect(await queue.depth()).toBe(2);
    await until('all have started', async () => {
      work.end();
      return work.ran.length === 4;
    });
    work.end();
    expect(work.most()).toBe(2);
    expect(work.ran.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
  });

  test('a task that fails stops nothing, and its error is reported', async () => {
    const ran: number[] = [];
    const queue = await open(async (task) => {
      ran.push(task);
      if (task === 1) throw new Error('this one fails');
    });
    await queue.enqueue(1);
    await queue.enqueue(2);
    await until(
      'both have run',
      async () => ran.includes(1) && ran.includes(2) && failures.length > 0,
    );
    await queue.enqueue(1);
    await until('it runs again', async () => ran.filter((task) => task === 1).length === 2);
    expect(failures).toContainEqual(new Error('this one fails'));
    expect(errors).toEqual([]);
  });

  test('close waits for a running task that ends', async () => {
    const events: string[] = [];
    let end = (): void => undefined;
    const queue = await open(async () => {
      events.push('started');
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      events.push('ended');
    });
    await queue.enqueue(1);
    await until('it runs', async () => events.length === 1);
    const closed = queue.close(60_000).then(() => events.push('closed'));
    end();
    await closed;
    expect(events).toEqual(['started', 'ended', 'closed']);
  });

  test('close returns after its deadline if a running task does not end', async () => {
    const work = held();
    const queue = await open(work.run);
    await queue.enqueue(1);
    await work.started(1);
    await queue.close(200);
    expect(work.ran).toEqual([1]);
    work.end();
  });

  test.skipIf(kind === 'in-process')(
    'workers share the tasks of one queue; queues of other databases are separate',
    async () => {
      const key = randomBytes(6).toString('hex');
      const [first, second, other] = [held(), held(), held()];
      const queue = await open(first.run, { key, concurrency: 1 });
      await open(second.run, { key, concurrency: 1 });
      await open(other.run, { concurrency: 1 });
      await queue.enqueue(1);
      await queue.enqueue(2);
      await until('both run', async () => first.ran.length + second.ran.length === 2);
      expect([...first.ran, ...second.ran].toSorted((a, b) => a - b)).toEqual([1, 2]);
      expect(other.ran).toEqual([]);
      for (const work of [first, second]) work.end();
    },
  );
});

test.each([
  ['Redis', redisBackEnd('redis://127.0.0.1:1')],
  ['PostgreSQL', postgresBackEnd('postgres://nobody@127.0.0.1:1/nothing')],
])('a queue that cannot be reached is reported once, and rejects tasks: %s', async (_, backEnd) => {
  const errors: string[] = [];
  let probes = 0;
  const probe = (): Promise<void> => {
    probes += 1;
    return backEnd.probe();
  };
  const queue = await openBullQueue(
    { ...backEnd, probe },
    {
      key: 'x',
      concurrency: 1,
      lockMs: 5000,
      run: async () => undefined,
      onFailure: () => undefined,
      onDown: (error) => errors.push(error.message),
      onUp: () => errors.push('up'),
    },
  );
  await expect(queue.enqueue(1)).rejects.toThrow('the queue is down');
  expect(await queue.depth()).toBeNull();
  await until('it has been probed again', async () => probes >= 3);
  expect(queue.up).toBe(false);
  expect(errors).toEqual([expect.stringContaining('ECONNREFUSED')]);
  await queue.close(1000);
});

test('a URL that does not name a queue is refused without being quoted', () => {
  expect(() => parseQueueUrl('http://secret@host', 'IMAT_QUEUE_URL')).toThrow(
    expect.objectContaining({
      condition: 'invalid_argument',
      message: 'IMAT_QUEUE_URL is not a URL of Redis or PostgreSQL',
    }),
  );
});
