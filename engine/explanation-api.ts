/**
 * What explain says of the stores of an imat, and of what they cost. A part of the public types
 * (api.ts).
 */

/** What one changed row of a source gives to do, from the least to the most. */
export type Effect = 'adds' | 'touches one key' | 'touches keys' | 'all rows';

/** A store of an imat: what it holds, and how changes of its tables lead to its rows. */
export type StoreExplanation = {
  /** Its name in the residual's SQL. */
  readonly name: string;
  readonly rule: 'add' | 'regroup';
  readonly clause: string;
  /** The key of which touched rows are computed again; null for the rule add. */
  readonly key: string | null;
  readonly tables: readonly {
    readonly relation: string;
    readonly alias: string;
    readonly effect: Effect;
    readonly holdsKey: boolean;
    /** The aliases of the other tables on the way to the key. */
    readonly through: readonly string[];
    /** The columns by which it is read, and whether an index begins with them. */
    readonly indexes: readonly { readonly column: string; readonly present: boolean }[];
  }[];
};

/**
 * What PostgreSQL's planner expects, in its units; nothing is run to learn it. Reads are of all
 * rows.
 */
export type Costs = {
  /** Of running the definition. */
  readonly definition: number;
  /** The rows that the definition is expected to give. */
  readonly rows: number;
  /** Of a read while nothing is pending. */
  readonly read: number;
  /** If changes of one source are pending, by source. */
  readonly sources: readonly SourceCosts[];
};

export type SourceCosts = {
  readonly relation: string;
  /** The planner knows no costs of writing, so these are bytes added to the log. */
  readonly write: {
    /** An updated row counts as two. */
    readonly per: 'changed row' | 'statement';
    readonly bytes: number;
  };
  /** Of folding changes of one hundredth of its rows; of a swap imat, of the swap. */
  readonly fold: { readonly rows: number; readonly cost: number };
  /** With 0, 100 and 10,000 changed rows pending. */
  readonly reads: readonly { readonly pending: number; readonly cost: number }[];
};
