/** What the worker remembers between looks: how long something has been pending, what has been due, and what was rung. */
import type { Found } from './poll-result.ts';

/** A look that said "nothing has changed" leaves the one before valid, only older. */
export function aged(found: Found, ms: number): Found {
  const older = (since: number | null): number | null => (since === null ? null : since + ms);
  return {
    ...found,
    frontierMs: older(found.frontierMs),
    storedMs: older(found.storedMs),
    finishTriedMs: older(found.finishTriedMs),
    endedMs: older(found.endedMs),
    blockedMs:
      found.blockedMs === null || found.blockedMs < 0
        ? found.blockedMs
        : found.blockedMs - ms > 0
          ? found.blockedMs - ms
          : null,
  };
}

/** Since when something can have been pending for all that the frontier says: its snapshot was taken when the fold began. */
export const pendingAtMost = (found: Found): number =>
  (found.frontierMs ?? Number.POSITIVE_INFINITY) +
  (found.lastAction === 'load' ? 0 : (found.lastMs ?? 0));

export class Ages {
  readonly #cleanAt = new Map<number, number>();

  /** For how long something has been pending, at most; 0 where nothing is. */
  pendingMs(found: Found, nowMs: number): number {
    if (found.pendingRows === 0) {
      this.#cleanAt.set(found.id, nowMs);
      return 0;
    }
    return Math.min(
      nowMs - (this.#cleanAt.get(found.id) ?? Number.NEGATIVE_INFINITY),
      pendingAtMost(found),
    );
  }

  keep(ids: ReadonlySet<number>): void {
    for (const id of this.#cleanAt.keys()) if (!ids.has(id)) this.#cleanAt.delete(id);
  }
}

/** What was due at the looks before, and when it was rung. */
export class Dues {
  readonly #entries = new Map<number, { since: number; rungAt: number }>();

  /** Notes that a unit is due, anew where somebody has attended to it since; says whether to ring now, and whether the bell has failed it. */
  due(
    unit: number,
    attendedAtMs: number,
    nowMs: number,
    ringAgainMs: number,
    overdueMs: number,
  ): 'ring' | 'wait' | 'overdue' {
    const entry = this.#entries.get(unit);
    if (entry === undefined || attendedAtMs > entry.rungAt) {
      this.#entries.set(unit, { since: nowMs, rungAt: nowMs });
      return 'ring';
    }
    if (attendedAtMs > entry.since) entry.since = nowMs;
    if (nowMs - entry.since >= overdueMs) return 'overdue';
    if (nowMs - entry.rungAt < ringAgainMs) return 'wait';
    entry.rungAt = nowMs;
    return 'ring';
  }

  keep(ids: ReadonlySet<number>): void {
    for (const id of this.#entries.keys()) if (!ids.has(id)) this.#entries.delete(id);
  }
}
