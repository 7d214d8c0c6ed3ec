/** Random choices that a seed repeats, in the words of a scenario. */
import { randomOf } from './random.ts';

export type Chance = {
  /** From `low` to `high`, both included. */
  int(low: number, high: number): number;
  /** True in `percent` of a hundred. */
  in100(percent: number): boolean;
  pick<T>(from: readonly T[]): T;
};

export function chanceOf(seed: number): Chance {
  const random = randomOf(seed);
  return {
    int: (low, high) => low + random.below(high - low + 1),
    in100: (percent) => random.chance(percent / 100),
    pick: (items) => random.pick(items),
  };
}
