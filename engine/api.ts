/**
 * The public types of imat: what every command of the command line takes and gives. `--json` prints
 * these as they are.
 */
import type { Accounting } from './accounting-api.ts';
import type { DoctorCheck, ExtensionResult } from './environment-api.ts';
import type { Costs, Effect, StoreExplanation } from './explanation-api.ts';

export type Strategy = 'delta' | 'swap';

/** `live`, `manual`, or an interval such as `5s`, `1 minute`, `2h`. */
export type Freshness = string;

export type Reason = {
  /** A stable identifier such as `window_function`. */
  readonly kind: string;
  readonly message: string;
  /** What would help, where something would. */
  readonly hint: string | null;
  /** The place in the definition, where there is one. */
  readonly position: {
    readonly line: number;
    readonly column: number;
    readonly offset: number;
  } | null;
};

/** One step of long work: `step` counts from 1 to `steps`. */
export type Progress = { readonly step: number; readonly steps: number; readonly label: string };

export type CallOptions = {
  /**
   * If it is aborted, the call fails with `interrupted`, and what it had begun is undone. A call
   * that has done its work by then ends normally.
   */
  readonly signal?: AbortSignal;
};

export type ConvertOptions = CallOptions & {
  readonly freshness?: Freshness;
  readonly strategy?: 'auto' | Strategy;
  readonly name?: string;
  readonly replace?: boolean;
  readonly dryRun?: boolean;
  /**
   * Settings such as `TimeZone` under which the definition is computed from now on, whoever reads
   * it; those of the session unless given.
   */
  readonly settings?: Readonly<Record<string, string>>;
  readonly onProgress?: (progress: Progress) => void;
};

export type ConvertResult = {
  readonly name: string;
  /** Schema-qualified, e.g. `imat.my_sales_summary`. */
  readonly relation: string;
  readonly strategy: Strategy;
  readonly freshness: Freshness;
  /** Why the strategy is not a better one: empty for `delta`. */
  readonly reasons: readonly Reason[];
  /** Things that the user should know, e.g. that a live read runs the definition. */
  readonly notes: readonly string[];
  readonly dryRun: boolean;
  /** How long it took to compute and store the answer; null where nothing was stored. */
  readonly loadMs: number | null;
  /** A freshness that costs the server less, where reads or swaps of a swap imat are dear. */
  readonly proposedFreshness: Freshness | null;
};

export type ImatStatus = {
  readonly name: string;
  readonly relation: string;
  readonly strategy: Strategy;
  readonly freshness: Freshness;
  /**
   * `installing`: convert is under way or was interrupted; `reverting`: likewise revert; `active`;
   * `broken`: it does not answer, because what is stored may be wrong or something is gone;
   * `problems` says what.
   */
  readonly state: 'installing' | 'active' | 'broken' | 'reverting';
  /** Log rows that the next fold or swap will take in. */
  readonly pendingRows: number;
  /** Whether reads use the sources until the next fold has computed the state anew. */
  readonly resetPending: boolean;
  /** Schema-qualified source tables. */
  readonly sources: readonly string[];
  /** The materialized view it was converted from; null for `imat create`. */
  readonly original: string | null;
  readonly stateBytes: number;
  readonly logBytes: number;
  /** Of all its sources, as the server's statistics have it. */
  readonly logRows: number;
  /** ISO 8601 with microseconds, UTC. */
  readonly frontierAt: string | null;
  /** What workers, and convert, did last; null where nothing is recorded. */
  readonly lastRun: {
    readonly action: 'fold' | 'swap' | 'rebuild' | 'publish' | 'finish' | 'load' | 'repair';
    readonly reason: string;
    readonly endedAt: string;
    readonly ms: number;
  } | null;
  /**
   * Why its last maintenance failed; null where it did not, or where somebody has mended it since.
   */
  readonly failure: {
    readonly code: string;
    readonly message: string;
    readonly hint: string | null;
    readonly attempts: number;
    /**
     * When a worker tries again; null where none does before somebody folds, swaps or converts it.
     */
    readonly nextAttemptAt: string | null;
  } | null;
  /** The worker that is at it now. */
  readonly worker: string | null;
  /** What `imat doctor` finds wrong with it. */
  readonly problems: readonly ImatProblem[];
};

export type ImatProblem = {
  /** `broken`: it does not answer. `error`: it needs a repair. `warning`: reads are right. */
  readonly severity: 'broken' | 'error' | 'warning';
  readonly message: string;
  readonly hint: string;
};

/** A program that maintains imats, as it last reported. */
export type WorkerStatus = {
  readonly id: string;
  readonly version: string;
  readonly startedAt: string;
  readonly seenAt: string;
  readonly alive: boolean;
};

/** What `imat status` tells beside the imats themselves. */
export type Status = {
  readonly imats: readonly ImatStatus[];
  readonly workers: readonly WorkerStatus[];
  /** What keeps log rows from being cleaned up, as sentences. */
  readonly heldBack: readonly string[];
};

export type VerifyResult = {
  readonly name: string;
  readonly equal: boolean;
  /** Rows that only one side has (counted as a multiset). */
  readonly differences: number;
  /** At most ten of them: `side` is `imat` (only there) or `definition`. */
  readonly sample: readonly {
    readonly side: 'imat' | 'definition';
    readonly row: Readonly<Record<string, unknown>>;
  }[];
  readonly rows: number;
  /**
   * Of an imat that differs, has another freshness than live, and has not taken in all changes yet.
   * That may be all of the difference.
   */
  readonly behind: { readonly freshness: string; readonly strategy: Strategy } | null;
  /**
   * Why it could not be compared; only where all imats are verified, one of which must not keep the
   * others from it.
   */
  readonly error: ResultError | null;
};

/** `error`: why an imat could not be folded, of all; for one, that is thrown. */
export type FoldResult = {
  readonly name: string;
  readonly rows: number;
  readonly ms: number;
  readonly error: ResultError | null;
};
export type SwapResult = { readonly name: string; readonly rows: number; readonly ms: number };
export type RebuildResult = { readonly name: string; readonly rows: number; readonly ms: number };
/** `error`: why an imat could not be repaired; `strategy` is null then. */
export type RepairResult = {
  readonly name: string;
  readonly strategy: Strategy | null;
  readonly ms: number;
  readonly error: ResultError | null;
};
export type AlterOptions = CallOptions & {
  /** `auto` unless given; an imat that was given the strategy swap keeps it. */
  readonly strategy?: Strategy | 'auto';
  readonly onProgress?: (progress: Progress) => void;
};
export type RevertResult = { readonly name: string; readonly original: string | null };

/**
 * `changes`: how many grants were made or revoked on `imat.<name>`. `error`: why that failed for an
 * imat, of all; for one, that is thrown.
 */
export type GrantResult = {
  readonly name: string;
  readonly changes: number;
  readonly error: ResultError | null;
};

export type ScheduleResult = { readonly statements: readonly string[]; readonly dryRun: boolean };

/**
 * How rows are maintained: `add` adds the changes up, `regroup` computes the rows of touched keys
 * again, `swap` computes all rows. In this order each maintains what the one before it cannot.
 */
export type Rule = 'add' | 'regroup' | 'swap';

/** How a definition would be maintained, in a few words. */
export type Maintenance = {
  readonly strategy: Strategy;
  readonly rule: Rule;
  /** The rule of each store. */
  readonly stores: readonly Rule[];
  /** Whether a query over the stores is computed when it is read. */
  readonly residual: boolean;
  readonly changes: readonly { readonly relation: string; readonly effect: Effect }[];
};

/** An error in one of several results, which does not keep the others from being there. */
export type ResultError = {
  readonly code: string;
  readonly category: 'user' | 'drift' | 'integrity' | 'transient' | 'internal';
  readonly message: string;
  readonly detail: string | null;
  readonly hint: string | null;
};

/** A materialized view, and how convert would maintain it. */
export type ViewSummary = {
  /** Schema-qualified. */
  readonly name: string;
  /** As the server's statistics have it; null where they have nothing. */
  readonly rows: number | null;
  readonly bytes: number;
  /** How long its definition ran; null unless it was measured. */
  readonly ms: number | null;
  /**
   * How long a REFRESH takes at least: the definition, and writing as many rows as the view has
   * into a temporary table. The indexes and the log of the server (WAL) come on top. Null unless it
   * was measured, and of a view that is not populated.
   */
  readonly refreshMs: number | null;
  /** Why it could not be measured; null unless that was asked for. */
  readonly notMeasured: string | null;
  /** Null with an error. */
  readonly maintenance: Maintenance | null;
  /** The first reason against delta; null for delta. */
  readonly reason: Reason | null;
  readonly error: ResultError | null;
};

/** What to check: an imat or a materialized view by its name, or the text of a file. */
export type CheckTarget =
  | { readonly name: string }
  | { readonly file: string; readonly text: string };

export type CheckOptions = CallOptions & {
  /** Every materialized view unless given. */
  readonly targets?: readonly CheckTarget[];
  /** The rule that must do: `regroup`, which is anything but swap, unless given. */
  readonly require?: 'add' | 'regroup';
};

export type CheckResult = {
  /** The name, or the path of the file. */
  readonly name: string;
  readonly isFile: boolean;
  /** Whether the required rule, or a stricter one, maintains it. */
  readonly passed: boolean;
  /** Null with an error. */
  readonly maintenance: Maintenance | null;
  /** Why no stricter rule does. Places are in the definition as PostgreSQL prints it. */
  readonly reasons: readonly Reason[];
  /** Where in the file the first reason, or the error, is; null for what is no file. */
  readonly place: Reason['position'];
  readonly error: ResultError | null;
};

export type Explanation = {
  readonly name: string;
  readonly strategy: Strategy;
  readonly definition: string;
  readonly reasons: readonly Reason[];
  readonly notes: readonly string[];
  /** The tree of the definition, the topmost operator first; for a swap imat one line. */
  readonly plan: readonly {
    /** Its depth in the tree, from 0. The parts of an operator are deeper than its input. */
    readonly depth: number;
    readonly clause: string;
    readonly rule: string;
    readonly stored: string;
  }[];
  readonly stores: readonly StoreExplanation[];
  /** The query over the stores that is computed when it is read; null where there is none. */
  readonly residual: string | null;
  /** Statements that create the indexes that are missing, and statistics of their expressions. */
  readonly missingIndexes: readonly string[];
  /** Null where they cannot be predicted; then `noCosts` says why. */
  readonly costs: Costs | null;
  readonly noCosts: string | null;
  readonly sources: readonly { readonly relation: string; readonly columns: readonly string[] }[];
  /** Every statement that convert would run (or has run), in order, with a label each. */
  readonly sql: readonly { readonly label: string; readonly sql: string }[];
};

export type ExtensionOptions = CallOptions & {
  /** The schema for its functions: `public` unless given. */
  readonly schema?: string;
  /** The path of the server's pg_config, where imat does not find it by itself. */
  readonly pgConfig?: string;
  readonly onProgress?: (progress: Progress) => void;
};

/** A connection to a database with imats. One session; calls are carried out one after another. */
export interface Imat {
  readonly accounting: Accounting;

  init(options?: CallOptions): Promise<{ readonly version: number; readonly created: boolean }>;
  convert(view: string, options?: ConvertOptions): Promise<ConvertResult>;
  create(
    name: string,
    query: string,
    options?: Omit<ConvertOptions, 'name' | 'replace'>,
  ): Promise<ConvertResult>;
  list(options?: CallOptions): Promise<readonly ImatStatus[]>;
  status(name?: string, options?: CallOptions): Promise<Status>;
  /** Of an imat, a materialized view, or (`query: true`) the text of a query. */
  explain(
    target: string,
    options?: CallOptions & Pick<ConvertOptions, 'settings'> & { readonly query?: boolean },
  ): Promise<Explanation>;
  /**
   * All materialized views that the role may read. `measure`: runs each definition once, read-only,
   * and copies the view's rows into a temporary table; stops each after this number of
   * milliseconds.
   */
  explainAll(
    options?: CallOptions & { readonly measure?: number },
  ): Promise<{ readonly views: readonly ViewSummary[] }>;
  /** Whether definitions can be maintained by the rule that is required. */
  check(options?: CheckOptions): Promise<{ readonly results: readonly CheckResult[] }>;
  /**
   * Folds one imat, or every delta imat; swap imats are left alone. One that fails does not keep
   * the others from being folded; its result has the error.
   */
  fold(name?: string, options?: CallOptions): Promise<readonly FoldResult[]>;
  swap(name: string, options?: CallOptions): Promise<SwapResult>;
  /** Fills the state of a delta imat anew from its definition. */
  rebuild(name: string, options?: CallOptions): Promise<RebuildResult>;
  /**
   * Passes on to one imat, or to all, what was granted and revoked on the materialized view since
   * the conversion.
   */
  grant(name?: string, options?: CallOptions): Promise<readonly GrantResult[]>;
  /** Lets a role list imats and see their status, or no more. */
  grantMonitor(role: string, options?: CallOptions & { readonly revoke?: boolean }): Promise<void>;
  /**
   * Jobs of pg_cron that maintain all imats of the database; `everySeconds` null: once a minute.
   */
  schedule(
    options: CallOptions & {
      readonly everySeconds: number | null;
      readonly remove: boolean;
      readonly dryRun: boolean;
    },
  ): Promise<ScheduleResult>;
  /** Compares one imat, or all of them, with its definition in one snapshot. */
  verify(
    name?: string,
    options?: CallOptions,
  ): Promise<{ readonly results: readonly VerifyResult[] }>;
  /**
   * Builds one imat anew from its definition, or all that are broken, each with its own outcome.
   * Views, grants and what depends on them stay.
   */
  repair(
    name?: string,
    options?: CallOptions & { readonly onProgress?: (progress: Progress) => void },
  ): Promise<readonly RepairResult[]>;
  /** Gives an imat another definition, built beside; its columns stay, new ones come last. */
  alter(name: string, query: string, options?: AlterOptions): Promise<ConvertResult>;
  revert(
    name: string,
    options?: CallOptions & { readonly onProgress?: (progress: Progress) => void },
  ): Promise<RevertResult>;
  doctor(options?: CallOptions): Promise<{ readonly checks: readonly DoctorCheck[] }>;
  /**
   * Installs the optional extension in this database and, if its server lacks the files and this
   * process may write there, on the server.
   */
  installExtension(options?: ExtensionOptions): Promise<ExtensionResult>;
  /**
   * Stops the call under way, or else the next one; what it had begun is undone. An AbortSignal
   * stops one call only.
   */
  cancel(): Promise<void>;
  close(): Promise<void>;
}
