/** Folds of groups that stand on rows which are computed again: both change in one statement. */
import { beforeEach, expect, test } from 'vitest';
import { FOLD, useBench } from '../correctness/support/bench.ts';
import { oneOf, randomFor, randomHistory, type Writable } from '../correctness/support/random.ts';

const BUYERS = 4000;

const bench = useBench(`
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE FUNCTION doubled(x numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT 2 * x';
CREATE TABLE buyer (id int, city text, mood mood);
CREATE TABLE sale (id int, buyer int, amount numeric);
CREATE INDEX ON buyer (id);
CREATE INDEX ON sale (buyer)`);

const FILL = `
TRUNCATE buyer, sale;
INSERT INTO buyer SELECT i, 'c' || i % 20, CASE i % 3 WHEN 0 THEN 'sad' WHEN 1 THEN 'glad' END::mood
  FROM generate_series(1, ${BUYERS}) i;
INSERT INTO sale SELECT i, 1 + i % ${BUYERS}, i % 9 FROM generate_series(1, ${2 * BUYERS}) i;
ANALYZE`;

const SHAPES = [
  `SELECT b.city, count(*) AS n, count(s.id) AS sales, sum(s.amount) AS amount
   FROM buyer b LEFT JOIN sale s ON s.buyer = b.id GROUP BY b.city`,
  `SELECT b.mood::text AS mood, sum(doubled(s.amount)) AS amount, avg(s.amount) AS average
   FROM buyer b LEFT JOIN sale s ON s.buyer = b.id GROUP BY b.mood`,
  `SELECT g.n, count(*) AS buyers FROM (
     SELECT b.id, count(s.id) AS n FROM buyer b LEFT JOIN sale s ON s.buyer = b.id GROUP BY b.id
   ) g GROUP BY g.n`,
  `SELECT b.city, sum(100 / (s.amount - 1000)) AS share
   FROM buyer b LEFT JOIN sale s ON s.buyer = b.id GROUP BY b.city`,
] as const;

beforeEach(() => bench.user.execute(FILL));

const refolds = async (): Promise<string[]> =>
  (
    await bench.user.query<{ name: string }>(
      `SELECT proname::text AS name FROM pg_proc
       WHERE pronamespace = 'imat_store'::regnamespace AND proname ~ '^refold' ORDER BY 1`,
    )
  ).map(({ name }) => name);

const ids = oneOf('1', '2', '3', String(BUYERS), String(BUYERS + 1));
const WRITABLE: readonly Writable[] = [
  {
    table: 'buyer',
    columns: { id: ids, city: oneOf("'c1'", "'c2'", "'new'"), mood: oneOf("'glad'", "'sad'") },
  },
  {
    table: 'sale',
    columns: { id: ids, buyer: ids, amount: oneOf('0', '1.0', '1.00', '7', "'NaN'") },
  },
];

test.each(SHAPES)('%s', async (definition) => {
  await bench.convert(definition);
  expect(await refolds()).not.toEqual([]);
  const steps = Number(process.env['IMAT_STEPS'] ?? 60);
  await bench.run([...randomHistory(randomFor(definition), WRITABLE, steps), FOLD]);
});

test.each(SHAPES)('follows what is renamed: %s', async (definition) => {
  const { name } = await bench.convert(definition);
  const { user, imat } = bench;
  await user.execute(`ALTER TABLE sale RENAME TO sold; ALTER TABLE sold RENAME amount TO price;
    ALTER FUNCTION doubled(numeric) RENAME TO twice; ALTER TYPE mood RENAME TO feeling`);
  try {
    await user.execute(
      'UPDATE sold SET price = price + 1 WHERE id < 20; DELETE FROM buyer WHERE id = 5',
    );
    await imat.fold(name);
    const { results } = await imat.verify(name);
    expect(results).toMatchObject([{ equal: true }]);
  } finally {
    await user.execute(`ALTER TABLE sold RENAME price TO amount; ALTER TABLE sold RENAME TO sale;
      ALTER FUNCTION twice(numeric) RENAME TO doubled; ALTER TYPE feeling RENAME TO mood`);
  }
});

test('more keys than are few are computed as a whole', async () => {
  await bench.convert(SHAPES[0]);
  await bench.run([
    'UPDATE sale SET amount = amount + 1 WHERE buyer % 2 = 0',
    FOLD,
    'DELETE FROM buyer WHERE id % 3 = 0',
    FOLD,
    'UPDATE sale SET amount = amount + 1 WHERE buyer < 20',
    FOLD,
  ]);
});

test('a row that fails and goes again does not fail a fold', async () => {
  const { name } = await bench.convert(SHAPES[3]);
  await bench.user.execute('INSERT INTO sale VALUES (0, 1, 1000)');
  await expect(bench.imat.fold(name)).rejects.toThrow('division by zero');
  await bench.user.execute('DELETE FROM sale WHERE id = 0');
  await bench.run([FOLD, 'UPDATE sale SET amount = amount * 2 WHERE buyer < 9', FOLD]);
});

test('a repaired and an altered imat fold under their names', async () => {
  const { name } = await bench.convert(SHAPES[0]);
  await bench.imat.repair(name);
  expect(await refolds()).toEqual([`refold1_${name}`]);
  await bench.run(['UPDATE sale SET amount = 1 WHERE buyer < 9', FOLD]);
});
