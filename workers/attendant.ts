/** Attends to one unit of work: leases it, looks again, decides again, carries it out, records it. A bell's word counts for nothing. */
import { ImatError } from '../parser/errors.ts';
import { carryOut, type Done, type Due } from './act.ts';
import { forgetCosts, leaseAndLook, noteFinishTried, record, release } from './catalog.ts';
import { decide } from './decide.ts';
import type { Found } from './found.ts';
import type { Policy } from './policy.ts';
import { carryOutRequest } from './requests.ts';
import { retryMs } from './retry.ts';
import { pendingAtMost } from './seen.ts';
import type { Session, Sessions } from './sessions.ts';
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
 * @throws ImatError `connection_failed`; what an imat fails with is recorded, not thrown
 */
export async function attendTo(unit: number, pace: Pace, attendant: Attendant): Promise<boolean> {
  const { held } = attendant;
  if (held.has(unit) || attendant.isStopping()) return false;
  if (unit === REQUESTS && pace === 'short') return true;
  held.add(unit);
  try {
    return await (unit === REQUESTS ? attendToRequests(attendant) : attendToImat(unit, pace, attendant));
  } finally {
    held.delete(unit);
  }
}

async function attendToRequests({ sessions, policy, self, onReport, isStopping }: Attendant): Promise<false> {
  while (!isStopping()) {
    const run = await sessions.with((session) => carryOutRequest(session, self, policy.leaseMs));
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

async function attendToImat(unit: number, pace: Pace, attendant: Attendant): Promise<boolean> {
  const { sessions, policy, self } = attendant;
  return sessions.with(async (session) => {
    const found = await leaseAndLook(session.db, unit, self, policy.leaseMs, countUpTo(policy));
    if (found === null) return false;
    const pendingMs = found.pendingRows === 0 ? 0 : pendingAtMost(found);
    const decision = decide(found, pendingMs, policy, self);
    const isTooLong = pace === 'short' && (decision.action === 'swap' || decision.action === 'rebuild');
    if (decision.action === 'skip' || isTooLong) await release(session.db, unit, self);
    else await run(session, decision, found, pendingMs, attendant);
    return isTooLong;
  });
}

async function run(session: Session, due: Due, found: Found, pendingMs: number, attendant: Attendant): Promise<void> {
  const { db } = session;
  const { self, inputsOf, onReport } = attendant;
  const { id, name, pendingRows } = found;
  const inputs = due.action === 'swap' ? inputsOf(id) : [];
  const start = performance.now();
  const outcome = await carryOut(session, due, found, inputs).catch(asError);
  const ms = performance.now() - start;
  const error = outcome instanceof ImatError ? outcome : null;
  const done = outcome instanceof ImatError ? null : outcome;
  if (error?.condition === 'connection_failed') throw error;
  if (done?.finished === false) return noteFinishTried(db, id, self);
  // A rebuild is dispensable: its refusal must not keep the imat from the fold.
  const isRefusal = due.action === 'rebuild' && error !== null && error.category !== 'transient';
  const again = error === null ? null : isRefusal ? 0 : retryMs(error.category, found.attempts ?? 0);
  const action = done?.action ?? (inputs.length > 0 ? 'publish' : due.action);
  const report = { action, reason: due.reason, pendingRows, ms, error, retryMs: again };
  const rows = await record(db, id, self, { ...report, pendingMs, signature: done?.signature ?? null, endsLease: !isRefusal });
  onReport({ imat: name, ...report, rows: error === null ? rows : 0 });
  if (!isRefusal) return;
  await forgetCosts(db, id);
  await run(session, { action: 'fold', reason: 'rebuild_refused' }, found, pendingMs, attendant);
}

/** Rows are counted beyond the bound, so that the cost of a fold can be told; a log that is longer than that is long. */
export const countUpTo = (policy: Policy): number => 10 * policy.maxPendingRows;

function asError(error: unknown): ImatError {
  return error instanceof ImatError
    ? error
    : new ImatError('internal', { message: error instanceof Error ? error.message : String(error), cause: error });
}
