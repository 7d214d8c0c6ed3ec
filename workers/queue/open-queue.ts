/** Which queue a worker uses, and opening it. */
import { checkParameters } from '../../engine/db/url-parameters.ts';
import { ImatError } from '../../engine/errors/imat-error.ts';
import { within } from '../within.ts';
import { PROBE_MS, type QueueOptions, type WorkQueue } from './queue.ts';
import type { BackEnd } from './bullmq.ts';
import { openInProcessQueue } from './in-process.ts';

/** The address of a shared queue; null: the worker uses a queue of its own process. */
export type QueueUrl = { readonly kind: 'redis' | 'postgres'; readonly url: string } | null;

/**
 * `origin` is the option or variable that holds the URL.
 * @throws ImatError `invalid_argument`; the message never quotes the URL, which may hold a password
 */
export function parseQueueUrl(url: string | undefined, origin: string): QueueUrl {
  if (url === undefined) return null;
  const protocol = URL.canParse(url) ? new URL(url).protocol : '';
  if (protocol === 'redis:' || protocol === 'rediss:') return { kind: 'redis', url };
  if (protocol === 'postgres:' || protocol === 'postgresql:') {
    checkParameters(url, origin);
    // node-postgres alone connects here.
    if (/[?&]channel_binding=require\b/.test(url))
      throw new ImatError('invalid_argument', {
        message: `${origin} cannot have channel_binding=require`,
        hint: 'Leave the parameter out, or use a queue in Redis.',
      });
    return { kind: 'postgres', url };
  }
  throw new ImatError('invalid_argument', {
    message: `${origin} is not a URL of Redis or PostgreSQL`,
    detail: 'A queue URL begins with redis://, rediss:// (TLS) or postgres://.',
    hint: `Write a URL such as redis://localhost:6379, or leave ${origin} out.`,
  });
}

/**
 * A queue that does not answer is accepted: workers run without it and connect later.
 * @throws ImatError if the queue's server refuses for a reason that somebody has to fix: a missing
 *   database, a missing privilege
 */
export async function checkQueue(queue: QueueUrl): Promise<void> {
  if (queue === null) return;
  const backEnd = await openBackEnd(queue);
  try {
    await within(PROBE_MS, 'the queue', backEnd.probe());
  } catch (error) {
    if (error instanceof ImatError && error.category === 'user') throw error;
  } finally {
    await backEnd.disconnect();
  }
}

/** Loads BullMQ, which takes a quarter of a second, only if it is used. */
export async function openQueue(queue: QueueUrl, options: QueueOptions): Promise<WorkQueue> {
  if (queue === null) return openInProcessQueue(options);
  const { openBullQueue } = await import('./bullmq.ts');
  return openBullQueue(await openBackEnd(queue), options);
}

async function openBackEnd({ kind, url }: NonNullable<QueueUrl>): Promise<BackEnd> {
  switch (kind) {
    case 'redis':
      return (await import('./redis.ts')).redisBackEnd(url);
    case 'postgres':
      return (await import('./postgres.ts')).postgresBackEnd(url);
  }
}
