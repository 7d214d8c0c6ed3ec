/** BullMQ on Redis. The prefix `{imat}` keeps all keys in one slot, as a cluster demands. */
import { Redis } from 'ioredis';
import { Queue, Worker } from 'bullmq';
import type { BackEnd } from './bullmq.ts';

const PREFIX = '{imat}';
const RECONNECT_MOST_MS = 5000;

export function redisBackEnd(url: string, onError: (error: Error) => void): BackEnd {
  const retryStrategy = (times: number): number => Math.min(RECONNECT_MOST_MS, 100 * 2 ** Math.min(times, 10));
  // Who rings wants an answer now; who waits for rings has all the time.
  const producer = new Redis(url, { maxRetriesPerRequest: 1, retryStrategy, connectTimeout: RECONNECT_MOST_MS });
  const consumer = new Redis(url, { maxRetriesPerRequest: null, retryStrategy, connectTimeout: RECONNECT_MOST_MS });
  for (const connection of [producer, consumer]) connection.on('error', onError);
  return {
    kind: 'redis',
    queue: (name) => new Queue(name, { connection: producer, prefix: PREFIX, skipWaitingForReady: true, skipMetasUpdate: true }),
    worker: (name, process, settings) => new Worker(name, process, { ...settings, connection: consumer, prefix: PREFIX }),
    disconnect: async () => {
      producer.disconnect();
      consumer.disconnect();
    },
  };
}
