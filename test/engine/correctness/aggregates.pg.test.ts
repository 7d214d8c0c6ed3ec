/**
 * Every aggregate over every type it takes, with and without FILTER, grouped and not: equal to the
 * last digit after every step.
 */
import { describe, test } from 'vitest';
import type { Random, Writable } from './support/random.ts';
import { decimal, mixedDecimal, oneOf, randomFor, randomHistory } from './support/random.ts';
import { FOLD, useBench } from './support/bench.ts';

type Value = (r: Random) => string;
type Type = {
  readonly type: string;
  readonly value: Value;
  readonly expressions?: readonly string[];
  readonly aggregates: readonly string[];
};

const VARIANCES = ['stddev', 'stddev_pop', 'stddev_samp', 'variance', 'var_pop', 'var_samp'];
const NUMBERS = ['count', 'sum', 'avg', ...VARIANCES];
const PAIRS = [
  'covar_pop',
  'covar_samp',
  'corr',
  'regr_count',
  'regr_sxx',
  'regr_syy',
  'regr_sxy',
  'regr_avgx',
  'regr_avgy',
  'regr_r2',
  'regr_slope',
  'regr_intercept',
];

/** Some of the first, mostly the second. */
const rarely =
  (special: readonly string[], usual: Value): Value =>
  (r) =>
    r.chance(15) ? r.pick(special) : usual(r);

/** Sums of quarters are exact in binary, so that a variance which is 0 is 0 there as well. */
const quarters: Value = (r) => (r.chance(10) ? 'NULL' : `${(r.int(400) - 200) / 4}`);

const TYPES: readonly Type[] = [
  { type: 'int2', value: rarely(['32767', '-32768', '0'], decimal(3, 0)), aggregates: NUMBERS },
  {
    type: 'int4',
    value: rarely(['2147483647', '-2147483648', '0'], decimal(6, 0)),
    aggregates: NUMBERS,
  },
  {
    type: 'int8',
    value: rarely(['9223372036854775807', '-9223372036854775808'], decimal(9, 0)),
    aggregates: NUMBERS,
  },
  {
    type: 'numeric(10,2)',
    value: rarely(["'NaN'", '99999999.99', '-0.01'], decimal(6, 2)),
    aggregates: NUMBERS,
  },
  { type: 'numeric(6,-2)', value: rarely(["'NaN'"], decimal(6, 0)), aggregates: NUMBERS },
  {
    type: 'numeric',
    value: rarely(
      [
        "'NaN'",
        "'Infinity'",
        "'-Infinity'",
        '1e30',
        '1e-30',
        '0.00000000',
        '123456789012345678901234567890.123456789',
      ],
      mixedDecimal,
    ),
    aggregates: NUMBERS,
  },
  {
    type: 'numeric(12,4)',
    value: rarely(['0.5', "'NaN'"], decimal(5, 4)),
    expressions: [
      'x * y',
      'x + y::numeric(12,1)',
      'x / nullif(y, 0)',
      '- x',
      'coalesce(x, 1.25)',
      'CASE WHEN y > 0 THEN x ELSE 1 END',
      'CASE WHEN y > 0 THEN x * y WHEN y < -2 THEN x END',
      'coalesce(round(x / nullif(y, 0), 2), 0)',
      'greatest(trunc(x, 1), 0.1234567, abs(y) % 3)',
      'round(x, 1)',
    ],
    aggregates: NUMBERS,
  },
  {
    type: 'numeric',
    value: rarely(["'NaN'", "'Infinity'", "'-Infinity'", '0.000', '1e-9'], mixedDecimal),
    expressions: [
      'round(x, 2)',
      'CASE WHEN y > 0 THEN trunc(x, 1) ELSE 0 END',
      'CASE WHEN y > 0 THEN round(x, 3) * 1.5 ELSE round(y, 1) END',
    ],
    aggregates: NUMBERS,
  },
  {
    type: 'int4',
    value: decimal(3, 0),
    expressions: [
      'x::numeric / nullif(y, 0)',
      'x * 1.10',
      'x % 7',
      '(x)::int8 * y',
      'x::float8 / 8',
    ],
    aggregates: NUMBERS,
  },
  {
    type: 'real',
    value: rarely(["'NaN'", "'Infinity'", "'-Infinity'"], quarters),
    aggregates: NUMBERS,
  },
  {
    type: 'double precision',
    value: rarely(["'NaN'", "'Infinity'", "'-Infinity'"], quarters),
    aggregates: NUMBERS,
  },
  {
    type: 'double precision',
    value: decimal(3, 7),
    aggregates: ['count', 'sum', 'avg', 'stddev', 'var_pop'],
  },
  { type: 'money', value: decimal(5, 2), aggregates: ['count', 'sum'] },
  {
    type: 'interval',
    value: oneOf(
      "'1 month'",
      "'30 days'",
      "'-1 month 30 days'",
      "'24:00:00'",
      "'1 day'",
      "'00:00:00.000001'",
      "'300 years'",
      "'-7 days 03:04:05.678'",
    ),
    expressions: ['x', 'x * 3', 'x - y'],
    aggregates: ['count', 'sum', 'avg'],
  },
  {
    type: 'bool',
    value: oneOf('true', 'false'),
    expressions: ['x', 'x AND y', 'NOT x', 'x IS NULL'],
    aggregates: ['bool_and', 'bool_or', 'every', 'count'],
  },
  { type: 'text', value: oneOf("'a'", "''", "'NULL'"), aggregates: ['count'] },
];

const bench = useBench('');

/** Each aggregate of each expression, plain and filtered. */
function targets(calls: readonly string[]): string {
  return [
    'count(*) AS n',
    ...calls.flatMap((call, index) => [
      `${call} AS a${index}`,
      `${call} FILTER (WHERE keep) AS f${index}`,
    ]),
  ].join(', ');
}

const writable = (value: Value): Writable => ({
  table: 'v',
  columns: { g: oneOf('1', '2'), keep: oneOf('true', 'true', 'false'), x: value, y: value },
});

async function compare(
  name: string,
  type: string,
  calls: readonly string[],
  value: Value,
  length: number,
): Promise<void> {
  await bench.user.execute(
    `DROP TABLE IF EXISTS v; CREATE TABLE v (g int, keep bool, x ${type}, y ${type})`,
  );
  await bench.convert(`SELECT g, ${targets(calls)} FROM v GROUP BY g`);
  await bench.convert(`SELECT ${targets(calls)} FROM v`);
  const r = randomFor(name);
  await bench.run([
    ...randomHistory(r, [writable(value)], length),
    'DELETE FROM v',
    FOLD,
    ...randomHistory(r, [writable(value)], 4),
  ]);
}

describe('aggregates equal the definition after every step', () => {
  for (const { type, value, expressions = ['x'], aggregates } of TYPES) {
    const name =
      `${aggregates.length > 3 ? 'all' : aggregates.join(', ')} ` +
      `over ${type}: ${expressions.join(', ')}`;
    test(name, () =>
      compare(
        name,
        type,
        expressions.flatMap((expression) =>
          aggregates.map((aggregate) => `${aggregate}(${expression})`),
        ),
        value,
        20,
      ),
    );
  }

  test('pairs of double precision', () =>
    compare(
      'pairs',
      'double precision',
      PAIRS.map((name) => `${name}(y, x)`),
      rarely(["'NaN'", "'Infinity'", "'-Infinity'"], quarters),
      30,
    ));

  test('pairs of other types, cast to double precision by PostgreSQL', () =>
    compare(
      'cast pairs',
      'numeric(8,2)',
      PAIRS.map((name) => `${name}(y, x + 1)`),
      oneOf('1.25', '2.5', '-3', '100', '0'),
      20,
    ));
});
