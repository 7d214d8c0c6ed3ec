/**
 * The queue over BullMQ, on Redis or on PostgreSQL. A job holds a task under a deduplication id, so
 * that at most one job of it waits and one runs; `keepLastIfActive` remembers a task that is
 * enqueued while it runs.
 *
 * After most errors BullMQ retries at once and without end; if its first connection fails, it never
 * retries. So this queue connects only after the server has answered a probe, and after an error it
 * pauses until the server answers a probe again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Queue, Worker } from 'bullmq';
import { reconnectMs } from '../retry.ts';
import { within } from '../within.ts';
import {
  ENQUEUE_TIMEOUT_MS,
  isTask,
  PROBE_MS,
  type QueueOptions,
  type WorkQueue,
} from './queue.ts';

type Job = { readonly data: { readonly task?: unknown } | null };
type Processor = (job: Job) => Promise<void>;

/** What differs between the back ends. */
export type BackEnd = {
  readonly kind: 'redis' | 'postgres';
  /**
   * Checks whether the queue can be used, and creates what it needs.
   * @throws ImatError of the category `user` if somebody has to fix it: retrying would not help
   */
  readonly probe: () => Promise<void>;
  readonly queue: (name: string) => Queue;
  readonly worker: (name: string, process: Processor, settings: WorkerSettings) => Worker;
  /** Ends connections even if they do not answer. */
  readonly disconnect: () => Promise<void>;
};

export type WorkerSettings = {
  readonly concurrency: number;
  readonly lockDuration: number;
  readonly stalledInterval: number;
  readonly maxStalledCount: number;
  readonly drainDelay: number;
  readonly runRetryDelay: number;
  readonly autorun: false;
};

type Pair = { readonly queue: Queue; readonly worker: Worker };

/** BullMQ never drops a task whose worker died: the runner decides when to back off. */
const NEVER_GIVE_UP = 1_000_000;
const CLOSE_MS = 500;
/**
 * An error this soon after a successful probe is one that probes do not detect, so it counts as a
 * failed probe.
 */
const STEADY_MS = 30_000;

/**
 * Returns when the queue's server has answered, or after ENQUEUE_TIMEOUT_MS; the queue then goes on
 * connecting.
 */
export async function openBullQueue(backEnd: BackEnd, options: QueueOptions): Promise<WorkQueue> {
  const queue = new BullQueue(backEnd, options);
  await within(ENQUEUE_TIMEOUT_MS, 'the queue', queue.open()).catch(() => undefined);
  return queue;
}

class BullQueue implements WorkQueue {
  readonly #backEnd: BackEnd;
  readonly #options: QueueOptions;
  readonly #closing = new AbortController();
  #pair: Pair | null = null;
  #down = false;
  #failures = 0;
  #usableSince = Number.NEGATIVE_INFINITY;
  #opening: Promise<void> | null = null;

  constructor(backEnd: BackEnd, options: QueueOptions) {
    this.#backEnd = backEnd;
    this.#options = options;
  }

  get kind(): BackEnd['kind'] {
    return this.#backEnd.kind;
  }

  get up(): boolean {
    return this.#pair !== null && !this.#down;
  }

  /** Resolves when the queue can be used. */
  open(): Promise<void> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async enqueue(task: number): Promise<void> {
    const job = {
      deduplication: { id: `task-${task}`, keepLastIfActive: true },
      removeOnComplete: true,
      removeOnFail: true,
    };
    await this.#ask((queue) => queue.add('run', { task }, job));
  }

  depth(): Promise<number | null> {
    return this.#ask((queue) => queue.getWaitingCount()).catch(() => null);
  }

  async close(deadlineMs: number): Promise<void> {
    this.#closing.abort();
    if (this.#pair !== null) {
      const { queue, worker } = this.#pair;
      await within(deadlineMs, 'the running tasks', worker.close()).catch(() => undefined);
      await within(CLOSE_MS, 'the queue', Promise.all([worker.close(true), queue.close()])).catch(
        () => undefined,
      );
    }
    await within(CLOSE_MS, 'the queue', this.#backEnd.disconnect()).catch(() => undefined);
    if (this.#opening !== null)
      await within(CLOSE_MS, 'the queue', this.#opening).catch(() => undefined);
  }

  async #ask<T>(question: (queue: Queue) => Promise<T>): Promise<T> {
    if (this.#pair === null || this.#down) throw new Error('the queue is down');
    try {
      return await within(ENQUEUE_TIMEOUT_MS, 'the queue', question(this.#pair.queue));
    } catch (error) {
      this.#suspect(asError(error));
      throw error;
    }
  }

  /**
   * Pauses the queue until a probe succeeds. The first probe is sent at once, since a broken
   * connection is cheap to replace.
   */
  #suspect(error: Error): void {
    if (this.#opening !== null || this.#closing.signal.aborted) return;
    void this.#pair?.worker.pause(true);
    if (performance.now() - this.#usableSince < STEADY_MS) this.#failed(error);
    else this.#failures = 0;
    void this.open();
  }

  async #open(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        if (this.#failures > 0)
          await sleep(reconnectMs(this.#failures, Math.random()), undefined, { signal });
        await within(PROBE_MS, 'the queue', this.#backEnd.probe());
        this.#pair ??= await this.#connect();
      } catch (error) {
        this.#failed(asError(error));
        continue;
      }
      this.#opening = null;
      this.#usableSince = performance.now();
      if (this.#down) this.#options.onUp();
      this.#down = false;
      if (!signal.aborted) void this.#pair.worker.resume();
      return;
    }
  }

  #failed(error: Error): void {
    this.#failures += 1;
    if (!this.#down && !this.#closing.signal.aborted) this.#options.onDown(error);
    this.#down = true;
  }

  async #connect(): Promise<Pair> {
    const { key, concurrency, run, onFailure, lockMs } = this.#options;
    const name = `imat-${key}`;
    const process: Processor = async ({ data }) => {
      try {
        if (isTask(data?.task)) await run(data.task);
      } catch (error) {
        onFailure(error);
      }
    };
    const settings = {
      concurrency,
      lockDuration: lockMs,
      stalledInterval: Math.max(1000, lockMs / 2),
      maxStalledCount: NEVER_GIVE_UP,
      drainDelay: 5,
      runRetryDelay: 1000,
      autorun: false,
    } as const;
    const [queue, worker] = [
      this.#backEnd.queue(name),
      this.#backEnd.worker(name, process, settings),
    ];
    const parts = [queue, worker];
    queue.on('error', (error) => this.#suspect(error));
    worker.on('error', (error) => this.#suspect(error));
    try {
      await within(PROBE_MS, 'the queue', Promise.all(parts.map((part) => part.waitUntilReady())));
      this.#closing.signal.throwIfAborted();
    } catch (error) {
      for (const part of parts) void part.close().catch(() => undefined);
      throw error;
    }
    return { queue, worker };
  }
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));
