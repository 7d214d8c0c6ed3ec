/** How a definition that reads the time may be planned, from what costs least at a read on. */

/**
 * How the time is handled. `pushes`: whether conditions are moved to the tables whose columns they
 * compare; `values`: whether values that change with the day may be stored; `copies`: whether
 * aggregates may be computed at each read from rows that are as many as the tables have; `lifts`:
 * whether the time chooses among such rows when they are read.
 */
export type Handling = {
  readonly pushes: boolean;
  readonly values: boolean;
  readonly copies: boolean;
  readonly lifts: boolean;
};

export const NOTHING: Handling = { pushes: false, values: false, copies: false, lifts: false };

/** What swaps because it reads the time runs its definition at each read: any store costs less. */
export const OF_TIME: readonly Partial<Handling>[] = [
  { pushes: true },
  { values: true },
  { pushes: true, values: true },
  { copies: true },
  { copies: true, lifts: true },
];
