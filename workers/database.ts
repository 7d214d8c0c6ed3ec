/**
 * The loop over one database. It connects, for ever if need be; takes its turn as the ticker or stands by; looks, decides and
 * rings; sweeps; keeps leases and logs. What is due is attended to by whoever hears the bell.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { catalogVersion, initialize } from '../engine/catalog/migrate.ts';
import type { ConnectTarget, Db } from '../engine/db/db.ts';
import { translated } from '../engine/errors.ts';
import { ImatError } from '../parser/errors.ts';
import { type Attendant, attendTo, countUpTo, REQUESTS, type Report } from './attendant.ts';
import * as catalog from './catalog.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Policy } from './policy.ts';
import { type Bell, within } from './queue/bell.ts';
import { openInProcessBell } from './queue/in-process.ts';
import { openBell, type QueueUrl } from './queue/open-bell.ts';
import { reconnectMs } from './retry.ts';
import { Outlook } from './outlook.ts';
import { Dues } from './seen.ts';
import { Sessions } from './sessions.ts';
import type { Slots } from './slots.ts';
import { upkeep, type UpkeepStep } from './upkeep.ts';

export type LoopParts = {
  readonly target: ConnectTarget;
  readonly queue: QueueUrl;
  readonly policy: Policy;
  readonly self: string;
  readonly version: string;
  readonly slots: Slots;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly onReport?: (report: Report & { readonly database: string }) => void;
};

/** Of what a look may take before its connection is given up. */
const LOOK_TIMEOUT_MS = 30_000;
const BEAT_PARTS = 3;
const CATALOG_MS = 60_000;
const NEWER_CATALOG_MS = 30_000;
const CLOSE_MS = 5000;

export type LoopState = {
  readonly database: string;
  readonly connected: boolean;
  readonly ticker: boolean;
  readonly queue: string;
  readonly error: string | null;
};

export class DatabaseLoop {
  readonly #parts: LoopParts;
  readonly #control: Sessions;
  readonly #work: Sessions;
  readonly #held = new Set<number>();
  readonly #dues = new Dues();
  readonly #outlook: Outlook;
  readonly #indexWanted = new Map<number, number>();
  readonly #stop = new AbortController();
  readonly #attendant: Attendant;
  /** Where work goes that no queue has to share: the only bell where there is no queue. */
  readonly #crew: Bell;
  #bell: Bell | null = null;
  #database: string;
  #ticker = false;
  #connected = false;
  #failure: string | null = null;
  #upkeep: Promise<void> | null = null;
  #upkeepAt = 0;
  #running: Promise<void> | null = null;
  /** When the loop last came around. */
  #alive = performance.now();

  constructor(parts: LoopParts) {
    const { target, policy, self } = parts;
    this.#parts = parts;
    this.#outlook = new Outlook(self, parts.metrics);
    const limits = { most: policy.concurrency + 1, statementTimeoutMs: policy.statementTimeoutMs, lockTimeoutMs: policy.lockTimeoutMs };
    this.#work = new Sessions(target, target.kind === 'embedded' ? { ...limits, most: 1 } : limits);
    // The embedded database has one session for all.
    this.#control =
      target.kind === 'embedded' ? this.#work : new Sessions(target, { ...limits, most: 1, statementTimeoutMs: LOOK_TIMEOUT_MS });
    this.#database = target.kind === 'url' ? databaseOf(target.url) : target.kind;
    this.#attendant = {
      sessions: this.#work,
      policy,
      self,
      held: this.#held,
      inputsOf: (imat) => this.#outlook.inputsOf(imat),
      onReport: (report) => this.#report(report),
      isStopping: () => this.#stop.signal.aborted,
    };
    this.#crew = openInProcessBell({
      concurrency: target.kind === 'embedded' ? 1 : policy.concurrency,
      attend: (unit) => this.#attend(unit),
      onError: (error) => this.#complain(error, 'could not finish what was begun'),
    });
  }

  get state(): LoopState {
    const queue = this.#parts.queue === null ? 'in-process' : `${this.#parts.queue.kind}${this.queueUp === false ? ', down' : ''}`;
    return { database: this.#database, connected: this.#connected, ticker: this.#ticker, queue, error: this.#failure };
  }

  /** Null where it has not been asked yet. */
  get queueUp(): boolean | null {
    return this.#bell?.up ?? null;
  }

  /** Milliseconds since the loop last came around, connected or not. */
  get silentMs(): number {
    return performance.now() - this.#alive;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async depth(): Promise<number | null> {
    return this.#bell?.depth() ?? null;
  }

  /** One pass over everything, for cron. @throws ImatError where the database cannot be worked on */
  async once(): Promise<void> {
    await this.#prepare();
    if (!(await this.#onControl(async (db) => (await catalogVersion(db)) > 0))) return;
    await this.#onControl((db) => initialize(db, false));
    const passPolicy = { ...this.#parts.policy, maxPendingMs: 0 };
    // What was done may make something else due: an imat that reads it, or the end of a swap.
    for (let round = 0; round < 3 && !this.#stop.signal.aborted; round++) {
      this.#outlook.forget();
      const { due, requests } = await this.#onControl((db) =>
        this.#outlook.look(db, performance.now(), passPolicy, countUpTo(passPolicy), this.#database),
      );
      if (requests) await this.#attend(REQUESTS);
      if (due.length === 0 && !requests) break;
      await Promise.all(due.map((unit) => this.#attend(unit, passPolicy)));
    }
    await this.#work.with(({ db }) => upkeep(db, this.#parts.policy, this.#indexWanted, (step) => this.#logStep(step)));
    await this.#goodbye();
  }

  /** Takes nothing new, lets what is under way end within the policy's bound, stops it otherwise. False where it had to be stopped. */
  async stop(): Promise<boolean> {
    const { drainMs } = this.#parts.policy;
    this.#stop.abort();
    await this.#running;
    const bells = this.#bell === null || this.#bell === this.#crew ? [this.#crew] : [this.#crew, this.#bell];
    const drained = await within(drainMs, 'the work under way', this.#drained()).then(
      () => true,
      () => false,
    );
    if (!drained) await within(CLOSE_MS, 'the database', this.#work.cancel()).catch(() => undefined);
    await within(CLOSE_MS, 'the work under way', this.#drained()).catch(() => undefined);
    await Promise.all(bells.map((bell) => bell.close(CLOSE_MS)));
    if (this.#connected) await within(CLOSE_MS, 'the database', this.#goodbye()).catch(() => undefined);
    await Promise.all([this.#work.close(), this.#control.close()]);
    return drained;
  }

  /** At once: what is under way is cancelled, not waited for. */
  async abandon(): Promise<void> {
    this.#stop.abort();
    await within(CLOSE_MS, 'the database', this.#work.cancel()).catch(() => undefined);
  }

  async #drained(): Promise<void> {
    while (this.#held.size > 0 || this.#upkeep !== null) await sleep(20);
  }

  async #goodbye(): Promise<void> {
    await this.#control.with(async ({ db }) => {
      await catalog.recordSkips(db, this.#parts.self, this.#outlook.takeSkips(performance.now(), true));
      await catalog.sayGoodbye(db, this.#parts.self);
    });
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stop.signal.aborted; ) {
      try {
        await this.#prepare();
        this.#setConnected(true, null);
        failures = 0;
        await this.#tick();
      } catch (error) {
        this.#alive = performance.now();
        if (this.#stop.signal.aborted) return;
        this.#setConnected(false, error instanceof Error ? error.message : String(error));
        if (failures === 0 || failures % 20 === 0) this.#complain(error, 'cannot work on the database; trying again');
        const newer = error instanceof ImatError && error.condition === 'catalog_newer';
        failures += 1;
        await this.#pause(newer ? NEWER_CATALOG_MS : reconnectMs(failures, Math.random()));
      }
    }
  }

  /** A session, and the bell. */
  async #prepare(): Promise<void> {
    const { policy, queue, log } = this.#parts;
    const identity = await this.#onControl(catalog.identify);
    this.#database = identity.database;
    if (this.#bell !== null) return;
    if (queue === null) {
      this.#bell = this.#crew;
      return;
    }
    this.#bell = await openBell(queue, {
      key: identity.key,
      concurrency: policy.concurrency,
      lockMs: 2 * policy.leaseMs,
      attend: (unit) => this.#attend(unit),
      onError: (error) => this.#complain(error, 'could not finish what was begun'),
      onDown: (error) => {
        const known = error instanceof ImatError ? { code: error.code, hint: error.hint } : {};
        log.warn({ database: this.#database, queue: queue.kind, error: error.message, ...known }, 'the queue cannot be used; sweeps go on');
      },
      onUp: () => log.info({ database: this.#database, queue: queue.kind }, 'the queue answers again'),
    });
  }

  /** Comes around until it fails or is stopped. */
  async #tick(): Promise<void> {
    const { policy, self, version, metrics } = this.#parts;
    let beatAt = Number.NEGATIVE_INFINITY;
    let sweepAt = Number.NEGATIVE_INFINITY;
    let skipsAt = performance.now();
    let catalogAt = Number.NEGATIVE_INFINITY;
    let hasCatalog = false;
    this.#outlook.forget();
    while (!this.#stop.signal.aborted) {
      const now = performance.now();
      this.#alive = now;
      // A database may have no imats yet; and somebody may upgrade or remove the catalog under a worker.
      if (!hasCatalog || now - catalogAt >= CATALOG_MS) {
        catalogAt = now;
        hasCatalog = await this.#onControl(async (db) => (await catalogVersion(db)) > 0 && (await initialize(db, false), true));
        if (!hasCatalog) {
          await this.#pause(policy.sweepMs);
          continue;
        }
      }
      if (now - beatAt >= policy.leaseMs / BEAT_PARTS) {
        beatAt = now;
        await this.#onControl(async (db) => {
          await catalog.beat(db, self, version, [...this.#held], policy.leaseMs);
          this.#ticker = await catalog.takeTurn(db, self, policy.leaseMs);
        });
        metrics.isTicker.set({ database: this.#database }, this.#ticker ? 1 : 0);
        if (!this.#ticker) this.#outlook.forgetGauges(this.#database);
      }
      if (this.#ticker || now - sweepAt >= policy.sweepMs) {
        sweepAt = now;
        await this.#lookAndRing(now);
      }
      if (this.#ticker && now - skipsAt >= policy.upkeepMs) {
        skipsAt = now;
        await this.#onControl((db) => catalog.recordSkips(db, self, this.#outlook.takeSkips(now, false)));
      }
      if (this.#ticker) this.#startUpkeep(now);
      const next = this.#ticker ? policy.tickMs : Math.min(policy.sweepMs, policy.leaseMs / BEAT_PARTS);
      await this.#pause(Math.max(5, now + next - performance.now()));
    }
  }

  async #lookAndRing(now: number): Promise<void> {
    const { policy } = this.#parts;
    const { due, requests } = await this.#onControl((db) => this.#outlook.look(db, now, policy, countUpTo(policy), this.#database));
    const all = requests ? [REQUESTS, ...due] : due;
    this.#dues.keep(new Set([...all, ...this.#held]));
    await this.#ringAll(all, now);
  }

  async #ringAll(due: readonly number[], now: number): Promise<void> {
    const { policy } = this.#parts;
    for (const unit of due) {
      if (this.#held.has(unit)) continue;
      // The ticker rings. What is still due after a sweep interval is done by whoever sees it: its bell was lost.
      const verdict = this.#dues.due(unit, now, 2 * policy.tickMs, policy.sweepMs);
      if (verdict === 'overdue') await this.#crew.ring(unit);
      else if (verdict === 'ring' && this.#ticker) await this.#ring(unit);
    }
  }

  async #ring(unit: number): Promise<void> {
    if (this.#bell === null || this.#bell === this.#crew) return this.#crew.ring(unit);
    await this.#bell.ring(unit).catch(() => this.#crew.ring(unit));
  }

  async #attend(unit: number, policy: Policy = this.#parts.policy): Promise<void> {
    await this.#parts.slots.with(() => attendTo(unit, { ...this.#attendant, policy }));
  }

  #startUpkeep(now: number): void {
    if (this.#upkeep !== null || now - this.#upkeepAt < this.#parts.policy.upkeepMs) return;
    this.#upkeepAt = now;
    this.#upkeep = this.#work
      .with(({ db }) => upkeep(db, this.#parts.policy, this.#indexWanted, (step) => this.#logStep(step)))
      .catch((error: unknown) => this.#complain(error, 'upkeep failed; trying again'))
      .finally(() => {
        this.#upkeep = null;
      });
  }

  /** A connection that neither answers nor breaks is given up. */
  #onControl<T>(body: (db: Db) => Promise<T>): Promise<T> {
    return this.#control.with(({ db }) =>
      this.#parts.target.kind === 'embedded'
        ? translated(() => body(db))
        : within(
            LOOK_TIMEOUT_MS + CLOSE_MS,
            'the database',
            translated(() => body(db)),
          ),
    );
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }

  #setConnected(connected: boolean, failure: string | null): void {
    if (connected && !this.#connected) this.#parts.log.info({ database: this.#database }, 'connected');
    this.#connected = connected;
    this.#failure = failure;
    if (!connected) this.#ticker = false;
    this.#parts.metrics.databaseUp.set({ database: this.#database }, connected ? 1 : 0);
  }

  #report(report: Report): void {
    const { metrics, log, onReport } = this.#parts;
    const database = this.#database;
    const { imat, action, reason, error, ms, rows, pendingRows } = report;
    metrics.runs.inc({ database, imat, action, reason, outcome: error === null ? 'done' : 'failed' });
    metrics.seconds.observe({ database, action }, ms / 1000);
    const fields = { database, imat, action, reason, pendingRows, rows, ms: Math.round(ms * 10) / 10 };
    if (error === null) log[action === 'fold' || action === 'finish' ? 'debug' : 'info'](fields, `${action} done`);
    else {
      metrics.errors.inc({ database, code: error.code });
      const { code, message, detail, hint } = error;
      log.error({ ...fields, code, detail, hint, retryMs: report.retryMs, error: message }, `${action} failed`);
    }
    onReport?.({ ...report, database });
  }

  #complain(error: unknown, what: string): void {
    if (this.#stop.signal.aborted) return;
    const known = error instanceof ImatError ? { code: error.code, detail: error.detail, hint: error.hint } : {};
    this.#parts.metrics.errors.inc({ database: this.#database, code: error instanceof ImatError ? error.code : 'IM099' });
    this.#parts.log.error({ database: this.#database, error: error instanceof Error ? error.message : String(error), ...known }, what);
  }

  #logStep({ step, log }: UpkeepStep): void {
    this.#parts.log.info({ database: this.#database, log, step }, 'upkeep of a change log');
  }
}

function databaseOf(url: string): string {
  return URL.canParse(url) ? decodeURIComponent(new URL(url).pathname.slice(1)) || 'default' : 'default';
}
