/** What it costs to compute an imat anew, and how often a server can afford that. */
import type { ConvertResult } from '../api.ts';
import { durationText, parseDuration } from '../durations.ts';

/** A server should be busy with one imat for no more than this share of the time. */
const SHARE = 0.1;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const INTERVALS: readonly number[] = [
  [1000, 2000, 5000, 10_000, 30_000],
  [1, 2, 5, 10, 30].map((minutes) => minutes * MINUTE),
  [1, 2, 6, 12, 24].map((hours) => hours * HOUR),
].flat();

/**
 * The shortest interval that leaves the server nine tenths of its time; a day for what takes longer
 * than 2.4 hours.
 */
export function affordableInterval(loadMs: number): string {
  const found = INTERVALS.find((interval) => loadMs <= interval * SHARE);
  return durationText(found ?? 24 * HOUR);
}

/**
 * An interval is proposed where reads run the definition, or where it would be computed anew more
 * often than the server can afford. `isConstant`: whether nothing that it reads can change.
 */
export function withCost(result: ConvertResult, loadMs: number, isConstant = false): ConvertResult {
  const { strategy, freshness } = result;
  const interval = parseDuration(freshness);
  const isDear = freshness === 'live' || (interval !== null && loadMs > interval * SHARE);
  const isComputed = strategy === 'swap' && !isConstant;
  const proposed = isComputed && isDear ? affordableInterval(loadMs) : null;
  return { ...result, loadMs, proposedFreshness: proposed };
}
