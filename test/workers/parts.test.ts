import { describe, expect, test } from 'vitest';
import type { Found } from '../../workers/found.ts';
import { reconnectMs, retryMs } from '../../workers/retry.ts';
import { aged, Ages, Dues } from '../../workers/seen.ts';
import { Skips } from '../../workers/skips.ts';
import { Slots } from '../../workers/slots.ts';
import { inOrder, inputsOf, type Reading } from '../../workers/units.ts';

describe('units', () => {
  const reads = (imat: number, reads: number, stored = true): Reading => ({ imat, reads, stored });
  const diamond = [reads(4, 2), reads(4, 3), reads(2, 1), reads(3, 1)];

  test('what an imat reads is published with it, what is read first, each once', () => {
    expect(inputsOf(4, diamond)).toEqual([1, 2, 3]);
    expect(inputsOf(2, diamond)).toEqual([1]);
    expect(inputsOf(1, diamond)).toEqual([]);
  });

  test('live inputs need no company', () => {
    expect(inputsOf(4, [reads(4, 2, false), reads(4, 3)])).toEqual([3]);
  });

  test('topological order, whatever the ids, and by id where nothing says more', () => {
    expect(inOrder([4, 3, 2, 1], diamond)).toEqual([1, 2, 3, 4]);
    expect(inOrder([1, 2, 3], [reads(1, 2, false), reads(2, 3, false)])).toEqual([3, 2, 1]);
    expect(inOrder([9, 5, 7], [])).toEqual([5, 7, 9]);
  });

  test('a circle, which PostgreSQL does not allow, does not hang it', () => {
    expect(inOrder([1, 2], [reads(1, 2), reads(2, 1)])).toHaveLength(2);
    expect(inputsOf(1, [reads(1, 2), reads(2, 1)])).toEqual([2]);
  });
});

describe('retries', () => {
  test('the category alone decides', () => {
    expect([0, 1, 2, 10].map((failures) => retryMs('transient', failures))).toEqual([1000, 2000, 4000, 60_000]);
    expect([0, 1, 10].map((failures) => retryMs('user', failures))).toEqual([60_000, 120_000, 3_600_000]);
    expect((['drift', 'integrity'] as const).map((category) => retryMs(category, 0))).toEqual([null, null]);
  });

  test('connections are tried for ever, and ten seconds apart at most', () => {
    expect(reconnectMs(0, 0)).toBeGreaterThan(100);
    expect(reconnectMs(1000, 1)).toBeLessThanOrEqual(12_500);
  });
});

const found = (changes: Partial<Found>): Found =>
  ({
    id: 1,
    pendingRows: 1,
    frontierMs: 60_000,
    lastMs: 0,
    lastAction: 'fold',
    blockedMs: null,
    storedMs: null,
    finishTriedMs: null,
    endedMs: null,
    ...changes,
  }) as Found;

describe('memory between looks', () => {
  test('an age counts from the last look that saw nothing, or from the fold, whichever is later', () => {
    const ages = new Ages();
    expect(ages.pendingMs(found({}), 0)).toBe(60_000);
    expect(ages.pendingMs(found({ pendingRows: 0 }), 1000)).toBe(0);
    expect(ages.pendingMs(found({}), 1500)).toBe(500);
    expect(ages.pendingMs(found({}), 2000)).toBe(1000);
    expect(ages.pendingMs(found({ frontierMs: 100, lastMs: 20 }), 2500)).toBe(120);
  });

  test('a look that said that nothing changed makes the one before older', () => {
    expect(aged(found({ frontierMs: 10, blockedMs: 100 }), 40)).toMatchObject({ frontierMs: 50, blockedMs: 60 });
    expect(aged(found({ blockedMs: 30 }), 40).blockedMs).toBeNull();
    expect(aged(found({ blockedMs: -1 }), 40).blockedMs).toBe(-1);
  });

  test('what is due is rung once in a while, and is overdue in the end', () => {
    const dues = new Dues();
    const at = (now: number): string => dues.due(1, now, 1000, 5000);
    expect([0, 500, 1000, 1500, 2000, 5000, 5500].map(at)).toEqual(['ring', 'wait', 'ring', 'wait', 'ring', 'overdue', 'overdue']);
    dues.keep(new Set());
    expect(at(6000)).toBe('ring');
  });

  test('skips are added up, and written when they are over, after ten minutes, or at the end', () => {
    const skips = new Skips();
    for (const now of [0, 500, 1000]) skips.note(1, 'nothing_changed', 0, now);
    skips.note(2, 'manual', 9, 70_000);
    expect(skips.take(70_000, false)).toEqual([
      { imat: 1, reason: 'nothing_changed', times: 3, firstMs: 70_000, lastMs: 69_000, pendingRows: 0 },
    ]);
    expect(skips.take(71_000, false)).toEqual([]);
    expect(skips.take(80_000, true)).toEqual([{ imat: 2, reason: 'manual', times: 1, firstMs: 10_000, lastMs: 10_000, pendingRows: 9 }]);
    expect(skips.take(80_000, true)).toEqual([]);
  });
});

test('slots let so many in, and the next when one leaves, also by an error', async () => {
  const slots = new Slots(2);
  let now = 0;
  let most = 0;
  const run = (fails: boolean) =>
    slots.with(async () => {
      most = Math.max(most, (now += 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
      now -= 1;
      if (fails) throw new Error('no');
    });
  const ends = await Promise.allSettled([run(true), run(false), run(true), run(false), run(false)]);
  expect(ends.filter((end) => end.status === 'fulfilled')).toHaveLength(3);
  expect(most).toBe(2);
});
