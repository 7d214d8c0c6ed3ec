/**
 * Joins with the row before or after, by columns that are a constant apart. A changed row finds the
 * others by the plain column, and where it has the largest value of its type, nothing overflows:
 * the definition does not compute what the solved condition does.
 */
import { expect, test } from 'vitest';
import { FOLD, useBench } from '../correctness/support/bench.ts';
import { oneOf, randomFor, randomHistory, type Writable } from '../correctness/support/random.ts';

const bench = useBench(`
CREATE TABLE step (s int2, i int4, l int8, n numeric, f numeric, d date, v int);
CREATE TABLE long (l int8, v int);
CREATE TABLE keyed (id int PRIMARY KEY, v int);
CREATE INDEX ON step (s); CREATE INDEX ON step (i); CREATE INDEX ON step (l);
CREATE INDEX ON step (n); CREATE INDEX ON step (d); CREATE INDEX ON long (l);
INSERT INTO keyed SELECT i, i % 7 FROM generate_series(1, 20000) i;
ANALYZE`);

const STEP: readonly Writable[] = [
  {
    table: 'step',
    columns: {
      s: oneOf('1', '2', '3', '32767', 'NULL'),
      i: oneOf('1', '2', '3', '2147483647', '2147483646', 'NULL'),
      l: oneOf('1', '2', '9223372036854775807', '9223372036854775806', '-9223372036854775806'),
      n: oneOf('1', '2.0', '2', '3', "'NaN'", "'Infinity'"),
      f: oneOf('1', '1.0', '2.4', '3'),
      d: oneOf(
        "'2024-01-31'",
        "'2024-02-01'",
        "'2024-02-02'",
        "'infinity'",
        "'-infinity'",
        "'5874897-12-31'",
        "'5874897-12-30'",
      ),
      v: oneOf('1', '2', '3'),
    },
  },
  {
    table: 'long',
    columns: { l: oneOf('1', '2', '32766', '9223372036854775806'), v: oneOf('1', '2') },
  },
];

/** The largest values that are written have one before them and none after, so that none fails. */
const CONDITIONS = [
  'p.i = m.i - 1',
  'm.i - 2 = p.i - 1',
  "'-1'::integer + m.i = p.i",
  'p.l = m.l - 1',
  'm.l - 2 = p.l - 1',
  'p.n = m.n - 1',
  // Numbers are rounded by the cast.
  'p.f = m.f::bigint - 1',
  'm.f::bigint - 1 = p.f::bigint',
  'p.i = m.f::bigint - 1',
  'p.d = m.d - 1',
  'p.s = m.s - 1',
  'p.i = m.l - 1',
  'p.l = m.i::bigint - 1',
  'p.s = m.l - 1 AND p.v = m.v',
];

test.each(CONDITIONS)('%s', async (condition) => {
  await bench.user.execute('TRUNCATE step, long');
  const definitions = [
    `SELECT m.v, p.v AS before, count(*) AS n FROM step m LEFT JOIN step p ON ${condition}
     GROUP BY 1, 2`,
    `SELECT m.v, sum(m.v - p.v) AS s FROM step m JOIN step p ON ${condition} GROUP BY 1`,
    `SELECT m.v, p.v AS before FROM long b JOIN step m USING (l) JOIN step p ON ${condition}`,
    `SELECT m.v, m.l FROM step m WHERE NOT EXISTS (SELECT FROM step p WHERE ${condition})`,
    `SELECT m.v, p.d FROM step m, LATERAL (
       SELECT p.d FROM step p WHERE ${condition} ORDER BY p.d, p.v LIMIT 1) p`,
  ];
  for (const definition of definitions) await bench.convert(definition);
  const steps = Number(process.env['IMAT_STEPS'] ?? 40);
  await bench.run(randomHistory(randomFor(condition), STEP, steps));
});

test('rows for which the definition does not compute it do not fail', async () => {
  await bench.user.execute('TRUNCATE step, long');
  await bench.convert(
    `SELECT m.v, sum(p.v) AS s FROM step m JOIN step p ON p.i = m.i - 1 AND m.v > 1 GROUP BY 1`,
  );
  await bench.convert(
    `SELECT m.v, m.i FROM step m
     WHERE m.v > 1 AND NOT EXISTS (SELECT FROM step p WHERE p.i = m.i - 1)`,
  );
  await bench.run([
    "INSERT INTO step (i, v) VALUES ('-2147483648', 1), (2147483647, 2), (2147483646, 3)",
    'UPDATE step SET v = v + 1 WHERE i > 0',
    'DELETE FROM step WHERE i < 0',
  ]);
});

const DATES: readonly (readonly [condition: string, first: string, second: string])[] = [
  ['p.d = m.d + 1', '4714-11-24 BC', '4714-11-25 BC'],
  ['m.d + 2 = p.d + 1', '4714-11-24 BC', '2024-01-01'],
  // No two dates are that far apart.
  ['p.d + 2147483647 = m.d - 2147483647', 'infinity', '-infinity'],
];

test.each(DATES)('dates: %s', async (condition, first, second) => {
  await bench.user.execute('TRUNCATE step, long');
  await bench.convert(
    `SELECT m.v, p.v AS before, count(*) AS n
     FROM step m LEFT JOIN step p ON ${condition} GROUP BY 1, 2`,
  );
  await bench.convert(`SELECT m.v, p.v AS before FROM step m JOIN step p ON ${condition}`);
  await bench.run([
    `INSERT INTO step (d, v) VALUES ('${first}', 1), ('${second}', 2), (NULL, 3)`,
    "INSERT INTO step (d, v) VALUES ('infinity', 1), ('-infinity', 2)",
    FOLD,
    `UPDATE step SET v = v + 1 WHERE d = '${first}'`,
    FOLD,
    `DELETE FROM step WHERE d = '${second}'`,
  ]);
});

const KEYED = [
  `SELECT m.id, p.v AS before FROM public.keyed m LEFT JOIN public.keyed p ON p.id = m.id - 1`,
  `SELECT m.v, sum(m.v - p.v) AS s FROM public.keyed m JOIN public.keyed p ON p.id = m.id - 1
   GROUP BY 1`,
  `SELECT m.id FROM public.keyed m
   WHERE NOT EXISTS (SELECT FROM public.keyed p WHERE m.id = p.id - 1)`,
];

test.each(KEYED)('indexes on the plain columns find the rows: %s', async (definition) => {
  const { plan: rules, missingIndexes } = await bench.imat.explain(definition, { query: true });
  expect(missingIndexes).toEqual([]);
  expect(rules.map(({ rule }) => rule)).not.toContain('a change computes all rows again');
  const { name } = await bench.convert(definition);
  await bench.user.execute(`UPDATE keyed SET v = v + 1 WHERE id = 500;
    SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off`);
  const lines = await bench.user.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT * FROM imat.${name}`,
  );
  await bench.user.execute('RESET enable_seqscan; RESET enable_hashjoin; RESET enable_mergejoin');
  const scans = lines
    .map((line) => line['QUERY PLAN'])
    .filter((one) => /Scan.* on keyed/.test(one));
  expect(scans.length).toBeGreaterThan(0);
  expect(scans.filter((one) => /rows=20000(.00)? /.test(one))).toEqual([]);
});
