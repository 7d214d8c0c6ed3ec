/** The bounds of a worker; `imat worker --help` shows them with their defaults. */
export type Policy = {
  readonly tickMs: number;
  /**
   * Between two polls of a worker that is not the ticker, and the longest delay of a job that the
   * queue has lost.
   */
  readonly sweepMs: number;
  /** A live imat is folded when this many rows are pending, */
  readonly maxPendingRows: number;
  /** or when a row has been pending for this long. */
  readonly maxPendingMs: number;
  /**
   * The least pause between two swaps of a live imat, unless nine times the duration of the last
   * swap is longer.
   */
  readonly liveSwapMs: number;
  readonly concurrency: number;
  /** Of one fold or swap. */
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly leaseMs: number;
  /** How long running tasks may take after a signal to stop. */
  readonly drainMs: number;
  readonly historyMs: number;
  readonly historyRows: number;
  /** A change log that keeps at least this many rows gets an index on its transaction ids. */
  readonly indexFromRows: number;
  /** So does one whose file has at least this many pages, empty ones included. */
  readonly indexFromPages: number;
  readonly upkeepMs: number;
  /** Whether broken imats are built anew. */
  readonly repair: boolean;
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
  indexFromPages: 500,
  upkeepMs: 10_000,
  repair: false,
};

/**
 * Between two heartbeats: three in a lease, and at least every 20 s, because `imat status` takes a
 * worker that is silent for a minute for gone.
 */
export const heartbeatMs = ({ leaseMs }: Policy): number => Math.min(leaseMs / 3, 20_000);

/**
 * Pending rows are counted up to this number: beyond the bound, so that the cost of a fold can be
 * estimated.
 */
export const countUpTo = ({ maxPendingRows }: Policy): number => 10 * maxPendingRows;
