/**
 * The loop over one database. It connects, for ever if need be; takes its turn as the ticker or stands by; looks, decides and
 * rings; sweeps; keeps leases and logs. What is due is attended to by whoever hears the bell.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { catalogVersion, initialize } from '../../engine/catalog/migrate.ts';
import type { ConnectTarget, Db } from '../../engine/db/db.ts';
import { translated } from '../../engine/errors.ts';
import { ImatError } from '../../parser/errors.ts';
import { type Attendant, countUpTo, REQUESTS, type Report } from '../runner.ts';
import * as catalog from '../catalog.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { beatMs, type Policy } from '../policy.ts';
import { isWithin } from '../queue/queue.ts';
import type { QueueUrl } from '../queue/open-queue.ts';
import { reconnectMs } from '../retry.ts';
import { Ringing } from '../dispatcher.ts';
import { Outlook } from '../poller.ts';
import { Sessions } from '../session-pool.ts';
import type { Slots } from '../slots.ts';
import { Telling } from '../reporter.ts';
import { BUILD_TIMEOUT_MS, Upkeep } from '../upkeep.ts';

export type LoopParts = {
  readonly target: ConnectTarget;
  readonly queue: QueueUrl;
  readonly policy: Policy;
  readonly self: string;
  /** Which loop looks after which database, by what identifies that. */
  readonly keys: Map<string, DatabaseLoop>;
  readonly version: string;
  readonly slots: Slots;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly onReport?: (report: Report & { readonly database: string }) => void;
};

const LOOK_TIMEOUT_MS = 30_000;
/** An answer that was sent may take so long to arrive, however short the leases are. */
const ANSWER_LEAST_MS = 1000;
const CATALOG_MS = 60_000;
const NEWER_CATALOG_MS = 30_000;
/** For all that is left to do after the time that the policy gives, cancelling included. */
const CLOSE_MS = 2000;
const ABANDON_MS = 1000;

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
  readonly #outlook: Outlook;
  readonly #upkeeper: Upkeep;
  readonly #stop = new AbortController();
  readonly #ringing: Ringing;
  readonly #telling: Telling;
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
    const limits = {
      most: policy.concurrency + 1,
      statementTimeoutMs: policy.statementTimeoutMs,
      lockTimeoutMs: policy.lockTimeoutMs,
    };
    this.#work = new Sessions(target, target.kind === 'embedded' ? { ...limits, most: 1 } : limits);
    // The embedded database has one session for all.
    this.#control =
      target.kind === 'embedded'
        ? this.#work
        : new Sessions(target, { ...limits, most: 1, statementTimeoutMs: LOOK_TIMEOUT_MS });
    this.#database = target.kind === 'url' ? databaseOf(target.url) : target.kind;
    const { log, metrics, onReport } = parts;
    const isStopping = (): boolean => this.#stop.signal.aborted;
    this.#telling = new Telling({
      log,
      metrics,
      database: () => this.#database,
      onReport,
      isStopping,
    });
    const attendant: Attendant = {
      sessions: this.#work,
      policy,
      self,
      held: this.#held,
      inputsOf: (imat) => this.#outlook.inputsOf(imat),
      onReport: (report) => this.#telling.report(report),
      isStopping,
    };
    this.#upkeeper = new Upkeep({
      policy,
      onStep: (step, log) => {
        const detail =
          step === 'index waits' ? 'a transaction has been open since the round before' : undefined;
        parts.log.info({ database: this.#database, log, step, detail }, 'upkeep of a change log');
      },
      onFailure: (error, step, log) =>
        this.#telling.complain(
          error,
          `upkeep failed (${log === null ? step : `${step} of ${log}`}); trying again`,
        ),
      isStopping,
    });
    this.#ringing = new Ringing({
      database: this,
      slots: parts.slots,
      concurrency: target.kind === 'embedded' ? 1 : policy.concurrency,
      attendant,
      attendedAt: (unit) => this.#outlook.attendedAt(unit),
      onFailure: (error) => this.#telling.complain(error, 'could not finish what was begun'),
    });
  }

  get state(): LoopState {
    const queue =
      this.#parts.queue === null
        ? 'in-process'
        : `${this.#parts.queue.kind}${this.queueUp === false ? ', down' : ''}`;
    return {
      database: this.#database,
      connected: this.#connected,
      ticker: this.#ticker,
      queue,
      error: this.#failure,
    };
  }

  /** Null where it has not been asked yet. */
  get queueUp(): boolean | null {
    return this.#ringing.up;
  }

  /** Milliseconds since the loop last came around, connected or not. */
  get silentMs(): number {
    return performance.now() - this.#alive;
  }

  /** For how long a session has been silent beyond its bounds; 0: none has. */
  get overdueMs(): number {
    return Math.max(this.#work.overdueMs, this.#control.overdueMs);
  }

  /** Imats that have failed and wait for another attempt. */
  get failing(): { readonly imat: string; readonly code: string }[] {
    return this.#outlook.failing;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async depth(): Promise<number | null> {
    return this.#ringing.depth();
  }

  /** One pass over everything, for cron. @throws ImatError where the database cannot be worked on */
  async once(): Promise<void> {
    try {
      await this.#onceThrough();
    } catch (error) {
      this.#telling.complain(error, 'cannot work on the database');
      throw error;
    }
  }

  async #onceThrough(): Promise<void> {
    await this.#prepare();
    if (!(await this.#onControl(async (db) => (await catalogVersion(db)) > 0))) return;
    await this.#onControl((db) => initialize(db, false));
    let beat = Promise.resolve();
    const beats = setInterval(() => {
      beat = beat
        .then(() => this.#beat())
        .catch((error: unknown) => this.#telling.complain(error, 'could not keep its leases'));
    }, beatMs(this.#parts.policy));
    try {
      await this.#pass();
    } finally {
      clearInterval(beats);
      await beat;
    }
    await this.#goodbye();
  }

  async #pass(): Promise<void> {
    const passPolicy = { ...this.#parts.policy, maxPendingMs: 0 };
    // What was done may make something else due: an imat that reads it, or the end of a swap.
    for (let round = 0; round < 3 && !this.#stop.signal.aborted; round++) {
      this.#outlook.forget();
      const { due, requests } = await this.#onControl((db) =>
        this.#outlook.look(
          db,
          performance.now(),
          passPolicy,
          countUpTo(passPolicy),
          this.#database,
        ),
      );
      if (requests) await this.#ringing.attend(REQUESTS, passPolicy);
      if (due.length === 0 && !requests) break;
      await Promise.all(due.map((unit) => this.#ringing.attend(unit, passPolicy)));
    }
    await this.#keepUp();
  }

  /** Takes nothing new, lets what is under way end within the policy's bound, stops it otherwise. False where it had to be stopped. */
  async stop(): Promise<boolean> {
    const { policy, log } = this.#parts;
    const { drainMs } = policy;
    this.#stop.abort();
    if (this.#running !== null) {
      const fields = { database: this.#database, underWay: this.#held.size, drainMs };
      log.info(
        fields,
        'stopping when what is under way is done; a second signal does not wait for it',
      );
    }
    const drained = await isWithin(drainMs, this.#drained());
    const gone = this.#leave(drained);
    // The embedded database must be closed to be opened again.
    await (this.#parts.target.kind === 'embedded' ? gone : isWithin(CLOSE_MS, gone));
    for (const sessions of [this.#work, this.#control]) sessions.abort();
    return drained;
  }

  /** Cancels what is under way, and waits a moment for it. */
  async abandon(): Promise<void> {
    this.#stop.abort();
    await isWithin(ABANDON_MS, this.#cancel());
  }

  async #leave(drained: boolean): Promise<void> {
    await Promise.all([
      drained ? undefined : this.#cancel(),
      this.#running
        ?.then(() => (this.#connected ? this.#goodbye() : undefined))
        .catch(() => undefined),
      this.#ringing.close(CLOSE_MS / 2),
    ]);
    await Promise.all([this.#work.close(), this.#control.close()]);
  }

  async #cancel(): Promise<void> {
    await this.#work.cancel();
    await this.#drained();
  }

  async #drained(): Promise<void> {
    while (this.#held.size > 0 || this.#upkeep !== null) await sleep(20);
  }

  async #goodbye(): Promise<void> {
    await this.#control.with(async ({ db }) => {
      await catalog.recordSkips(
        db,
        this.#parts.self,
        this.#outlook.takeSkips(performance.now(), true),
      );
      await catalog.sayGoodbye(db, this.#parts.self);
    });
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stop.signal.aborted; ) {
      try {
        await this.#prepare();
        await this.#tick();
      } catch (error) {
        this.#alive = performance.now();
        if (this.#connected) failures = 0;
        if (this.#stop.signal.aborted) return;
        this.#setConnected(false, error instanceof Error ? error.message : String(error));
        if (failures === 0 || failures % 20 === 0)
          this.#telling.complain(error, 'cannot work on the database; trying again');
        const newer = error instanceof ImatError && error.condition === 'catalog_newer';
        failures += 1;
        await this.#pause(newer ? NEWER_CATALOG_MS : reconnectMs(failures, Math.random()));
      }
    }
  }

  /** Under two addresses a database would be worked on twice, by workers with the same name. */
  #takeKey(key: string): void {
    const { keys } = this.#parts;
    const loop = keys.get(key) ?? this;
    keys.set(key, loop);
    if (loop === this) return;
    throw new ImatError('invalid_argument', {
      message: 'two of the databases that were given are the same',
      detail: `${this.#database} is looked after already.`,
      hint: 'Name it once.',
    });
  }

  /** A session, and the bell. */
  async #prepare(): Promise<void> {
    const { policy, queue, log } = this.#parts;
    const identity = await this.#onControl(catalog.identify);
    this.#takeKey(identity.key);
    if (identity.database !== this.#database) {
      this.#parts.metrics.databaseUp.remove({ database: this.#database });
      this.#database = identity.database;
    }
    await this.#ringing.open(queue, {
      key: identity.key,
      lockMs: 2 * policy.leaseMs,
      onDown: (error) => {
        const known = error instanceof ImatError ? { code: error.code, hint: error.hint } : {};
        log.warn(
          { database: this.#database, queue: queue?.kind, error: error.message, ...known },
          'the queue cannot be used; sweeps go on',
        );
      },
      onUp: () =>
        log.info({ database: this.#database, queue: queue?.kind }, 'the queue answers again'),
    });
  }

  /** Comes around until it fails or is stopped. */
  async #tick(): Promise<void> {
    const { policy, self } = this.#parts;
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
        hasCatalog = await this.#onControl(
          async (db) => (await catalogVersion(db)) > 0 && (await initialize(db, false), true),
        );
        if (!hasCatalog) {
          this.#setConnected(true, null);
          this.#outlook.forgetGauges(this.#database);
          await this.#pause(policy.sweepMs);
          continue;
        }
      }
      if (now - beatAt >= beatMs(policy)) {
        beatAt = now;
        await this.#beat();
        this.#setTicker(await this.#onControl((db) => catalog.takeTurn(db, self, policy.leaseMs)));
        if (!this.#ticker) this.#outlook.forgetGauges(this.#database);
      }
      if (this.#ticker || now - sweepAt >= policy.sweepMs) {
        sweepAt = now;
        await this.#lookAndRing(now);
      }
      if (this.#ticker && now - skipsAt >= policy.upkeepMs) {
        skipsAt = now;
        await this.#onControl((db) =>
          catalog.recordSkips(db, self, this.#outlook.takeSkips(now, false)),
        );
      }
      if (this.#ticker) this.#startUpkeep(now);
      this.#setConnected(true, null);
      const next = this.#ticker ? policy.tickMs : Math.min(policy.sweepMs, beatMs(policy));
      await this.#pause(Math.max(5, now + next - performance.now()));
    }
  }

  /** Keeps the leases of what is under way, once what only seems to be so is given up. */
  async #beat(): Promise<void> {
    const { policy, self, version } = this.#parts;
    await this.#onControl(async (db) => {
      await this.#work.abortLost(db, Math.max(beatMs(policy), ANSWER_LEAST_MS));
      await catalog.beat(db, self, version, [...this.#held], policy.leaseMs);
    });
  }

  async #lookAndRing(now: number): Promise<void> {
    const { policy } = this.#parts;
    const { due, requests } = await this.#onControl((db) =>
      this.#outlook.look(db, now, policy, countUpTo(policy), this.#database),
    );
    const all = requests ? [REQUESTS, ...due] : due;
    await this.#ringing.ringAll(all, now, this.#ticker, policy);
  }

  #startUpkeep(now: number): void {
    if (
      this.#stop.signal.aborted ||
      this.#upkeep !== null ||
      now - this.#upkeepAt < this.#parts.policy.upkeepMs
    )
      return;
    this.#upkeepAt = now;
    this.#upkeep = this.#keepUp()
      .catch((error: unknown) => this.#telling.complain(error, 'upkeep failed; trying again'))
      .finally(() => {
        this.#upkeep = null;
      });
  }

  #keepUp(): Promise<void> {
    return this.#work.with(({ db }) => this.#upkeeper.round(db), BUILD_TIMEOUT_MS);
  }

  #onControl<T>(body: (db: Db) => Promise<T>): Promise<T> {
    return this.#control.with(({ db }) => translated(() => body(db)));
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }

  #setTicker(ticker: boolean): void {
    this.#ticker = ticker;
    this.#parts.metrics.isTicker.set({ database: this.#database }, ticker ? 1 : 0);
  }

  #setConnected(connected: boolean, failure: string | null): void {
    if (connected && !this.#connected)
      this.#parts.log.info({ database: this.#database }, 'connected');
    this.#connected = connected;
    this.#failure = failure;
    if (!connected) this.#setTicker(false);
    this.#parts.metrics.databaseUp.set({ database: this.#database }, connected ? 1 : 0);
  }
}

function databaseOf(url: string): string {
  return URL.canParse(url)
    ? decodeURIComponent(new URL(url).pathname.slice(1)) || 'default'
    : 'default';
}
