/**
 * Runs one task: leases it, polls it again, decides again, executes the decision and records the
 * outcome. What the queue says is not trusted: it only names the task.
 */
import { type Db, ServerError } from '../engine/db/db.ts';
import { asImatError, ImatError } from '../engine/errors/imat-error.ts';
import {
  beginAttempt,
  forgetCosts,
  leaseAndPoll,
  record,
  recordInputFailure,
  release,
  type Run,
} from './catalog.ts';
import { decide } from './decide.ts';
import { type Done, type Due, execute } from './execute.ts';
import { longestPendingMs } from './pending-age.ts';
import { countUpTo, type Policy } from './policy.ts';
import type { ImatSignals } from './poll-result.ts';
import { runRequest } from './requests.ts';
import { retryMs, transientMs } from './retry.ts';
import type { SessionPool } from './session-pool.ts';
import type { Pace } from './slots.ts';

/**
 * The task of all requests of `imat.create_imat`. The other tasks are ids of imats, which are
 * positive.
 */
export const REQUESTS = 0;

export type Report = {
  readonly imat: string;
  readonly action: Done['action'] | 'request';
  readonly reason: string;
  readonly pendingRows: number;
  readonly ms: number;
  readonly rows: number;
  readonly error: ImatError | null;
  /** Milliseconds until the next attempt; null after a success, and if there is no next attempt. */
  readonly retryMs: number | null;
};

export type Runner = {
  readonly sessions: SessionPool;
  readonly policy: Policy;
  readonly workerId: string;
  /** Tasks that run now; their leases are renewed. */
  readonly running: Set<number>;
  /** Names of the stored imats to publish together with an imat, in order. */
  readonly inputsOf: (imat: number) => readonly string[];
  readonly onReport: (report: Report) => void;
  readonly isStopping: () => boolean;
};

/**
 * At the pace `short` nothing is started that can take long; true if that is what is due.
 * @throws ImatError only if an outcome cannot be recorded: errors of imats are recorded, not thrown
 */
export async function runTask(task: number, pace: Pace, runner: Runner): Promise<boolean> {
  const { running } = runner;
  if (running.has(task) || runner.isStopping()) return false;
  if (task === REQUESTS && pace === 'short') return true;
  running.add(task);
  try {
    if (task !== REQUESTS) return await runImat(task, pace, runner);
    await runRequests(runner);
    return false;
  } finally {
    running.delete(task);
  }
}

async function runRequests(runner: Runner): Promise<void> {
  const { sessions, policy, workerId, onReport, isStopping } = runner;
  while (!isStopping()) {
    const run = await runRequest(sessions, workerId, policy.leaseMs);
    if (run === null) return;
    const { name, ms, error } = run;
    const nothing = { pendingRows: 0, rows: 0, retryMs: null };
    onReport({ imat: name, action: 'request', reason: 'requested', ms, error, ...nothing });
  }
}

/** One attempt at one imat. */
type Attempt = {
  readonly due: Due;
  readonly signals: ImatSignals;
  /** Names of the stored imats to publish together with it. */
  readonly inputs: readonly string[];
  readonly pendingMs: number;
};

async function runImat(imat: number, pace: Pace, runner: Runner): Promise<boolean> {
  let attempt = await runner.sessions.with(({ db }) => begin(db, imat, pace, runner));
  if (attempt === 'too long') return true;
  while (attempt !== null) attempt = await executeAttempt(attempt, runner);
  return false;
}

/**
 * Leases, polls and decides. What is due is recorded as an attempt before it starts; null if
 * nothing is due.
 */
async function begin(
  db: Db,
  imat: number,
  pace: Pace,
  { policy, workerId, inputsOf }: Runner,
): Promise<Attempt | 'too long' | null> {
  const signals = await leaseAndPoll(db, imat, workerId, policy.leaseMs, countUpTo(policy));
  if (signals === null) return null;
  const pendingMs = signals.pendingRows === 0 ? 0 : longestPendingMs(signals);
  const due = decide(signals, pendingMs, policy, workerId);
  const isTooLong =
    pace === 'short' &&
    (due.action === 'swap' || due.action === 'rebuild' || due.action === 'repair');
  if (due.action === 'skip' || isTooLong) {
    await release(db, imat, workerId);
    return isTooLong ? 'too long' : null;
  }
  const inputs = due.action === 'swap' ? inputsOf(imat) : [];
  return (await startAttempt(db, signals, due.action, workerId))
    ? { due, signals, inputs, pendingMs }
    : null;
}

/** Records that an attempt begins; false if the lease was lost. */
const startAttempt = (
  db: Db,
  { id, attempts }: ImatSignals,
  action: Due['action'],
  workerId: string,
): Promise<boolean> => beginAttempt(db, id, workerId, action, transientMs(attempts ?? 0));

/** Returns the attempt to make instead, if there is one. */
async function executeAttempt(attempt: Attempt, runner: Runner): Promise<Attempt | null> {
  const { sessions, workerId } = runner;
  const { due, signals, inputs } = attempt;
  const start = performance.now();
  const elapsedMs = (): number => performance.now() - start;
  try {
    return await sessions.with(async (session) => {
      const outcome = await execute(session, due, signals, inputs).catch(asImatError);
      if (isLost(outcome)) throw outcome;
      if (outcome instanceof ImatError || outcome.finished)
        return conclude(session.db, attempt, outcome, elapsedMs(), runner);
      await release(session.db, signals.id, workerId);
      return null;
    });
  } catch (error) {
    // The session is gone: the outcome is recorded in another one.
    if (!isLost(error)) throw error;
    return sessions.with(({ db }) => conclude(db, attempt, error, elapsedMs(), runner));
  }
}

/** Records and reports the outcome. Returns the attempt to make instead, if there is one. */
async function conclude(
  db: Db,
  attempt: Attempt,
  outcome: Done | ImatError,
  ms: number,
  { workerId, onReport }: Runner,
): Promise<Attempt | null> {
  const { signals, inputs, pendingMs } = attempt;
  const { id, name, pendingRows } = signals;
  const isRefusal = isRebuildRefused(attempt, outcome);
  const failedInput = failedInputOf(outcome, inputs);
  const { action, signature, error } = resultOf(attempt, outcome);
  const run: Run = {
    action,
    reason: attempt.due.reason,
    pendingRows,
    pendingMs,
    ms,
    signature,
    error,
    retryMs: isRefusal ? 0 : retryMsOf(error, failedInput, signals),
    endsLease: !isRefusal,
  };
  // The input backs off by itself, and the next attempt is made without it.
  if (failedInput !== null) await recordInputFailure(db, failedInput, workerId, run);
  const touched = await record(db, id, workerId, run);
  const rows = error === null ? touched : 0;
  const { reason, retryMs } = run;
  onReport({ imat: name, action, reason, pendingRows, ms, rows, error, retryMs });
  if (!isRefusal) return null;
  await forgetCosts(db, id);
  return (await startAttempt(db, signals, 'fold', workerId))
    ? { ...attempt, due: { action: 'fold', reason: 'rebuild_refused' } }
    : null;
}

function resultOf(
  { due, inputs }: Attempt,
  outcome: Done | ImatError,
): Pick<Run, 'action' | 'signature' | 'error'> {
  if (!(outcome instanceof ImatError))
    return { action: outcome.action, signature: outcome.signature, error: null };
  const action = inputs.length > 0 ? 'publish' : due.action;
  return { action, signature: null, error: outcome };
}

/** A rebuild only replaces an expensive fold, so an imat that refuses it is folded instead. */
const isRebuildRefused = ({ due }: Attempt, outcome: Done | ImatError): boolean =>
  due.action === 'rebuild' && outcome instanceof ImatError && outcome.category !== 'transient';

function retryMsOf(
  error: ImatError | null,
  failedInput: string | null,
  { attempts }: ImatSignals,
): number | null {
  if (error === null) return null;
  return failedInput === null ? retryMs(error.category, attempts ?? 0) : transientMs(0);
}

/**
 * The name of the input that failed, if it was not the imat that reads it: `imat_catalog.publish`
 * names it in its error.
 */
function failedInputOf(outcome: Done | ImatError, inputs: readonly string[]): string | null {
  if (!(outcome instanceof ImatError)) return null;
  const { cause } = outcome;
  const table = cause instanceof ServerError && cause.schema === 'imat' ? cause.table : null;
  return table !== null && inputs.includes(table) ? table : null;
}

const isLost = (outcome: unknown): outcome is ImatError =>
  outcome instanceof ImatError &&
  (outcome.condition === 'connection_failed' || outcome.condition === 'connection_refused');
