/** Medians of interleaved runs, and the ratio of two of them. */

/** What a series of runs gave. */
export type Summary = {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
};

/** @throws Error where there are no values */
export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const [lowest] = sorted;
  const highest = sorted.at(-1);
  if (lowest === undefined || highest === undefined)
    throw new Error('a summary needs at least one run');
  const middle = (sorted.length - 1) / 2;
  const median =
    ((sorted[Math.floor(middle)] ?? lowest) + (sorted[Math.ceil(middle)] ?? lowest)) / 2;
  return { median, lowest, highest };
}

/**
 * The ratio of two series, run by run: what slows the machine down for a while slows neighbouring
 * runs down alike, so their ratio keeps still where the ratio of two medians does not.
 */
export function ratioOf(numerators: readonly number[], denominators: readonly number[]): Summary {
  return summarize(
    numerators.map((numerator, run) => numerator / (denominators[run] ?? Number.NaN)),
  );
}

/** The difference of two series, run by run. */
export function differenceOf(values: readonly number[], subtracted: readonly number[]): Summary {
  return summarize(values.map((value, run) => value - (subtracted[run] ?? Number.NaN)));
}

/**
 * Runs each contender once a round, in turn, `rounds` times, and gives the values of each. Every
 * second round runs them in the opposite order: what a run leaves behind for the next one (a
 * checkpoint, the disk's queue) is then nobody's.
 */
export async function interleave<K extends string>(
  rounds: number,
  contenders: Readonly<Record<K, () => Promise<number>>>,
): Promise<Record<K, number[]>> {
  const names = Object.keys(contenders) as K[];
  const values = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    K,
    number[]
  >;
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? names : names.toReversed();
    for (const name of order) values[name].push(await contenders[name]());
  }
  return values;
}

/**
 * Runs all contenders at once, `rounds` times, and gives the values of each. Whatever else the
 * machine does disturbs all of them alike; for shares of something (CPU time a transaction), as
 * they take speed from each other.
 */
export async function sideBySide<K extends string>(
  rounds: number,
  contenders: Readonly<Record<K, () => Promise<number>>>,
): Promise<Record<K, number[]>> {
  const names = Object.keys(contenders) as K[];
  const values = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    K,
    number[]
  >;
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(names.map(async (name) => values[name].push(await contenders[name]())));
  }
  return values;
}

/** @throws Error where there are no samples, or some are no number */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (value === undefined || sorted.some(Number.isNaN))
    throw new Error(`${sorted.length} samples, or some that are no number`);
  return value;
}
