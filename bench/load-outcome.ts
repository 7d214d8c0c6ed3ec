/** A load and what it gives: the contract of the two programs that run loads. */

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
