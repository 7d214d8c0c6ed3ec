/**
 * Decides what to do about one imat from the result of a poll: skip, fold, swap, rebuild, finish or
 * repair, each with its reason. Pure; the tests are a table.
 *
 * live, delta     folded when the pending rows or their age reach a bound, computed anew at once
 *                 where a reset is pending; until then reads are exact, but slower
 * live, swap      swapped when a source has changed, for at most a tenth of the time
 * an interval     early enough that the stored rows are never older than the interval
 * manual          never
 * broken          repaired, if the policy says so
 */
import type { ImatSignals } from './poll-result.ts';
import type { Policy } from './policy.ts';

export type SkipReason =
  | 'nothing_changed'
  | 'below_bound'
  | 'resting'
  | 'manual'
  | 'reads_definition'
  | 'broken'
  | 'backing_off'
  | 'stopped'
  | 'leased'
  | 'swap_waits';

export type DueReason =
  | 'row_bound'
  | 'age_bound'
  | 'freshness'
  | 'source_changed'
  | 'may_have_changed'
  | 'fold_dearer'
  | 'reset_pending'
  | 'rebuild_refused'
  | 'swap_unfinished'
  | 'broken';

export type Decision =
  | { readonly action: 'skip'; readonly reason: SkipReason }
  | {
      readonly action: 'fold' | 'swap' | 'rebuild' | 'finish' | 'repair';
      readonly reason: DueReason;
    };

/**
 * A rebuild replaces a fold only if the fold costs this many times as much, because both costs are
 * estimates.
 */
const REBUILD_FACTOR = 1.5;
const LIVE_SWAP_REST = 9;
/**
 * Between two attempts to drop the previous table of a swap: a tenth of the time since the swap,
 * from 1 to 30 s. An attempt fails as long as a transaction from before the swap is open.
 */
const finishEveryMs = (imat: ImatSignals): number =>
  Math.min(Math.max((imat.endedMs ?? 0) / 10, 1000), 30_000);

/** `pendingMs`: the longest time for which something can have been pending. */
export function decide(
  imat: ImatSignals,
  pendingMs: number,
  policy: Policy,
  workerId: string,
): Decision {
  if (!imat.intact && !policy.repair) return skip('broken');
  if (imat.leasedBy !== null && imat.leasedBy !== workerId) return skip('leased');
  if (!imat.intact)
    return imat.blockedMs === null
      ? { action: 'repair', reason: 'broken' }
      : skip(imat.blockedMs < 0 ? 'stopped' : 'backing_off');
  const decision = decideMaintenance(imat, pendingMs, policy);
  // A swap that is due finishes the previous one itself.
  if (decision.action !== 'skip' || imat.swapPhase === null) return decision;
  const tried = imat.finishTriedMs !== null && imat.finishTriedMs < finishEveryMs(imat);
  return tried ? skip('swap_waits') : { action: 'finish', reason: 'swap_unfinished' };
}

function decideMaintenance(imat: ImatSignals, pendingMs: number, policy: Policy): Decision {
  if (imat.blockedMs !== null) return skip(imat.blockedMs < 0 ? 'stopped' : 'backing_off');
  if (imat.freshness === 'manual') return skip('manual');
  return imat.strategy === 'delta'
    ? decideDelta(imat, pendingMs, policy)
    : decideSwap(imat, policy);
}

function decideDelta(imat: ImatSignals, pendingMs: number, policy: Policy): Decision {
  if (imat.pendingRows === 0) return skip('nothing_changed');
  const reason = foldReason(imat, pendingMs, policy);
  if (reason === null) return skip('below_bound');
  // With an interval, reads would be stale during a rest; live reads only get slower.
  if (imat.freshnessMs === null && restsFrom(imat, 1)) return skip('resting');
  if (imat.untrusted) return { action: 'fold', reason };
  if (imat.resetPending) return { action: 'rebuild', reason: 'reset_pending' };
  return isFoldExpensive(imat)
    ? { action: 'rebuild', reason: 'fold_dearer' }
    : { action: 'fold', reason };
}

function foldReason(imat: ImatSignals, pendingMs: number, policy: Policy): DueReason | null {
  if (imat.pendingRows >= policy.maxPendingRows) return 'row_bound';
  if (imat.resetPending && imat.freshnessMs === null) return 'reset_pending';
  if (imat.freshnessMs === null) return pendingMs >= policy.maxPendingMs ? 'age_bound' : null;
  // The other half of the interval is left for the tick, the queue and the fold.
  return pendingMs >= imat.freshnessMs / 2 - policy.tickMs ? 'freshness' : null;
}

export function isFoldExpensive(imat: ImatSignals): boolean {
  return (
    imat.foldMsPerRow !== null &&
    imat.rebuildMs !== null &&
    imat.pendingRows * imat.foldMsPerRow > REBUILD_FACTOR * imat.rebuildMs
  );
}

function decideSwap(imat: ImatSignals, policy: Policy): Decision {
  const live = imat.freshnessMs === null;
  if (live && !imat.watchable && imat.dependence !== 'settings') return skip('reads_definition');
  const reason = changeReason(imat);
  if (reason === null) return skip('nothing_changed');
  if (live) {
    const since = imat.endedMs ?? imat.frontierMs ?? Number.POSITIVE_INFINITY;
    return since < policy.liveSwapMs || restsFrom(imat, LIVE_SWAP_REST)
      ? skip('resting')
      : { action: 'swap', reason };
  }
  // The stored rows date from the start of the last swap, and are read until the end of the next.
  const age = imat.storedMs ?? imat.frontierMs ?? Number.POSITIVE_INFINITY;
  if (age < (imat.freshnessMs ?? 0) - REBUILD_FACTOR * (imat.rebuildMs ?? 0) - 2 * policy.tickMs)
    return skip('below_bound');
  return restsFrom(imat, 1) ? skip('resting') : { action: 'swap', reason };
}

/** Why the stored rows may be out of date; null if they are not. */
function changeReason(imat: ImatSignals): DueReason | null {
  if (imat.pendingRows > 0) return 'source_changed';
  if (imat.watchable || imat.dependence === 'settings') return null;
  if (imat.dependence !== 'tables' || imat.signature === null) return 'may_have_changed';
  return imat.signature === imat.lastSignature ? null : 'source_changed';
}

/**
 * Whether an imat rests: for `times` the duration of its last run, so that expensive work does not
 * run all the time.
 */
const restsFrom = (imat: ImatSignals, times: number): boolean =>
  imat.endedMs !== null &&
  imat.lastMs !== null &&
  imat.lastAction !== 'load' &&
  imat.endedMs < times * imat.lastMs;

const skip = (reason: SkipReason): Decision => ({ action: 'skip', reason });
