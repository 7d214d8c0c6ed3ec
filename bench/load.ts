/** A load: many clients that run a script again and again, as pgbench does. */
import { runGenerator } from './generator.ts';
import type { Load, LoadOutcome } from './load-outcome.ts';
import { runPgbench } from './pgbench.ts';

export type LoadGenerator = {
  readonly name: string;
  readonly run: (url: string, load: Load) => Promise<LoadOutcome>;
};

export function chooseGenerator(pgbench: string | null): LoadGenerator {
  if (pgbench === null)
    return {
      name: 'an own generator in Node (pgbench was not found; statements are not prepared)',
      run: runGenerator,
    };
  return { name: `pgbench (${pgbench})`, run: (url, load) => runPgbench(pgbench, url, load) };
}
