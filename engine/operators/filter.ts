/**
 * Rows for which all conditions hold. Linear: the change of the result is the change of the input
 * for which they hold.
 */
import type { NodeOf } from '../algebra/node.ts';
import type { Rows, Rule, Shape } from './rule.ts';
import { nothingAgainst, only, written } from './rule.ts';

export const filter: Rule<'filter'> = {
  shape: (_node, inputs) => only(inputs),
  now: (node, inputs) => kept(node, only(inputs).shape, only(inputs).now),
  change: (node, inputs, _pending, netting) => {
    const input = only(inputs);
    return input.change(netting).map((term) => ({ ...term, ...kept(node, input.shape, term) }));
  },
  against: nothingAgainst,
};

const kept = (node: NodeOf<'filter'>, shape: Shape, rows: Rows): Rows => ({
  from: rows.from,
  where: [...rows.where, ...node.conditions.map((condition) => written(condition, shape))],
});
