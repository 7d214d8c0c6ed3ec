/** Texts and JSON that are read as dates once a pattern has been asked. */
import { expect, test } from 'vitest';
import { useBench } from './support/bench.ts';
import { oneOf, randomFor, randomHistory } from './support/random.ts';

const bench = useBench(`CREATE TABLE person (id serial PRIMARY KEY, data jsonb, born text)`);

const texts = ['2001-02-03', '1999-12-31', 'today', 'now', '03.04.2005', '2024-01-05T10:20:30', ''];
const TABLES = [
  {
    table: 'person',
    columns: {
      data: oneOf(...texts.map((text) => `'{"born": "${text}"}'`), `'{}'`),
      born: oneOf(...texts.map((text) => `'${text}'`)),
    },
  },
];
const DAY = String.raw`'^\d{4}-\d{2}-\d{2}$'`;
const MAINTAINED = {
  rows: `SELECT id, CASE WHEN data ->> 'born' ~ ${DAY} THEN (data ->> 'born')::date END AS born
    FROM person`,
  groups: `SELECT CASE WHEN born ~ ${DAY} THEN born::date ELSE '1900-01-01' END AS day,
      count(*) AS n
    FROM person GROUP BY 1`,
  both: `SELECT id, CASE WHEN data ? 'born' AND data ->> 'born' ~ '^[0-9-]+$'
      THEN (data ->> 'born')::timestamp END AS at FROM person`,
  times: `SELECT max(CASE WHEN born ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]+)?$'
      THEN born::timestamptz END) AS last FROM person`,
  german: String.raw`SELECT id, CASE WHEN born ~ '^\d{2}\.\d{2}\.\d{4}$' THEN born::date END AS born
    FROM person`,
};

test('texts of digits and signs are no words', async () => {
  for (const definition of Object.values(MAINTAINED)) {
    const { converted } = await bench.convert(definition);
    expect(converted, definition).toMatchObject({ strategy: 'delta' });
  }
  await bench.observer.execute(`SET DateStyle = 'German, DMY'; SET TimeZone = 'Asia/Kolkata'`);
  await bench.run(randomHistory(randomFor('guarded texts'), TABLES, 60));
});

test.each([
  ['no ends', String.raw`CASE WHEN born ~ '\d{4}-\d{2}-\d{2}' THEN born::date END`],
  [
    'a word among them',
    String.raw`CASE WHEN born ~ '^(\d{4}-\d\d-\d\d|today)$' THEN born::date END`,
  ],
  ['any character', `CASE WHEN born ~ '^....-..-..$' THEN born::date END`],
  ['letters', `CASE WHEN born ~ '^[0-9a-z-]+$' THEN born::date END`],
  ['all but letters', `CASE WHEN born ~ '^[^a-z]+$' THEN born::date END`],
  ['another text', `CASE WHEN data ->> 'born' ~ ${DAY} THEN born::date END`],
  ['the other branch', `CASE WHEN born ~ ${DAY} THEN NULL ELSE born::date END`],
  ['either', `CASE WHEN born ~ ${DAY} OR id > 3 THEN born::date END`],
  ['options', `CASE WHEN born ~ '(?i)^[0-9]+$' THEN born::date END`],
])('what is swapped: %s', async (_what, shown) => {
  const { converted } = await bench.convert(`SELECT id, ${shown} AS d FROM person WHERE false`, {
    strategy: 'swap',
  });
  expect(JSON.stringify(converted.reasons)).toContain('to_date');
});
