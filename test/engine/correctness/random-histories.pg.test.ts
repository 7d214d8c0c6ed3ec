/**
 * Random histories over several tables at once, shrunk when they fail. fast-check prints the seed
 * and path of a failure: put them into REGRESSIONS. IMAT_TEST_SEED=<seed> runs the seed again;
 * IMAT_TEST_RUNS=<n> runs more histories.
 */
import fc from 'fast-check';
import { describe, test } from 'vitest';
import type { Step } from './support/bench.ts';
import { FOLD, useBench } from './support/bench.ts';
import { random, randomSteps } from './support/random.ts';
import { LOOSE_SHOP, SAMPLES, WRITABLE_SHOP } from './support/shop.ts';

/**
 * Seeds, with paths where fast-check gave one, of histories that once failed or that cover much.
 */
const REGRESSIONS: readonly { readonly seed: number; readonly path?: string }[] = [
  { seed: 1 },
  { seed: 20_261_121 },
  { seed: -873_221_577 },
];

const STEPS = 14;
/** Without the extension, and as many others with it. */
const RUNS = Number(process.env['IMAT_TEST_RUNS'] ?? 6);

const bench = useBench(LOOSE_SHOP);

/**
 * Every step is made from a number of its own, so that leaving steps out changes none of the
 * others.
 */
const histories = fc
  .array(fc.integer(), { minLength: 1, maxLength: STEPS })
  .map((seeds) => seeds.flatMap((seed) => randomSteps(random(seed), WRITABLE_SHOP)));

async function holds(history: readonly Step[]): Promise<void> {
  await bench.user.execute('ROLLBACK; TRUNCATE customer, orders, product, extra');
  await bench.fold();
  await bench.run(history);
}

async function converted(): Promise<void> {
  for (const definition of SAMPLES) await bench.convert(definition);
}

describe('random histories', () => {
  test('those that once failed or cover much', async () => {
    await converted();
    for (const { seed, path } of REGRESSIONS)
      await fc.assert(fc.asyncProperty(histories, holds), {
        seed,
        ...(path === undefined ? {} : { path }),
        numRuns: 3,
        endOnFailure: true,
      });
  });

  test('new ones', async () => {
    await converted();
    const seed = process.env['IMAT_TEST_SEED'];
    await fc.assert(fc.asyncProperty(histories, holds), {
      ...(seed === undefined ? {} : { seed: Number(seed) }),
      numRuns: RUNS,
    });
  });

  test('one long history', async () => {
    await converted();
    const history = Array.from({ length: 30 }, (_, index) =>
      randomSteps(random(index), WRITABLE_SHOP),
    ).flat();
    await holds([...history, FOLD, ...history.slice(0, 20)]);
  });
});
