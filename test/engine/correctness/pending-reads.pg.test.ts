/**
 * Reads while rows are pending take stored rows that no change concerns as they are, and add up the
 * others: against the definition, for every kind of key that tells the two apart.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPreparedSandbox, type Sandbox } from '../commands/support/sandbox.ts';
import { foldAll } from '../../setup/fold-all.ts';

const SCHEMA = `
CREATE EXTENSION IF NOT EXISTS citext;
CREATE DOMAIN code AS text CHECK (VALUE <> 'none');
CREATE TABLE item (id int PRIMARY KEY, a int, b text, c citext, d code, n numeric, amount int);
CREATE TABLE kind (a int, label text);
INSERT INTO kind SELECT i % 5, 'k' || i % 3 FROM generate_series(1, 6) i;
INSERT INTO kind VALUES (NULL, NULL)`;

/** Few values, many NULLs, values that are equal and not the same. */
const ROWS = (from: number, to: number): string => `
INSERT INTO item SELECT i, nullif(i * 7 % 11, 3), nullif('b' || i * 5 % 4, 'b1'),
  (ARRAY['x', 'X', 'y', NULL])[1 + i * 3 % 4],
  nullif('d' || i % 3, 'd0'), nullif((ARRAY[1.0, 1.00, 2.5, 'NaN'])[1 + i % 4], 2.5), i % 6 - 2
FROM generate_series(${from}, ${to}) i;`;

const DEFINITIONS: Readonly<Record<string, string>> = {
  one_key:
    'SELECT a, count(*) AS n, sum(amount) AS s, avg(amount) AS m FROM public.item GROUP BY a',
  nullable_keys: 'SELECT a, b, d, count(*) AS n, sum(n) AS s FROM public.item GROUP BY a, b, d',
  case_insensitive: 'SELECT c, b, count(*) AS n FROM public.item GROUP BY c, b',
  only_case_insensitive: 'SELECT c, sum(amount) AS s FROM public.item GROUP BY c',
  numeric_key: 'SELECT n, count(*) AS k, stddev(amount) AS sd FROM public.item GROUP BY n',
  no_key: 'SELECT count(*) AS n, sum(amount) AS s FROM public.item WHERE a > 2',
  having: 'SELECT a, sum(amount) AS s FROM public.item GROUP BY a HAVING sum(amount) > 0',
  distinct_above: 'SELECT DISTINCT sum(amount) > 0 AS positive FROM public.item GROUP BY a, b',
  bag_by_source_key: 'SELECT id, b, amount FROM public.item WHERE amount <> 1',
  bag_by_digest: 'SELECT a, n, b FROM public.item',
  bag_of_one_value: `SELECT 'x' AS x FROM public.item WHERE a IS NOT NULL`,
  joined_groups: `SELECT k.label, i.b, count(*) AS n, sum(i.amount) AS s FROM public.item i
        JOIN public.kind k ON k.a = i.a GROUP BY k.label, i.b`,
  joined_bag: 'SELECT i.id, k.label, i.n FROM public.item i JOIN public.kind k ON k.a = i.a',
  united: `SELECT u.a, count(*) AS n FROM (SELECT a FROM public.item UNION ALL SELECT a
        FROM public.kind) u GROUP BY u.a`,
  arms: 'SELECT a AS arm, count(*) AS _arm FROM public.item GROUP BY a',
};

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createPreparedSandbox(SCHEMA);
  for (const [name, query] of Object.entries(DEFINITIONS))
    await sandbox.imat.create(name, query, { strategy: 'delta' });
});
afterAll(() => sandbox.drop());
beforeEach(async () => {
  await sandbox.sql(`DELETE FROM item; ${ROWS(1, 400)}`);
  await foldAll(sandbox.imat);
});

/** By `=`: which of several equal keys stands for a group is nobody's promise. */
async function expectSame(name: string, from: string, query: string): Promise<void> {
  const found = await sandbox.rows(
    `(SELECT 'too much' AS is, q::text AS row FROM (SELECT * FROM ${from} EXCEPT ALL SELECT *
        FROM ${query}) q LIMIT 5)
     UNION ALL
     (SELECT 'missing', q::text FROM (SELECT * FROM ${query} EXCEPT ALL SELECT * FROM ${from}) q
       LIMIT 5)`,
  );
  expect(found, name).toEqual([]);
}

async function expectAll(): Promise<void> {
  for (const [name, query] of Object.entries(DEFINITIONS))
    await expectSame(name, `imat.${name}`, `(${query}) d`);
}

describe.each([1, 100, 10_000])('with %i rows pending', (count) => {
  test('new rows', async () => {
    await sandbox.sql(ROWS(1001, 1000 + count));
    await expectAll();
  });

  test('rows that come, go and change, empty groups, a change of the other table', async () => {
    await sandbox.sql(`${ROWS(1001, 1000 + count)}
      UPDATE item SET a = a + 1, b = nullif(b, 'b2'), n = 1.00, c = upper(c) WHERE id % 5 < 2;
      DELETE FROM item WHERE a IS NULL OR c = 'y' OR id % 7 = 0;
      UPDATE kind SET label = label || '!' WHERE a < 3 OR a IS NULL`);
    await expectAll();
    await sandbox.sql('DELETE FROM item WHERE id % 3 > 0');
    await expectAll();
    await sandbox.sql('DELETE FROM item');
    await expectAll();
  });
});

test('conditions, orders and limits of readers change nothing', async () => {
  await sandbox.sql(`${ROWS(1001, 1100)} DELETE FROM item WHERE id % 9 = 0`);
  for (const [name, query] of Object.entries(DEFINITIONS)) {
    const [column] = await sandbox.rows<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'imat.${name}'::regclass
          AND attnum = 1`,
    );
    const first = `"${column?.name ?? ''}"`;
    const chosen = (from: string): string =>
      `(SELECT * FROM ${from} q
          WHERE ${first} IS NULL OR ${first}::text = (SELECT max(${first}::text)
          FROM (${query}) m)) r`;
    if (name !== 'distinct_above')
      await expectSame(name, chosen(`imat.${name}`), chosen(`(${query})`));
    if (name === 'numeric_key') continue;
    const ordered = (from: string): Promise<unknown[]> =>
      sandbox.rows(
        `SELECT lower(${first}::text) AS v FROM ${from} q ORDER BY ${first} LIMIT 7 OFFSET 2`,
      );
    expect(await ordered(`imat.${name}`)).toEqual(await ordered(`(${query})`));
  }
});
