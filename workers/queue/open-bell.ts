import { ImatError } from '../../parser/errors.ts';
import type { Bell, BellOptions } from './bell.ts';
import { openInProcessBell } from './in-process.ts';

/** Where a queue is; null: none beside this process. */
export type QueueUrl = { readonly kind: 'redis' | 'postgres'; readonly url: string } | null;

/** @throws ImatError `invalid_argument`; it never quotes the URL, which may hold a password */
export function parseQueueUrl(url: string | undefined): QueueUrl {
  if (url === undefined) return null;
  const protocol = URL.canParse(url) ? new URL(url).protocol : '';
  if (protocol === 'redis:' || protocol === 'rediss:') return { kind: 'redis', url };
  if (protocol === 'postgres:' || protocol === 'postgresql:') return { kind: 'postgres', url };
  throw new ImatError('invalid_argument', {
    message: '--queue is not a URL of Redis or PostgreSQL',
    detail: 'It begins with redis://, rediss:// (TLS) or postgres://.',
    hint: 'Such as redis://localhost:6379, or leave --queue out: one worker needs none.',
  });
}

/** BullMQ takes a quarter of a second to load: only those who use it pay for it. */
export async function openBell(queue: QueueUrl, options: BellOptions): Promise<Bell> {
  if (queue === null) return openInProcessBell(options);
  const [{ openBullBell }, backEnd] = await Promise.all([
    import('./bullmq.ts'),
    queue.kind === 'redis'
      ? import('./redis.ts').then(({ redisBackEnd }) => redisBackEnd(queue.url, options.onError))
      : import('./postgres.ts').then(({ postgresBackEnd }) => postgresBackEnd(queue.url)),
  ]);
  return openBullBell(backEnd, options);
}
