import { expect, test } from 'vitest';
import {
  differenceOf,
  interleave,
  ratioOf,
  sideBySide,
  summarize,
} from '../../bench/statistics.ts';

test('the median of an even number of runs lies between the two in the middle', () => {
  expect(summarize([9, 1, 4, 2])).toEqual({ median: 3, lowest: 1, highest: 9 });
  expect(summarize([5, 1, 3])).toEqual({ median: 3, lowest: 1, highest: 5 });
});

test('there is no summary of nothing', () => {
  expect(() => summarize([])).toThrow('at least one run');
});

test('a ratio is taken run by run, so that a slow moment of the machine falls out', () => {
  const slowMoment = [100, 10, 100];
  expect(ratioOf([50, 5, 50], slowMoment)).toEqual({ median: 0.5, lowest: 0.5, highest: 0.5 });
  expect(differenceOf([3, 5, 4], [1, 1, 1])).toEqual({ median: 3, lowest: 2, highest: 4 });
});

test('contenders run in turn, every second round in the opposite order', async () => {
  const order: string[] = [];
  const contender = (name: string) => async (): Promise<number> => order.push(name);
  expect(await interleave(2, { a: contender('a'), b: contender('b') })).toEqual({
    a: [1, 4],
    b: [2, 3],
  });
  expect(order).toEqual(['a', 'b', 'b', 'a']);
});

test('contenders run side by side, round by round', async () => {
  const order: string[] = [];
  const contender = (name: string) => async (): Promise<number> => {
    order.push(`${name} starts`);
    await Promise.resolve();
    return order.push(`${name} ends`);
  };
  expect(await sideBySide(2, { a: contender('a'), b: contender('b') })).toEqual({
    a: [3, 7],
    b: [4, 8],
  });
  expect(order.slice(0, 4)).toEqual(['a starts', 'b starts', 'a ends', 'b ends']);
});
