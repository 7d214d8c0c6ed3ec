/** Remembers since when tasks have been due, and when they were enqueued. */
export type DueTrackerBounds = {
  /** A task that is still due is enqueued again after this time. */
  readonly enqueueEveryMs: number;
  /** A task that nobody has run for this long is overdue: the queue has lost it. */
  readonly overdueMs: number;
};

export class DueTracker {
  readonly #bounds: DueTrackerBounds;
  readonly #entries = new Map<number, { since: number; enqueuedAt: number }>();

  constructor(bounds: DueTrackerBounds) {
    this.#bounds = bounds;
  }

  /**
   * Notes that a task is due at `nowMs`; a run at `lastRunAtMs` begins the count anew. The verdict
   * `enqueue` counts as done.
   */
  note(task: number, lastRunAtMs: number, nowMs: number): 'enqueue' | 'wait' | 'overdue' {
    const entry = this.#entries.get(task);
    if (entry === undefined || lastRunAtMs > entry.enqueuedAt) {
      this.#entries.set(task, { since: nowMs, enqueuedAt: nowMs });
      return 'enqueue';
    }
    if (lastRunAtMs > entry.since) entry.since = nowMs;
    if (nowMs - entry.since >= this.#bounds.overdueMs) return 'overdue';
    if (nowMs - entry.enqueuedAt < this.#bounds.enqueueEveryMs) return 'wait';
    entry.enqueuedAt = nowMs;
    return 'enqueue';
  }

  /** Forgets all tasks but these. */
  keep(tasks: ReadonlySet<number>): void {
    for (const task of this.#entries.keys()) if (!tasks.has(task)) this.#entries.delete(task);
  }
}
