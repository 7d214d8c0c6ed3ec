/** Text search without a configuration is that of the session that converts. */
import { describe, expect, test } from 'vitest';
import { useBench } from './support/bench.ts';

const bench = useBench(`
  CREATE TABLE doc (id int PRIMARY KEY, k int, t text, j jsonb, jj json);
  CREATE TEXT SEARCH CONFIGURATION public."My simple" (COPY = pg_catalog.simple);
  INSERT INTO doc SELECT n, n % 3, 'the running dogs ' || n % 4,
    jsonb_build_object('a', 'cats running ' || n % 2), '{"a": "jumped"}'
  FROM generate_series(1, 12) n;
`);

const EXPRESSIONS = [
  'to_tsvector(t)',
  'to_tsvector(j)',
  'to_tsvector(jj)',
  "to_tsvector(coalesce(t, '')) @@ to_tsquery('run & dog')",
  "to_tsvector(t) @@ plainto_tsquery('running')",
  "to_tsvector(t) @@ phraseto_tsquery('running dogs')",
  "to_tsvector(t) @@ websearch_to_tsquery('run -cat')",
  "ts_headline(t, to_tsquery('dog'))",
  `jsonb_to_tsvector(j, '["string"]')`,
  `ts_headline('english', t, to_tsquery('dogs'))`,
  'length(to_tsvector((SELECT t || to_tsvector(t))))',
];

const STEPS = [
  `UPDATE doc SET t = 'a dog runs', j = '{"b": "dog"}' WHERE id = 2`,
  'DELETE FROM doc WHERE id = 3',
  `INSERT INTO doc VALUES (20, 1, 'many dogs', '{"c": "walked"}', '{"a": "jumping"}')`,
];

describe.each(['pg_catalog.english', 'public."My simple"'])('under %s', (configuration) => {
  const set = `SET default_text_search_config = '${configuration}'`;

  test.each(EXPRESSIONS)('%s', async (expression) => {
    await bench.session.execute(set);
    await bench.user.execute(set);
    const subject = await bench.convert(
      `SELECT k, ${expression} AS x, count(*) AS n FROM doc GROUP BY 1, 2`,
    );
    expect(subject.converted.notes).toContainEqual(
      `computed under default_text_search_config = ${configuration}`,
    );
    for (const step of STEPS) {
      await bench.user.execute(step);
      await bench.check(subject);
    }
    // Readers, and whoever folds, have another one.
    await bench.observer.execute("SET default_text_search_config = 'pg_catalog.german'");
    const [here, there] = await Promise.all(
      [bench.user, bench.observer].map((db) =>
        db.query(`SELECT x.*::text FROM imat.${subject.name} x ORDER BY 1`),
      ),
    );
    expect(there).toEqual(here);
    await bench.session.execute("SET default_text_search_config = 'pg_catalog.german'");
    await bench.fold();
    await bench.check(subject);
    await bench.user.execute(`DELETE FROM doc WHERE id = 20`);
    await bench.check(subject);
  });
});
