/** What `imat_catalog.look` found out about one imat. Durations count back from the look; null where another clock told the time. */
export type Found = {
  readonly id: number;
  readonly name: string;
  readonly strategy: 'delta' | 'swap';
  readonly freshness: string;
  /** Of an interval; null for live and manual. */
  readonly freshnessMs: number | null;
  /** Whether its sources' logs tell all changes of its answer. */
  readonly watchable: boolean;
  readonly dependence: 'tables' | 'settings' | 'moment';
  /** Whether it calls functions of roles that this one must not run: folds are made with their owner's rights. */
  readonly untrusted: boolean;
  readonly swapPhase: 'filling' | 'switched' | null;
  /** Whether everything is there that it is built on. */
  readonly intact: boolean;
  /** Counted up to a bound. */
  readonly pendingRows: number;
  /** What sources that are not captured look like; null where that tells nothing. */
  readonly signature: string | null;
  readonly lastSignature: string | null;
  /** Since the frontier moved. */
  readonly frontierMs: number | null;
  /** Since what is stored was read; null where no worker has stored it yet. */
  readonly storedMs: number | null;
  /** Since somebody tried to finish a swap. */
  readonly finishTriedMs: number | null;
  readonly endedMs: number | null;
  readonly lastAction: string | null;
  readonly lastMs: number | null;
  readonly foldMsPerRow: number | null;
  readonly rebuildMs: number | null;
  readonly attempts: number | null;
  readonly errorCode: string | null;
  /** Until the next attempt after a failure; -1: none; null: nothing is in the way. */
  readonly blockedMs: number | null;
  readonly leasedBy: string | null;
};

export type Look = {
  readonly snapshot: string;
  /** Absent where nothing has changed since the look before. */
  readonly imats?: readonly Found[];
  readonly requests?: number;
};
