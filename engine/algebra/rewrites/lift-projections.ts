/**
 * lift-projections: a filter, join, apply, projection or grouping over a projection computes what
 * that computes, and the projection moves above it (or is gone).
 *
 *   filter(project(x))     -> project(filter(x))
 *   join(project(x), y)    -> project(join(x, y))
 *   project(project(x))    -> project(x)
 *   group(project(x))      -> group(x)
 *   apply(project(x))      -> project(apply(x))
 *
 * Right because an expression has the same value wherever it is computed from the same row. Wrong
 * for volatile functions: `SELECT r FROM (SELECT random() AS r FROM t) v WHERE r < 0.5` shows only
 * r < 0.5, and would not if `random()` were called again. Definitions with such functions are not
 * maintained.
 */
import type { AggregateCall, Node, Output, Project } from '../node.ts';
import { columnsOf, mapApplied, reference } from '../node.ts';
import type { Rewrite } from './rewrite.ts';
import { substituted } from './rewrite.ts';

export const liftProjections: Rewrite = {
  name: 'lift-projections',
  apply: (node) => {
    if (node.op === 'join') return overJoin(node);
    if (!('input' in node) || node.input.op !== 'project') return null;
    const { input, outputs } = node.input;
    const through = (own: readonly Output[]): Output[] =>
      own.map((one) => ({ ...one, expr: substituted(one.expr, outputs) }));
    switch (node.op) {
      case 'filter': {
        const conditions = node.conditions.map((one) => substituted(one, outputs));
        return { ...node.input, input: { op: 'filter', input, conditions } };
      }
      case 'project':
        return { op: 'project', input, outputs: through(node.outputs) };
      case 'apply': {
        const rows = mapApplied(node.rows, (one) => substituted(one, outputs));
        const own = node.columns.map(({ column }) => ({ column, expr: reference(column) }));
        return { op: 'project', input: { ...node, input, rows }, outputs: [...outputs, ...own] };
      }
      case 'group':
        return {
          op: 'group',
          input,
          keys: through(node.keys),
          aggregates: node.aggregates.map((one) => callThrough(one, outputs)),
        };
      default:
        return null;
    }
  },
};

function callThrough({ column, call, args }: AggregateCall, outputs: readonly Output[]) {
  const own = args.map((one) => ({ ...one, expr: substituted(one.expr, outputs) }));
  const filter = call.filter === null ? null : substituted(call.filter, outputs);
  const written = call.args.map((one) => substituted(one, outputs));
  return { column, args: own, call: { ...call, args: written, filter } };
}

function overJoin(node: Extract<Node, { op: 'join' }>): Project | null {
  if (!node.inputs.some(({ op }) => op === 'project')) return null;
  const outputs = node.inputs.flatMap((input) =>
    input.op === 'project'
      ? input.outputs
      : columnsOf(input).map((column) => ({ column, expr: reference(column) })),
  );
  return {
    op: 'project',
    input: {
      op: 'join',
      inputs: node.inputs.map((input) => (input.op === 'project' ? input.input : input)),
      conditions: node.conditions.map((one) => substituted(one, outputs)),
    },
    outputs,
  };
}
