/** Polls one database for what is due, and keeps what earlier polls have shown. */
import type { Db } from '../engine/db/db.ts';
import { ERROR_CATALOGUE } from '../engine/errors/catalogue.ts';
import * as catalog from './catalog.ts';
import { decide } from './decide.ts';
import { ImatGauges } from './imat-gauges.ts';
import type { Metrics } from './metrics.ts';
import { aged, PendingAges } from './pending-age.ts';
import { countUpTo, type Policy } from './policy.ts';
import type { ImatSignals, PollResult } from './poll-result.ts';
import { type Dependency, inputsOf, inTopologicalOrder } from './publication.ts';
import { type SkipRow, Skips } from './skips.ts';

/**
 * Dependencies between imats are read again when imats are created, reverted or change their
 * freshness, and this often besides, as views can be replaced.
 */
const DEPENDENCIES_MS = 60_000;

export type PollOutcome = {
  /** In topological order. */
  readonly due: readonly number[];
  /** Whether requests of `imat.create_imat` are open. */
  readonly requests: boolean;
};

/** The last result that had changes; `fullAt` is the time of the last complete one. */
type LastPoll = {
  readonly result: PollResult;
  readonly at: number;
  readonly answeredAt: number;
  readonly fullAt: number;
};

export class Poller {
  readonly #workerId: string;
  readonly #metrics: Metrics;
  readonly #gauges: ImatGauges;
  readonly #ages = new PendingAges();
  readonly #skips = new Skips();
  #last: LastPoll | null = null;
  #dependencies: { rows: readonly Dependency[]; at: number; ids: string } = {
    rows: [],
    at: Number.NEGATIVE_INFINITY,
    ids: '',
  };
  #names = new Map<number, string>();
  /** Imats that are broken or back off. */
  #unable: ReadonlySet<number> = new Set();

  constructor(workerId: string, metrics: Metrics) {
    this.#workerId = workerId;
    this.#metrics = metrics;
    this.#gauges = new ImatGauges(metrics);
  }

  /**
   * One poll. It is complete at least every `policy.sweepMs`, because leases and back-offs end
   * without a change in the database.
   * @throws ImatError
   */
  async poll(db: Db, now: number, policy: Policy, database: string): Promise<PollOutcome> {
    const result = await this.#query(db, now, policy, database);
    const passedMs = now - (this.#last?.at ?? now);
    const imats = (this.#last?.result.imats ?? []).map((imat) => aged(imat, passedMs));
    // Requests of an earlier result may have been carried out since.
    const requests = result.imats !== undefined && (result.requests ?? 0) > 0;
    await this.#keepOnly(db, imats, now, database);
    return { due: this.#decideAll(imats, now, policy, database), requests };
  }

  /** When any worker last ran an imat, or a moment later. */
  lastRunAt(imat: number): number {
    const signals = this.#last?.result.imats?.find((one) => one.id === imat);
    const ages = [signals?.frontierMs, signals?.endedMs, signals?.finishTriedMs].flatMap(
      (age) => age ?? [],
    );
    return (this.#last?.answeredAt ?? 0) - Math.min(Number.POSITIVE_INFINITY, ...ages);
  }

  /** Makes the next poll complete. */
  forget(): void {
    this.#last = null;
  }

  /**
   * Names of the stored imats to publish together with an imat, in order. Those that fail are read
   * as they are stored.
   */
  inputsOf(imat: number): string[] {
    return inputsOf(imat, this.#dependencies.rows).flatMap((id) =>
      this.#unable.has(id) ? [] : (this.#names.get(id) ?? []),
    );
  }

  /** Imats that are broken, or have failed and wait for another attempt. */
  get failing(): { readonly imat: string; readonly code: string }[] {
    return (this.#last?.result.imats ?? []).flatMap(({ name, intact, errorCode, blockedMs }) => {
      if (errorCode !== null && blockedMs !== null) return [{ imat: name, code: errorCode }];
      return intact ? [] : [{ imat: name, code: ERROR_CATALOGUE.broken.code }];
    });
  }

  takeSkips(now: number, all: boolean): SkipRow[] {
    return this.#skips.take(now, all);
  }

  /** For when another worker reports the imats, or none are left. */
  removeGauges(database: string): void {
    this.#gauges.keep(database, []);
  }

  async #query(db: Db, now: number, policy: Policy, database: string): Promise<PollResult> {
    const last = this.#last;
    const isFull = last === null || now - last.fullAt >= policy.sweepMs;
    const start = performance.now();
    const since = isFull ? null : last.result.snapshot;
    const result = await catalog.poll(db, since, countUpTo(policy));
    const answeredAt = performance.now();
    this.#metrics.polls.inc({ database });
    this.#metrics.pollSeconds.observe({ database }, (answeredAt - start) / 1000);
    if (result.imats !== undefined)
      this.#last = { result, at: now, answeredAt, fullAt: isFull ? now : last.fullAt };
    return result;
  }

  /** Forgets imats that are gone, and reads what the others depend on. */
  async #keepOnly(
    db: Db,
    imats: readonly ImatSignals[],
    now: number,
    database: string,
  ): Promise<void> {
    this.#names = new Map(imats.map((imat) => [imat.id, imat.name]));
    this.#gauges.keep(database, [...this.#names.values()]);
    this.#unable = new Set(
      imats.filter((imat) => imat.blockedMs !== null || !imat.intact).map((imat) => imat.id),
    );
    this.#ages.keep(new Set(this.#names.keys()));
    const ids = imats.map((imat) => `${imat.id}${imat.freshness}`).join(' ');
    if (ids !== this.#dependencies.ids || now - this.#dependencies.at > DEPENDENCIES_MS)
      this.#dependencies = { rows: await catalog.dependencies(db), at: now, ids };
  }

  /** What is due; everything else is noted as a skip. */
  #decideAll(
    imats: readonly ImatSignals[],
    now: number,
    policy: Policy,
    database: string,
  ): number[] {
    const due: number[] = [];
    for (const imat of imats) {
      const pendingMs = this.#ages.pendingMs(imat, now);
      this.#gauges.set(database, imat, pendingMs, policy);
      const decision = decide(imat, pendingMs, policy, this.#workerId);
      if (decision.action === 'skip') {
        this.#metrics.skips.inc({ database, reason: decision.reason });
        this.#skips.note(imat.id, decision.reason, imat.pendingRows, now);
      } else {
        due.push(imat.id);
      }
    }
    const { rows } = this.#dependencies;
    // An imat that a due one reads is published together with it.
    const published = new Set(
      due.flatMap((id) => inputsOf(id, rows)).filter((id) => !this.#unable.has(id)),
    );
    return inTopologicalOrder(
      due.filter((id) => !published.has(id)),
      rows,
    );
  }
}
