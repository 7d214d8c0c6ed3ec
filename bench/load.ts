/** A load: many clients that run a script again and again, as pgbench does. */
import { runGenerator } from './generator.ts';
import { runPgbench } from './pgbench.ts';

export type Load = {
  /** In pgbench's language; `\set name random(from, to)` and statements, one a line. */
  readonly script: string;
  readonly clients: number;
  readonly seconds: number;
  /** False: synchronous_commit off, so that the disk is not what is measured. */
  readonly durable: boolean;
  /** Prepared statements unless said otherwise: `simple` parses and plans at each execution. */
  readonly protocol?: 'prepared' | 'simple';
  /** Transactions a second of all clients together; as many as they can unless said otherwise. */
  readonly rate?: number;
};

export type LoadOutcome = {
  readonly transactionsPerSecond: number;
  readonly transactions: number;
  /** Transactions that ended in an error (a deadlock) and were not tried again. */
  readonly failed: number;
};

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
