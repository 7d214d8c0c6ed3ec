/**
 * Limits how many tasks run at a time, whichever database or queue they come from. Short tasks
 * (folds, finishing swaps) never wait for long ones (swaps, rebuilds, publications, requests): of
 * two or more slots one is reserved for short tasks, and a free slot goes to a short task first.
 * Among databases it goes to the one that has waited longest since its last turn.
 */
export type Pace = 'short' | 'long';

type Waiter = { readonly database: object; readonly start: () => void };

/** How many short tasks in a row may pass a long one that waits. */
const PASSES = 16;

export class Slots {
  readonly #most: number;
  readonly #running: Record<Pace, number> = { short: 0, long: 0 };
  readonly #waiting: Record<Pace, Waiter[]> = { short: [], long: [] };
  readonly #turns = new WeakMap<object, number>();
  #turn = 0;
  #passes = 0;

  constructor(count: number) {
    this.#most = count;
  }

  async with<T>(database: object, pace: Pace, body: () => Promise<T>): Promise<T> {
    await new Promise<void>((start) => {
      this.#waiting[pace].push({ database, start });
      this.#startNext();
    });
    try {
      return await body();
    } finally {
      this.#running[pace] -= 1;
      this.#startNext();
    }
  }

  #startNext(): void {
    for (let pace = this.#nextPace(); pace !== null; pace = this.#nextPace()) {
      this.#running[pace] += 1;
      this.#takeFairly(this.#waiting[pace]).start();
    }
  }

  #nextPace(): Pace | null {
    const { short, long } = this.#running;
    if (short + long >= this.#most) return null;
    const mayBeLong = this.#waiting.long.length > 0 && long < Math.max(1, this.#most - 1);
    if (this.#waiting.short.length > 0 && !(mayBeLong && this.#passes >= PASSES)) {
      if (mayBeLong) this.#passes += 1;
      return 'short';
    }
    if (!mayBeLong) return null;
    this.#passes = 0;
    return 'long';
  }

  #takeFairly(waiting: Waiter[]): Waiter {
    const turnOf = (waiter: Waiter): number => this.#turns.get(waiter.database) ?? 0;
    const next = waiting.reduce((first, waiter) =>
      turnOf(waiter) < turnOf(first) ? waiter : first,
    );
    waiting.splice(waiting.indexOf(next), 1);
    this.#turns.set(next.database, (this.#turn += 1));
    return next;
  }
}
