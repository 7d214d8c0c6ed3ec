/**
 * Indexes that save reading whole tables where touched keys are computed again: which columns, and
 * whether an index begins with them.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createSandbox, type Sandbox } from '../commands/support/sandbox.ts';

const SHOP = `
CREATE TABLE customers (id int PRIMARY KEY, region text);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int, amount numeric(10,2));
CREATE TABLE items ("Order" int, price numeric(10,2));
CREATE MATERIALIZED VIEW lists AS
SELECT o.customer_id, array_agg(i.price ORDER BY i.price) AS prices
FROM orders o JOIN items i ON i."Order" = o.id
GROUP BY o.customer_id;
CREATE MATERIALIZED VIEW totals AS
SELECT customer_id, sum(amount) AS total FROM orders GROUP BY customer_id;
CREATE MATERIALIZED VIEW ranks AS
SELECT customer_id, total, rank() OVER (ORDER BY total DESC) AS place
FROM (SELECT customer_id, sum(amount) AS total FROM orders GROUP BY customer_id) t;`;

const ORDERS = 'CREATE INDEX ON public.orders (customer_id);';
const ITEMS = 'CREATE INDEX ON public.items ("Order");';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox(SHOP);
});
afterAll(() => sandbox.drop());
afterEach(() => sandbox.revertAll());

test('the key where a table holds it, and the columns that join a path', async () => {
  const { stores, missingIndexes, residual } = await sandbox.imat.explain('lists');
  expect(residual).toBeNull();
  expect(stores).toMatchObject([
    {
      name: 'store1',
      rule: 'regroup',
      key: 'o.customer_id',
      tables: [
        {
          relation: 'public.orders',
          alias: 'o',
          effect: 'touches one key',
          holdsKey: true,
          through: [],
          indexes: [
            { column: 'customer_id', present: false },
            { column: 'id', present: true },
          ],
        },
        {
          relation: 'public.items',
          alias: 'i',
          effect: 'touches keys',
          holdsKey: false,
          through: ['o'],
          indexes: [{ column: 'Order', present: false }],
        },
      ],
    },
  ]);
  expect(missingIndexes.toSorted()).toEqual([ITEMS, ORDERS]);
});

/** What convert notes of indexes, beside all else. */
async function indexNotes(): Promise<string[]> {
  const { notes } = await sandbox.imat.convert('lists', { dryRun: true });
  return notes.filter((note) => note.startsWith('an index'));
}

test('convert says so as well', async () => {
  const said = 'an index would save reading the table:';
  expect(await indexNotes()).toEqual([`${said} ${ORDERS}`, `${said} ${ITEMS}`]);
});

test.each([
  ['an index that begins with the column', 'CREATE INDEX i ON orders (customer_id, id)', true],
  ['a hash index', 'CREATE INDEX i ON orders USING hash (customer_id)', true],
  ['one that has it second', 'CREATE INDEX i ON orders (id, customer_id)', false],
  ['one with a condition', 'CREATE INDEX i ON orders (customer_id) WHERE id > 0', false],
  ['one on an expression', 'CREATE INDEX i ON orders ((customer_id + 0))', false],
  ['a BRIN index', 'CREATE INDEX i ON orders USING brin (customer_id)', false],
])('%s', async (_, statement, serves) => {
  await sandbox.sql(statement);
  const { missingIndexes } = await sandbox.imat.explain('lists');
  await sandbox.sql('DROP INDEX i');
  expect(missingIndexes.includes(ORDERS)).toBe(!serves);
});

test('the statements create what is missing', async () => {
  await sandbox.db.transaction('read committed', async () => {
    for (const statement of [ORDERS, ITEMS]) await sandbox.db.execute(statement);
  });
  const { missingIndexes } = await sandbox.imat.explain('lists');
  expect(missingIndexes).toEqual([]);
  expect(await indexNotes()).toEqual([]);
});

test('the rule add asks for none', async () => {
  const { stores, missingIndexes } = await sandbox.imat.explain('totals');
  expect(missingIndexes).toEqual([]);
  expect(stores).toMatchObject([{ rule: 'add', key: null, tables: [{ effect: 'adds' }] }]);
});

test('a residual is shown as a query over the stores, by their names', async () => {
  const { stores, residual } = await sandbox.imat.explain('ranks');
  expect(stores).toMatchObject([{ name: 'store1', rule: 'add' }]);
  expect(residual).toMatch(/rank\(\) OVER \(ORDER BY t\.total DESC\)[\s\S]*FROM store1 AS t$/);
});
