import { expect, test } from 'vitest';
import { renderMarkdown, renderResult, rounded } from '../../bench/report.ts';
import {
  absoluteResult,
  atLeast,
  atMost,
  differenceResult,
  ratioResult,
} from '../../bench/result.ts';

const baseline = { label: 'no view', values: [1000, 1000, 1000] };

test('a ratio is held against its bar from the right side', () => {
  const imat = { label: 'imat', values: [700, 500, 610] };
  expect(ratioResult({ name: 'n', unit: 'tps', baseline, imat, bar: atLeast(0.6) })).toMatchObject({
    compared: { median: 0.61 },
    ok: true,
  });
  expect(ratioResult({ name: 'n', unit: 'ms', baseline, imat, bar: atMost(0.6) })).toMatchObject({
    ok: false,
  });
  expect(ratioResult({ name: 'n', unit: 'ms', baseline, imat })).toMatchObject({
    bar: null,
    ok: null,
  });
});

test('a difference and an absolute value keep their unit', () => {
  const imat = { label: 'imat', values: [1001, 1002, 1003] };
  expect(differenceResult({ name: 'n', unit: 'ms', baseline, imat, bar: atMost(1) })).toMatchObject(
    { comparedUnit: 'ms', ok: false },
  );
  expect(absoluteResult({ name: 'n', unit: 'rows/s', imat, bar: atLeast(1000) })).toMatchObject({
    baseline: null,
    comparedUnit: 'rows/s',
    ok: true,
  });
});

test('a line shows name, figures, ratio, spread, bar and verdict, and the notes below', () => {
  const imat = { label: 'imat', values: [700, 500, 590] };
  const result = ratioResult({
    name: 'inserts',
    unit: 'tps',
    baseline,
    imat,
    bar: atLeast(0.6),
    notes: ['by hand'],
  });
  const [line = '', note] = renderResult(result).split('\n');
  expect(line.split(/ {2,}/)).toEqual([
    'inserts',
    'no view 1 000 tps',
    'imat 590 tps',
    '0.590 [0.500 .. 0.700]',
    'at least 0.600',
    'MISSED',
  ]);
  expect(note?.trim()).toBe('by hand');
  expect(renderMarkdown(result)).toBe(
    '| inserts | no view 1 000 tps | imat 590 tps | 0.590 [0.500 .. ' +
      '0.700] | at least 0.600 | MISSED | by hand |',
  );
});

test.each([
  [1_234_567.8, '1 234 568'],
  [99.96, '100.0'],
  [12.34, '12.3'],
  [1.234, '1.23'],
  [0.1234, '0.123'],
  [-0.5, '-0.500'],
  [Number.NaN, '?'],
])('%d is shown as %s', (value, text) => {
  expect(rounded(value)).toBe(text);
});
