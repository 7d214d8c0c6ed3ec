/**
 * min, max: the first value in the order that PostgreSQL's catalog names as the aggregate's sort
 * operator. "SELECT agg(col) FROM t" is then what "SELECT col FROM t ORDER BY col USING sortop
 * LIMIT 1" gives, NULLs being ignored (PostgreSQL's documentation of CREATE AGGREGATE).
 *
 * No additive part: what is inserted is merged with the stored value, and a value that may have
 * gone is derived again (docs/decisions/0054-extremes.md).
 */
import type { AggregateRule } from './rule.ts';
import { partName } from './rule.ts';

export const extremeRule: AggregateRule = {
  names: ['min', 'max'],
  plan: ({ name, args, filter, result, reaches, parts }) => {
    const [arg] = args;
    if (arg === undefined || reaches === null) return null;
    // A type with a length or a scale can have one form of each value where the result has not.
    const equalIsSame = arg.type.equalIsSame || result.equalIsSame;
    if (!equalIsSame && (!result.groupable || result.image === null)) return null;
    const column = parts.extreme(partName(name, arg), {
      aggregate: name,
      reaches,
      value: arg.value,
      conditions: filter,
      facts: { ...result, equalIsSame },
      comment: `${name} of ${arg.label}`,
    });
    return (ref) => ref(column);
  },
};
