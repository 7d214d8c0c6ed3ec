import { ImatError } from '../../parser/errors.ts';
import { type Bell, type BellOptions, PROBE_MS, within } from './queue.ts';
import type { BackEnd } from './bullmq.ts';
import { openInProcessBell } from './in-process.ts';

/** Where a queue is; null: none beside this process. */
export type QueueUrl = { readonly kind: 'redis' | 'postgres'; readonly url: string } | null;

/**
 * `origin` is what named it.
 * @throws ImatError `invalid_argument`; it never quotes the URL, which may hold a password
 */
export function parseQueueUrl(url: string | undefined, origin: string): QueueUrl {
  if (url === undefined) return null;
  const protocol = URL.canParse(url) ? new URL(url).protocol : '';
  if (protocol === 'redis:' || protocol === 'rediss:') return { kind: 'redis', url };
  if (protocol === 'postgres:' || protocol === 'postgresql:') return { kind: 'postgres', url };
  throw new ImatError('invalid_argument', {
    message: `${origin} is not a URL of Redis or PostgreSQL`,
    detail: 'It begins with redis://, rediss:// (TLS) or postgres://.',
    hint: `Such as redis://localhost:6379, or leave ${origin} out: one worker needs none.`,
  });
}

/** @throws ImatError where the queue's server answers with what waiting cannot mend: a database that is not there, a right that is missing */
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

/** BullMQ takes a quarter of a second to load: only those who use it pay for it. */
export async function openBell(queue: QueueUrl, options: BellOptions): Promise<Bell> {
  if (queue === null) return openInProcessBell(options);
  const { openBullBell } = await import('./bullmq.ts');
  return openBullBell(await openBackEnd(queue), options);
}

async function openBackEnd({ kind, url }: NonNullable<QueueUrl>): Promise<BackEnd> {
  switch (kind) {
    case 'redis':
      return (await import('./redis.ts')).redisBackEnd(url);
    case 'postgres':
      return (await import('./postgres.ts')).postgresBackEnd(url);
  }
}
