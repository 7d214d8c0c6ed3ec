import { describe, expect, test } from 'vitest';
import { type Decision, decide } from '../../workers/decide.ts';
import type { ImatSignals } from '../../workers/poll-result.ts';
import { DEFAULT_POLICY } from '../../workers/policy.ts';

const IDLE: ImatSignals = {
  id: 1,
  name: 'x',
  strategy: 'delta',
  freshness: 'live',
  freshnessMs: null,
  watchable: true,
  dependence: 'tables',
  untrusted: false,
  swapPhase: null,
  intact: true,
  pendingRows: 0,
  resetPending: false,
  signature: null,
  lastSignature: null,
  frontierMs: 3_600_000,
  storedMs: 3_600_000,
  finishTriedMs: null,
  endedMs: 3_600_000,
  lastAction: 'fold',
  lastMs: 10,
  foldMsPerRow: null,
  rebuildMs: null,
  attempts: 0,
  errorCode: null,
  blockedMs: null,
  leasedBy: null,
};
const SWAP: ImatSignals = { ...IDLE, strategy: 'swap', lastAction: 'swap' };
const WORKER = 'me';

type Row = readonly [
  what: string,
  signals: Partial<ImatSignals>,
  pendingMs: number,
  expected: string,
];

const textOf = (decision: Decision): string => `${decision.action} ${decision.reason}`;

const table = (title: string, base: ImatSignals, rows: readonly Row[]): void => {
  describe(title, () => {
    test.each(rows)('%s', (_what, signals, pendingMs, expected) => {
      expect(textOf(decide({ ...base, ...signals }, pendingMs, DEFAULT_POLICY, WORKER))).toBe(
        expected,
      );
    });
  });
};

table('delta, live', IDLE, [
  ['nothing pending', {}, 0, 'skip nothing_changed'],
  ['a row, just now', { pendingRows: 1 }, 500, 'skip below_bound'],
  ['a row, as old as the bound', { pendingRows: 1 }, 1000, 'fold age_bound'],
  ['one row fewer than the bound', { pendingRows: 9_999 }, 0, 'skip below_bound'],
  ['as many rows as the bound', { pendingRows: 10_000 }, 0, 'fold row_bound'],
  [
    'after a fold that took longer than it is ago',
    { pendingRows: 10_000, lastMs: 5000, endedMs: 4000 },
    5000,
    'skip resting',
  ],
  [
    'after a load, however long it took',
    { pendingRows: 1, lastAction: 'load', lastMs: 5000, endedMs: 4000 },
    5000,
    'fold age_bound',
  ],
  [
    'a fold dearer than a rebuild',
    { pendingRows: 50_000, foldMsPerRow: 1, rebuildMs: 10_000 },
    0,
    'rebuild fold_dearer',
  ],
  [
    'a fold dearer than a rebuild that others’ functions forbid',
    { pendingRows: 50_000, foldMsPerRow: 1, rebuildMs: 10_000, untrusted: true },
    0,
    'fold row_bound',
  ],
  [
    'a fold a little dearer',
    { pendingRows: 14_000, foldMsPerRow: 1, rebuildMs: 10_000 },
    0,
    'fold row_bound',
  ],
  ['a reset, just now', { pendingRows: 1, resetPending: true }, 0, 'rebuild reset_pending'],
  [
    'a reset, after a rebuild that took longer than it is ago',
    { pendingRows: 1, resetPending: true, lastMs: 5000, endedMs: 4000 },
    0,
    'skip resting',
  ],
  [
    'a reset that others’ functions forbid this role to carry out: the owner’s function does',
    { pendingRows: 1, resetPending: true, untrusted: true },
    0,
    'fold reset_pending',
  ],
  ['a rebuild of unknown cost', { pendingRows: 50_000, foldMsPerRow: 1 }, 0, 'fold row_bound'],
]);

table('delta, 10s', { ...IDLE, freshness: '10s', freshnessMs: 10_000 }, [
  ['nothing pending', {}, 0, 'skip nothing_changed'],
  ['pending for less than half the bound', { pendingRows: 1 }, 4000, 'skip below_bound'],
  ['pending for half the bound', { pendingRows: 1 }, 4500, 'fold freshness'],
  ['many rows', { pendingRows: 10_000 }, 0, 'fold row_bound'],
  ['a reset, just now', { pendingRows: 1, resetPending: true }, 4000, 'skip below_bound'],
  [
    'a reset, half the bound ago',
    { pendingRows: 1, resetPending: true },
    4500,
    'rebuild reset_pending',
  ],
  [
    'it does not rest: its readers are stale',
    { pendingRows: 1, lastMs: 5000, endedMs: 100 },
    5000,
    'fold freshness',
  ],
]);
table('delta, 1s', { ...IDLE, freshness: '1s', freshnessMs: 1000 }, [
  ['at first sight', { pendingRows: 1 }, 0, 'fold freshness'],
]);

table('swap, live', SWAP, [
  ['nothing changed', {}, 0, 'skip nothing_changed'],
  ['a source changed', { pendingRows: 1 }, 0, 'swap source_changed'],
  ['swapped a moment ago', { pendingRows: 1, endedMs: 4999 }, 0, 'skip resting'],
  [
    'a dear swap rests nine times as long',
    { pendingRows: 1, lastMs: 10_000, endedMs: 89_000 },
    0,
    'skip resting',
  ],
  ['and no longer', { pendingRows: 1, lastMs: 10_000, endedMs: 90_000 }, 0, 'swap source_changed'],
  [
    'an answer that sources do not tell is never read from the store',
    { watchable: false, dependence: 'moment' },
    0,
    'skip reads_definition',
  ],
  [
    'one that also depends on settings is',
    { watchable: false, dependence: 'settings', pendingRows: 1 },
    0,
    'swap source_changed',
  ],
]);

table('swap, 1 minute', { ...SWAP, freshness: '1 minute', freshnessMs: 60_000, rebuildMs: 1000 }, [
  ['nothing changed', {}, 0, 'skip nothing_changed'],
  [
    'changed, and the interval has not passed',
    { pendingRows: 1, storedMs: 50_000 },
    0,
    'skip below_bound',
  ],
  [
    'changed, and it has, less the time a swap takes',
    { pendingRows: 1, storedMs: 57_500 },
    0,
    'swap source_changed',
  ],
  [
    'the moment: it may have changed',
    { watchable: false, dependence: 'moment' },
    0,
    'swap may_have_changed',
  ],
  [
    'uncaptured sources that look the same',
    { watchable: false, signature: 'a/', lastSignature: 'a/' },
    0,
    'skip nothing_changed',
  ],
  [
    'uncaptured sources that look different',
    { watchable: false, signature: 'b/', lastSignature: 'a/' },
    0,
    'swap source_changed',
  ],
  [
    'uncaptured sources never looked at',
    { watchable: false, signature: 'b/' },
    0,
    'swap source_changed',
  ],
  [
    'uncaptured sources that show nothing',
    { watchable: false, lastSignature: 'a/' },
    0,
    'swap may_have_changed',
  ],
  [
    'a swap that takes longer than the interval rests as long',
    { pendingRows: 1, lastMs: 80_000, endedMs: 70_000, storedMs: 150_000 },
    0,
    'skip resting',
  ],
]);

table('whatever it is', { ...IDLE, pendingRows: 50_000 }, [
  ['manual', { freshness: 'manual' }, 9999, 'skip manual'],
  ['something it is built on is gone', { intact: false }, 9999, 'skip broken'],
  ['another worker has it', { leasedBy: 'another' }, 9999, 'skip leased'],
  ['this worker has it', { leasedBy: WORKER }, 9999, 'fold row_bound'],
  ['it failed and is tried again later', { blockedMs: 10 }, 9999, 'skip backing_off'],
  ['it failed and is not tried again', { blockedMs: -1 }, 9999, 'skip stopped'],
]);

table('a swap that is not finished', { ...SWAP, swapPhase: 'switched' }, [
  ['is finished', {}, 0, 'finish swap_unfinished'],
  ['before the next one is due', { pendingRows: 1, endedMs: 4999 }, 0, 'finish swap_unfinished'],
  ['by the next one where that is due', { pendingRows: 1 }, 0, 'swap source_changed'],
  ['manual ones too', { freshness: 'manual' }, 0, 'finish swap_unfinished'],
  ['not again within a second', { endedMs: 2000, finishTriedMs: 999 }, 0, 'skip swap_waits'],
  ['and then again', { endedMs: 2000, finishTriedMs: 1000 }, 0, 'finish swap_unfinished'],
  ['less often an old one', { endedMs: 60_000, finishTriedMs: 5999 }, 0, 'skip swap_waits'],
  ['and every 30 s at least', { finishTriedMs: 30_000 }, 0, 'finish swap_unfinished'],
  ['not while another worker is at it', { leasedBy: 'another' }, 0, 'skip leased'],
]);

describe('a broken imat', () => {
  const textWith = (signals: Partial<ImatSignals>, repair: boolean): string =>
    textOf(
      decide({ ...IDLE, intact: false, ...signals }, 0, { ...DEFAULT_POLICY, repair }, WORKER),
    );
  test.each<readonly [what: string, signals: Partial<ImatSignals>, expected: string]>([
    ['is repaired', {}, 'repair broken'],
    ['also if it is manual', { freshness: 'manual' }, 'repair broken'],
    ['after a pause, if that failed', { blockedMs: 500 }, 'skip backing_off'],
    ['never again, if that cannot succeed', { blockedMs: -1 }, 'skip stopped'],
    ['not while another worker has it', { leasedBy: 'other' }, 'skip leased'],
  ])('%s', (_what, signals, expected) => {
    expect(textWith(signals, true)).toBe(expected);
    expect(textWith(signals, false)).toBe('skip broken');
  });
});
