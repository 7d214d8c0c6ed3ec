/** The contract of a measure: one file for each thing that is promised. */
import type { Databases } from './databases.ts';
import type { Load } from './load-outcome.ts';
import type { LoadGenerator } from './load.ts';
import type { Result } from './result.ts';
import type { Scale } from './scale.ts';

export type Bench = {
  readonly databases: Databases;
  readonly scale: Scale;
  readonly generator: LoadGenerator;
  /** See Server. */
  readonly cpuSeconds: () => number | null;
  /** Called with every result as soon as it is there. */
  readonly report: (result: Result) => void;
};

export type Measure = {
  /** What `npm run bench -- <name>` calls it. */
  readonly name: string;
  readonly title: string;
  readonly run: (bench: Bench) => Promise<void>;
};

/** Thrown by a measure that needs what this machine does not have: said by name, and no error. */
export class CannotRun extends Error {}

/** A load without its length, which the scale gives. */
export type Script = Omit<Load, 'seconds'>;

export const PG_IVM_ABSENT = 'pg_ivm: not on this server';

const MILLISECONDS = 1000;

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export const inSeconds = (ms: number): number => ms / MILLISECONDS;
export const inMilliseconds = (seconds: number): number => seconds * MILLISECONDS;
