/**
 * The queue hands tasks to workers. A task is the id of an imat in one database, or `REQUESTS`. A
 * job in the queue carries nothing else, so the queue may lose, repeat or delay jobs: PostgreSQL
 * decides what is due, and sweeps find what was lost.
 *
 * Contract
 * - `enqueue`: a task that waits is not enqueued twice. A task that is enqueued while it runs is
 *   remembered and runs once more afterwards. Rejects within ENQUEUE_TIMEOUT_MS if the queue cannot
 *   be used.
 * - `up`: whether the queue can be used, as far as is known. `onDown` and `onUp` report each
 *   change; a queue that is down from the start is reported as well.
 * - `run` is called for at most `concurrency` tasks at a time. What it throws goes to `onFailure`,
 *   and stops nothing.
 * - Workers with the same `key` share the tasks of one queue.
 * - `depth`: the number of tasks that wait, or null if it cannot be known now.
 * - `close`: takes no more tasks, and waits for running tasks for at most `deadlineMs`. Never
 *   rejects.
 */
export type RunTask = (task: number) => Promise<void>;

export type WorkQueue = {
  readonly kind: 'redis' | 'postgres' | 'in-process';
  readonly up: boolean;
  enqueue(task: number): Promise<void>;
  depth(): Promise<number | null>;
  close(deadlineMs: number): Promise<void>;
};

export type QueueOptions = {
  /** Identifies the database: workers on the same database share a queue. */
  readonly key: string;
  readonly concurrency: number;
  readonly run: RunTask;
  /** Receives what `run` throws. */
  readonly onFailure: (error: unknown) => void;
  readonly onDown: (error: Error) => void;
  readonly onUp: () => void;
  /** After this time a task of a worker that does not answer goes to another one. */
  readonly lockMs: number;
};

export const ENQUEUE_TIMEOUT_MS = 1000;
/** The bound of a probe, which creates what the queue needs on its first use. */
export const PROBE_MS = 10_000;
const TASK_MOST = 2 ** 31 - 1;

/** Anybody with access to the queue can put anything into it. */
export const isTask = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= TASK_MOST;
