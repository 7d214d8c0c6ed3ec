/** Computed columns. Linear: what is computed of a changed row is the changed row of the result. */
import type { Rule } from './rule.ts';
import { nothingAgainst, only, written } from './rule.ts';

export const project: Rule<'project'> = {
  shape: (node, inputs) => {
    const input = only(inputs);
    return {
      ...input,
      columns: new Map(
        // What the deparser prints can stand as an operand anywhere.
        node.outputs.map(({ column, expr }) => [column.id, written(expr, input)]),
      ),
    };
  },
  now: (_node, inputs) => only(inputs).now,
  change: (_node, inputs, _pending, netting) => only(inputs).change(netting),
  against: nothingAgainst,
};
