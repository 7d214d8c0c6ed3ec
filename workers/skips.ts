/** Skips, added up by imat and reason: one row of history for many of them. */
import type { SkipReason } from './decide.ts';

export type SkipRow = {
  readonly imat: number;
  readonly reason: SkipReason;
  readonly times: number;
  /** Ages in milliseconds, so that the server's clock alone makes times of them. */
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

/** Written after a minute where it is over, after ten where it goes on. */
const OVER_MS = 60_000;
const GOING_ON_MS = 600_000;

export class Skips {
  readonly #entries = new Map<string, Entry>();

  note(imat: number, reason: SkipReason, pendingRows: number, nowMs: number): void {
    const key = `${imat} ${reason}`;
    const entry = this.#entries.get(key);
    if (entry === undefined)
      this.#entries.set(key, { imat, reason, times: 1, first: nowMs, last: nowMs, pendingRows });
    else Object.assign(entry, { times: entry.times + 1, last: nowMs, pendingRows });
  }

  /** Takes out what is to be written now; all of it at the end. */
  take(nowMs: number, all: boolean): SkipRow[] {
    const rows: SkipRow[] = [];
    for (const [key, entry] of this.#entries) {
      const over = nowMs - entry.last > OVER_MS / 6 && nowMs - entry.first > OVER_MS;
      if (!all && !over && nowMs - entry.first < GOING_ON_MS) continue;
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
