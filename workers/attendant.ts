/** Attends to one unit of work: leases it, looks again, decides again, carries it out, records it. A bell's word counts for nothing. */
import type { Db } from '../engine/db/db.ts';
import { asImatError, ImatError } from '../parser/errors.ts';
import { carryOut, type Done, type Due } from './act.ts';
import { beginAttempt, leaseAndLook, recordAndRelease, release } from './catalog.ts';
import { decide } from './decide.ts';
import type { Found } from './found.ts';
import type { Policy } from './policy.ts';
import { carryOutRequest } from './requests.ts';
import { retryMs, transientMs } from './retry.ts';
import { pendingAtMost } from './seen.ts';
import type { Sessions } from './sessions.ts';

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

/** @throws ImatError what an imat fails with is recorded, not thrown, unless nothing can be recorded */
export async function attendTo(unit: number, attendant: Attendant): Promise<void> {
  const { held } = attendant;
  if (held.has(unit) || attendant.isStopping()) return;
  held.add(unit);
  try {
    await (unit === REQUESTS ? attendToRequests(attendant) : attendToImat(unit, attendant));
  } finally {
    held.delete(unit);
  }
}

async function attendToRequests({ sessions, policy, self, onReport, isStopping }: Attendant): Promise<void> {
  while (!isStopping()) {
    const run = await carryOutRequest(sessions, self, policy.leaseMs);
    if (run === null) return;
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
}

type Plan = {
  readonly unit: number;
  readonly found: Found;
  readonly due: Due;
  readonly inputs: readonly string[];
  readonly pendingMs: number;
};

async function attendToImat(unit: number, attendant: Attendant): Promise<void> {
  const { sessions } = attendant;
  const plan = await sessions.with(({ db }) => begin(db, unit, attendant));
  if (plan === null) return;
  const start = performance.now();
  try {
    await sessions.with(async (session) => {
      const outcome = await carryOut(session, plan.due, plan.found, plan.inputs).catch(asImatError);
      if (isLost(outcome)) throw outcome;
      if (!(outcome instanceof ImatError) && !outcome.finished) return release(session.db, unit, attendant.self);
      return record(session.db, plan, outcome, performance.now() - start, attendant);
    });
  } catch (error) {
    if (!isLost(error)) throw error;
    await sessions.with(({ db }) => record(db, plan, error, performance.now() - start, attendant));
  }
}

/** Leases, looks and decides; what is due is noted as an attempt. Null where nothing is. */
async function begin(db: Db, unit: number, { policy, self, inputsOf }: Attendant): Promise<Plan | null> {
  const found = await leaseAndLook(db, unit, self, policy.leaseMs, countUpTo(policy));
  if (found === null) return null;
  const pendingMs = found.pendingRows === 0 ? 0 : pendingAtMost(found);
  const due = decide(found, pendingMs, policy, self);
  if (due.action === 'skip') {
    await release(db, unit, self);
    return null;
  }
  const isOurs = await beginAttempt(db, unit, self, due.action, transientMs(found.attempts ?? 0));
  if (!isOurs) return null;
  return { unit, found, due, inputs: due.action === 'swap' ? inputsOf(unit) : [], pendingMs };
}

async function record(db: Db, plan: Plan, outcome: Done | ImatError, ms: number, { self, onReport }: Attendant): Promise<void> {
  const { unit, found, due, inputs, pendingMs } = plan;
  const { name, pendingRows } = found;
  const error = outcome instanceof ImatError ? outcome : null;
  const again = error === null ? null : retryMs(error.category, found.attempts ?? 0);
  const action = outcome instanceof ImatError ? plannedAction(due, inputs) : outcome.action;
  const run = { action, reason: due.reason, pendingRows, pendingMs, ms, error, retryMs: again };
  const signature = outcome instanceof ImatError ? null : outcome.signature;
  const rows = await recordAndRelease(db, unit, self, { ...run, signature });
  onReport({ imat: name, ...run, rows: error === null ? rows : 0 });
}

const isLost = (error: unknown): error is ImatError => error instanceof ImatError && error.condition === 'connection_failed';

/** Rows are counted beyond the bound, so that the cost of a fold can be told; a log that is longer than that is long. */
export const countUpTo = (policy: Policy): number => 10 * policy.maxPendingRows;

const plannedAction = (due: Due, inputs: readonly Found['name'][]): Done['action'] =>
  due.action === 'swap' && inputs.length > 0 ? 'publish' : due.action;
