/**
 * What an aggregate with DISTINCT is computed from: the different values of its arguments in each
 * group, which are a grouping of their own by the keys and the arguments.
 *
 *   count(DISTINCT x) FILTER (WHERE f) ... GROUP BY k
 *     = count(x) over (SELECT k, x ... WHERE f GROUP BY k, x), group by group
 *
 * Right because GROUP BY and DISTINCT ask for the same equality, NULL being equal to NULL.
 * Aggregates of the same arguments and FILTER share their values.
 */
import { equalExpr } from '../../parser/walk.ts';
import type { AggregateCall, Group } from './node.ts';

export type Different = {
  /** The keys of the group, then the arguments; without aggregates. */
  readonly rows: Group;
  readonly calls: readonly AggregateCall[];
};

export function differentOf(group: Group): readonly Different[] {
  const calls = group.aggregates.filter(({ call }) => call.distinct);
  const firsts = calls.filter((one) => calls.find((other) => isSame(one, other)) === one);
  return firsts.map((first) => ({
    rows: {
      op: 'group',
      input:
        first.call.filter === null
          ? group.input
          : { op: 'filter', input: group.input, conditions: [first.call.filter] },
      keys: [...group.keys, ...first.args],
      aggregates: [],
    },
    calls: calls.filter((one) => isSame(one, first)),
  }));
}

const isSame = (one: AggregateCall, other: AggregateCall): boolean =>
  one.args.length === other.args.length &&
  one.args.every((arg, index) => {
    const same = other.args[index];
    return same !== undefined && equalExpr(arg.expr, same.expr);
  }) &&
  (one.call.filter === null || other.call.filter === null
    ? one.call.filter === other.call.filter
    : equalExpr(one.call.filter, other.call.filter));
