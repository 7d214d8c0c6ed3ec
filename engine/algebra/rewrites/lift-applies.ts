/**
 * lift-applies: a join applies table expressions to its rows instead of to those of an input.
 *
 *   join(apply(x; f), y; p and q) -> filter(apply(join(x, y; p); f); q), if p does not read f
 *
 * Right because f reads columns of x alone, which are columns of the product too, and a product is
 * associative and commutative. The change of a join is then a product of relations that have names
 * and rows from before. Wrong if x could be missing: in `y LEFT JOIN (x, f(x.a)) ON q` a row of y
 * without a partner is kept, and a filter above would remove it.
 */
import type { Apply, Node } from '../node.ts';
import type { Rewrite } from './rewrite.ts';
import { divided } from './push-filters.ts';

export const liftApplies: Rewrite = {
  name: 'lift-applies',
  apply: (node) => {
    if (node.op !== 'join') return null;
    const applied = node.inputs.find((input): input is Apply => input.op === 'apply');
    if (applied === undefined) return null;
    const { below, above } = divided(node.conditions, applied);
    const inputs = node.inputs.map((input) => (input === applied ? applied.input : input));
    const lifted: Node = { ...applied, input: { op: 'join', inputs, conditions: below } };
    return above.length === 0 ? lifted : { op: 'filter', input: lifted, conditions: above };
  },
};
