/**
 * covar_*, corr, regr_*: from n and the power sums of the pairs (y, x) with both not null, kept in
 * numeric and finished in double precision with the formulas of float.c. A sum over a variable with
 * a NaN or an infinity is NaN there.
 *
 *   Sxx = sum(x^2) - sum(x)^2 / n,   Syy likewise,   Sxy = sum(x y) - sum(x) sum(y) / n
 */
import { FLOAT8 } from '../algebra/facts.ts';
import type { Sql } from '../sql/sql.ts';
import { and, sql } from '../sql/sql.ts';
import { finite, notNull, summand, toFloat, withNonFinite } from './finite.ts';
import type { AggregateInput, AggregateRule, Argument } from './rule.ts';
import { partName } from './rule.ts';

/** The pairs' statistics as double precision expressions over the stored parts; n is a bigint. */
type Pairs = {
  readonly n: Sql;
  readonly sx: Sql;
  readonly sy: Sql;
  readonly sxx: Sql;
  readonly syy: Sql;
  readonly sxy: Sql;
};

const FORMULAS: Record<string, (pairs: Pairs) => Sql> = {
  regr_count: ({ n }) => n,
  regr_sxx: ({ n, sxx }) => sql`CASE WHEN ${n} > 0 THEN ${sxx} END`,
  regr_syy: ({ n, syy }) => sql`CASE WHEN ${n} > 0 THEN ${syy} END`,
  regr_sxy: ({ n, sxy }) => sql`CASE WHEN ${n} > 0 THEN ${sxy} END`,
  regr_avgx: ({ n, sx }) => sql`CASE WHEN ${n} > 0 THEN ${sx} / ${n} END`,
  regr_avgy: ({ n, sy }) => sql`CASE WHEN ${n} > 0 THEN ${sy} / ${n} END`,
  covar_pop: ({ n, sxy }) => sql`CASE WHEN ${n} > 0 THEN ${sxy} / ${n} END`,
  covar_samp: ({ n, sxy }) => sql`CASE WHEN ${n} > 1 THEN ${sxy} / (${n} - 1) END`,
  corr: ({ n, sxx, syy, sxy }) => {
    const value = quotient(sxy, sql`pg_catalog.sqrt(${product(sxx, syy)})`);
    return sql`CASE WHEN ${n} > 0 AND ${sxx} <> 0 AND ${syy} <> 0 THEN ${value} END`;
  },
  regr_r2: ({ n, sxx, syy, sxy }) => {
    const value = quotient(product(sxy, sxy), product(sxx, syy));
    const none = sql`${n} < 1 OR ${sxx} = 0`;
    return sql`CASE WHEN ${none} THEN NULL WHEN ${syy} = 0 THEN 1 ELSE ${value} END`;
  },
  regr_slope: ({ n, sxx, sxy }) => sql`CASE WHEN ${n} > 0 AND ${sxx} <> 0 THEN ${sxy} / ${sxx} END`,
  regr_intercept: ({ n, sx, sy, sxx, sxy }) =>
    sql`CASE WHEN ${n} > 0 AND ${sxx} <> 0 THEN (${sy} - ${sx} * ${sxy} / ${sxx}) / ${n} END`,
};

/**
 * As float.c multiplies: what is too large is infinite, what is too small is 0; SQL's operator
 * would fail.
 */
function product(a: Sql, b: Sql): Sql {
  const exact = sql`((${a})::numeric * (${b})::numeric)`;
  const float = toFloat(exact, 'double precision');
  const tooLarge = sql`WHEN ${exact} > 1.797e308 THEN 'Infinity'`;
  return sql`CASE WHEN ${exact} = 'NaN' THEN 'NaN' ${tooLarge} ELSE ${float} END`;
}

/** As float.c divides by what is not negative: by 0 as well. */
const quotient = (a: Sql, b: Sql): Sql =>
  sql`CASE WHEN ${b} = 0 THEN ${a} * 'Infinity'::float8 ELSE ${a} / ${b} END`;

export const regressionRule: AggregateRule = {
  names: Object.keys(FORMULAS),
  plan: (input) => {
    const [y, x] = input.args;
    const formula = FORMULAS[input.name];
    if (
      y === undefined ||
      x === undefined ||
      formula === undefined ||
      y.type.oid !== FLOAT8 ||
      x.type.oid !== FLOAT8
    )
      return null;
    return planPairs(input, y, x, formula);
  },
};

function planPairs(
  input: AggregateInput,
  y: Argument,
  x: Argument,
  formula: (pairs: Pairs) => Sql,
): ReturnType<AggregateRule['plan']> {
  const both = [...input.filter, notNull(y), notNull(x)];
  const label = `(${y.label}, ${x.label})`;
  const count = input.parts.count(partName('pairs', y, x), both, `pairs ${label} without a null`);
  const finiteX = finite(input, x, both);
  const finiteY = finite(input, y, both);
  const sum = (base: string, value: Sql, conditions: readonly Sql[], what: string): string =>
    input.parts.sum(base, value, 'numeric', conditions, `${what} over pairs ${label}`);
  const [vx, vy] = [summand(x), summand(y)];
  const sumX = sum(partName('pairs_sum', x), vx, finiteX.conditions, 'sum of x');
  const sumY = sum(partName('pairs_sum', y), vy, finiteY.conditions, 'sum of y');
  const sumXx = sum(
    partName('pairs_squares', x),
    sql`(${vx} * ${vx})`,
    finiteX.conditions,
    'sum of x squared',
  );
  const sumYy = sum(
    partName('pairs_squares', y),
    sql`(${vy} * ${vy})`,
    finiteY.conditions,
    'sum of y squared',
  );
  const sumXy = sum(
    partName('pairs_products', y, x),
    sql`(${vx} * ${vy})`,
    [and(finiteX.conditions), and(finiteY.conditions)],
    'sum of x times y',
  );

  return (ref) => {
    const n = ref(count);
    const someNot = (parts: typeof finiteX): Sql => {
      const counted = [parts.nan, parts.plusInfinity, parts.minusInfinity]
        .filter((name) => name !== null)
        .map(ref);
      return sql`(${counted.map((c) => sql`${c} > 0`).reduce((a, b) => sql`${a} OR ${b}`)})`;
    };
    const centred = (squares: string, a: string, b: string, broken: Sql): Sql => {
      const exact = sql`((${n} * ${ref(squares)} - ${ref(a)} * ${ref(b)}) / ${n})`;
      const float = toFloat(exact, 'double precision');
      return sql`(CASE WHEN ${broken} THEN 'NaN'::float8 WHEN ${n} > 0 THEN ${float} END)`;
    };
    return formula({
      n,
      sx: withNonFinite(finiteX, ref, toFloat(ref(sumX), 'double precision'), 'float8'),
      sy: withNonFinite(finiteY, ref, toFloat(ref(sumY), 'double precision'), 'float8'),
      sxx: centred(sumXx, sumX, sumX, someNot(finiteX)),
      syy: centred(sumYy, sumY, sumY, someNot(finiteY)),
      sxy: centred(sumXy, sumX, sumY, sql`(${someNot(finiteX)} OR ${someNot(finiteY)})`),
    });
  };
}
