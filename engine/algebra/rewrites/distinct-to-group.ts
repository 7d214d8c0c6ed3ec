/**
 * distinct-to-group: `distinct(project(x)) -> project(group(x))`, with the projection's expressions
 * as keys, if nothing below is grouped already.
 *
 * Right because both give one row for each combination of values, NULLs being equal. A grouping
 * counts its rows, so it knows when the last duplicate goes. Wrong without columns: `SELECT
 * DISTINCT FROM t` has no row if t has none, a grouping without keys always has one.
 */
import { equalExpr } from '../../../parser/walk.ts';
import { nodesOf, reference } from '../node.ts';
import type { Rewrite } from './rewrite.ts';

export const distinctToGroup: Rewrite = {
  name: 'distinct-to-group',
  apply: (node) => {
    if (node.op !== 'distinct' || node.input.op !== 'project') return null;
    const { input, outputs } = node.input;
    const isGrouped = nodesOf(input).some(({ op }) => op === 'group' || op === 'distinct');
    if (isGrouped || outputs.length === 0) return null;
    const keyOf = (index: number): number =>
      outputs.findIndex((one) => {
        const own = outputs[index];
        return own !== undefined && equalExpr(one.expr, own.expr);
      });
    const columns = outputs.map((_, index) => outputs[keyOf(index)]?.column);
    return {
      op: 'project',
      input: {
        op: 'group',
        input,
        keys: outputs.filter((_, index) => keyOf(index) === index),
        aggregates: [],
      },
      outputs: outputs.map((one, index) => ({
        column: one.column,
        expr: reference(columns[index] ?? one.column, one.expr.span),
      })),
    };
  },
};
