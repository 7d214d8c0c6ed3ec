/** Attends to one unit of work: leases it, looks again, decides again, carries it out, records it. A bell's word counts for nothing. */
import { ServerError, type Db } from '../engine/db/db.ts';
import { asImatError, ImatError } from '../parser/errors.ts';
import { carryOut, type Done, type Due } from './execute.ts';
import {
  beginAttempt,
  blameInput,
  forgetCosts,
  leaseAndLook,
  record,
  release,
  type Run,
} from './catalog.ts';
import { decide } from './decide.ts';
import type { Found } from './poll-result.ts';
import type { Policy } from './policy.ts';
import { carryOutRequest } from './requests.ts';
import { retryMs, transientMs } from './retry.ts';
import { pendingAtMost } from './pending-age.ts';
import type { Sessions } from './session-pool.ts';
import type { Pace } from './slots.ts';

/** The unit of requests, beside imats, whose ids are positive. */
export const REQUESTS = 0;

export type Report = {
  readonly imat: string;
  readonly action: Done['action'] | 'request';
  readonly reason: string;
  readonly pendingRows: number;
  readonly ms: number;
  readonly rows: number;
  readonly error: ImatError | null;
  /** Until it is tried again; null where it is not, or has succeeded. */
  readonly retryMs: number | null;
};

export type Attendant = {
  readonly sessions: Sessions;
  readonly policy: Policy;
  readonly self: string;
  /** Units that are attended to now; their leases are renewed. */
  readonly held: Set<number>;
  /** Names of the stored imats that go with an imat, in order. */
  readonly inputsOf: (imat: number) => readonly string[];
  readonly onReport: (report: Report) => void;
  readonly isStopping: () => boolean;
};

/**
 * At the pace `short` nothing is done that may take long; true where that is what is due.
 * @throws ImatError what an imat fails with is recorded, not thrown, unless nothing can be recorded
 */
export async function attendTo(unit: number, pace: Pace, attendant: Attendant): Promise<boolean> {
  const { held } = attendant;
  if (held.has(unit) || attendant.isStopping()) return false;
  if (unit === REQUESTS && pace === 'short') return true;
  held.add(unit);
  try {
    return await (unit === REQUESTS
      ? attendToRequests(attendant)
      : attendToImat(unit, pace, attendant));
  } finally {
    held.delete(unit);
  }
}

async function attendToRequests({
  sessions,
  policy,
  self,
  onReport,
  isStopping,
}: Attendant): Promise<false> {
  while (!isStopping()) {
    const run = await carryOutRequest(sessions, self, policy.leaseMs);
    if (run === null) break;
    onReport({
      imat: run.name,
      action: 'request',
      reason: 'requested',
      pendingRows: 0,
      ms: run.ms,
      rows: 0,
      error: run.error,
      retryMs: null,
    });
  }
  return false;
}

type Plan = {
  readonly due: Due;
  readonly found: Found;
  readonly inputs: readonly string[];
  readonly pendingMs: number;
};

async function attendToImat(unit: number, pace: Pace, attendant: Attendant): Promise<boolean> {
  let plan = await attendant.sessions.with(({ db }) => begin(db, unit, pace, attendant));
  if (plan === 'too long') return true;
  while (plan !== null) plan = await carryThrough(plan, attendant);
  return false;
}

/** Leases, looks and decides; what is due is noted as an attempt. Null where nothing is. */
async function begin(
  db: Db,
  unit: number,
  pace: Pace,
  { policy, self, inputsOf }: Attendant,
): Promise<Plan | 'too long' | null> {
  const found = await leaseAndLook(db, unit, self, policy.leaseMs, countUpTo(policy));
  if (found === null) return null;
  const pendingMs = found.pendingRows === 0 ? 0 : pendingAtMost(found);
  const due = decide(found, pendingMs, policy, self);
  const isTooLong = pace === 'short' && (due.action === 'swap' || due.action === 'rebuild');
  if (due.action === 'skip' || isTooLong) {
    await release(db, unit, self);
    return isTooLong ? 'too long' : null;
  }
  const isOurs = await beginAttempt(db, unit, self, due.action, transientMs(found.attempts ?? 0));
  return isOurs
    ? { due, found, inputs: due.action === 'swap' ? inputsOf(unit) : [], pendingMs }
    : null;
}

/** Gives what is to be done instead, where there is something. */
async function carryThrough(plan: Plan, attendant: Attendant): Promise<Plan | null> {
  const { sessions, self } = attendant;
  const { due, found, inputs } = plan;
  const start = performance.now();
  try {
    return await sessions.with(async (session) => {
      const outcome = await carryOut(session, due, found, inputs).catch(asImatError);
      if (isLost(outcome)) throw outcome;
      if (outcome instanceof ImatError || outcome.finished)
        return conclude(session.db, plan, outcome, performance.now() - start, attendant);
      await release(session.db, found.id, self);
      return null;
    });
  } catch (error) {
    if (!isLost(error)) throw error;
    return sessions.with(({ db }) =>
      conclude(db, plan, error, performance.now() - start, attendant),
    );
  }
}

/** Records how it went. */
async function conclude(
  db: Db,
  plan: Plan,
  outcome: Done | ImatError,
  ms: number,
  { self, onReport }: Attendant,
): Promise<Plan | null> {
  const { due, found, inputs, pendingMs } = plan;
  const { id, name, pendingRows } = found;
  const error = outcome instanceof ImatError ? outcome : null;
  const done = outcome instanceof ImatError ? null : outcome;
  // A rebuild is dispensable: its refusal must not keep the imat from the fold.
  const isRefusal = due.action === 'rebuild' && error !== null && error.category !== 'transient';
  const culprit = inputAtFault(error, inputs);
  const run: Run = {
    action: done?.action ?? (inputs.length > 0 ? 'publish' : due.action),
    reason: due.reason,
    pendingRows,
    pendingMs,
    ms,
    signature: done?.signature ?? null,
    error,
    retryMs:
      error === null
        ? null
        : isRefusal
          ? 0
          : culprit === null
            ? retryMs(error.category, found.attempts ?? 0)
            : transientMs(0),
    endsLease: !isRefusal,
  };
  // It backs off by itself, and the next attempt goes without it.
  if (culprit !== null) await blameInput(db, culprit, self, run);
  const rows = await record(db, id, self, run);
  onReport({
    imat: name,
    action: run.action,
    reason: run.reason,
    pendingRows,
    ms,
    rows: error === null ? rows : 0,
    error,
    retryMs: run.retryMs,
  });
  if (!isRefusal) return null;
  await forgetCosts(db, id);
  const isOurs = await beginAttempt(db, id, self, 'fold', transientMs(found.attempts ?? 0));
  return isOurs ? { ...plan, due: { action: 'fold', reason: 'rebuild_refused' } } : null;
}

/** Which of the imats that were to be published along has failed, not the one that reads them: imat_catalog.publish names it. */
function inputAtFault(error: ImatError | null, inputs: readonly string[]): string | null {
  const { cause } = error ?? {};
  const table = cause instanceof ServerError && cause.schema === 'imat' ? cause.table : null;
  return table !== null && inputs.includes(table) ? table : null;
}

const isLost = (error: unknown): error is ImatError =>
  error instanceof ImatError && error.condition === 'connection_failed';

/** Rows are counted beyond the bound, so that the cost of a fold can be told; a log that is longer than that is long. */
export const countUpTo = (policy: Policy): number => 10 * policy.maxPendingRows;
