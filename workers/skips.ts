/** Skips, added up by imat and reason, so that many of them take one row of the history. */
import type { SkipReason } from './decide.ts';

export type SkipRow = {
  readonly imat: number;
  readonly reason: SkipReason;
  readonly times: number;
  /** Ages in milliseconds; the server turns them into times by its own clock. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly pendingRows: number;
};

type Entry = {
  imat: number;
  reason: SkipReason;
  times: number;
  first: number;
  last: number;
  pendingRows: number;
};

/**
 * A series of skips is written after a minute if it has ended, and after ten minutes if it
 * continues.
 */
const ENDED_MS = 60_000;
const CONTINUING_MS = 600_000;

export class Skips {
  readonly #entries = new Map<string, Entry>();

  note(imat: number, reason: SkipReason, pendingRows: number, nowMs: number): void {
    const key = `${imat} ${reason}`;
    const entry = this.#entries.get(key);
    if (entry === undefined)
      this.#entries.set(key, { imat, reason, times: 1, first: nowMs, last: nowMs, pendingRows });
    else Object.assign(entry, { times: entry.times + 1, last: nowMs, pendingRows });
  }

  /** Removes and returns the rows to write now; with `all`, every row. */
  take(nowMs: number, all: boolean): SkipRow[] {
    const rows: SkipRow[] = [];
    for (const [key, entry] of this.#entries) {
      const hasEnded = nowMs - entry.last > ENDED_MS / 6 && nowMs - entry.first > ENDED_MS;
      if (!all && !hasEnded && nowMs - entry.first < CONTINUING_MS) continue;
      this.#entries.delete(key);
      const { imat, reason, times, pendingRows } = entry;
      rows.push({
        imat,
        reason,
        times,
        firstMs: nowMs - entry.first,
        lastMs: nowMs - entry.last,
        pendingRows,
      });
    }
    return rows;
  }
}
