/**
 * The loop of one database. It connects, and tries again until it succeeds; claims the ticker's
 * lease or stands by; polls, dispatches what is due, sweeps, renews leases and starts upkeep.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ImatError } from '../../engine/errors/imat-error.ts';
import * as catalog from '../catalog.ts';
import { heartbeatMs } from '../policy.ts';
import { reconnectMs } from '../retry.ts';
import { REQUESTS } from '../runner.ts';
import { connect, upgradeCatalog } from './connection.ts';
import { type DatabaseContext, onControl } from './context.ts';
import { claimTicker, sendHeartbeat } from './leases.ts';

const CATALOG_CHECK_MS = 60_000;
const NEWER_CATALOG_MS = 30_000;
const PAUSE_LEAST_MS = 5;
/** Of consecutive failures, the first one and then one in this many are logged. */
const LOGGED_FAILURES = 20;

/** Runs until the context is stopped. Never rejects. */
export async function runPollLoop(context: DatabaseContext): Promise<void> {
  const { stop, status, reporter } = context;
  for (let failures = 0; !stop.signal.aborted; ) {
    try {
      await connect(context);
      await pollUntilFailure(context);
    } catch (error) {
      status.markActive(performance.now());
      if (status.connected) failures = 0;
      if (stop.signal.aborted) return;
      status.setDisconnected(error instanceof Error ? error.message : String(error));
      if (failures % LOGGED_FAILURES === 0)
        reporter.reportError(error, 'cannot work on the database; trying again');
      const newer = error instanceof ImatError && error.condition === 'catalog_newer';
      failures += 1;
      await pause(context, newer ? NEWER_CATALOG_MS : reconnectMs(failures, Math.random()));
    }
  }
}

/** Something that is done every `everyMs`. */
class Interval {
  readonly #everyMs: number;
  #startedAt: number;

  /** The first time is `everyMs` after `startedAt`. */
  constructor(everyMs: number, startedAt = Number.NEGATIVE_INFINITY) {
    this.#everyMs = everyMs;
    this.#startedAt = startedAt;
  }

  isDue(now: number): boolean {
    return now - this.#startedAt >= this.#everyMs;
  }

  restart(now: number): void {
    this.#startedAt = now;
  }
}

type Intervals = Readonly<Record<'heartbeat' | 'sweep' | 'skips', Interval>>;

async function pollUntilFailure(context: DatabaseContext): Promise<void> {
  const { options, poller, status, stop } = context;
  const { policy } = options;
  const intervals: Intervals = {
    heartbeat: new Interval(heartbeatMs(policy)),
    sweep: new Interval(policy.sweepMs),
    skips: new Interval(policy.upkeepMs, performance.now()),
  };
  const catalogCheck = new Interval(CATALOG_CHECK_MS);
  let hasCatalog = false;
  poller.forget();
  while (!stop.signal.aborted) {
    const now = performance.now();
    status.markActive(now);
    // A database may have no imats yet, and the catalog may be upgraded or removed while the worker
    // runs.
    if (!hasCatalog || catalogCheck.isDue(now)) {
      catalogCheck.restart(now);
      hasCatalog = await upgradeCatalog(context);
    }
    if (hasCatalog) await runRound(context, intervals, now);
    else poller.removeGauges(status.name);
    status.setConnected();
    await pause(context, hasCatalog ? untilNextRound(context, now) : policy.sweepMs);
  }
}

async function runRound(context: DatabaseContext, intervals: Intervals, now: number) {
  const { status, upkeep } = context;
  const { heartbeat, sweep, skips } = intervals;
  if (heartbeat.isDue(now)) {
    heartbeat.restart(now);
    status.setRegistered();
    await sendHeartbeat(context);
    await claimTicker(context);
  }
  if (status.ticker || sweep.isDue(now)) {
    sweep.restart(now);
    await pollAndDispatch(context, now);
  }
  if (!status.ticker) return;
  if (skips.isDue(now)) {
    skips.restart(now);
    await recordSkips(context, now);
  }
  upkeep.startIfDue(now);
}

async function pollAndDispatch(context: DatabaseContext, now: number): Promise<void> {
  const { options, poller, dispatcher, status } = context;
  const { policy } = options;
  const { due, requests } = await onControl(context, (db) =>
    poller.poll(db, now, policy, status.name),
  );
  const tasks = requests ? [REQUESTS, ...due] : due;
  await dispatcher.dispatch(tasks, now, status.ticker);
}

function recordSkips(context: DatabaseContext, now: number): Promise<void> {
  const { options, poller } = context;
  return onControl(context, (db) =>
    catalog.recordSkips(db, options.workerId, poller.takeSkips(now, false)),
  );
}

function untilNextRound({ options, status }: DatabaseContext, now: number): number {
  const { policy } = options;
  const everyMs = status.ticker ? policy.tickMs : Math.min(policy.sweepMs, heartbeatMs(policy));
  return Math.max(PAUSE_LEAST_MS, now + everyMs - performance.now());
}

async function pause({ stop }: DatabaseContext, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: stop.signal }).catch(() => undefined);
}
