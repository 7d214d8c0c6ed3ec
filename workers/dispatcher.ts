/**
 * Rings for what is due, and attends to what the bell rings for. The ticker's rings are shared by all workers; what is still due
 * long after a ring goes to the worker's own crew, and so does everything where no queue can be used.
 */
import { type Attendant, attendTo } from './runner.ts';
import type { Policy } from './policy.ts';
import type { Bell, BellOptions } from './queue/queue.ts';
import { openInProcessBell } from './queue/in-process.ts';
import { openBell, type QueueUrl } from './queue/open-queue.ts';
import { Dues } from './pending-age.ts';
import type { Pace, Slots } from './slots.ts';

export type RingingParts = {
  /** Whose turn it is at the slots. */
  readonly database: object;
  readonly slots: Slots;
  readonly concurrency: number;
  readonly attendant: Attendant;
  /** When a unit was last attended to, by anybody, as far as looks tell. */
  readonly attendedAt: (unit: number) => number;
  readonly onFailure: (error: unknown) => void;
};

export class Ringing {
  readonly #parts: RingingParts;
  readonly #dues = new Dues();
  /** Units that wait for a slot. */
  readonly #waiting = new Set<number>();
  readonly #crew: Bell;
  #bell: Bell | null = null;

  constructor(parts: RingingParts) {
    this.#parts = parts;
    this.#crew = openInProcessBell({
      concurrency: parts.concurrency,
      attend: (unit) => this.#answer(unit),
      onFailure: parts.onFailure,
    });
  }

  /** Null where the queue has not been asked yet. */
  get up(): boolean | null {
    return this.#bell?.up ?? null;
  }

  async depth(): Promise<number | null> {
    return this.#bell?.depth() ?? null;
  }

  /** The crew alone, or also a queue; once. */
  async open(
    queue: QueueUrl,
    options: Omit<BellOptions, 'attend' | 'onFailure' | 'concurrency'>,
  ): Promise<void> {
    if (this.#bell !== null) return;
    const { concurrency, onFailure } = this.#parts;
    const attend = (unit: number): Promise<void> => this.#answer(unit);
    this.#bell =
      queue === null
        ? this.#crew
        : await openBell(queue, { ...options, concurrency, attend, onFailure });
  }

  async close(deadlineMs: number): Promise<void> {
    await Promise.all(
      [...new Set([this.#crew, this.#bell ?? this.#crew])].map((bell) => bell.close(deadlineMs)),
    );
  }

  async ringAll(
    due: readonly number[],
    now: number,
    isTicker: boolean,
    policy: Policy,
  ): Promise<void> {
    const { attendant, attendedAt } = this.#parts;
    this.#dues.keep(new Set([...due, ...attendant.held]));
    for (const unit of due) {
      if (attendant.held.has(unit)) continue;
      // The ticker rings. What is still due after a sweep interval is done by whoever sees it: its bell was lost.
      const verdict = this.#dues.due(
        unit,
        attendedAt(unit),
        now,
        2 * policy.tickMs,
        policy.sweepMs,
      );
      // What waits here for a slot may find a free one elsewhere.
      if (verdict === 'overdue' && !this.#waiting.has(unit)) await this.#crew.ring(unit);
      else if (verdict !== 'wait' && isTicker) await this.#ring(unit);
    }
  }

  /** Attends to a unit here and now. */
  async attend(unit: number, policy: Policy): Promise<void> {
    if (await this.#attendAt('short', unit, policy)) await this.#attendAt('long', unit, policy);
  }

  async #ring(unit: number): Promise<void> {
    if (this.#bell === null || this.#bell === this.#crew) return this.#crew.ring(unit);
    await this.#bell.ring(unit).catch(() => this.#crew.ring(unit));
  }

  /** What takes long waits for its slot beside the bell, which goes on with what is short. */
  async #answer(unit: number): Promise<void> {
    if (await this.#attendAt('short', unit))
      void this.#attendAt('long', unit).catch(this.#parts.onFailure);
  }

  /** True where what is due takes longer than `pace` allows. */
  async #attendAt(
    pace: Pace,
    unit: number,
    policy: Policy = this.#parts.attendant.policy,
  ): Promise<boolean> {
    if (this.#waiting.has(unit)) return false;
    this.#waiting.add(unit);
    const { slots, database, attendant } = this.#parts;
    return slots.with(database, pace, () => {
      this.#waiting.delete(unit);
      return attendTo(unit, pace, { ...attendant, policy });
    });
  }
}
