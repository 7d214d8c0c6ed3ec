/** Subqueries that refer to rows around them beside windows, and where that would fail. */
import { expect, test } from 'vitest';
import { useBench } from './support/bench.ts';
import { oneOf, randomFor, randomHistory } from './support/random.ts';

const bench = useBench(`
  CREATE TABLE owner (id serial PRIMARY KEY, grp int, score int);
  CREATE TABLE thing (id serial PRIMARY KEY, owner int, kind text, worth int);
`);
const few = oneOf('1', '2', '3', '4');
const TABLES = [
  { table: 'owner', columns: { grp: few, score: few } },
  { table: 'thing', columns: { owner: few, kind: oneOf(`'a'`, `'b'`), worth: few } },
];
const COUNT = '(SELECT count(*) FROM thing t WHERE t.owner = o.id)';
const ONE = '(SELECT t.worth FROM thing t WHERE t.owner = o.id)';

test('what is computed for some rows alone does not fail for others', async () => {
  const first = `rank() OVER (ORDER BY o.score) = 1`;
  const guarded = [
    `SELECT o.id, CASE WHEN ${first} THEN ${ONE} END AS w FROM owner o`,
    `SELECT o.id, CASE WHEN ${first} THEN 1 / ${COUNT} END AS w FROM owner o`,
    `SELECT o.id, ${first} AND ${ONE} > 1 AS w FROM owner o`,
    `SELECT o.id, coalesce(lag(o.score) OVER (ORDER BY o.id), ${ONE}) AS w FROM owner o`,
    `SELECT o.id, sum(${ONE}) FILTER (WHERE o.score = 1) OVER () AS w FROM owner o`,
    `SELECT o.id, ${ONE} AS w, rank() OVER (ORDER BY o.score) AS r FROM owner o
      WHERE o.score > (SELECT avg(score) FROM owner)`,
    `SELECT o.grp, (SELECT t.worth FROM thing t WHERE t.owner = o.grp) AS w,
        rank() OVER (ORDER BY o.grp) AS r
      FROM owner o GROUP BY o.grp HAVING count(*) > (SELECT count(*) FROM thing)`,
  ];
  for (const definition of guarded) await bench.convert(definition, { strategy: 'swap' });
});

test('what cannot fail is maintained', async () => {
  const first = `rank() OVER (ORDER BY o.score) = 1`;
  const maintained = [
    `SELECT o.id, CASE WHEN ${first} THEN ${COUNT} ELSE o.score END AS w FROM owner o`,
    `SELECT o.id, sum(${COUNT}) FILTER (WHERE o.score = 1) OVER () AS w FROM owner o`,
    `SELECT o.id, ${COUNT} AS w, rank() OVER (ORDER BY o.score) AS r FROM owner o
      WHERE o.score > (SELECT avg(score) FROM owner)`,
    `SELECT o.grp, (SELECT max(t.worth) FROM thing t WHERE t.owner = o.grp) AS w, count(*) AS n,
        rank() OVER (ORDER BY count(*), o.grp) AS r
      FROM owner o GROUP BY o.grp HAVING count(*) > (SELECT count(*) - 5 FROM thing)`,
    `SELECT s.*, (SELECT min(t.kind) FROM thing t WHERE t.owner = s.top) AS kind,
        lag(s.n) OVER (ORDER BY s.top) AS before
      FROM (SELECT o.score AS top, count(*) AS n FROM owner o GROUP BY o.score) s`,
    `SELECT o.id, (SELECT string_agg(t.kind, ',' ORDER BY t.id) FROM thing t
          WHERE t.owner = o.id AND EXISTS (SELECT FROM owner b WHERE b.grp = t.worth)) AS kinds,
        sum(o.score) OVER (PARTITION BY o.grp) AS total
      FROM owner o WHERE EXISTS (SELECT FROM thing t WHERE t.owner = o.id)`,
  ];
  for (const definition of maintained) {
    const { converted } = await bench.convert(definition);
    expect(converted, definition).toMatchObject({ strategy: 'delta' });
  }
  await bench.run(randomHistory(randomFor('queries beside windows'), TABLES, 70));
});
