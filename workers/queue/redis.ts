/**
 * BullMQ on Redis. The prefix `{imat}` keeps all keys in one hash slot, as a Redis cluster
 * requires.
 */
import { Redis } from 'ioredis';
import { Queue, Worker } from 'bullmq';
import { ImatError } from '../../engine/errors/imat-error.ts';
import type { BackEnd } from './bullmq.ts';

const PREFIX = '{imat}';
const RECONNECT_MOST_MS = 2000;
const CONNECT_MS = 5000;

export function redisBackEnd(url: string): BackEnd {
  const retryStrategy = (times: number): number =>
    Math.min(RECONNECT_MOST_MS, 100 * 2 ** Math.min(times, 10));
  // Enqueuing must fail fast; waiting for jobs may retry without end.
  const producer = new Redis(url, {
    maxRetriesPerRequest: 1,
    retryStrategy,
    connectTimeout: CONNECT_MS,
  });
  const consumer = new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy,
    connectTimeout: CONNECT_MS,
  });
  let trouble: Error | null = null;
  for (const connection of [producer, consumer])
    connection.on('error', (error: Error) => (trouble = error));
  return {
    kind: 'redis',
    // Like BullMQ's own scripts, the probe writes.
    probe: async () => {
      try {
        await producer.eval(`return redis.call('SET', KEYS[1], '', 'PX', 1)`, 1, `${PREFIX}:probe`);
      } catch (error) {
        // The last connection error says more than the number of attempts.
        throw refusal(
          error instanceof Error && error.name === 'MaxRetriesPerRequestError'
            ? (trouble ?? error)
            : error,
        );
      }
    },
    queue: (name) =>
      new Queue(name, {
        connection: producer,
        prefix: PREFIX,
        skipWaitingForReady: true,
        skipMetasUpdate: true,
      }),
    worker: (name, process, settings) =>
      new Worker(name, process, { ...settings, connection: consumer, prefix: PREFIX }),
    disconnect: async () => {
      producer.disconnect();
      consumer.disconnect();
    },
  };
}

function refusal(error: unknown): unknown {
  if (!(error instanceof Error) || !/\b(?:NOAUTH|WRONGPASS|NOPERM)\b/.test(error.message))
    return error;
  return new ImatError('invalid_argument', {
    message: `the queue cannot be used: ${error.message}`,
    hint: `Check user and password in the queue's URL; it needs all commands on keys ${PREFIX}*.`,
    cause: error,
  });
}
