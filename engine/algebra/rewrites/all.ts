/**
 * The rewrites, applied from the leaves upwards until none applies any more. Each makes the tree
 * smaller or simpler.
 */
import type { Node } from '../node.ts';
import { inputsOf, withInputs } from '../node.ts';
import { distinctToGroup } from './distinct-to-group.ts';
import { flattenJoins } from './flatten-joins.ts';
import { inlineViews } from './inline-views.ts';
import { liftApplies } from './lift-applies.ts';
import { liftProjections } from './lift-projections.ts';
import { pruneColumns } from './prune-columns.ts';
import { pushFilters } from './push-filters.ts';
import type { Rewrite } from './rewrite.ts';

export const REWRITES: readonly Rewrite[] = [
  inlineViews,
  liftProjections,
  liftApplies,
  pushFilters,
  flattenJoins,
  distinctToGroup,
];

export const rewrite = (root: Node): Node => pruneColumns(simplified(root));

function simplified(node: Node): Node {
  const inner = withInputs(node, inputsOf(node).map(simplified));
  for (const { apply } of REWRITES) {
    const better = apply(inner);
    if (better !== null) return simplified(better);
  }
  return inner;
}
