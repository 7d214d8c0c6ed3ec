/**
 * stddev*, var*: from n, the sum and the sum of squares, in numeric.
 *
 * For integers and numerics, step for step what numeric_stddev_internal (numeric.c) does, so that
 * the digits agree: (n * sum(x^2) - sum(x)^2) / (n * (n - 1)), 0 where the numerator is not
 * positive, the square root rounded to the quotient's scale. For floats, the same numbers converted
 * to double precision at the end.
 */
import type { Sql } from '../sql/sql.ts';
import { fragment, join, sql } from '../sql/sql.ts';
import { finite, notNull, summand, toFloat } from './finite.ts';
import type { AggregateInput, AggregateRule, Finish } from './rule.ts';
import { isFloat, isInteger, isNumeric, partName } from './rule.ts';
import { atRowScale, scaleCounts } from './scales.ts';

const ESTIMATES = {
  variance: { sample: true, root: false },
  var_samp: { sample: true, root: false },
  var_pop: { sample: false, root: false },
  stddev: { sample: true, root: true },
  stddev_samp: { sample: true, root: true },
  stddev_pop: { sample: false, root: true },
} as const;

type Estimate = (typeof ESTIMATES)[keyof typeof ESTIMATES];

export const varianceRule: AggregateRule = {
  names: Object.keys(ESTIMATES),
  plan: (input) => {
    const estimate = ESTIMATES[input.name as keyof typeof ESTIMATES];
    return planVariance(input, estimate);
  },
};

function planVariance(input: AggregateInput, estimate: Estimate): Finish | null {
  const [arg] = input.args;
  if (arg === undefined || !(isInteger(arg.type) || isNumeric(arg.type) || isFloat(arg.type)))
    return null;
  const count = input.parts.count(
    partName('count', arg),
    [...input.filter, notNull(arg)],
    `rows where ${arg.label} is not null`,
  );
  const finiteParts = finite(input, arg, input.filter);
  const value = summand(arg);
  const sum = input.parts.sum(
    partName('sum', arg),
    value,
    'numeric',
    finiteParts.conditions,
    `sum of ${arg.label}`,
  );
  const squares = input.parts.sum(
    partName('squares', arg),
    sql`(${value} * ${value})`,
    'numeric',
    finiteParts.conditions,
    `sum of squares of ${arg.label}`,
  );
  const scales = scaleCounts(input, arg, finiteParts.conditions);
  const nonFinite = [finiteParts.nan, finiteParts.plusInfinity, finiteParts.minusInfinity].filter(
    (name) => name !== null,
  );
  const type = input.resultType;

  return (ref) => {
    const n = ref(count);
    const total = atRowScale(scales, ref, ref(sum), 1);
    const totalOfSquares = atRowScale(scales, ref, ref(squares), 2);
    const numerator = sql`(${n} * ${totalOfSquares} - ${total} * ${total})`;
    const divisor = estimate.sample
      ? sql`(${n}::numeric * (${n} - 1))`
      : sql`(${n}::numeric * ${n})`;
    const positive = root(estimate, sql`(${numerator} / ${divisor})`);
    const cases: Sql[] = [sql`WHEN ${n} < ${estimate.sample ? 2 : 1} THEN NULL`];
    if (nonFinite.length > 0) {
      const some = join(
        nonFinite.map((name) => sql`${ref(name)} > 0`),
        ' OR ',
      );
      cases.push(sql`WHEN ${some} THEN 'NaN'::${fragment(type)}`);
    }
    cases.push(sql`WHEN ${numerator} <= 0 THEN 0`);
    const finished = isFloat(arg.type) ? toFloat(positive, type) : positive;
    return sql`CASE ${join(cases, ' ')} ELSE ${finished} END::${fragment(type)}`;
  };
}

/**
 * The square root at the scale s of the variance: numeric.c passes the quotient's scale on to
 * sqrt_var, which rounds the true root. SQL's sqrt has a scale of its own, and rounding its result
 * once more can go wrong at a tie. The square of a tie is a multiple of 10^(-2s) / 4 and the
 * variance one of 10^-s, so the root differs from a tie by at least 10^(-2s) / (8 * root): that
 * many digits decide.
 */
function root(estimate: Estimate, variance: Sql): Sql {
  if (!estimate.root) return variance;
  const scale = sql`pg_catalog.scale(${variance})`;
  const whole = sql`pg_catalog.length(pg_catalog.trunc(${variance})::text)`;
  const rounded = sql`pg_catalog.round(${variance}, 2 * ${scale} + ${whole} / 2 + 3)`;
  return sql`pg_catalog.round(pg_catalog.sqrt(${rounded}), ${scale})`;
}
