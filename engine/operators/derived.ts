/**
 * A view under its name: its query's rows, and their changes. One that the rewrites leave is more
 * than can be maintained.
 */
import type { Rule } from './rule.ts';
import { only } from './rule.ts';

export const derived: Rule<'derived'> = {
  shape: (_node, inputs) => only(inputs),
  now: (_node, inputs) => only(inputs).now,
  change: (_node, inputs, _pending, netting) => only(inputs).change(netting),
  against: ({ name, span }) => [
    {
      kind: 'view_not_plain',
      message: `view "${name}" is more than filters and inner joins`,
      hint: 'Convert the view itself to an imat, or write its query into this definition.',
      span,
    },
  ],
};
