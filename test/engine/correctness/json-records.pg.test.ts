/** JSON read as records: what is maintained, and what depends on more than the JSON. */
import { expect, test } from 'vitest';
import { useBench } from './support/bench.ts';
import { oneOf, random, randomSteps } from './support/random.ts';

const bench = useBench(`
  CREATE TYPE mood AS ENUM ('sad', 'happy');
  CREATE TYPE pair AS (x int, y date);
  CREATE DOMAIN small AS int CHECK (VALUE < 100);
  CREATE TABLE run (id int PRIMARY KEY, school int, at int);
  CREATE TABLE alert (run int, kind text, data jsonb, raw json);
  INSERT INTO run SELECT i, i % 4, i % 3 FROM generate_series(1, 12) i;
`);

const documents = oneOf(
  `'{"n": 1, "f": [1.5, 2], "m": "sad", "s": 3, "t": "a", "i": "1 day"}'`,
  `'{"n": "2", "f": null, "m": "happy", "t": "b", "r": "[1,3)", "b": true}'`,
  `'{"n": null, "f": [], "s": 7, "o": {"a": [1, 2]}}'`,
  `'{}'`,
);
const TABLES = [
  {
    table: 'alert',
    columns: {
      run: oneOf('1', '2', '3', '4', '5'),
      kind: oneOf(`'a'`, `'b'`),
      data: documents,
      raw: oneOf(
        `'[{"n": 1, "t": "x"}, {"n": 2}]'`,
        `'[{"n": 1, "t": "y"}]'`,
        `'[]'`,
        `'[{"t": "z", "n": null}]'`,
      ),
    },
  },
];

const READ = 'n int, f float8[], m mood, s small, t text, r int4range, b bool, o jsonb';
const MAINTAINED = {
  rows: `SELECT a.run, d.* FROM alert a, jsonb_to_record(a.data) d(${READ})`,
  sums: `SELECT d.t, sum(d.n) AS n, count(*) AS c FROM alert a
    CROSS JOIN LATERAL jsonb_to_record(a.data) d(n int, t varchar(5)) GROUP BY d.t`,
  sets: `SELECT a.run, d.n, d.t FROM alert a LEFT JOIN LATERAL
    json_to_recordset(a.raw) d(n numeric(6, 2), t text) ON true`,
  joined: `SELECT l.id, e.n, o.b FROM
      (SELECT a.run, d.n FROM alert a, jsonb_to_record(a.data) d(n int) WHERE a.kind = 'a') e,
      (SELECT a.run, d.b FROM alert a, jsonb_to_record(a.data) d(b bool) WHERE a.kind = 'b') o,
      (SELECT DISTINCT ON (school) id FROM run ORDER BY school, at DESC, id) l
    WHERE e.run = l.id AND o.run = l.id`,
  labels: `SELECT d.m::text AS m, count(*) AS n FROM alert a, jsonb_to_record(a.data) d(m mood)
    GROUP BY d.m::text`,
};

test('records of steady types are maintained', async () => {
  for (const definition of Object.values(MAINTAINED)) {
    const { converted } = await bench.convert(definition);
    expect(converted, definition).toMatchObject({ strategy: 'delta' });
  }
  for (const seed of [1, 2, 3, 4, 5])
    await bench.run(
      Array.from({ length: 12 }, (_, index) =>
        randomSteps(random(seed * 100 + index), TABLES),
      ).flat(),
    );
});

test('the labels of an enum that JSON is read as can be renamed', async () => {
  await bench.convert(MAINTAINED.labels);
  await bench.run([
    'TRUNCATE alert',
    `INSERT INTO alert (data) VALUES ('{"m": "sad"}'), ('{"m": "happy"}'), ('{"m": null}')`,
    'FOLD',
    `UPDATE alert SET data = NULL WHERE data ->> 'm' = 'sad'`,
    `ALTER TYPE mood RENAME VALUE 'sad' TO 'low'`,
    `INSERT INTO alert (data) VALUES ('{"m": "low"}')`,
    'FOLD',
    `UPDATE alert SET data = NULL WHERE data ->> 'm' = 'low'`,
    `ALTER TYPE mood RENAME VALUE 'low' TO 'sad'`,
    'FOLD',
  ]);
});

test('a type that is read by settings is stored under those', async () => {
  const { converted } = await bench.convert(
    'SELECT a.run, d.i FROM alert a, jsonb_to_record(a.data) d(i interval)',
  );
  expect(converted).toMatchObject({ strategy: 'delta' });
  expect(converted.notes.join()).toContain('IntervalStyle');
  await bench.run([
    `INSERT INTO alert (run, data) VALUES (1, '{"i": "-1 2:03"}')`,
    'FOLD',
    `SET IntervalStyle = 'sql_standard'`,
    `INSERT INTO alert (run, data) VALUES (2, '{"i": "-1 2:03"}')`,
    'RESET IntervalStyle',
  ]);
});

test.each([
  ['date', 'jsonb::date'],
  ['timestamptz[]', 'jsonb::timestamptz'],
  ['time', 'jsonb::time'],
  ['regclass', 'jsonb::regclass'],
  ['pair', 'jsonb::record'],
  ['pair[]', 'jsonb::record'],
  ['daterange', 'jsonb::date'],
])('JSON as %s can depend on the moment', async (type, name) => {
  const { converted } = await bench.convert(
    `SELECT a.run, d.v FROM alert a, jsonb_to_record(a.data) d(v ${type})`,
    { strategy: 'swap' },
  );
  expect(converted).toMatchObject({
    strategy: 'swap',
    reasons: [{ message: expect.stringContaining(`"${name}" can give another result`) }],
  });
});
