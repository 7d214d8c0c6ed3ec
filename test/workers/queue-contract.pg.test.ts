/** The contract of the bell (workers/queue/bell.ts), the same for its three kinds. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Attend, Bell, BellOptions } from '../../workers/queue/queue.ts';
import { openBell, parseQueueUrl, type QueueUrl } from '../../workers/queue/open-queue.ts';
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

describe.each(KINDS)('the bell: %s', (kind, queue) => {
  const open: Bell[] = [];
  const errors: Error[] = [];
  const failures: unknown[] = [];

  const bell = async (attend: Attend, options: Partial<BellOptions> = {}): Promise<Bell> => {
    const key = randomBytes(6).toString('hex');
    const made = await openBell(queue(), {
      key,
      concurrency: 2,
      lockMs: 5000,
      onFailure: (error) => failures.push(error),
      onDown: (error) => errors.push(error),
      onUp: () => undefined,
      ...options,
      attend,
    });
    open.push(made);
    return made;
  };

  const until = async (condition: () => boolean): Promise<void> => {
    for (const deadline = Date.now() + 20_000; !condition(); await sleep(5))
      if (Date.now() > deadline) expect.fail('it did not happen in time');
  };

  /** An `attend` that ends when it is told to. */
  const held = () => {
    const attended: number[] = [];
    const ends: (() => void)[] = [];
    let now = 0;
    let most = 0;
    const attend: Attend = async (unit) => {
      attended.push(unit);
      most = Math.max(most, (now += 1));
      await new Promise<void>((resolve) => ends.push(resolve));
      now -= 1;
    };
    return {
      attended,
      attend,
      end: () => ends.splice(0).forEach((resolve) => resolve()),
      most: () => most,
    };
  };

  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.close(2000)));
    errors.length = 0;
    failures.length = 0;
  });

  test('what is rung is attended, once for each ring', async () => {
    const attended: number[] = [];
    const one = await bell(async (unit) => void attended.push(unit));
    expect(one).toMatchObject({ kind, up: true });
    await one.ring(7);
    await until(() => attended.length === 1);
    await one.ring(8);
    await until(() => attended.length === 2);
    await one.ring(7);
    await until(() => attended.length === 3);
    expect(attended).toEqual([7, 8, 7]);
    expect(await one.depth()).toBe(0);
    expect(errors).toEqual([]);
  });

  test('a unit that waits is not queued twice', async () => {
    const work = held();
    const one = await bell(work.attend, { concurrency: 1 });
    await one.ring(1);
    await until(() => work.attended.length === 1);
    for (let i = 0; i < 5; i++) await one.ring(2);
    expect(await one.depth()).toBe(1);
    work.end();
    await until(() => work.attended.length === 2);
    work.end();
    await sleep(200);
    expect(work.attended).toEqual([1, 2]);
  });

  test('a ring for a unit that is attended is remembered: it is attended once more, never at the same time', async () => {
    const work = held();
    const one = await bell(work.attend);
    await one.ring(1);
    await until(() => work.attended.length === 1);
    for (let i = 0; i < 5; i++) await one.ring(1);
    await sleep(100);
    expect(work.attended).toEqual([1]);
    work.end();
    await until(() => work.attended.length === 2);
    work.end();
    await sleep(200);
    expect(work.attended).toEqual([1, 1]);
    expect(work.most()).toBe(1);
  });

  test('so many units at a time and no more', async () => {
    const work = held();
    const one = await bell(work.attend, { concurrency: 2 });
    for (const unit of [1, 2, 3, 4]) await one.ring(unit);
    await until(() => work.attended.length === 2);
    await sleep(100);
    expect(work.most()).toBe(2);
    while (work.attended.length < 4) {
      work.end();
      await sleep(10);
    }
    work.end();
    expect(work.most()).toBe(2);
    expect(work.attended.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
  });

  test('what fails stops nothing, and is told', async () => {
    const attended: number[] = [];
    const one = await bell(async (unit) => {
      attended.push(unit);
      if (unit === 1) throw new Error('this one fails');
    });
    await one.ring(1);
    await one.ring(2);
    await until(() => attended.includes(1) && attended.includes(2) && failures.length > 0);
    await one.ring(1);
    await until(() => attended.filter((unit) => unit === 1).length === 2);
    expect(failures).toContainEqual(new Error('this one fails'));
    expect(errors).toEqual([]);
  });

  test('close waits for what is attended, and no longer than it is told', async () => {
    let ended = false;
    const patient = await bell(async () => {
      await sleep(300);
      ended = true;
    });
    await patient.ring(1);
    await sleep(kind === 'in-process' ? 10 : 150);
    await patient.close(10_000);
    expect(ended).toBe(true);
    const endless = await bell(() => new Promise(() => undefined));
    await endless.ring(1);
    await sleep(100);
    const start = performance.now();
    await endless.close(200);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test.skipIf(kind === 'in-process')(
    'workers on one bell share its units; bells of other databases are apart',
    async () => {
      const key = randomBytes(6).toString('hex');
      const [first, second, other] = [held(), held(), held()];
      const one = await bell(first.attend, { key, concurrency: 1 });
      await bell(second.attend, { key, concurrency: 1 });
      await bell(other.attend, { concurrency: 1 });
      await one.ring(1);
      await one.ring(2);
      await until(() => first.attended.length + second.attended.length === 2);
      expect([...first.attended, ...second.attended].toSorted((a, b) => a - b)).toEqual([1, 2]);
      expect(other.attended).toEqual([]);
      for (const work of [first, second]) work.end();
    },
  );
});

test('a queue that cannot be reached is down and says so once, refuses a ring at once, and its close does not hang', async () => {
  for (const url of ['redis://127.0.0.1:1', 'postgres://nobody@127.0.0.1:1/nothing']) {
    const errors: string[] = [];
    const bell = await openBell(parseQueueUrl(url, '--queue'), {
      key: 'x',
      concurrency: 1,
      lockMs: 5000,
      attend: async () => undefined,
      onFailure: () => undefined,
      onDown: (error) => errors.push(error.message),
      onUp: () => errors.push('up'),
    });
    await expect(bell.ring(1)).rejects.toThrow('the queue is down');
    expect(await bell.depth()).toBeNull();
    await sleep(1500);
    expect(bell.up).toBe(false);
    expect(errors).toEqual([expect.stringContaining('ECONNREFUSED')]);
    const start = performance.now();
    await bell.close(1000);
    expect(performance.now() - start).toBeLessThan(5000);
  }
});

test('a URL that is none of a queue says so without quoting it', () => {
  expect(() => parseQueueUrl('http://secret@host', 'IMAT_QUEUE_URL')).toThrow(
    expect.objectContaining({
      condition: 'invalid_argument',
      message: 'IMAT_QUEUE_URL is not a URL of Redis or PostgreSQL',
    }),
  );
});
