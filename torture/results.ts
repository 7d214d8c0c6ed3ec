/** The outcome of seeds in the form of vitest's JSON reporter, for `tools/count-tests.mjs`. */
import type { Failure } from './run.ts';

export type SeedResult = { readonly seed: number; readonly failure: Failure | null };

export function asTestResults(name: string, results: readonly SeedResult[]) {
  const failed = results.filter(({ failure }) => failure !== null);
  return {
    numPassedTests: results.length - failed.length,
    numFailedTests: failed.length,
    numPendingTests: 0,
    numTodoTests: 0,
    success: failed.length === 0,
    testResults: [
      {
        name,
        message: '',
        assertionResults: results.map(({ seed, failure }) => ({
          fullName: `seed ${seed}`,
          status: failure === null ? 'passed' : 'failed',
          failureMessages: failure === null ? [] : [`${failure.kind}\n${failure.text}`],
        })),
      },
    ],
  };
}
