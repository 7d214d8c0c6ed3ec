/** How a definition would be maintained, in a few words, and errors as parts of results. */
import { quoteQualified } from '../../parser/quote.ts';
import type { Analysis } from '../analysis/analyse.ts';
import type { Maintenance, ResultError } from '../api.ts';
import { asImatError } from '../errors/imat-error.ts';
import { effectsOf, ruleOf } from '../plan/maintenance.ts';
import { allStores } from '../plan/plan.ts';

/** By the strategy that convert chooses. */
export function maintenanceOf({ plan, sources }: Analysis): Maintenance {
  if (plan === null) {
    const changes = sources.map(({ schema, name }) => ({
      relation: quoteQualified(schema, name),
      effect: 'all rows' as const,
    }));
    return { strategy: 'swap', rule: 'swap', stores: [], residual: false, changes };
  }
  return {
    strategy: 'delta',
    rule: ruleOf(plan),
    stores: allStores(plan).map(({ rule }) => rule),
    residual: plan.residual !== null,
    changes: [...effectsOf(plan)].map(([relation, effect]) => ({ relation, effect })),
  };
}

/**
 * What one of several results says of an error. That the connection is lost or the call stopped is
 * no matter of one of them, and is thrown on.
 */
export function resultError(thrown: unknown): ResultError {
  const error = asImatError(thrown);
  if (OF_THE_WHOLE.has(error.condition)) throw error;
  const { code, category, message, detail, hint } = error;
  return { code, category, message, detail, hint };
}

const OF_THE_WHOLE: ReadonlySet<string> = new Set(['connection_failed', 'interrupted']);
