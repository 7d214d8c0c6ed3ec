/**
 * The bell over BullMQ, on Redis or on PostgreSQL. A job is the number of an imat under a deduplication id, so that there is at
 * most one waiting and one active; `keepLastIfActive` remembers a ring that comes while it is attended.
 *
 * BullMQ asks again at once after most errors, for ever, and never again where its first connection failed. So it is opened when
 * the server has answered a probe, and paused at any error until the server answers one again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Queue, Worker } from 'bullmq';
import { reconnectMs } from '../retry.ts';
import { type Bell, type BellOptions, isUnit, PROBE_MS, RING_TIMEOUT_MS, within } from './queue.ts';

type Job = { readonly data: { readonly unit?: unknown } | null };
type Processor = (job: Job) => Promise<void>;

/** What differs between the back ends. */
export type BackEnd = {
  readonly kind: 'redis' | 'postgres';
  /**
   * Finds out whether the queue can be used, and makes what it needs.
   * @throws ImatError of the category `user` where waiting cannot mend it
   */
  readonly probe: () => Promise<void>;
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
  readonly runRetryDelay: number;
  readonly autorun: false;
};

type Pair = { readonly queue: Queue; readonly worker: Worker };

/** A unit whose worker died is handed on again and again: giving up is for the one who attends. */
const NEVER_GIVE_UP = 1_000_000;
const CLOSE_MS = 500;
/** An error so soon after a probe went well is one that probes do not see. */
const STEADY_MS = 30_000;

/** Comes back with the first answer of the queue's server, or soon without. */
export async function openBullBell(backEnd: BackEnd, options: BellOptions): Promise<Bell> {
  const bell = new BullBell(backEnd, options);
  await within(RING_TIMEOUT_MS, 'the queue', bell.open()).catch(() => undefined);
  return bell;
}

class BullBell implements Bell {
  readonly #backEnd: BackEnd;
  readonly #options: BellOptions;
  readonly #closing = new AbortController();
  #pair: Pair | null = null;
  #down = false;
  #failures = 0;
  #usableSince = Number.NEGATIVE_INFINITY;
  #opening: Promise<void> | null = null;

  constructor(backEnd: BackEnd, options: BellOptions) {
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

  async ring(unit: number): Promise<void> {
    const job = {
      deduplication: { id: `unit-${unit}`, keepLastIfActive: true },
      removeOnComplete: true,
      removeOnFail: true,
    };
    await this.#ask((queue) => queue.add('attend', { unit }, job));
  }

  depth(): Promise<number | null> {
    return this.#ask((queue) => queue.getWaitingCount()).catch(() => null);
  }

  async close(deadlineMs: number): Promise<void> {
    this.#closing.abort();
    if (this.#pair !== null) {
      const { queue, worker } = this.#pair;
      await within(deadlineMs, 'the work under way', worker.close()).catch(() => undefined);
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
      return await within(RING_TIMEOUT_MS, 'the queue', question(this.#pair.queue));
    } catch (error) {
      this.#suspect(asError(error));
      throw error;
    }
  }

  /** Leaves the queue alone until a probe goes well. The first comes at once: a connection that broke costs next to nothing. */
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
    const { key, concurrency, attend, onFailure, lockMs } = this.#options;
    const name = `imat-${key}`;
    const process: Processor = async ({ data }) => {
      try {
        if (isUnit(data?.unit)) await attend(data.unit);
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
