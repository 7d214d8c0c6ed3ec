/** How much is measured. */
export type Scale = {
  readonly rows: number;
  readonly groups: number;
  /** Of every series of interleaved runs. */
  readonly rounds: number;
  /** Of one run of a load. */
  readonly seconds: number;
  /** Rows of the one large statement. */
  readonly bulkRows: number;
  /** Rows of a load of a whole table in one statement. */
  readonly loadedRows: number;
  /** Transactions of one row each, run by the server. */
  readonly commits: number;
  /** How often statistics and marks are asked for. */
  readonly asked: number;
  /** Rows pending before a fold. */
  readonly pendingRows: number;
  /** The scale factor of the tables in the shapes of TPC-H. */
  readonly warehouse: number;
  /** Rows of one table in three sizes. */
  readonly growing: readonly [small: number, medium: number, large: number];
};

export const FULL: Scale = {
  rows: 1_000_000,
  groups: 10_000,
  rounds: 7,
  seconds: 5,
  bulkRows: 100_000,
  loadedRows: 10_000_000,
  commits: 20_000,
  asked: 30,
  pendingRows: 300_000,
  warehouse: 0.1,
  growing: [100_000, 1_000_000, 10_000_000],
};

/** To see that everything runs; its figures mean little. */
export const QUICK: Scale = {
  rows: 100_000,
  groups: 10_000,
  rounds: 3,
  seconds: 1,
  bulkRows: 20_000,
  loadedRows: 200_000,
  commits: 20_000,
  asked: 30,
  pendingRows: 50_000,
  warehouse: 0.01,
  growing: [10_000, 30_000, 100_000],
};
