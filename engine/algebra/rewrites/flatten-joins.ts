/**
 * flatten-joins: inner joins and the filters below and above them are one join under one
 * conjunction.
 *
 *   join(join(a, b; p), c; q)   -> join(a, b, c; p and q)
 *   join(filter(a; p), b; q)    -> join(a, b; p and q)
 *   filter(join(a, b; p); q)    -> join(a, b; p and q)
 *   filter(filter(a; p); q)     -> filter(a; p and q)
 *   join(a; p)                  -> filter(a; p), or a
 *
 * Right because ON, USING and WHERE mean the same for inner joins. The delta rule of a join over n
 * inputs has fewer and simpler terms than n - 1 joins of two. Wrong for outer joins: `a LEFT JOIN b
 * ON p WHERE q` keeps rows of a without p, `ON p AND q` also those without q.
 */
import type { Expr } from '../../../parser/tree.ts';
import type { Node } from '../node.ts';
import type { Rewrite } from './rewrite.ts';

export const flattenJoins: Rewrite = {
  name: 'flatten-joins',
  apply: (node) => {
    if (node.op === 'filter') {
      const { input } = node;
      if (input.op !== 'filter' && input.op !== 'join') return null;
      return { ...input, conditions: [...input.conditions, ...node.conditions] };
    }
    if (node.op !== 'join') return null;
    const [only] = node.inputs;
    if (node.inputs.length === 1 && only !== undefined) return filtered(only, node.conditions);
    if (!node.inputs.some(({ op }) => op === 'join' || op === 'filter')) return null;
    return {
      op: 'join',
      inputs: node.inputs.flatMap((input) => {
        if (input.op === 'join') return input.inputs;
        return input.op === 'filter' ? [input.input] : [input];
      }),
      conditions: [
        ...node.inputs.flatMap((input) =>
          input.op === 'join' || input.op === 'filter' ? input.conditions : [],
        ),
        ...node.conditions,
      ],
    };
  },
};

const filtered = (input: Node, conditions: readonly Expr[]): Node =>
  conditions.length === 0 ? input : { op: 'filter', input, conditions };
