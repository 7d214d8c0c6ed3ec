/** What the last look showed, what it means now, and what the worker remembers of those before. */
import type { Db } from '../engine/db/db.ts';
import * as catalog from './catalog.ts';
import { decide } from './decide.ts';
import type { Found, Look } from './poll-result.ts';
import type { Metrics } from './metrics.ts';
import type { Policy } from './policy.ts';
import { aged, Ages } from './pending-age.ts';
import { type SkipRow, Skips } from './skips.ts';
import { inOrder, inputsOf, type Reading } from './publication.ts';

/** Which imats read which is asked for again where imats come or go, and this often, as views may be replaced. */
const READINGS_MS = 60_000;

export type Verdict = {
  /** In topological order. */
  readonly due: readonly number[];
  readonly requests: boolean;
};

export class Outlook {
  readonly #self: string;
  readonly #metrics: Metrics;
  readonly #ages = new Ages();
  readonly #skips = new Skips();
  #last: { look: Look; at: number; answeredAt: number; full: number } | null = null;
  #readings: { rows: readonly Reading[]; at: number; ids: string } = {
    rows: [],
    at: Number.NEGATIVE_INFINITY,
    ids: '',
  };
  #names = new Map<number, string>();
  #unable: ReadonlySet<number> = new Set();

  constructor(self: string, metrics: Metrics) {
    this.#self = self;
    this.#metrics = metrics;
  }

  /** Looks; everything is asked for again at least every `policy.sweepMs`, since leases and back-offs end without a change. */
  async look(
    db: Db,
    now: number,
    policy: Policy,
    countUpTo: number,
    database: string,
  ): Promise<Verdict> {
    const full = this.#last === null || now - this.#last.full >= policy.sweepMs;
    const start = performance.now();
    const look = await catalog.look(
      db,
      full ? null : (this.#last?.look.snapshot ?? null),
      countUpTo,
    );
    this.#metrics.looks.inc({ database });
    this.#metrics.lookSeconds.observe({ database }, (performance.now() - start) / 1000);
    if (look.imats !== undefined)
      this.#last = {
        look,
        at: now,
        answeredAt: performance.now(),
        full: full ? now : (this.#last?.full ?? now),
      };
    const imats = (this.#last?.look.imats ?? []).map((found) =>
      aged(found, now - (this.#last?.at ?? now)),
    );
    // Requests of an old look may have been carried out since.
    const requests = look.imats !== undefined && (look.requests ?? 0) > 0;
    return { due: await this.#decideAll(db, imats, now, policy, database), requests };
  }

  /** When somebody last attended to an imat, or a moment later. */
  attendedAt(imat: number): number {
    const found = this.#last?.look.imats?.find((one) => one.id === imat);
    const ages = [found?.frontierMs, found?.endedMs, found?.finishTriedMs].flatMap(
      (age) => age ?? [],
    );
    return (this.#last?.answeredAt ?? 0) - Math.min(Number.POSITIVE_INFINITY, ...ages);
  }

  /** The next look asks for everything. */
  forget(): void {
    this.#last = null;
  }

  /** Names of the stored imats that go with an imat, in order: those that fail are read as they are stored. */
  inputsOf(imat: number): string[] {
    return inputsOf(imat, this.#readings.rows).flatMap((id) =>
      this.#unable.has(id) ? [] : (this.#names.get(id) ?? []),
    );
  }

  /** Imats that have failed and wait for another attempt. */
  get failing(): { readonly imat: string; readonly code: string }[] {
    return (this.#last?.look.imats ?? []).flatMap(({ name, errorCode, blockedMs }) =>
      errorCode === null || blockedMs === null ? [] : [{ imat: name, code: errorCode }],
    );
  }

  takeSkips(now: number, all: boolean): SkipRow[] {
    return this.#skips.take(now, all);
  }

  /** Another worker tells of the imats now. */
  forgetGauges(database: string): void {
    this.#forgetGaugesOf([...this.#names.values()], database);
  }

  #forgetGaugesOf(imats: readonly string[], database: string): void {
    const { pendingRows, lagSeconds, overdueSeconds, failing } = this.#metrics;
    for (const imat of imats)
      for (const gauge of [pendingRows, lagSeconds, overdueSeconds, failing])
        gauge.remove({ database, imat });
  }

  /** What is due; everything else is noted as a skip. */
  async #decideAll(
    db: Db,
    imats: readonly Found[],
    now: number,
    policy: Policy,
    database: string,
  ): Promise<number[]> {
    const names = new Map(imats.map((imat) => [imat.id, imat.name]));
    const present = new Set(names.values());
    this.#forgetGaugesOf(
      [...this.#names.values()].filter((name) => !present.has(name)),
      database,
    );
    this.#names = names;
    this.#unable = new Set(
      imats.filter((imat) => imat.blockedMs !== null || !imat.intact).map((imat) => imat.id),
    );
    this.#ages.keep(new Set(imats.map((imat) => imat.id)));
    const readings = await this.#readingsOf(db, imats, now);
    const due: number[] = [];
    for (const imat of imats) {
      const pendingMs = this.#ages.pendingMs(imat, now);
      this.#metrics.pendingRows.set({ database, imat: imat.name }, imat.pendingRows);
      this.#metrics.lagSeconds.set({ database, imat: imat.name }, pendingMs / 1000);
      this.#metrics.overdueSeconds.set(
        { database, imat: imat.name },
        Math.max(0, pendingMs - promisedMs(imat, policy)) / 1000,
      );
      this.#metrics.failing.set({ database, imat: imat.name }, imat.errorCode === null ? 0 : 1);
      const decision = decide(imat, pendingMs, policy, this.#self);
      if (decision.action === 'skip') {
        this.#metrics.skips.inc({ database, reason: decision.reason });
        this.#skips.note(imat.id, decision.reason, imat.pendingRows, now);
      } else {
        due.push(imat.id);
      }
    }
    // What a due imat reads is published with it.
    const along = new Set(
      due.flatMap((id) => inputsOf(id, readings)).filter((id) => !this.#unable.has(id)),
    );
    return inOrder(
      due.filter((id) => !along.has(id)),
      readings,
    );
  }

  async #readingsOf(db: Db, imats: readonly Found[], now: number): Promise<readonly Reading[]> {
    const ids = imats.map((imat) => `${imat.id}${imat.freshness}`).join(' ');
    if (ids !== this.#readings.ids || now - this.#readings.at > READINGS_MS) {
      this.#readings = { rows: await catalog.readings(db), at: now, ids };
    }
    return this.#readings.rows;
  }
}

/** For how long a change may wait. A live swap imat reads its definition meanwhile, and so has no bound. */
function promisedMs({ freshness, freshnessMs, strategy }: Found, { maxPendingMs }: Policy): number {
  if (freshness === 'manual' || (freshness === 'live' && strategy === 'swap'))
    return Number.POSITIVE_INFINITY;
  return freshnessMs ?? maxPendingMs;
}
