/**
 * The bell over BullMQ, on Redis or on PostgreSQL. A job is the number of an imat under a deduplication id, so that there is at
 * most one waiting and one active; `keepLastIfActive` remembers a ring that comes while it is attended.
 */
import type { Queue, Worker } from 'bullmq';
import type { Bell, BellOptions } from './bell.ts';
import { isUnit, RING_TIMEOUT_MS, within } from './bell.ts';

type Job = { readonly data: { readonly unit?: unknown } | null };
type Processor = (job: Job) => Promise<void>;

/** What differs between the back ends. */
export type BackEnd = {
  readonly kind: 'redis' | 'postgres';
  readonly queue: (name: string) => Queue;
  readonly worker: (name: string, process: Processor, settings: WorkerSettings) => Worker;
  /** Ends connections that no longer answer. */
  readonly disconnect: () => Promise<void>;
};

export type WorkerSettings = {
  readonly concurrency: number;
  readonly lockDuration: number;
  readonly stalledInterval: number;
  readonly maxStalledCount: number;
  readonly drainDelay: number;
};

/** A unit whose worker died is handed on again and again: giving up is for the one who attends. */
const NEVER_GIVE_UP = 1_000_000;
const CLOSE_MS = 500;

export function openBullBell(backEnd: BackEnd, { key, concurrency, attend, onError, onFailure, lockMs }: BellOptions): Bell {
  const name = `imat-${key}`;
  const queue = backEnd.queue(name);
  queue.on('error', onError);
  const settings = {
    concurrency,
    lockDuration: lockMs,
    stalledInterval: Math.max(1000, lockMs / 2),
    maxStalledCount: NEVER_GIVE_UP,
    drainDelay: 5,
  };
  const worker = backEnd.worker(
    name,
    async ({ data }) => {
      try {
        if (isUnit(data?.unit)) await attend(data.unit);
      } catch (error) {
        onFailure(error);
      }
    },
    settings,
  );
  worker.on('error', onError);
  return {
    kind: backEnd.kind,
    ring: async (unit) => {
      const job = { deduplication: { id: `unit-${unit}`, keepLastIfActive: true }, removeOnComplete: true, removeOnFail: true };
      await within(RING_TIMEOUT_MS, 'the queue', queue.add('attend', { unit }, job));
    },
    depth: () => within(RING_TIMEOUT_MS, 'the queue', queue.getWaitingCount()).catch(() => null),
    close: async (deadlineMs) => {
      await within(deadlineMs, 'the work under way', worker.close()).catch(() => undefined);
      await within(CLOSE_MS, 'the queue', Promise.all([worker.close(true), queue.close()])).catch(() => undefined);
      await within(CLOSE_MS, 'the queue', backEnd.disconnect()).catch(() => undefined);
    },
  };
}
