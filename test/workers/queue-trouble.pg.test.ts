/**
 * Queues whose server answers, and refuses: at the start, and from when they have been used.
 * Nothing but a change by somebody mends it.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { connectDb } from '../../engine/db/connect-db.ts';
import { startRedis } from '../../tools/redis.ts';
import type { WorkQueue } from '../../workers/queue/queue.ts';
import { checkQueue, openQueue, parseQueueUrl } from '../../workers/queue/open-queue.ts';
import { until } from '../engine/commands/support/world.ts';
import { createDatabase, useDatabase } from '../setup/database.ts';
import { HAS_REDIS_BINARY } from '../setup/redis.ts';
import { startWorker } from './support/worker-process.ts';

const imats = useDatabase();
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

type Queue = {
  readonly url: string;
  /** What the server says. */
  readonly message: string;
  readonly hint: string;
  readonly mend: () => Promise<unknown>;
  readonly spoil: () => Promise<unknown>;
};

const newName = (): string => `t_${randomBytes(6).toString('hex')}`;

async function onServer(...statements: string[]): Promise<void> {
  const db = await connectDb({ kind: 'url', url: inject('postgresUrl') });
  for (const statement of statements) await db.execute(statement);
  await db.close();
}

function addressOf(database: string, role?: string): string {
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${database}`;
  if (role !== undefined) url.username = role;
  return url.href;
}

async function newDatabase(): Promise<string> {
  const database = await createDatabase();
  cleanups.push(() => database.drop());
  return new URL(database.url).pathname.slice(1);
}

async function withoutDatabase(): Promise<Queue> {
  const name = newName();
  const spoil = (): Promise<void> => onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  cleanups.push(spoil);
  return {
    url: addressOf(name),
    message: `database "${name}" does not exist`,
    hint: 'Create that database',
    mend: () => onServer(`CREATE DATABASE ${name} TEMPLATE template0`),
    spoil,
  };
}

async function withoutRight(): Promise<Queue> {
  const role = newName();
  await onServer(`CREATE ROLE ${role} LOGIN`);
  cleanups.push(() => onServer(`DROP ROLE ${role}`));
  const database = await newDatabase();
  return {
    url: addressOf(database, role),
    message: `permission denied for database ${database}`,
    hint: 'Grant its role CREATE on that database',
    mend: () => onServer(`GRANT CREATE ON DATABASE ${database} TO ${role}`),
    spoil: async () => {
      const db = await connectDb({ kind: 'url', url: addressOf(database) });
      await db.execute(
        `DROP SCHEMA imat_queue CASCADE; REVOKE CREATE ON DATABASE ${database} FROM ${role}`,
      );
      await db.close();
    },
  };
}

async function withoutRole(): Promise<Queue> {
  const role = newName();
  await onServer(`CREATE ROLE ${role}`);
  cleanups.push(() => onServer(`DROP ROLE ${role}`));
  const database = await newDatabase();
  await onServer(`GRANT CREATE ON DATABASE ${database} TO ${role}`);
  return {
    url: addressOf(database, role),
    message: `role "${role}" is not permitted to log in`,
    hint: 'Check the role and its password',
    mend: () => onServer(`ALTER ROLE ${role} LOGIN`),
    spoil: () =>
      onServer(
        `ALTER ROLE ${role} NOLOGIN`,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`,
      ),
  };
}

async function withoutPassword(): Promise<Queue> {
  const server = await startRedis();
  cleanups.push(() => server.stop());
  const change = async (from: string, to: string): Promise<void> => {
    const admin = new Redis(server.url, { password: from });
    await admin.config('SET', 'requirepass', to);
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal');
    admin.disconnect();
  };
  await server.command('CONFIG', 'SET', 'requirepass', 'right');
  return {
    url: server.url.replace('redis://', 'redis://:wrong@'),
    message: 'WRONGPASS',
    hint: 'Check user and password',
    mend: () => change('right', 'wrong'),
    spoil: () => change('wrong', 'right'),
  };
}

describe.each([
  ['PostgreSQL without the database', withoutDatabase, true],
  ['PostgreSQL whose role may not create', withoutRight, true],
  ['PostgreSQL whose role may not log in', withoutRole, true],
  ['Redis that wants another password', withoutPassword, HAS_REDIS_BINARY],
])('%s', (_, makeQueue, canRun) => {
  test.runIf(canRun)('a worker refuses it at its start', async () => {
    const { url, message, hint } = await makeQueue();
    await expect(checkQueue(parseQueueUrl(url, '--queue'))).rejects.toMatchObject({
      category: 'user',
      message: expect.stringMatching(new RegExp(`^the queue cannot be used: .*${message}`)),
      hint: expect.stringContaining(hint),
    });
    const worker = startWorker([imats.url], ['--queue', url]);
    expect(await worker.ended).toBe(2);
  });

  test.runIf(canRun)(
    'it is left alone while it is so, and used when it is mended, and again',
    async () => {
      const { url, message, mend, spoil } = await makeQueue();
      const ran: number[] = [];
      const told: string[] = [];
      const queue = await openQueue(parseQueueUrl(url, '--queue'), {
        key: 'k',
        concurrency: 2,
        lockMs: 5000,
        run: async (task) => void ran.push(task),
        onFailure: (error) => told.push(String(error)),
        onDown: (error) => told.push(error.message),
        onUp: () => told.push('up'),
      });
      cleanups.push(() => queue.close(1000));
      await expectLeftAlone(queue);
      expect(told).toEqual([expect.stringContaining(message)]);
      await mend();
      await until('it is used', async () => queue.up);
      await queue.enqueue(1);
      await until('the task runs', async () => ran.includes(1));
      expect(told).toEqual([expect.stringContaining(message), 'up']);
      await spoil();
      await until('it is seen', async () => {
        await queue.enqueue(2).catch(() => undefined);
        return !queue.up;
      });
      await expectLeftAlone(queue);
      await mend();
      await until('it is used again', async () => queue.up);
      ran.length = 0;
      await queue.enqueue(3);
      await until('the task runs', async () => ran.includes(3));
      expect(told.at(-1)).toBe('up');
    },
    90_000,
  );
});

test('a schema that somebody drops is made again', async () => {
  const database = await newDatabase();
  const url = addressOf(database);
  const ran: number[] = [];
  const queue = await openQueue(parseQueueUrl(url, '--queue'), {
    key: 'k',
    concurrency: 1,
    lockMs: 5000,
    run: async (task) => void ran.push(task),
    onFailure: () => undefined,
    onDown: () => undefined,
    onUp: () => undefined,
  });
  cleanups.push(() => queue.close(1000));
  expect(queue.up).toBe(true);
  const db = await connectDb({ kind: 'url', url });
  // Its lock can meet those of the queue's sessions in another order: a deadlock ends one of them.
  await until('the schema is dropped', () =>
    db.execute('DROP SCHEMA imat_queue CASCADE').then(
      () => true,
      (error: unknown) => {
        if ((error as { sqlstate?: string }).sqlstate === '40P01') return false;
        throw error;
      },
    ),
  );
  await db.close();
  await until('the task runs', async () => {
    await queue.enqueue(1).catch(() => undefined);
    return ran.includes(1);
  });
});

/** It is down, and this process has next to nothing to do. */
async function expectLeftAlone(queue: WorkQueue): Promise<void> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await sleep(2000);
  // A queue that retries at once uses a whole core. The load of the machine does not count here.
  const { user, system } = process.cpuUsage(before);
  const cpuMs = (user + system) / 1000;
  expect(cpuMs / (performance.now() - start)).toBeLessThan(0.3);
  expect(queue.up).toBe(false);
  await expect(queue.enqueue(9)).rejects.toThrow('the queue is down');
}
