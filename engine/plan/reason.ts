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
    hint: 'count, sum, avg, stddev*, var*, covar*, corr, regr_*, bool_and, bool_or and every can.',
    span,
  };
}
