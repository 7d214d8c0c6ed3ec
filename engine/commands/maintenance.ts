/** How a definition would be maintained, in a few words. */
import { quoteQualified } from '../../parser/quote.ts';
import type { Analysis } from '../analysis/analyse.ts';
import type { Maintenance } from '../api.ts';
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
