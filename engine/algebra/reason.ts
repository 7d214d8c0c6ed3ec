import type { Span } from '../../parser/tree.ts';

/** Why a definition, or a part of it, cannot be maintained incrementally. */
export type PlanReason = {
  readonly kind: string;
  readonly message: string;
  readonly hint: string | null;
  readonly span: Span | null;
};

export function aggregateNotMaintained(name: string, span: Span | null): PlanReason {
  return {
    kind: 'aggregate_not_maintained',
    message: `aggregate "${name}" cannot be maintained incrementally`,
    hint:
      'count, sum, avg, min, max, stddev*, var*, covar*, corr, regr_*, bool_and, bool_or and ' +
      'every can.',
    span,
  };
}

export const momentDependent = (what: string, span: Span | null): PlanReason => ({
  kind: 'moment_dependent',
  message: `${what} can give another result although no table has changed`,
  hint: 'Leave it out of the definition and put it into the queries that read the imat.',
  span,
});

export const argumentType = (
  name: string,
  types: readonly string[],
  span: Span | null,
): PlanReason => ({
  kind: 'argument_type',
  message: `${name}(${types.join(', ')}) cannot be maintained incrementally`,
  hint: null,
  span,
});

export const keyNotUsable = (label: string, type: string, span: Span | null): PlanReason => ({
  kind: 'key_not_sortable',
  message: `${label} has type ${type}, which cannot be a key`,
  hint: null,
  span,
});

export const keyNotFound = (label: string, type: string, span: Span | null): PlanReason => ({
  kind: 'key_not_found',
  message: `${label} has type ${type}, by which the rows of a group cannot be found again`,
  hint: null,
  span,
});

export const enumInside = (label: string, type: string, span: Span | null): PlanReason => ({
  kind: 'enum_inside',
  message:
    `${label} has type ${type}, which holds an enum: rows cannot be told apart without ` +
    'the labels of the enum, which can be renamed',
  hint: 'Select the parts of the value as columns of their own.',
  span,
});

export const tooManyKeys = (count: number, most: number): PlanReason => ({
  kind: 'too_many_keys',
  message: `${count} group keys are more than an index can have (${most})`,
  hint: null,
  span: null,
});

export const ambiguousKey = (label: string, type: string, span: Span | null): PlanReason => ({
  kind: 'ambiguous_key',
  message: `equal values of group key ${label} (${type}) can differ in what is computed from them`,
  hint:
    'Group by the computed expression as well, or by a type ' +
    'in which equal values are the same.',
  span,
});

export const ambiguousValue = (name: string, value: string, span: Span | null): PlanReason => ({
  kind: 'aggregate_distinct',
  message: `equal values of ${value} can differ in what ${name} with DISTINCT computes from them`,
  hint: 'Cast it to a type in which equal values are the same, such as numeric(12,2).',
  span,
});

export const failingFilter = (span: Span | null): PlanReason => ({
  kind: 'aggregate_distinct',
  message: 'the FILTER of an aggregate with DISTINCT can fail for some rows',
  hint: null,
  span,
});

export const tooManyStores = (count: number, most: number): PlanReason => ({
  kind: 'too_many_stores',
  message: `${count} stores below one another are more than ${most}`,
  hint: null,
  span: null,
});

export const tooManyDifferent = (count: number, most: number): PlanReason => ({
  kind: 'aggregate_distinct',
  message: `${count} different arguments of aggregates with DISTINCT are more than ${most}`,
  hint: null,
  span: null,
});

export const tooManyColumns = (count: number, most: number): PlanReason => ({
  kind: 'too_many_columns',
  message: `what is stored would need ${count} columns, and a table has at most ${most}`,
  hint: null,
  span: null,
});

export const inexact = (label: string, type: string, span: Span | null): PlanReason => ({
  kind: 'inexact_aggregate',
  message: `${label} has type ${type}, of which the last digits depend on the order of rows`,
  hint: 'Cast its argument to numeric.',
  span,
});

/** An extreme needs rows of tables to be derived again, and is no sum that can be taken back. */
export const extremeOfGroups = (label: string, span: Span | null): PlanReason => ({
  kind: 'aggregate_not_maintained',
  message: `${label} stands over or below other groups, where only sums are maintained`,
  hint: null,
  span,
});

export const distinctGroups: PlanReason = {
  kind: 'distinct',
  message: 'DISTINCT over groups stands below other groups',
  hint: null,
  span: null,
};

/** Of a recursive CTE, by its name. */
const ofRecursion = (message: string, span: Span | null): PlanReason => ({
  kind: 'recursive_cte',
  message,
  hint: null,
  span,
});

export const recursionRows = (name: string, why: string, span: Span | null): PlanReason =>
  ofRecursion(`recursive CTE "${name}" cannot be maintained incrementally: ${why}`, span);

export const recursionBelow = (name: string, span: Span | null): PlanReason =>
  ofRecursion(
    `changes of recursive CTE "${name}" lead only through inner joins, conditions and aggregates ` +
      'that are added up',
    span,
  );

export const recursionsBelow = (name: string, span: Span | null): PlanReason =>
  ofRecursion(`beside recursive CTE "${name}", the definition reads it or another one again`, span);

export const recursionInPart = (name: string, span: Span | null): PlanReason =>
  ofRecursion(
    `recursive CTE "${name}" is read by a LIMIT or an expression, which may not need all its rows`,
    span,
  );

export const recursionWithoutKey = (name: string, span: Span | null): PlanReason =>
  ofRecursion(
    `no column of recursive CTE "${name}" tells which of its rows a changed row concerns`,
    span,
  );
