import { Command } from 'commander';
import { expect, test } from 'vitest';
import type { Measure } from '../../bench/measure.ts';
import { readOptions } from '../../bench/options.ts';
import { FULL, QUICK } from '../../bench/scale.ts';

const measures: readonly Measure[] = ['writes', 'reads'].map((name) => ({
  name,
  title: name,
  run: async () => undefined,
}));
const read = (...argv: string[]): ReturnType<typeof readOptions> => {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  return readOptions(argv, measures, command);
};

test('all measures at full scale unless said otherwise', () => {
  expect(read()).toEqual({ measures, scale: FULL, databaseUrl: null, format: 'text' });
});

test('measures by name, each once and in their own order', () => {
  expect(read('reads', 'writes', 'reads').measures.map(({ name }) => name)).toEqual([
    'writes',
    'reads',
  ]);
});

test('a scale is a named one, with parts of it changed', () => {
  expect(read('--quick', '--rows', '1000', '--rounds', '1').scale).toEqual({
    ...QUICK,
    rows: 1000,
    bulkRows: 1000,
    loadedRows: 10_000,
    rounds: 1,
  });
});

test('what is wrong is refused', () => {
  expect(() => read('nosuch')).toThrow('There is no such measure; there are writes, reads.');
  expect(() => read('--rows', 'many')).toThrow('It must be a whole number above 0.');
  expect(() => read('--json', '--markdown')).toThrow('cannot be used with');
});
