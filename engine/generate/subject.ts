/** What all statements of one imat are made from, besides its plan. */
import type { Pending } from '../operators/pending.ts';
import type { ImatNames } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import type { FrontierOf } from './frontier.ts';
import { dependencies } from './frontier.ts';

export type Subject = {
  readonly id: number;
  readonly name: string;
  readonly names: ImatNames;
  readonly live: boolean;
  readonly logOf: Pending['logOf'];
  /** The extension's schema, if it captures a source of this imat. */
  readonly extension: Sql | null;
  readonly definition: string;
  /**
   * The search_path under which the definition's text means what it says; null if `pg_catalog`
   * alone does.
   */
  readonly searchPath: string | null;
  readonly columns: readonly string[];
  /**
   * OIDs of all tables whose logs say whether the answer may have changed; null if nothing says so.
   */
  readonly watched: readonly number[] | null;
  /** OIDs of the watched tables that have partitions or inheriting tables. */
  readonly withParts: readonly number[];
  /** The session settings on which the answer depends, as they are now, by name. */
  readonly settings: Readonly<Record<string, string>>;
  readonly dependsOnSettings: boolean;
  /** The enums whose labels the answer depends on. */
  readonly enums: readonly string[];
  /** Those of them to which no value may be added. */
  readonly listedEnums: readonly string[];
  /** Whether the definition calls a function that PostgreSQL must not run in parallel mode. */
  readonly isParallelUnsafe: boolean;
};

export const frontierOf = (subject: Subject, states: readonly Sql[]): FrontierOf => ({
  imatId: subject.id,
  name: subject.name,
  states,
  dependencies: dependencies(subject.names.definition.sql, subject.extension),
});
