/**
 * What one poll (`imat_catalog.look`) tells about one imat. Durations count back from the poll;
 * null if the time is unknown or lies ahead of the server's clock.
 */
export type ImatSignals = {
  readonly id: number;
  readonly name: string;
  readonly strategy: 'delta' | 'swap';
  readonly freshness: string;
  /** The interval; null for live and manual. */
  readonly freshnessMs: number | null;
  /** Whether the logs of its sources tell every change of its result. */
  readonly watchable: boolean;
  readonly dependence: 'tables' | 'settings' | 'moment';
  /**
   * Whether it calls functions that this role must not run; folds run with the rights of the imat's
   * owner.
   */
  readonly untrusted: boolean;
  readonly swapPhase: 'filling' | 'switched' | null;
  /** Whether all objects that it depends on exist. */
  readonly intact: boolean;
  /** Counted up to a bound. */
  readonly pendingRows: number;
  /** Whether its state must be computed anew: until then, reads use the definition. */
  readonly resetPending: boolean;
  /** The state of sources that are not captured; null if it tells nothing. */
  readonly signature: string | null;
  readonly lastSignature: string | null;
  /** Since its frontier moved. */
  readonly frontierMs: number | null;
  /** Since the stored rows were read from the sources; null if no worker has stored any yet. */
  readonly storedMs: number | null;
  /** Since the last attempt to finish a swap. */
  readonly finishTriedMs: number | null;
  readonly endedMs: number | null;
  readonly lastAction: string | null;
  readonly lastMs: number | null;
  readonly foldMsPerRow: number | null;
  readonly rebuildMs: number | null;
  readonly attempts: number | null;
  readonly errorCode: string | null;
  /** Until the next attempt after a failure; -1: there is none; null: it is not blocked. */
  readonly blockedMs: number | null;
  readonly leasedBy: string | null;
};

export type PollResult = {
  readonly snapshot: string;
  /** Absent if nothing has changed since the previous poll. */
  readonly imats?: readonly ImatSignals[];
  readonly requests?: number;
};
