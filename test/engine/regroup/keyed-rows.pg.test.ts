/**
 * Rows without groups of large tables are stored by a key that tells them apart. The primary keys
 * are dropped after the conversion, so that a history can write rows twice, and NULLs.
 */
import { expect, test } from 'vitest';
import { FOLD, useBench } from '../correctness/support/bench.ts';
import { oneOf, randomFor, randomHistory, type Writable } from '../correctness/support/random.ts';

const ROWS = 12_000;

const bench = useBench(`
CREATE TABLE person (id int PRIMARY KEY, name text);
CREATE TABLE item (id int PRIMARY KEY, person int, price numeric, note text);
CREATE TABLE former (id int PRIMARY KEY, price numeric);
CREATE TABLE pair (a int, b int, v int, PRIMARY KEY (a, b));
CREATE INDEX ON item (person)`);

const FILL = `
TRUNCATE person, item, former, pair;
INSERT INTO person SELECT i, 'n' || i FROM generate_series(1, 50) i;
INSERT INTO item SELECT i, 1 + i % 50, i % 7, 'x' FROM generate_series(1, ${ROWS}) i;
INSERT INTO former SELECT i, i % 5 FROM generate_series(1, 100) i;
INSERT INTO pair SELECT i / 100, i % 100, i FROM generate_series(1, ${ROWS}) i;
ANALYZE`;

const PRIMARY = ['person', 'item', 'former'] as const;

const SHAPES = [
  'SELECT id, price, note FROM item WHERE price > 1',
  'SELECT i.id, p.name, i.price FROM item i JOIN person p ON p.id = i.person',
  'SELECT i.id, f.price FROM item i JOIN former f USING (id)',
  'SELECT id, price FROM item UNION ALL SELECT id, price FROM former',
  'SELECT id, 10 / price AS share FROM item WHERE price > 0',
  'WITH i AS (SELECT id, price FROM item), j AS (SELECT * FROM i) SELECT * FROM j WHERE price > 0',
] as const;

const ids = oneOf('1', '2', '3', '11999', '12001');
const WRITABLE: readonly Writable[] = [
  {
    table: 'item',
    columns: {
      id: ids,
      person: oneOf('1', '2', '51'),
      price: oneOf('0', '1.0', '1.00', '2'),
      note: oneOf("'a'", "'b'"),
    },
  },
  { table: 'person', columns: { id: oneOf('1', '2', '51'), name: oneOf("'a'", "'b'") } },
  { table: 'former', columns: { id: ids, price: oneOf('0', '1.0', '1.00') } },
];

const keyOf = async (name: string): Promise<string | undefined> =>
  (await bench.imat.explain(name)).plan[0]?.clause;

test.each(SHAPES)('%s', async (definition) => {
  await bench.user.execute(FILL);
  const { name } = await bench.convert(definition);
  expect(await keyOf(name)).toMatch(/^rows by (item|i|j)\.id$/);
  for (const table of PRIMARY)
    await bench.user.execute(`ALTER TABLE ${table} DROP CONSTRAINT ${table}_pkey,
      ALTER COLUMN id DROP NOT NULL; CREATE INDEX ${table}_id ON ${table} (id)`);
  const steps = Number(process.env['IMAT_STEPS'] ?? 40);
  await bench.run(randomHistory(randomFor(definition), WRITABLE, steps));
  // A fold takes up to a quarter of the keys one by one, and more as a whole.
  await bench.user.execute(FILL);
  await bench.fold();
  await bench.user.execute('ANALYZE');
  await bench.run([
    'UPDATE item SET price = price + 1 WHERE id % 5 = 0',
    FOLD,
    'DELETE FROM item WHERE id % 3 = 0',
    FOLD,
  ]);
  for (const table of PRIMARY)
    await bench.user.execute(
      `TRUNCATE ${table}; DROP INDEX ${table}_id; ALTER TABLE ${table} ADD PRIMARY KEY (id)`,
    );
});

test('a fold writes again only the rows of touched keys, up to a quarter of them', async () => {
  await bench.user.execute(FILL);
  const { name } = await bench.convert(SHAPES[0]);
  const untouched = async (): Promise<number> => {
    const [row] = await bench.user.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM imat_store.state_${name}
       WHERE xmin::text = (SELECT min(xmin::text) FROM imat_store.state_${name})`,
    );
    return row?.n ?? 0;
  };
  const all = await untouched();
  await bench.user.execute('ANALYZE; UPDATE item SET note = note WHERE id % 5 = 0');
  await bench.imat.fold(name);
  expect(await untouched()).toBeGreaterThan(all / 2);
});

test('rows stay as they are without a key, of small tables and without statistics', async () => {
  await bench.user.execute(FILL);
  const rule = async (definition: string): Promise<string | undefined> =>
    (await bench.imat.explain(definition, { query: true })).plan[0]?.rule;
  const DIGESTS = 'stored, each row once';
  expect(await rule('SELECT a, b, v FROM public.pair')).toBe(DIGESTS);
  expect(await rule('SELECT upper(note) AS note, price FROM public.item')).toBe(DIGESTS);
  expect(await rule('SELECT id, name FROM public.person')).toBe(DIGESTS);
  await bench.user.execute(
    'CREATE TABLE IF NOT EXISTS unseen (id int PRIMARY KEY); ' +
      `INSERT INTO unseen SELECT generate_series(1, 20000)`,
  );
  expect(await rule('SELECT id FROM public.unseen')).toBe(DIGESTS);
});

test('a bag stores rows once that are there many times', async () => {
  await bench.user.execute(FILL);
  const clause = async (definition: string): Promise<string | undefined> =>
    (await bench.imat.explain(definition, { query: true })).plan[0]?.clause;
  expect(await clause('SELECT price, note FROM public.item')).toBe('project price, note');
  expect(
    await clause('SELECT p.name FROM public.item i JOIN public.person p ON p.id = i.person'),
  ).toBe('project name');
  // A row of one table meets hundreds of the other.
  expect(
    await clause(`SELECT i.id, f.price FROM public.item i JOIN public.former f
      ON f.id BETWEEN i.person AND i.person + 40 JOIN public.item o ON o.id = i.id`),
  ).toBe('project id, price');
  // Most of these are there once, though the definition does not show the key.
  await bench.user.execute("UPDATE item SET note = 'n' || id % 2500; ANALYZE item");
  expect(await clause('SELECT price, note FROM public.item WHERE price > 1')).toBe(
    'rows by item.id',
  );
});

test('what statistics decided stays with another freshness, and a repair asks anew', async () => {
  await bench.user.execute(FILL);
  const { name } = await bench.convert(SHAPES[0]);
  await bench.user.execute('TRUNCATE item; ANALYZE item');
  await bench.imat.convert(name, { freshness: 'manual' });
  expect(await keyOf(name)).toBe('rows by item.id');
  await bench.imat.convert(name, { freshness: 'live' });
  await bench.imat.repair(name);
  expect(await keyOf(name)).toBe('project id, price, note');
  await bench.run(["INSERT INTO item VALUES (1, 2, 3, 'a')", FOLD, 'DELETE FROM item']);
});

test('a check that requires changes to be added up accepts them', async () => {
  await bench.user.execute(FILL);
  await bench.user.execute(`CREATE MATERIALIZED VIEW checked AS ${SHAPES[0]}`);
  const { results } = await bench.imat.check({ targets: [{ name: 'checked' }], require: 'add' });
  expect(results).toMatchObject([{ passed: true, maintenance: { rule: 'regroup' } }]);
});
