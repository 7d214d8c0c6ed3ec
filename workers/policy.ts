/** The bounds that a worker keeps; `imat worker --help` shows them with their defaults. */
export type Policy = {
  readonly tickMs: number;
  /** Between two looks of a worker that is not the ticker, and the longest that a lost bell can cost. */
  readonly sweepMs: number;
  /** Live imats are folded when this many rows are pending, */
  readonly maxPendingRows: number;
  /** or when one has been pending for so long. */
  readonly maxPendingMs: number;
  /** The least pause between two swaps of a live imat; nine times the last swap's duration where that is longer. */
  readonly liveSwapMs: number;
  readonly concurrency: number;
  /** Of one fold or swap. */
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly leaseMs: number;
  /** How long the work under way may take after a signal to stop. */
  readonly drainMs: number;
  readonly historyMs: number;
  readonly historyRows: number;
  /** From this many kept rows on, a log gets an index on its transaction ids. */
  readonly indexFromRows: number;
  readonly upkeepMs: number;
};

export const DEFAULT_POLICY: Policy = {
  tickMs: 500,
  sweepMs: 5000,
  maxPendingRows: 10_000,
  maxPendingMs: 1000,
  liveSwapMs: 5000,
  concurrency: 4,
  statementTimeoutMs: 3_600_000,
  lockTimeoutMs: 10_000,
  leaseMs: 15_000,
  drainMs: 30_000,
  historyMs: 86_400_000,
  historyRows: 100_000,
  indexFromRows: 10_000,
  upkeepMs: 10_000,
};

/** Between two signs of life: three in a lease, and often enough for `imat status`, which takes who is silent for a minute for gone. */
export const beatMs = ({ leaseMs }: Policy): number => Math.min(leaseMs / 3, 20_000);
