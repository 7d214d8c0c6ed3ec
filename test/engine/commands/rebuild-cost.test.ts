import { expect, test } from 'vitest';
import { affordableInterval, withCost } from '../../../engine/commands/rebuild-cost.ts';
import { CONVERTED } from '../../cli/samples.ts';

test.each([
  [0, '1s'],
  [100, '1s'],
  [101, '2s'],
  [3300, '1min'],
  [180_000, '30min'],
  [3_600_000, '12h'],
  [1e9, '1d'],
])('what takes %d ms is computed anew every %s', (ms, interval) => {
  expect(affordableInterval(ms)).toBe(interval);
});

const swap = (freshness: string) => ({ ...CONVERTED, strategy: 'swap' as const, freshness });

test('an interval is proposed where reads or swaps of a swap imat are dear, and only there', () => {
  expect(withCost(swap('live'), 3300)).toMatchObject({ loadMs: 3300, proposedFreshness: '1min' });
  expect(withCost(swap('5s'), 3300).proposedFreshness).toBe('1min');
  expect(withCost(swap('1min'), 3300).proposedFreshness).toBeNull();
  expect(withCost(swap('manual'), 3300).proposedFreshness).toBeNull();
  expect(withCost(swap('live'), 3300, true).proposedFreshness).toBeNull();
  expect(withCost(CONVERTED, 3300)).toMatchObject({ loadMs: 3300, proposedFreshness: null });
});
