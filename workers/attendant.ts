/** Attends to one unit of work: leases it, looks again, decides again, carries it out, records it. A bell's word counts for nothing. */
import { ImatError } from '../parser/errors.ts';
import { carryOut, type Done, type Due } from './act.ts';
import { leaseAndLook, noteFinishTried, recordAndRelease, release } from './catalog.ts';
import { decide } from './decide.ts';
import type { Found } from './found.ts';
import type { Policy } from './policy.ts';
import { carryOutRequest } from './requests.ts';
import { retryMs } from './retry.ts';
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

/** @throws ImatError `connection_failed`; what an imat fails with is recorded, not thrown */
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
    const run = await sessions.with((session) => carryOutRequest(session, self, policy.leaseMs));
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

async function attendToImat(unit: number, { sessions, policy, self, inputsOf, onReport }: Attendant): Promise<void> {
  await sessions.with(async (session) => {
    const found = await leaseAndLook(session.db, unit, self, policy.leaseMs, countUpTo(policy));
    if (found === null) return;
    const pendingMs = found.pendingRows === 0 ? 0 : pendingAtMost(found);
    const decision = decide(found, pendingMs, policy, self);
    if (decision.action === 'skip') return release(session.db, unit, self);
    const inputs = decision.action === 'swap' ? inputsOf(unit) : [];
    const start = performance.now();
    const outcome = await carryOut(session, decision, found, inputs).catch(asError);
    const ms = performance.now() - start;
    if (!(outcome instanceof ImatError) && !outcome.finished) return noteFinishTried(session.db, unit, self);
    if (outcome instanceof ImatError && outcome.condition === 'connection_failed') throw outcome;
    const error = outcome instanceof ImatError ? outcome : null;
    const again = error === null ? null : retryMs(error.category, found.attempts ?? 0);
    const action = outcome instanceof ImatError ? plannedAction(decision, inputs) : outcome.action;
    const run = { action, reason: decision.reason, pendingRows: found.pendingRows, pendingMs, ms, error, retryMs: again };
    const signature = outcome instanceof ImatError ? null : outcome.signature;
    const rows = await recordAndRelease(session.db, unit, self, { ...run, signature });
    onReport({ imat: found.name, ...run, pendingRows: found.pendingRows, rows: error === null ? rows : 0 });
  });
}

/** Rows are counted beyond the bound, so that the cost of a fold can be told; a log that is longer than that is long. */
export const countUpTo = (policy: Policy): number => 10 * policy.maxPendingRows;

const plannedAction = (due: Due, inputs: readonly Found['name'][]): Done['action'] =>
  due.action === 'swap' && inputs.length > 0 ? 'publish' : due.action;

function asError(error: unknown): ImatError {
  return error instanceof ImatError
    ? error
    : new ImatError('internal', { message: error instanceof Error ? error.message : String(error), cause: error });
}
