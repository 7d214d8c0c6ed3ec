/**
 * The queue of a single process: for one worker, for the embedded database, and for use while a
 * shared queue is down.
 */
import { within } from '../within.ts';
import type { QueueOptions, WorkQueue } from './queue.ts';

export function openInProcessQueue({
  concurrency,
  run,
  onFailure,
}: Pick<QueueOptions, 'concurrency' | 'run' | 'onFailure'>): WorkQueue {
  const waiting = new Set<number>();
  const running = new Map<number, Promise<void>>();
  /** Tasks that were enqueued while they ran. */
  const repeated = new Set<number>();
  let closed = false;

  const startNext = (): void => {
    for (const task of waiting) {
      if (closed || running.size >= concurrency) return;
      waiting.delete(task);
      const ended = runSafely(task).finally(() => {
        running.delete(task);
        if (repeated.delete(task)) waiting.add(task);
        startNext();
      });
      running.set(task, ended);
    }
  };

  const runSafely = async (task: number): Promise<void> => {
    try {
      await run(task);
    } catch (error) {
      onFailure(error);
    }
  };

  return {
    kind: 'in-process',
    up: true,
    enqueue: async (task) => {
      if (closed) throw new Error('the queue is closed');
      if (running.has(task)) repeated.add(task);
      else waiting.add(task);
      startNext();
    },
    depth: async () => waiting.size + repeated.size,
    close: async (deadlineMs) => {
      closed = true;
      const ended = Promise.all(running.values());
      await within(deadlineMs, 'the running tasks', ended).catch(() => undefined);
    },
  };
}
