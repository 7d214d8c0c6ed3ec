/** count(*), count(x): the number of rows, of rows where x is not null. */
import { notNull } from './finite.ts';
import type { AggregateRule } from './rule.ts';
import { partName } from './rule.ts';

export const countRule: AggregateRule = {
  names: ['count'],
  plan: ({ args, filter, parts }) => {
    const [arg] = args;
    const label = arg === undefined ? 'rows' : `rows where ${arg.label} is not null`;
    const name = parts.count(
      arg === undefined ? 'count' : partName('count', arg),
      arg === undefined ? filter : [...filter, notNull(arg)],
      label,
    );
    return (ref) => ref(name);
  },
};
