/**
 * Hands due tasks to the queue, and runs what comes from it. The ticker enqueues for all workers. A
 * worker runs a task itself, through its local queue, if the task is still due long after it was
 * enqueued, and if the shared queue cannot be used.
 */
import { DueTracker } from './due-tracker.ts';
import type { Policy } from './policy.ts';
import { openInProcessQueue } from './queue/in-process.ts';
import { openQueue, type QueueUrl } from './queue/open-queue.ts';
import type { QueueOptions, WorkQueue } from './queue/queue.ts';
import { type Runner, runTask } from './runner.ts';
import type { Pace, Slots } from './slots.ts';

export type DispatcherParts = {
  /** Identifies the database when slots are shared out. */
  readonly database: object;
  readonly slots: Slots;
  readonly concurrency: number;
  readonly runner: Runner;
  /** When any worker last ran a task, as far as polls show, on the clock of `performance.now`. */
  readonly lastRunAt: (task: number) => number;
  readonly onFailure: (error: unknown) => void;
};

export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #dueTracker: DueTracker;
  /** Tasks that wait for a slot. */
  readonly #waiting = new Set<number>();
  readonly #local: WorkQueue;
  #queue: WorkQueue | null = null;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    const { concurrency, onFailure, runner } = parts;
    const { tickMs, sweepMs } = runner.policy;
    this.#dueTracker = new DueTracker({ enqueueEveryMs: 2 * tickMs, overdueMs: sweepMs });
    this.#local = openInProcessQueue({
      concurrency,
      run: (task) => this.#runFromQueue(task),
      onFailure,
    });
  }

  /** Null before the queue was opened. */
  get up(): boolean | null {
    return this.#queue?.up ?? null;
  }

  async depth(): Promise<number | null> {
    return this.#queue?.depth() ?? null;
  }

  /** Opens the shared queue, or uses the local one if there is none. Later calls do nothing. */
  async open(
    queue: QueueUrl,
    options: Omit<QueueOptions, 'run' | 'onFailure' | 'concurrency'>,
  ): Promise<void> {
    if (this.#queue !== null) return;
    const { concurrency, onFailure } = this.#parts;
    const run = (task: number): Promise<void> => this.#runFromQueue(task);
    this.#queue =
      queue === null
        ? this.#local
        : await openQueue(queue, { ...options, concurrency, run, onFailure });
  }

  async close(deadlineMs: number): Promise<void> {
    const queues = new Set([this.#local, this.#queue ?? this.#local]);
    await Promise.all([...queues].map((queue) => queue.close(deadlineMs)));
  }

  async dispatch(due: readonly number[], now: number, isTicker: boolean): Promise<void> {
    const { runner, lastRunAt } = this.#parts;
    this.#dueTracker.keep(new Set([...due, ...runner.running]));
    for (const task of due) {
      if (runner.running.has(task)) continue;
      const verdict = this.#dueTracker.note(task, lastRunAt(task), now);
      // A task that waits here for a slot may find a free one at another worker, so it is enqueued
      // again.
      if (verdict === 'overdue' && !this.#waiting.has(task)) await this.#local.enqueue(task);
      else if (verdict !== 'wait' && isTicker) await this.#enqueue(task);
    }
  }

  /** Runs a task here and now, without the queue. */
  async run(task: number, policy: Policy): Promise<void> {
    if (await this.#runAt('short', task, policy)) await this.#runAt('long', task, policy);
  }

  async #enqueue(task: number): Promise<void> {
    if (this.#queue === null || this.#queue === this.#local) return this.#local.enqueue(task);
    await this.#queue.enqueue(task).catch(() => this.#local.enqueue(task));
  }

  /** A long task waits for its slot outside the queue, which goes on with short ones. */
  async #runFromQueue(task: number): Promise<void> {
    if (await this.#runAt('short', task))
      void this.#runAt('long', task).catch(this.#parts.onFailure);
  }

  /** True if what is due takes longer than `pace` allows. */
  async #runAt(
    pace: Pace,
    task: number,
    policy: Policy = this.#parts.runner.policy,
  ): Promise<boolean> {
    if (this.#waiting.has(task)) return false;
    this.#waiting.add(task);
    const { slots, database, runner } = this.#parts;
    return slots.with(database, pace, () => {
      this.#waiting.delete(task);
      return runTask(task, pace, { ...runner, policy });
    });
  }
}
