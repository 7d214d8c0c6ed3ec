/**
 * Sums that can be taken back: NaN and infinities are counted apart from the finite sum, because
 * `NaN - NaN` and `Infinity - Infinity` do not give 0, and floats are summed in numeric, because
 * float sums do not cancel exactly.
 *
 * The cast from double precision to numeric keeps 15 digits; real goes through double precision, as
 * PostgreSQL's own accumulators do.
 */
import { INT8, INTERVAL } from '../algebra/facts.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, sql } from '../sql/sql.ts';
import type { AggregateInput, Argument, PartRef } from './rule.ts';
import { isFloat, isInteger, isNumeric, partName } from './rule.ts';

/**
 * The conditions under which a row takes part in the finite sum, and the names of the parts that
 * count the others.
 */
export type Finite = {
  readonly conditions: readonly Sql[];
  readonly nan: string | null;
  readonly plusInfinity: string | null;
  readonly minusInfinity: string | null;
};

export function finite(input: AggregateInput, arg: Argument, conditions: readonly Sql[]): Finite {
  const { value, type, label } = arg;
  const count = (base: string, condition: Sql, what: string): string =>
    input.parts.count(
      partName(base, arg),
      [...conditions, condition],
      `rows where ${label} is ${what}`,
    );
  if (type.oid === INTERVAL && input.serverMajor >= 17) {
    return {
      conditions: [...conditions, sql`pg_catalog.isfinite(${value})`],
      nan: null,
      plusInfinity: count('plus_infinity', sql`${value} = 'infinity'::interval`, 'infinity'),
      minusInfinity: count('minus_infinity', sql`${value} = '-infinity'::interval`, '-infinity'),
    };
  }
  if (isNumeric(type) && (type.scale !== null || arg.isNeverInfinite)) {
    return {
      conditions: [...conditions, sql`${value} <> 'NaN'::numeric`],
      nan: count('nan', sql`${value} = 'NaN'::numeric`, 'NaN'),
      plusInfinity: null,
      minusInfinity: null,
    };
  }
  if (isNumeric(type) || isFloat(type)) {
    const of = (text: 'NaN' | 'Infinity' | '-Infinity'): Sql =>
      sql`${fragment(`'${text}'`)}::${fragment(isNumeric(type) ? 'numeric' : 'float8')}`;
    return {
      // NaN sorts above Infinity.
      conditions: [
        ...conditions,
        sql`${value} > ${of('-Infinity')} AND ${value} < ${of('Infinity')}`,
      ],
      nan: count('nan', sql`${value} = ${of('NaN')}`, 'NaN'),
      plusInfinity: count('plus_infinity', sql`${value} = ${of('Infinity')}`, 'Infinity'),
      minusInfinity: count('minus_infinity', sql`${value} = ${of('-Infinity')}`, '-Infinity'),
    };
  }
  return {
    conditions: [...conditions, notNull(arg)],
    nan: null,
    plusInfinity: null,
    minusInfinity: null,
  };
}

/**
 * Whether the argument is not the null value. Of a row, `IS NOT NULL` asks whether all of its
 * fields are not null; `IS DISTINCT FROM NULL` never looks at them.
 */
export const notNull = ({ value, type }: Argument): Sql =>
  type.isComposite ? sql`${value} IS DISTINCT FROM NULL` : sql`${value} IS NOT NULL`;

/**
 * `finiteSum` where all values are finite, else NaN or an infinity as addition has it; all of them
 * castable to `type`.
 */
export function withNonFinite(parts: Finite, ref: PartRef, finiteSum: Sql, type: string): Sql {
  const { nan, plusInfinity, minusInfinity } = parts;
  const cases: Sql[] = [];
  const constant = (text: string): Sql => fragment(`'${text}'::${type}`);
  if (nan !== null) cases.push(sql`WHEN ${ref(nan)} > 0 THEN ${constant('NaN')}`);
  if (plusInfinity !== null && minusInfinity !== null) {
    const both = sql`WHEN ${ref(plusInfinity)} > 0 AND ${ref(minusInfinity)} > 0 THEN`;
    // Intervals have no NaN: PostgreSQL reports an overflow, as this does. Of constants alone it
    // would do so for every read, because the planner computes those in advance.
    if (nan !== null) cases.push(sql`${both} ${constant('NaN')}`);
    else
      cases.push(sql`${both} (${finiteSum}) + ${constant('infinity')} - ${constant('infinity')}`);
    cases.push(sql`WHEN ${ref(plusInfinity)} > 0 THEN ${constant('Infinity')}`);
    cases.push(sql`WHEN ${ref(minusInfinity)} > 0 THEN ${constant('-Infinity')}`);
  }
  if (cases.length === 0) return finiteSum;
  return sql`CASE ${fragment(cases.map((one) => one.text).join(' '))} ELSE ${finiteSum} END`;
}

/** A row's value as the number that is summed. */
export function summand(arg: Argument): Sql {
  if (isFloat(arg.type)) return sql`(${arg.value})::float8::numeric`;
  return isInteger(arg.type) ? sql`(${arg.value})::numeric` : arg.value;
}

/**
 * A finite numeric as a float. The cast fails for what is too small for the type, where float
 * arithmetic gives 0; it also fails for what is too large, as float arithmetic does in PostgreSQL.
 */
export function toFloat(value: Sql, type: string): Sql {
  const smallest = fragment(type === 'real' ? '7.1e-46' : '2.5e-324');
  const cast = sql`(${value})::${fragment(type)}`;
  return sql`CASE WHEN pg_catalog.abs(${value}) < ${smallest} THEN 0 ELSE ${cast} END`;
}

/** Whether a plain sum of the argument must be kept in numeric: bigint sums overflow bigint. */
export const needsNumericSum = (arg: Argument): boolean =>
  arg.type.oid === INT8 || isFloat(arg.type);
