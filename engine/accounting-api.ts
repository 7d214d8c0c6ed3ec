/** The public types of change accounting and schema history. */

/** A group of tables and sequences whose changes are counted. */
export type GroupStatus = {
  readonly name: string;
  readonly owner: string;
  /** False while it is stopped. */
  readonly isCounting: boolean;
  readonly tables: number;
  readonly sequences: number;
  readonly marks: number;
  /** ISO 8601 with microseconds. */
  readonly createdAt: string;
};

export type MarkStatus = {
  readonly name: string;
  /** Grows from mark to mark, over all groups. */
  readonly timeId: number;
  /** ISO 8601 with microseconds. */
  readonly setAt: string;
  /** Whether nothing was counted from here to the next mark. */
  readonly isStop: boolean;
  readonly comment: string | null;
};

export type StatisticsOptions = {
  /** A mark; null for the first one. */
  readonly from: string | null;
  /** A mark; null for now. */
  readonly to: string | null;
  readonly by: 'table' | 'role' | 'verb' | 'mark';
};

/** What is not asked for is null. */
export type ChangeStatistics = StatisticsOptions & {
  readonly group: string;
  readonly rows: readonly {
    readonly schema: string | null;
    readonly table: string | null;
    readonly firstMark: string;
    readonly lastMark: string | null;
    readonly role: string | null;
    readonly verb: string | null;
    /** Changed rows. */
    readonly rows: number;
  }[];
};

/** A change of a table, view or function, or of a column, constraint or index. */
export type SchemaChange = {
  /** It happened between this time and `at`; null if `at` is exact. ISO 8601. */
  readonly notBefore: string | null;
  readonly at: string;
  /** The transaction, in 64 bits and as the catalog prints it. */
  readonly xid: string | null;
  readonly printedXid: string | null;
  readonly role: string | null;
  /** A command tag, such as ALTER TABLE. */
  readonly command: string | null;
  /** Schema-qualified. */
  readonly object: string;
  /** `table`, `view`, `column` and so on. */
  readonly type: string;
  /** The name of the column, constraint or index. */
  readonly part: string | null;
  /** Null where only a commit timestamp tells of the change. */
  readonly kind: 'create' | 'alter' | 'rename' | 'rewrite' | 'drop' | null;
  /** The properties that differ; of something created or dropped, all. */
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly source: 'event trigger' | 'commit timestamp' | 'fingerprint';
  /** The imats that read the object when that was recorded. */
  readonly imats: readonly string[];
};

export type SchemaHistory = {
  readonly object: string;
  /** Which sources of knowledge this database has. */
  readonly eventTriggers: boolean;
  readonly commitTimestamps: boolean;
  /** The last comparison; null if there was none. Absent if this role may not read the catalog. */
  readonly comparedAt?: string | null;
  /**
   * Whether comparisons and event triggers look at the object: an imat reads it, it was converted,
   * or it is in a group. Absent like `comparedAt`.
   */
  readonly isKept?: boolean;
  /** Newest first. */
  readonly changes: readonly SchemaChange[];
};

export type ReportOptions = {
  /** Null for all groups that this role may read. */
  readonly group: string | null;
  /** A mark; null for the first one. */
  readonly from: string | null;
  /** A mark; null for now. */
  readonly to: string | null;
};

/** What a report shows, all read in one snapshot. Times are ISO 8601 in UTC. */
export type ReportData = {
  readonly database: string;
  readonly madeAt: string;
  readonly groups: readonly GroupReport[];
};

/** A time with its milliseconds since 1970. */
export type ReportTime = { readonly at: string; readonly ms: number };

export type GroupReport = {
  readonly group: string;
  readonly owner: string;
  readonly isCounting: boolean;
  readonly from: ReportTime;
  /** The time of the last mark, or of the report. */
  readonly to: ReportTime;
  readonly marks: readonly (Omit<MarkStatus, 'timeId' | 'setAt'> & ReportTime)[];
  /** One after another, each from a mark to a later one. */
  readonly intervals: readonly ReportInterval[];
  /** With the total of the range, those without a change included. */
  readonly tables: readonly {
    readonly schema: string;
    readonly table: string;
    readonly rows: number;
  }[];
  readonly changes: readonly ReportChange[];
  readonly sequences: readonly {
    readonly schema: string;
    readonly sequence: string;
    readonly increments: number;
    readonly structureChanged: boolean;
  }[];
  readonly increments: readonly {
    /** An index of `intervals`. */
    readonly interval: number;
    readonly schema: string;
    readonly sequence: string;
    readonly increments: number;
  }[];
  /** Newest first. */
  readonly schemaChanges: readonly (SchemaChange & {
    readonly ms: number;
    readonly notBeforeMs: number | null;
  })[];
  /** How many older schema changes are left out. */
  readonly schemaChangesLeftOut: number;
  /** What workers did; null if this role may not read it. */
  readonly runs: readonly ImatRuns[] | null;
};

export type ReportInterval = {
  /** Null for the beginning of a group whose marks are all deleted. */
  readonly firstMark: string | null;
  /** Null for now. */
  readonly lastMark: string | null;
  readonly from: ReportTime;
  readonly to: ReportTime;
  /** How many intervals between neighbouring marks it joins. */
  readonly joined: number;
};

export type ReportChange = {
  /** An index of `intervals`. */
  readonly interval: number;
  readonly schema: string;
  readonly table: string;
  readonly role: string;
  readonly verb: string;
  readonly rows: number;
};

/** The runs of one kind for one imat, in a short time that does not overlap the next one. */
export type ImatRuns = {
  readonly imat: string;
  /** `fold`, `swap`, `skip` and so on; null if there were no runs of the imat. */
  readonly action: string | null;
  readonly from: ReportTime | null;
  readonly to: ReportTime | null;
  readonly runs: number;
  readonly rows: number;
  readonly ms: number;
  readonly failures: number;
};

export type Report = {
  readonly data: ReportData;
  /** A page that is complete in itself: it loads nothing and runs no script. */
  readonly html: string;
};

/** Change accounting; docs/statistics.md tells of it. Tables and sequences are named as in SQL. */
export interface Accounting {
  createGroup(
    name: string,
    members: readonly string[],
    options?: { readonly emajNames?: boolean },
  ): Promise<void>;
  dropGroup(name: string): Promise<void>;
  startGroup(name: string): Promise<void>;
  stopGroup(name: string): Promise<void>;
  addToGroup(name: string, members: readonly string[]): Promise<void>;
  removeFromGroup(name: string, members: readonly string[]): Promise<void>;
  listGroups(): Promise<readonly GroupStatus[]>;
  /** Without a name the mark gets one with the time in it; gives the mark. */
  setMark(group: string, mark?: string): Promise<MarkStatus>;
  renameMark(group: string, mark: string, name: string): Promise<void>;
  /** Null removes the comment. */
  commentMark(group: string, mark: string, comment: string | null): Promise<void>;
  /** What the mark kept apart becomes one interval. */
  deleteMark(group: string, mark: string): Promise<void>;
  listMarks(group: string): Promise<readonly MarkStatus[]>;
  statistics(group: string, options: StatisticsOptions): Promise<ChangeStatistics>;
  /** Changes of groups over time, beside schema changes and the runs of imats, as an HTML page. */
  report(options?: Partial<ReportOptions>): Promise<Report>;
  /** Adds up the counters of intervals that have ended; gives how many it has removed. */
  foldCounts(): Promise<number>;
  /** Of a table or view, or by its qualified name of a function or what was dropped. */
  schemaHistory(name: string): Promise<SchemaHistory>;
  /** Records what differs from the last image of the schema; gives how many changes that were. */
  compareSchema(): Promise<number>;
  /** Creates event triggers that record each command; false if this role may not. */
  recordCommands(): Promise<boolean>;
}
