/**
 * Indexes that save reading whole tables where touched keys are computed again: which columns, and
 * whether an index begins with them.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import { createPreparedSandbox, type Sandbox } from '../commands/support/sandbox.ts';

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
FROM (SELECT customer_id, sum(amount) AS total FROM orders GROUP BY customer_id) t;
CREATE MATERIALIZED VIEW extremes AS
SELECT customer_id, max(amount) AS most, min(amount) AS least, min(id) AS first
FROM orders GROUP BY customer_id;
CREATE MATERIALIZED VIEW joined_extremes AS
SELECT o.customer_id, max(i.price) AS most
FROM orders o JOIN items i ON i."Order" = o.id
GROUP BY o.customer_id;`;

const ORDERS = 'CREATE INDEX CONCURRENTLY ON public.orders (customer_id);';
const ITEMS = 'CREATE INDEX CONCURRENTLY ON public.items ("Order");';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createPreparedSandbox(SHOP);
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
  for (const statement of [ORDERS, ITEMS]) await sandbox.sql(statement);
  const { missingIndexes } = await sandbox.imat.explain('lists');
  expect(missingIndexes).toEqual([]);
  expect(await indexNotes()).toEqual([]);
});

test('the rule add asks for none', async () => {
  const { stores, missingIndexes } = await sandbox.imat.explain('totals');
  expect(missingIndexes).toEqual([]);
  expect(stores).toMatchObject([{ rule: 'add', key: null, tables: [{ effect: 'adds' }] }]);
});

test('an extreme is derived again by the group key and the argument', async () => {
  const { stores, missingIndexes } = await sandbox.imat.explain('extremes');
  const [most, first] = ['customer_id, amount', 'customer_id, id'];
  expect(stores).toMatchObject([
    { rule: 'add', tables: [{ indexes: [{ column: most }, { column: first, present: false }] }] },
  ]);
  const statements = [most, first].map(
    (columns) => `CREATE INDEX CONCURRENTLY ON public.orders (${columns});`,
  );
  expect(missingIndexes).toEqual(statements);
});

test('an extreme of a join is derived again by the key and what joins the tables', async () => {
  const { stores } = await sandbox.imat.explain('joined_extremes');
  const [columns, order] = [['customer_id', 'id'], ['Order']].map((names) => ({
    indexes: names.map((column) => ({ column })),
  }));
  expect(stores).toMatchObject([{ rule: 'add', tables: [columns, order] }]);
});

test('a residual is shown as a query over the stores, by their names', async () => {
  const { stores, residual } = await sandbox.imat.explain('ranks');
  expect(stores).toMatchObject([{ name: 'store1', rule: 'add' }]);
  expect(residual).toMatch(/rank\(\) OVER \(ORDER BY t\.total DESC\)[\s\S]*FROM store1 AS t$/);
});

/** Tables with names that need quotes, and definitions by whose keys and joins they are read. */
const ADVISED = `
CREATE SCHEMA "Shop's";
CREATE TABLE "Shop's"."Client" (id int PRIMARY KEY, "E ""mail" varchar(50), born date);
CREATE TABLE "Shop's".bought (
  id int, client text, at timestamp, zoned timestamptz, number text, amount int
) PARTITION BY RANGE (id);
CREATE TABLE "Shop's".bought_1 PARTITION OF "Shop's".bought FOR VALUES FROM (0) TO (1000);`;
const CLIENT = `"Shop's"."Client"`;
const BOUGHT = `"Shop's".bought`;
const DAYS = `generate_series('2024-01-01'::timestamp, '2024-01-09', '1 day') AS d(day)`;

test.each([
  [
    'a key that is an expression',
    `SELECT lower("E ""mail") AS mail, array_agg(id) AS ids FROM ${CLIENT} GROUP BY 1`,
    [`CREATE INDEX CONCURRENTLY ON ${CLIENT} (lower("E ""mail"::text));`, `ANALYZE ${CLIENT};`],
  ],
  [
    'a path by an expression from a constant list',
    `SELECT d.day, array_agg(b.id) AS ids FROM ${DAYS} LEFT JOIN ${BOUGHT} b
     ON b.at::date = d.day::date GROUP BY d.day`,
    [`CREATE INDEX ON ${BOUGHT} ((at::date));`, `ANALYZE ${BOUGHT};`],
  ],
  [
    'a join of expressions, and the key of another table',
    `SELECT c.id, array_agg(b.id) AS ids FROM ${CLIENT} c LEFT JOIN ${BOUGHT} b
     ON upper(b.client) = upper(c."E ""mail") GROUP BY c.id`,
    [
      `CREATE INDEX ON ${BOUGHT} (upper(client));`,
      `CREATE INDEX CONCURRENTLY ON ${CLIENT} (upper("E ""mail"::text));`,
      `ANALYZE ${BOUGHT};`,
      `ANALYZE ${CLIENT};`,
    ],
  ],
  [
    'the time zone that the definition names',
    `SELECT zoned::date AS day, array_agg(id) AS ids FROM ${BOUGHT} GROUP BY 1`,
    [`CREATE INDEX ON ${BOUGHT} (((zoned AT TIME ZONE 'UTC'::text)::date));`, `ANALYZE ${BOUGHT};`],
  ],
  [
    'a column in the same place',
    `SELECT born, array_agg(id) AS ids FROM ${CLIENT} GROUP BY 1`,
    [`CREATE INDEX CONCURRENTLY ON ${CLIENT} (born);`],
  ],
  [
    'an extreme',
    `SELECT client, max(at) AS last FROM ${BOUGHT} GROUP BY client`,
    [`CREATE INDEX ON ${BOUGHT} (client, at);`],
  ],
  [
    'an expression that is compared with the time',
    `SELECT count(*) AS n FROM ${CLIENT} WHERE date_trunc('month', born::timestamp)
       = date_trunc('month', CURRENT_TIMESTAMP AT TIME ZONE 'UTC')`,
    [
      `CREATE INDEX CONCURRENTLY ON ${CLIENT} ` +
        "(date_trunc('month'::text, born::timestamp without time zone));",
      `ANALYZE ${CLIENT};`,
    ],
  ],
  [
    'a day that is compared with today',
    `SELECT client, array_agg(id) AS ids FROM ${BOUGHT} WHERE at::date = CURRENT_DATE GROUP BY 1`,
    [
      `CREATE INDEX ON ${BOUGHT} (client);`,
      `CREATE INDEX ON ${BOUGHT} ((at::date));`,
      `ANALYZE ${BOUGHT};`,
    ],
  ],
  [
    'an expression that can fail, so that writers would',
    `SELECT number::int AS n, array_agg(id) AS ids FROM ${BOUGHT} GROUP BY 1`,
    [],
  ],
  [
    'a sum, which can overflow',
    `SELECT amount + 1 AS n, array_agg(id) AS ids FROM ${BOUGHT} GROUP BY 1`,
    [],
  ],
])('every advice can be run as it is printed: %s', async (_what, query, statements) => {
  await sandbox.sql(ADVISED);
  const explain = () => sandbox.imat.explain(query, { query: true, settings: { TimeZone: 'UTC' } });
  const { strategy, missingIndexes, notes } = await explain();
  expect(strategy).toBe('delta');
  expect(missingIndexes.toSorted()).toEqual(statements.toSorted());
  const { notes: said } = await sandbox.imat.create('advised', query, {
    dryRun: true,
    settings: { TimeZone: 'UTC' },
  });
  expect(
    said
      .filter((note) => !notes.includes(note))
      .map(statementIn)
      .toSorted(),
  ).toEqual(statements.toSorted());
  for (const statement of missingIndexes) await sandbox.sql(statement);
  const { missingIndexes: left, stores } = await explain();
  expect(left).toEqual([]);
  const indexes = stores.flatMap(({ tables }) => tables.flatMap((table) => table.indexes));
  expect(indexes.every(({ present }) => present)).toBe(true);
  await sandbox.sql(`DROP SCHEMA "Shop's" CASCADE`);
});

/** What a note says to run. */
const statementIn = (note: string): string => note.slice(note.indexOf(': ') + 2);

test('an index on an expression finds the rows of touched keys', async () => {
  await sandbox.sql(`CREATE TABLE mails (id int PRIMARY KEY, mail text);
    INSERT INTO mails SELECT i, 'User' || i % 2000 FROM generate_series(1, 20000) AS i`);
  const query =
    'SELECT lower(mail) AS mail, array_agg(id ORDER BY id) AS ids FROM mails GROUP BY 1';
  const { missingIndexes } = await sandbox.imat.explain(query, { query: true });
  for (const statement of missingIndexes) await sandbox.sql(statement);
  await sandbox.imat.create('grouped', query);
  await sandbox.sql(`INSERT INTO mails VALUES (20001, 'USER7')`);
  await sandbox.sql('BEGIN');
  await sandbox.rows('SELECT * FROM imat.grouped');
  const scans = await sandbox.value(
    `SELECT idx_scan FROM pg_stat_xact_user_tables WHERE relid = 'mails'::regclass`,
  );
  await sandbox.sql('COMMIT');
  expect(Number(scans)).toBeGreaterThan(0);
  await expectEqual(sandbox.db, 'imat.grouped', query.replace('mails', 'public.mails'));
  await sandbox.imat.revert('grouped');
  await sandbox.sql('DROP TABLE mails');
});

test('a change is joined with another table by an index, if that has many rows', async () => {
  const world = await createPreparedSandbox(`
    CREATE TABLE part (id int PRIMARY KEY, name text);
    CREATE TABLE offer (part int, seller int, price int);
    CREATE TABLE sold (part int, seller int, boss int, id int, n int);
    INSERT INTO part SELECT i, 'p' FROM generate_series(1, 300) i;
    INSERT INTO offer SELECT i, 1, 1 FROM generate_series(1, 300) i;
    INSERT INTO sold SELECT i, 1, 1, i, 1 FROM generate_series(1, 12000) i`);
  const missing = async (query: string): Promise<readonly string[]> =>
    (await world.imat.explain(query, { query: true })).missingIndexes;
  const of = (list: string): string => `CREATE INDEX CONCURRENTLY ON public.sold (${list});`;
  const wide = `SELECT p.name, sum(s.n * o.price) FROM sold s JOIN part p ON p.id = s.part
    JOIN offer o ON o.part = s.part AND o.seller = s.seller GROUP BY 1`;
  const itself = 'SELECT b.n, count(*) FROM sold a JOIN sold b ON b.id = a.boss GROUP BY 1';
  try {
    // Without statistics nobody knows how many rows a table has.
    expect(await missing(wide)).toEqual([]);
    await world.sql('ANALYZE');
    expect(await missing(wide)).toEqual([of('part, seller')]);
    expect(await missing(itself)).toEqual([of('id'), of('boss')]);
    await world.sql('CREATE INDEX ON sold (seller); CREATE INDEX ON sold (id)');
    // Both joins of it: by the seller an offer is found, and a part by none of these.
    expect(await missing(wide)).toEqual([of('part')]);
    expect(await missing(itself)).toEqual([of('boss')]);
    await world.sql('CREATE INDEX ON sold (part, boss)');
    expect(await missing(wide)).toEqual([]);
    await world.imat.create('wide', wide);
    await world.sql('DROP INDEX sold_part_boss_idx');
    const { notes } = await world.imat.create('again', wide);
    expect(notes).toEqual([`an index would save reading the table: ${of('part')}`]);
  } finally {
    await world.drop();
  }
});

test('an index serves columns that are compared in another type of the same bytes', async () => {
  const world = await createPreparedSandbox(`
    CREATE DOMAIN number AS int;
    CREATE TABLE part (code varchar(20), id int);
    CREATE TABLE "so""ld" ("co""de" varchar(9), part number, c char(9), n int);
    INSERT INTO part SELECT 'p' || i, i FROM generate_series(1, 300) i;
    INSERT INTO "so""ld" SELECT 'p' || i % 300, i % 300, 'p', 1 FROM generate_series(1, 12000) i;
    ANALYZE`);
  const missing = async (condition: string): Promise<readonly string[]> => {
    const query = `SELECT p.id, sum(s.n) FROM "so""ld" s JOIN part p ON ${condition} GROUP BY 1`;
    return (await world.imat.explain(query, { query: true })).missingIndexes;
  };
  const of = (column: string): string =>
    `CREATE INDEX CONCURRENTLY ON public."so""ld" (${column});`;
  try {
    for (const [condition, column] of [
      ['p.code = s."co""de"', '"co""de"'],
      ['p.id = s.part', 'part'],
    ] as const) {
      const statements = await missing(condition);
      expect(statements).toEqual([of(column)]);
      for (const statement of statements) await world.sql(statement);
      expect(await missing(condition)).toEqual([]);
      await world.sql('SET enable_seqscan = off');
      const plan = await world.rows(
        `EXPLAIN SELECT FROM "so""ld" s, part p WHERE ${condition} AND p.id = 7`,
      );
      expect(JSON.stringify(plan)).toMatch(/Index/);
      await world.sql('RESET enable_seqscan');
    }
    // Values of char are cut before they are compared.
    expect(await missing('p.code = s.c')).toEqual([]);
  } finally {
    await world.drop();
  }
});

test('indexes of all partitions are as good as one of the table', async () => {
  const world = await createPreparedSandbox(`
    CREATE TABLE part (id int, name text);
    CREATE TABLE sold (part int, n int) PARTITION BY LIST (n);
    CREATE TABLE sold_1 PARTITION OF sold FOR VALUES IN (1);
    CREATE TABLE sold_2 PARTITION OF sold DEFAULT;
    INSERT INTO part SELECT i, 'p' FROM generate_series(1, 300) i;
    INSERT INTO sold SELECT i % 300, i % 3 FROM generate_series(1, 12000) i;
    ANALYZE`);
  const query = 'SELECT p.name, sum(s.n) FROM sold s JOIN part p ON p.id = s.part GROUP BY 1';
  const missing = async (): Promise<readonly string[]> =>
    (await world.imat.explain(query, { query: true })).missingIndexes;
  try {
    await world.sql('CREATE INDEX ON sold_1 (part)');
    expect(await missing()).toEqual(['CREATE INDEX ON public.sold (part);']);
    await world.sql('CREATE INDEX ON sold_2 (part)');
    expect(await missing()).toEqual([]);
  } finally {
    await world.drop();
  }
});
