import { describe, expect, test } from 'vitest';
import { reconnectMs, retryMs } from '../../workers/retry.ts';
import { DueTracker } from '../../workers/due-tracker.ts';
import { aged, PendingAges } from '../../workers/pending-age.ts';
import type { ImatSignals } from '../../workers/poll-result.ts';
import { Skips } from '../../workers/skips.ts';
import { type Pace, Slots } from '../../workers/slots.ts';
import { inTopologicalOrder, inputsOf, type Dependency } from '../../workers/publication.ts';

describe('publication', () => {
  const reads = (imat: number, reads: number, stored = true): Dependency => ({
    imat,
    reads,
    stored,
  });
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
    expect(inTopologicalOrder([4, 3, 2, 1], diamond)).toEqual([1, 2, 3, 4]);
    expect(inTopologicalOrder([1, 2, 3], [reads(1, 2, false), reads(2, 3, false)])).toEqual([
      3, 2, 1,
    ]);
    expect(inTopologicalOrder([9, 5, 7], [])).toEqual([5, 7, 9]);
  });

  test('a circle, which PostgreSQL does not allow, does not hang it', () => {
    expect(inTopologicalOrder([1, 2], [reads(1, 2), reads(2, 1)])).toHaveLength(2);
    expect(inputsOf(1, [reads(1, 2), reads(2, 1)])).toEqual([2]);
  });
});

describe('retries', () => {
  test('the category alone decides', () => {
    expect([0, 1, 2, 10].map((failures) => retryMs('transient', failures))).toEqual([
      1000, 2000, 4000, 60_000,
    ]);
    expect([0, 1, 10].map((failures) => retryMs('user', failures))).toEqual([
      60_000, 120_000, 3_600_000,
    ]);
    expect((['drift', 'integrity'] as const).map((category) => retryMs(category, 0))).toEqual([
      null,
      null,
    ]);
  });

  test('connections are tried for ever, and ten seconds apart at most', () => {
    expect(reconnectMs(0, 0)).toBeGreaterThan(100);
    expect(reconnectMs(1000, 1)).toBeLessThanOrEqual(12_500);
  });
});

const signals = (changes: Partial<ImatSignals>): ImatSignals =>
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
  }) as ImatSignals;

describe('memory between polls', () => {
  test('an age counts from the last empty poll, or from the fold, whichever is later', () => {
    const ages = new PendingAges();
    expect(ages.pendingMs(signals({}), 0)).toBe(60_000);
    expect(ages.pendingMs(signals({ pendingRows: 0 }), 1000)).toBe(0);
    expect(ages.pendingMs(signals({}), 1500)).toBe(500);
    expect(ages.pendingMs(signals({}), 2000)).toBe(1000);
    expect(ages.pendingMs(signals({ frontierMs: 100, lastMs: 20 }), 2500)).toBe(120);
  });

  test('a poll that found nothing changed makes the previous result older', () => {
    expect(aged(signals({ frontierMs: 10, blockedMs: 100 }), 40)).toMatchObject({
      frontierMs: 50,
      blockedMs: 60,
    });
    expect(aged(signals({ blockedMs: 30 }), 40).blockedMs).toBeNull();
    expect(aged(signals({ blockedMs: -1 }), 40).blockedMs).toBe(-1);
  });

  test('a due task is enqueued again after a while, and is overdue in the end', () => {
    const tracker = new DueTracker({ enqueueEveryMs: 1000, overdueMs: 5000 });
    const at = (now: number): string => tracker.note(1, Number.NEGATIVE_INFINITY, now);
    expect([0, 500, 1000, 1500, 2000, 5000, 5500].map(at)).toEqual([
      'enqueue',
      'wait',
      'enqueue',
      'wait',
      'enqueue',
      'overdue',
      'overdue',
    ]);
    tracker.keep(new Set());
    expect(at(6000)).toBe('enqueue');
  });

  test('a task that is due again after it ran is not overdue', () => {
    const tracker = new DueTracker({ enqueueEveryMs: 1000, overdueMs: 5000 });
    const due = (lastRunAt: number, now: number): string => tracker.note(1, lastRunAt, now);
    for (let now = 0; now < 20_000; now += 500) expect(due(now - 200, now)).toBe('enqueue');
    expect(due(19_300, 20_000)).toBe('wait');
    expect(due(20_100, 20_400)).toBe('enqueue');
    expect([21_400, 24_000, 25_400].map((now) => due(20_100, now))).toEqual([
      'enqueue',
      'enqueue',
      'overdue',
    ]);
  });

  test('skips are added up, and written when over, after ten minutes, or at the end', () => {
    const skips = new Skips();
    for (const now of [0, 500, 1000]) skips.note(1, 'nothing_changed', 0, now);
    skips.note(2, 'manual', 9, 70_000);
    expect(skips.take(70_000, false)).toEqual([
      {
        imat: 1,
        reason: 'nothing_changed',
        times: 3,
        firstMs: 70_000,
        lastMs: 69_000,
        pendingRows: 0,
      },
    ]);
    expect(skips.take(71_000, false)).toEqual([]);
    expect(skips.take(80_000, true)).toEqual([
      { imat: 2, reason: 'manual', times: 1, firstMs: 10_000, lastMs: 10_000, pendingRows: 9 },
    ]);
    expect(skips.take(80_000, true)).toEqual([]);
  });
});

describe('slots', () => {
  /** What runs now, in order; `end` ends it. */
  const workshop = (count: number) => {
    const slots = new Slots(count);
    const ends = new Map<string, () => void>();
    const database = new Map<string, object>();
    const start = (name: string, pace: Pace, of = 'one'): void => {
      database.set(of, database.get(of) ?? {});
      void slots.with(
        database.get(of) ?? {},
        pace,
        () => new Promise<void>((resolve) => ends.set(name, resolve)),
      );
    };
    const end = async (name: string): Promise<void> => {
      ends.get(name)?.();
      ends.delete(name);
      await settled();
    };
    const settled = () => new Promise((resolve) => setImmediate(resolve));
    return { start, end, running: async () => (await settled(), [...ends.keys()]) };
  };

  test('let so many in, and the next when one leaves, also by an error', async () => {
    const slots = new Slots(2);
    let now = 0;
    let most = 0;
    const run = (fails: boolean) =>
      slots.with({}, 'short', async () => {
        most = Math.max(most, (now += 1));
        await new Promise((resolve) => setTimeout(resolve, 5));
        now -= 1;
        if (fails) throw new Error('no');
      });
    const ends = await Promise.allSettled([
      run(true),
      run(false),
      run(true),
      run(false),
      run(false),
    ]);
    expect(ends.filter((end) => end.status === 'fulfilled')).toHaveLength(3);
    expect(most).toBe(2);
  });

  test('one of several is never lent to what is long', async () => {
    const { start, end, running } = workshop(3);
    for (const name of ['swap 1', 'swap 2', 'swap 3']) start(name, 'long');
    expect(await running()).toEqual(['swap 1', 'swap 2']);
    start('fold 1', 'short');
    start('fold 2', 'short');
    expect(await running()).toEqual(['swap 1', 'swap 2', 'fold 1']);
    await end('fold 1');
    await end('fold 2');
    expect(await running()).toEqual(['swap 1', 'swap 2']);
    await end('swap 1');
    expect(await running()).toEqual(['swap 2', 'swap 3']);
  });

  test('of one alone the short goes first, and does not keep the long out for ever', async () => {
    const { start, end, running } = workshop(1);
    start('fold 0', 'short');
    start('swap', 'long');
    const ended: string[] = [];
    for (let n = 1; !ended.includes('swap') && n < 100; n++) {
      start(`fold ${n}`, 'short');
      const [now = ''] = await running();
      ended.push(now);
      await end(now);
    }
    expect(ended.slice(0, 5)).toEqual(['fold 0', 'fold 1', 'fold 2', 'fold 3', 'fold 4']);
    expect(ended.at(-1)).toBe('swap');
  });

  test('databases take turns, however much one of them asks for', async () => {
    const { start, end, running } = workshop(1);
    for (const name of ['a1', 'a2', 'a3', 'a4']) start(name, 'long', 'a');
    for (const name of ['b1', 'b2']) start(name, 'long', 'b');
    const order: string[] = [];
    for (let [now] = await running(); now !== undefined; [now] = await running()) {
      order.push(now);
      await end(now);
    }
    expect(order).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'a4']);
  });
});
