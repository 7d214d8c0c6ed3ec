/**
 * Group keys of which equal values can differ, below what computes from them: it sees the value of
 * a row that is there, not that of one that has gone.
 */
import { describe, expect, test } from 'vitest';
import { lacks } from '../../setup/database.ts';
import { FOLD, useBench } from '../correctness/support/bench.ts';

const LOOSE = `CREATE COLLATION loose (
    provider = icu, locale = 'und-u-ks-level2', deterministic = false);`;

const bench = useBench(`
${lacks('icu') ? '' : LOOSE}
CREATE TABLE o (id int PRIMARY KEY, k int, n numeric,
  word text${lacks('icu') ? '' : ' COLLATE loose'}, doc jsonb);
CREATE TABLE x (k int);
`);

/** Every value is replaced by an equal one, so that there is one right answer at any time. */
const replaced = (n: string, word: string, doc: string): string =>
  `UPDATE o SET n = ${n}, word = '${word}', doc = '${doc}' WHERE k = 1`;

const CHANGES = [
  FOLD,
  replaced('1.00', 'A', '1.00'),
  FOLD,
  'INSERT INTO o VALUES (5, 3, 7, NULL, NULL)',
  replaced('1', 'a', '1'),
  replaced('1.000', 'A', '1.0'),
  FOLD,
  'UPDATE x SET k = 2',
  'DELETE FROM o WHERE k = 1',
];

async function holds(definition: string): Promise<readonly string[]> {
  await bench.user.execute(`TRUNCATE o, x; INSERT INTO x VALUES (1);
    INSERT INTO o VALUES (1, 1, 1.0, 'a', '1.0'), (2, 1, 1.0, 'a', '1.0'),
      (3, 2, 2.5, 'b', '2'), (4, NULL, NULL, NULL, NULL)`);
  await bench.convert(definition, { strategy: 'delta' });
  await bench.run(CHANGES);
  const stored = await bench.user.query<{ name: string }>(
    `SELECT c.relname::text AS name FROM pg_class AS c
     WHERE c.relnamespace = 'imat_store'::regnamespace AND c.relkind = 'v'`,
  );
  return stored.map(({ name }) => name);
}

describe('computed from a key, beside', () => {
  test.each([
    ['a window', 'SELECT n::text AS t, rank() OVER (ORDER BY count(*)) AS r FROM o GROUP BY n'],
    [
      'a query in HAVING',
      `SELECT scale(n) AS s, count(*) AS c FROM o GROUP BY n
       HAVING count(*) >= (SELECT min(k) FROM x)`,
    ],
    ['nothing, over DISTINCT', 'SELECT n::text AS t FROM (SELECT DISTINCT n FROM o) q LIMIT 9'],
    ['nothing, over groups', 'SELECT doc::text AS t FROM (SELECT doc FROM o GROUP BY doc) q'],
    ['a sum of different values', 'SELECT sum(DISTINCT n) AS s, count(*) AS c FROM o'],
    ['groups of groups', 'SELECT k, sum(n) AS s FROM (SELECT DISTINCT k, n FROM o) q GROUP BY k'],
    [
      'a comparison of its text',
      `SELECT q.k, (SELECT count(*) FROM x) AS c
       FROM (SELECT k, n FROM o GROUP BY k, n) q WHERE q.n::text < '1.01'`,
    ],
  ])('%s', async (_, definition) => {
    const stored = await holds(definition);
    expect(stored.some((name) => name.startsWith('touched'))).toBe(true);
  });
});

test.skipIf(lacks('icu'))('computed from a key whose equality is loose', async () => {
  const stored = await holds(
    `SELECT (word COLLATE "C") = 'a' AS is_a, rank() OVER (ORDER BY word) AS r
     FROM o GROUP BY word`,
  );
  expect(stored.some((name) => name.startsWith('touched'))).toBe(true);
});

test('a key that is compared and counted stays added up', async () => {
  const stored = await holds(
    `SELECT k, rank() OVER (PARTITION BY n ORDER BY n, k) AS r, count(n) AS c FROM o
     GROUP BY k, n HAVING n >= 1 OR n IS NULL`,
  );
  expect(stored.some((name) => name.startsWith('touched'))).toBe(false);
});
