/** The bell of one process: for a single worker, and for the embedded database. */
import type { Bell, BellOptions } from './queue.ts';
import { within } from './queue.ts';

export function openInProcessBell({
  concurrency,
  attend,
  onFailure,
}: Pick<BellOptions, 'concurrency' | 'attend' | 'onFailure'>): Bell {
  const waiting = new Set<number>();
  const attended = new Set<number>();
  const again = new Set<number>();
  const running = new Set<Promise<void>>();
  let closed = false;

  const next = (): void => {
    for (const unit of waiting) {
      if (closed || running.size >= concurrency) return;
      waiting.delete(unit);
      attended.add(unit);
      const run: Promise<void> = attendTo(unit).finally(() => {
        running.delete(run);
        next();
      });
      running.add(run);
    }
  };

  const attendTo = async (unit: number): Promise<void> => {
    try {
      await attend(unit);
    } catch (error) {
      onFailure(error);
    } finally {
      attended.delete(unit);
      if (again.delete(unit)) waiting.add(unit);
    }
  };

  return {
    kind: 'in-process',
    up: true,
    ring: async (unit) => {
      if (closed) throw new Error('the bell is closed');
      if (attended.has(unit)) again.add(unit);
      else waiting.add(unit);
      next();
    },
    depth: async () => waiting.size + again.size,
    close: async (deadlineMs) => {
      closed = true;
      await within(deadlineMs, 'the work under way', Promise.all(running)).catch(() => undefined);
    },
  };
}
