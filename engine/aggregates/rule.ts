/**
 * The contract of an aggregate's rule, one file for each family of aggregates.
 *
 * A rule allocates the additive parts it needs and gives the finished value as an expression over
 * them. Duties:
 * - the finished value equals PostgreSQL's own for any multiset of rows, the empty one included
 *   (floats: within the error of PostgreSQL's own order of summing);
 * - parts depend on one row each, never on the group;
 * - a rule never looks at where its argument comes from.
 */
import type { TypeFacts } from '../algebra/facts.ts';
import { FLOAT4, FLOAT8, INT2, INT4, INT8, NUMERIC } from '../algebra/facts.ts';
import type { Parts } from './parts.ts';
import type { Sql } from '../sql/sql.ts';

export type Argument = {
  /** The argument over the relations' aliases. */
  readonly value: Sql;
  readonly type: TypeFacts;
  /** The display scales of finite numeric values, in ascending order; null if not known. */
  readonly scales: readonly number[] | null;
  /** Whether no numeric value is infinite. */
  readonly isNeverInfinite: boolean;
  /** What stored columns call it: the columns that it reads. */
  readonly name: string;
  /** The argument as the definition has it, for comments. */
  readonly label: string;
};

export type AggregateInput = {
  readonly name: string;
  readonly args: readonly Argument[];
  /** The FILTER, as zero or one condition. */
  readonly filter: readonly Sql[];
  /** The aggregate's result type. */
  readonly resultType: string;
  readonly result: TypeFacts;
  /**
   * The operator by which one value comes no later than another in the order of which the
   * aggregate gives the first value; null if the catalog names no such order.
   */
  readonly reaches: Sql | null;
  readonly parts: Parts;
  /** PostgreSQL's major version: intervals can be infinite from 17 on. */
  readonly serverMajor: number;
};

/** Refers to a part's stored value by its name. */
export type PartRef = (part: string) => Sql;
export type Finish = (ref: PartRef) => Sql;

export type AggregateRule = {
  readonly names: readonly string[];
  /** Null where the argument's type is outside of the rule. */
  readonly plan: (input: AggregateInput) => Finish | null;
};

const INTEGERS: readonly number[] = [INT2, INT4, INT8];

export const isInteger = (type: TypeFacts): boolean => INTEGERS.includes(type.oid);
export const isFloat = (type: TypeFacts): boolean => type.oid === FLOAT4 || type.oid === FLOAT8;
export const isNumeric = (type: TypeFacts): boolean => type.oid === NUMERIC;

/** `sum_amount`: what a part holds, of what; `sum` for an argument that reads no column. */
export const partName = (what: string, ...args: readonly Argument[]): string =>
  [what, ...args.map(({ name }) => name)].filter((word) => word !== '').join('_');
