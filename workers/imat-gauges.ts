/** The gauges of single imats, which the ticker of their database alone reports. */
import type { Metrics } from './metrics.ts';
import type { Policy } from './policy.ts';
import type { ImatSignals } from './poll-result.ts';

export class ImatGauges {
  readonly #metrics: Metrics;
  /** Names of the imats that are reported now. */
  #reported: readonly string[] = [];

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  set(database: string, imat: ImatSignals, pendingMs: number, policy: Policy): void {
    const labels = { database, imat: imat.name };
    const { pendingRows, lagSeconds, overdueSeconds, failing } = this.#metrics;
    pendingRows.set(labels, imat.pendingRows);
    lagSeconds.set(labels, pendingMs / 1000);
    overdueSeconds.set(labels, Math.max(0, pendingMs - promisedMs(imat, policy)) / 1000);
    failing.set(labels, imat.errorCode === null ? 0 : 1);
  }

  /** Removes the gauges of all imats but these. */
  keep(database: string, names: readonly string[]): void {
    const { pendingRows, lagSeconds, overdueSeconds, failing } = this.#metrics;
    const kept = new Set(names);
    for (const imat of this.#reported.filter((name) => !kept.has(name)))
      for (const gauge of [pendingRows, lagSeconds, overdueSeconds, failing])
        gauge.remove({ database, imat });
    this.#reported = names;
  }
}

/**
 * For how long a change may wait. A live swap imat has no bound, because reads use its definition
 * meanwhile.
 */
function promisedMs(
  { freshness, freshnessMs, strategy }: ImatSignals,
  { maxPendingMs }: Policy,
): number {
  if (freshness === 'manual' || (freshness === 'live' && strategy === 'swap'))
    return Number.POSITIVE_INFINITY;
  return freshnessMs ?? maxPendingMs;
}
