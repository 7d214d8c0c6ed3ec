/** How long something has been pending. Pure but for what it remembers of earlier polls. */
import type { ImatSignals } from './poll-result.ts';

/**
 * The same signals `ms` later: a poll that found nothing changed leaves the previous result valid.
 */
export function aged(signals: ImatSignals, ms: number): ImatSignals {
  const older = (since: number | null): number | null => (since === null ? null : since + ms);
  const { blockedMs } = signals;
  const stillBlockedMs = blockedMs !== null && blockedMs > ms ? blockedMs - ms : null;
  return {
    ...signals,
    frontierMs: older(signals.frontierMs),
    storedMs: older(signals.storedMs),
    finishTriedMs: older(signals.finishTriedMs),
    endedMs: older(signals.endedMs),
    blockedMs: blockedMs !== null && blockedMs < 0 ? blockedMs : stillBlockedMs,
  };
}

/**
 * The longest time for which something can have been pending, by the frontier alone. The frontier's
 * snapshot was taken when the last fold began, so the duration of that fold is added.
 */
export const longestPendingMs = (signals: ImatSignals): number =>
  (signals.frontierMs ?? Number.POSITIVE_INFINITY) +
  (signals.lastAction === 'load' ? 0 : (signals.lastMs ?? 0));

export class PendingAges {
  /** When a poll last found nothing pending. */
  readonly #cleanAt = new Map<number, number>();

  /** For how long something has been pending, at most; 0 if nothing is. */
  pendingMs(signals: ImatSignals, nowMs: number): number {
    if (signals.pendingRows === 0) {
      this.#cleanAt.set(signals.id, nowMs);
      return 0;
    }
    return Math.min(
      nowMs - (this.#cleanAt.get(signals.id) ?? Number.NEGATIVE_INFINITY),
      longestPendingMs(signals),
    );
  }

  /** Forgets all imats but these. */
  keep(imats: ReadonlySet<number>): void {
    for (const imat of this.#cleanAt.keys()) if (!imats.has(imat)) this.#cleanAt.delete(imat);
  }
}
