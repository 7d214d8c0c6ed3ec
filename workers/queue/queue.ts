/**
 * The bell: tells some worker that a unit of work, an imat of one database, wants attention. It carries no state and may lose,
 * repeat or delay what it is given; PostgreSQL holds the truth, and sweeps find what was lost.
 *
 * Contract
 * - `ring`: one ring while the unit waits is enough; one while it is attended is remembered, so that it is attended once more
 *   afterwards. Rejects within RING_TIMEOUT_MS where the queue cannot be used.
 * - `up`: whether the queue can be used, as far as is known. `onDown` and `onUp` tell of each change, and of being down at first.
 * - `attend` is called for at most `concurrency` units at a time; what it throws stops nothing and goes to `onFailure`.
 * - Units of several workers on one bell are shared among them.
 * - `depth`: how many units wait; null where that cannot be known now.
 * - `close`: takes nothing new, waits for what is attended until `deadlineMs` have passed. Never rejects.
 */
export type Attend = (unit: number) => Promise<void>;

export type Bell = {
  readonly kind: 'redis' | 'postgres' | 'in-process';
  readonly up: boolean;
  ring(unit: number): Promise<void>;
  depth(): Promise<number | null>;
  close(deadlineMs: number): Promise<void>;
};

export type BellOptions = {
  /** Of the database: workers on the same one share a bell. */
  readonly key: string;
  readonly concurrency: number;
  readonly attend: Attend;
  /** What `attend` throws. */
  readonly onFailure: (error: unknown) => void;
  readonly onDown: (error: Error) => void;
  readonly onUp: () => void;
  /** How long a worker that does not answer keeps a unit. */
  readonly lockMs: number;
};

export const RING_TIMEOUT_MS = 1000;
/** For asking whether the queue can be used; it may have to be made. */
export const PROBE_MS = 10_000;
const UNIT_MOST = 2 ** 31 - 1;

/** What others have put into a queue is not ours to run, and may be anything. */
export const isUnit = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= UNIT_MOST;

/** Rejects where `promise` takes longer; what it becomes later is nobody's business. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not answer within ${ms} ms`)), ms);
  });
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether something ends in time; how it ends is nobody's business. */
export function isWithin(ms: number, promise: Promise<unknown>): Promise<boolean> {
  const ended = promise.then(
    () => true,
    () => true,
  );
  return within(ms, 'it', ended).catch(() => false);
}
