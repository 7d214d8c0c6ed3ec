/** How the rows of a definition are computed again by a key, once types are known. */
import type { ColumnRef } from '../../parser/tree.ts';
import type { SourceFacts } from '../algebra/facts.ts';
import type { KeyPlan } from './choose-key.ts';
import type { ExprTypes } from './key-facts.ts';
import type { MovingItem } from './moving-items.ts';
import type { Recursion } from './recursion.ts';
import type { TimedItem } from './timed-items.ts';

/** Whether a change of any table, and the passing of time, touches some keys and not all. */
export const hasPaths = ({ paths }: RegroupPlan): boolean =>
  [...paths.values()].every((path) => path !== null);

/** Whether the passing of time changes rows. */
export const isOfTime = ({ timed, moving }: Pick<RegroupPlan, 'timed' | 'moving'>): boolean =>
  timed.length > 0 || moving.length > 0;

export type RegroupPlan = KeyPlan & {
  readonly rule: 'regroup';
  /** The stored column that is the key, one of the definition's or one more. */
  readonly key: {
    readonly name: string;
    /**
     * As `format_type` prints it, domains resolved, without a length or precision: other tables
     * that hold the key may have larger values.
     */
    readonly type: string;
    /** The key as the definition says it, for people. */
    readonly label: string;
  };
  /** The columns of the definition. */
  readonly columns: readonly string[];
  /** Their types by their names, as `format_type` prints them. */
  readonly columnTypes: ReadonlyMap<string, string>;
  readonly timed: readonly TimedItem[];
  readonly moving: readonly MovingItem[];
  /** The OID of the type of a constant item's column; null for any other. */
  readonly oidOf: (ref: ColumnRef) => number | null;
  /** The same of columns and of what conditions compare by `=`, as the key was chosen by it. */
  readonly typeOf: ExprTypes;
  /** Where the query is the rows of a recursive CTE: its outline is that of `recursion.flat`. */
  readonly recursion: Recursion | null;
  /** By OID. */
  readonly sources: ReadonlyMap<number, SourceFacts>;
};

/** What it takes to confine a definition to keys (confine.ts). */
export type Confinable = Pick<
  RegroupPlan,
  'query' | 'outline' | 'expr' | 'holders' | 'isNullable' | 'sources'
>;
