/**
 * What to do about one imat, from what a look found: skip, fold, swap, rebuild or finish, each with its reason. Pure; the
 * tests go through it as a table.
 *
 * live, delta     folded when pending rows or their age reach a bound; its answer is right without it, reads get slower
 * live, swap      swapped when a source has changed, and not more than a tenth of the time
 * an interval     early enough that what is stored is never older than that
 * manual          never
 */
import type { Found } from './poll-result.ts';
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
  | 'rebuild_refused'
  | 'swap_unfinished';

export type Decision =
  | { readonly action: 'skip'; readonly reason: SkipReason }
  | { readonly action: 'fold' | 'swap' | 'rebuild' | 'finish'; readonly reason: DueReason };

/** A fold must be dearer by this much: the figures are estimates. */
const DEARER = 1.5;
const LIVE_SWAP_REST = 9;
/** Between two attempts to drop the previous table of a swap, for which old transactions may have to end: a tenth of its age, from 1 to 30 s. */
const finishEveryMs = (imat: Found): number =>
  Math.min(Math.max((imat.endedMs ?? 0) / 10, 1000), 30_000);

/** `pendingMs`: for how long something has been pending, at most. */
export function decide(imat: Found, pendingMs: number, policy: Policy, self: string): Decision {
  if (!imat.intact) return skip('broken');
  if (imat.leasedBy !== null && imat.leasedBy !== self) return skip('leased');
  const decision = decideMaking(imat, pendingMs, policy);
  // The next swap finishes the last one, or does without.
  if (decision.action !== 'skip' || imat.swapPhase === null) return decision;
  const tried = imat.finishTriedMs !== null && imat.finishTriedMs < finishEveryMs(imat);
  return tried ? skip('swap_waits') : { action: 'finish', reason: 'swap_unfinished' };
}

function decideMaking(imat: Found, pendingMs: number, policy: Policy): Decision {
  if (imat.blockedMs !== null) return skip(imat.blockedMs < 0 ? 'stopped' : 'backing_off');
  if (imat.freshness === 'manual') return skip('manual');
  return imat.strategy === 'delta'
    ? decideDelta(imat, pendingMs, policy)
    : decideSwap(imat, policy);
}

function decideDelta(imat: Found, pendingMs: number, policy: Policy): Decision {
  if (imat.pendingRows === 0) return skip('nothing_changed');
  const reason = deltaReason(imat, pendingMs, policy);
  if (reason === null) return skip('below_bound');
  // Stale reads must not wait for a rest; live ones only get slower.
  if (imat.freshnessMs === null && restsFrom(imat, 1)) return skip('resting');
  return isFoldDearer(imat) && !imat.untrusted
    ? { action: 'rebuild', reason: 'fold_dearer' }
    : { action: 'fold', reason };
}

function deltaReason(imat: Found, pendingMs: number, policy: Policy): DueReason | null {
  if (imat.pendingRows >= policy.maxPendingRows) return 'row_bound';
  if (imat.freshnessMs === null) return pendingMs >= policy.maxPendingMs ? 'age_bound' : null;
  // Half the bound is for the fold, for the queue and for the tick.
  return pendingMs >= imat.freshnessMs / 2 - policy.tickMs ? 'freshness' : null;
}

export function isFoldDearer(imat: Found): boolean {
  return (
    imat.foldMsPerRow !== null &&
    imat.rebuildMs !== null &&
    imat.pendingRows * imat.foldMsPerRow > DEARER * imat.rebuildMs
  );
}

function decideSwap(imat: Found, policy: Policy): Decision {
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
  // What is stored dates from the start of the last swap, and stays until the end of the next.
  const age = imat.storedMs ?? imat.frontierMs ?? Number.POSITIVE_INFINITY;
  if (age < (imat.freshnessMs ?? 0) - DEARER * (imat.rebuildMs ?? 0) - 2 * policy.tickMs)
    return skip('below_bound');
  return restsFrom(imat, 1) ? skip('resting') : { action: 'swap', reason };
}

/** Why the answer may be another one than what is stored; null where it is not. */
function changeReason(imat: Found): DueReason | null {
  if (imat.pendingRows > 0) return 'source_changed';
  if (imat.watchable || imat.dependence === 'settings') return null;
  if (imat.dependence !== 'tables' || imat.signature === null) return 'may_have_changed';
  return imat.signature === imat.lastSignature ? null : 'source_changed';
}

/** True for so many times the last run's duration after it: what is dear must not be done all the time. */
const restsFrom = (imat: Found, times: number): boolean =>
  imat.endedMs !== null &&
  imat.lastMs !== null &&
  imat.lastAction !== 'load' &&
  imat.endedMs < times * imat.lastMs;

const skip = (reason: SkipReason): Decision => ({ action: 'skip', reason });
