/** Grouping sets by domains that allow no NULL, which a set without the key shows. */
import { expect, test } from 'vitest';
import { FOLD, useBench } from '../correctness/support/bench.ts';

const bench = useBench(`
CREATE DOMAIN code AS int NOT NULL;
CREATE DOMAIN word AS text CHECK (VALUE IS NOT NULL);
CREATE TABLE t (c code, w word, v int);
`);

test.each([
  ['keys', 'SELECT c, w, count(*) AS n, sum(v) AS s FROM t GROUP BY ROLLUP (c, w)'],
  ['a key and a window', 'SELECT c, rank() OVER (ORDER BY max(v)) FROM t GROUP BY ROLLUP (c)'],
  ['different values', 'SELECT w, count(DISTINCT v) AS n FROM t GROUP BY GROUPING SETS ((w), ())'],
])('%s', async (_, definition) => {
  await bench.user.execute(
    "TRUNCATE t; INSERT INTO t VALUES (1, 'a', 1), (1, 'b', 2), (2, 'a', NULL)",
  );
  await bench.convert(definition, { strategy: 'swap' });
  await bench.run(["INSERT INTO t VALUES (3, 'c', 1)", 'DELETE FROM t WHERE c = 1', 'TRUNCATE t']);
  expect.hasAssertions();
});

test('a key without a domain is maintained', async () => {
  await bench.user.execute("TRUNCATE t; INSERT INTO t VALUES (1, 'a', 1), (2, 'a', NULL)");
  await bench.convert('SELECT v, count(c) AS n FROM t GROUP BY ROLLUP (v)', { strategy: 'delta' });
  await bench.run(["INSERT INTO t VALUES (3, 'c', 1)", FOLD, 'DELETE FROM t WHERE c = 1']);
  expect.hasAssertions();
});
