/**
 * The names of stored columns: what is wanted if it is free, one rule for what is taken,
 * PostgreSQL's 63 bytes.
 */
import { expect, test } from 'vitest';
import { ColumnNames } from '../../../engine/sql/names.ts';

const named = (...wanted: readonly string[]): string[] => {
  const names = new ColumnNames();
  return wanted.map((one) => names.take(one));
};

test('the first one has the name, the others a number', () => {
  expect(named('region', 'region', 'total', 'region')).toEqual([
    'region',
    'region_2',
    'total',
    'region_3',
  ]);
});

test('a number that is taken is skipped', () => {
  expect(named('a_2', 'a', 'a', 'a')).toEqual(['a_2', 'a', 'a_3', 'a_4']);
});

test("imat's own columns, system columns and the fold's variable are never given", () => {
  expect(named('rows', 'row_digest', 'only_row', 'ctid', 'emptied')).toEqual([
    'rows_2',
    'row_digest_2',
    'only_row_2',
    'ctid_2',
    'emptied_2',
  ]);
});

test('long names stay within 63 bytes and apart, whatever their characters', () => {
  for (const long of ['x'.repeat(70), 'ä'.repeat(40), '😀'.repeat(20)]) {
    const names = named(long, long, `${long}y`, `sum_${long}`);
    expect(new Set(names).size).toBe(4);
    for (const name of names) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
    expect(named(long, long, `${long}y`, `sum_${long}`)).toEqual(names);
  }
});
