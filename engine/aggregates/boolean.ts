/** bool_and, every, bool_or: from the counts of true and of false; NULL where there is neither. */
import { sql } from '../sql/sql.ts';
import type { AggregateRule } from './rule.ts';
import { partName } from './rule.ts';

export const booleanRule: AggregateRule = {
  names: ['bool_and', 'every', 'bool_or'],
  plan: ({ name, args, filter, parts }) => {
    const [arg] = args;
    if (arg === undefined) return null;
    const yes = parts.count(
      partName('true', arg),
      [...filter, sql`${arg.value}`],
      `rows where ${arg.label}`,
    );
    const no = parts.count(
      partName('false', arg),
      [...filter, sql`NOT ${arg.value}`],
      `rows where not ${arg.label}`,
    );
    return (ref) => {
      const result = name === 'bool_or' ? sql`${ref(yes)} > 0` : sql`${ref(no)} = 0`;
      return sql`CASE WHEN ${ref(yes)} + ${ref(no)} > 0 THEN ${result} END`;
    };
  },
};
