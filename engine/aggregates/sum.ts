/**
 * sum(x) = the sum, NULL where no x is not null; avg(x) = sum / count. sum and avg have
 * PostgreSQL's result type, rounding and number of digits: integers and numerics divide as
 * numerics, at the scale that the sum of the rows has.
 */
import { INTERVAL, MONEY } from '../algebra/facts.ts';
import type { PartType } from './parts.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, sql } from '../sql/sql.ts';
import type { Finite } from './finite.ts';
import { finite, needsNumericSum, notNull, summand, toFloat, withNonFinite } from './finite.ts';
import type { AggregateInput, AggregateRule, Argument, PartRef } from './rule.ts';
import { isInteger, isNumeric, partName } from './rule.ts';
import { atRowScale, scaleCounts } from './scales.ts';

type SumParts = {
  readonly count: string;
  readonly finite: Finite;
  readonly sum: (ref: PartRef) => Sql;
};

function partType(arg: Argument): PartType | null {
  if (arg.type.oid === MONEY) return 'money';
  if (arg.type.oid === INTERVAL) return 'interval';
  if (isNumeric(arg.type) || needsNumericSum(arg)) return 'numeric';
  return isInteger(arg.type) ? 'bigint' : null;
}

function sumParts(input: AggregateInput): SumParts | null {
  const [arg] = input.args;
  if (arg === undefined) return null;
  const type = partType(arg);
  if (type === null) return null;
  const count = input.parts.count(
    partName('count', arg),
    [...input.filter, notNull(arg)],
    `rows where ${arg.label} is not null`,
  );
  const finiteParts = finite(input, arg, input.filter);
  const value = type === 'bigint' ? sql`(${arg.value})::bigint` : summand(arg);
  const sum = input.parts.sum(
    partName('sum', arg),
    value,
    type,
    finiteParts.conditions,
    `sum of ${arg.label}`,
  );
  const scales = scaleCounts(input, arg, finiteParts.conditions);
  return { count, finite: finiteParts, sum: (ref) => atRowScale(scales, ref, ref(sum), 1) };
}

export const sumRule: AggregateRule = {
  names: ['sum'],
  plan: (input) => {
    const planned = sumParts(input);
    if (planned === null) return null;
    const type = fragment(input.resultType);
    return (ref) => {
      const sum = isFloatType(input.resultType)
        ? toFloat(planned.sum(ref), input.resultType)
        : sql`(${planned.sum(ref)})::${type}`;
      const value = withNonFinite(planned.finite, ref, sum, input.resultType);
      return sql`CASE WHEN ${ref(planned.count)} > 0 THEN ${value} END`;
    };
  },
};

const isFloatType = (type: string): boolean => type === 'real' || type === 'double precision';

export const avgRule: AggregateRule = {
  names: ['avg'],
  plan: (input) => {
    const [arg] = input.args;
    const planned = sumParts(input);
    if (arg === undefined || planned === null || arg.type.oid === MONEY) return null;
    const isInterval = arg.type.oid === INTERVAL;
    return (ref) => {
      const sum = isInterval ? planned.sum(ref) : sql`(${planned.sum(ref)})::numeric`;
      const quotient = isFloatType(input.resultType)
        ? toFloat(sql`(${sum} / ${ref(planned.count)})`, input.resultType)
        : sql`(${sum} / ${ref(planned.count)})::${fragment(input.resultType)}`;
      const average = withNonFinite(planned.finite, ref, quotient, input.resultType);
      return sql`CASE WHEN ${ref(planned.count)} > 0 THEN ${average} END`;
    };
  },
};
