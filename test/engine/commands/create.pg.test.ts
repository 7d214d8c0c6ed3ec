/** `create`: an imat from a query, as the user wrote it, under the user's own search_path. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ConvertOptions } from '../../../engine/api.ts';
import { expectImatError } from './support/expect-imat-error.ts';
import { catalogListing } from './support/listing.ts';
import { expectEqual } from './support/oracle.ts';
import { createPreparedSandbox, type Sandbox } from './support/sandbox.ts';

const SALES = `
CREATE TABLE sales (id int PRIMARY KEY, region text, amount numeric(10,2) NOT NULL);
INSERT INTO sales SELECT i, 'r' || i % 5, i FROM generate_series(1, 100) AS i;`;

let sandbox: Sandbox;
let before: string[];
beforeAll(async () => {
  sandbox = await createPreparedSandbox(SALES);
});
afterEach(() => sandbox.revertAll());
afterAll(() => sandbox.drop());
beforeEach(async () => {
  before = await catalogListing(sandbox.db);
});

test.each([
  ['plain', 'SELECT region, sum(amount) AS total FROM sales GROUP BY region', 'delta'],
  [
    'with a semicolon, blanks and a comment at the end',
    '\n  SELECT count(*) AS n FROM sales ; \n\t-- that is all\n',
    'delta',
  ],
  ['with comments', '/* all */ SELECT count(*) AS n -- of them\nFROM sales', 'delta'],
  ['VALUES', `VALUES (1, 'a'), (2, 'b')`, 'delta'],
  ['TABLE', 'TABLE sales', 'delta'],
  [
    'WITH',
    'WITH big AS (SELECT * FROM sales WHERE amount > 50) SELECT count(*) AS n FROM big',
    'delta',
  ],
  [
    'with a star and a duplicate of nothing',
    'SELECT s.*, s.amount * 2 AS twice FROM sales s',
    'delta',
  ],
  ['in parentheses', '(SELECT count(*) AS n FROM sales)', 'delta'],
])('a query, %s', async (_what, query, strategy) => {
  expect(await sandbox.imat.create('made', query)).toMatchObject({
    name: 'made',
    relation: 'imat.made',
    strategy,
  });
  const [row] = await sandbox.db.query<{ definition: string }>(
    `SELECT rtrim(pg_get_viewdef('imat_store.definition_made'), ';') AS definition`,
  );
  await sandbox.sql(`INSERT INTO sales VALUES (1000, 'new', 77)`);
  await expectEqual(sandbox.db, 'imat.made', row?.definition ?? '');
  expect((await sandbox.imat.status('made')).imats).toMatchObject([{ original: null }]);
  expect(await sandbox.imat.revert('made')).toEqual({ name: 'made', original: null });
  await sandbox.sql('DELETE FROM sales WHERE id = 1000');
  expect(await catalogListing(sandbox.db)).toEqual(before);
});

describe('a query that PostgreSQL does not accept', () => {
  const bad: readonly [string, string, string, { line: number; column: number } | null][] = [
    [
      'a syntax error',
      'SELECT region\nFROM sales\nGROUP region',
      'syntax error at or near "region"',
      { line: 3, column: 7 },
    ],
    [
      'a table that is not there',
      'SELECT *\n  FROM sails',
      'relation "sails" does not exist',
      { line: 2, column: 8 },
    ],
    [
      'a column that is not there',
      `SELECT '🎉', regoin FROM sales`,
      'column "regoin" does not exist',
      { line: 1, column: 14 },
    ],
    [
      'a column that is not grouped',
      'SELECT region, amount FROM sales GROUP BY region',
      'column "sales.amount" must appear in the GROUP BY clause ' +
        'or be used in an aggregate function',
      { line: 1, column: 16 },
    ],
    ['nothing at all', '', 'syntax error at end of input', { line: 1, column: 1 }],
    ['a comment alone', '-- nothing', 'syntax error at end of input', null],
    [
      'two columns of one name',
      'SELECT 1 AS a, 2 AS a',
      'column "a" specified more than once',
      null,
    ],
    ['a parameter', 'SELECT $1 AS a', 'there is no parameter $1', { line: 1, column: 8 }],
    [
      'two statements',
      'SELECT 1 AS one; DROP TABLE sales',
      'the query holds more than one statement',
      { line: 1, column: 18 },
    ],
    [
      'two statements with trickery',
      `SELECT ';' AS one, $$;$$ AS two /* ; */; -- ;\nSELECT 2`,
      'the query holds more than one statement',
      { line: 2, column: 1 },
    ],
    ['a command', 'DELETE FROM sales', 'syntax error at or near "DELETE"', { line: 1, column: 1 }],
    ['SELECT INTO', 'SELECT 1 AS one INTO other', 'views must not contain SELECT INTO', null],
    [
      'a data-modifying CTE',
      'WITH d AS (DELETE FROM sales RETURNING 1) SELECT * FROM d',
      'views must not contain data-modifying statements in WITH',
      null,
    ],
  ];
  test.each(bad)('%s', async (_what, query, message, place) => {
    const error = await expectImatError('invalid_definition', () =>
      sandbox.imat.create('made', query),
    );
    expect(error.message).toBe(message);
    if (place === null) return;
    expect(error.position).toMatchObject(place);
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });
});

test('a query over a temporary table is refused, for nobody else could read it', async () => {
  await sandbox.sql('CREATE TEMPORARY TABLE mine (a int)');
  const error = await expectImatError('unsupported_source', () =>
    sandbox.imat.create('made', 'SELECT count(*) AS n FROM mine'),
  );
  expect(error.message).toMatch(/^source "pg_temp_\d+\.mine" is temporary$/);
  await sandbox.sql('DROP TABLE mine');
});

test('a query that depends on the search_path reads what the user’s own finds', async () => {
  await sandbox.sql(`CREATE SCHEMA first; CREATE TABLE first.sales (region text)`);
  const database = await sandbox.value<string>('SELECT current_database()');
  await sandbox.sql(`ALTER DATABASE ${database} SET search_path = first, public`);
  const session = await sandbox.session();
  await session.imat.create('made', 'SELECT region, count(*) AS n FROM sales GROUP BY region');
  await session.sql(`INSERT INTO first.sales VALUES ('here')`);
  expect(await sandbox.rows('SELECT * FROM imat.made')).toEqual([{ region: 'here', n: '1' }]);
  await session.imat.revert('made');
  await sandbox.sql(`ALTER DATABASE ${database} RESET search_path; DROP SCHEMA first CASCADE`);
});

test('an imat of an imat follows the sources below it', async () => {
  await sandbox.imat.create(
    'inner',
    'SELECT region, sum(amount) AS total FROM sales GROUP BY region',
  );
  expect(
    await sandbox.imat.create(
      'outer',
      'SELECT count(*) AS regions, max(total) AS top FROM imat.inner',
    ),
  ).toMatchObject({
    strategy: 'swap',
    reasons: expect.arrayContaining([expect.objectContaining({ kind: 'reads_imat' })]),
  });
  const definition = `SELECT count(*) AS regions, max(total) AS top
    FROM (SELECT region, sum(amount) AS total FROM public.sales GROUP BY region) i`;
  for (const change of [
    `INSERT INTO sales VALUES (2000, 'new', 999)`,
    `DELETE FROM sales WHERE id = 2000`,
  ]) {
    await sandbox.sql(change);
    await expectEqual(sandbox.db, 'imat.outer', definition);
    await sandbox.imat.fold('inner');
    await expectEqual(sandbox.db, 'imat.outer', definition);
    await sandbox.imat.swap('outer');
    await expectEqual(sandbox.db, 'imat.outer', definition);
  }
  const blocked = await expectImatError('has_dependents', () => sandbox.imat.revert('inner'));
  expect(blocked.detail).toContain('imat.inner');
  await sandbox.imat.revert('outer');
  await sandbox.imat.revert('inner');
  expect(await catalogListing(sandbox.db)).toEqual(before);
});

describe('another freshness for an imat that is there', () => {
  const TOTALS = 'SELECT region, sum(amount) AS total FROM sales GROUP BY region';
  const view = () => sandbox.value(`SELECT 'imat.made'::regclass::oid`);
  const freshness = async () => (await sandbox.imat.status('made')).imats[0]?.freshness;
  const again = (query: string, options: ConvertOptions = { freshness: '5min' }) =>
    sandbox.imat.create('made', query, options);
  const refused = (query: string, options?: ConvertOptions) =>
    expectImatError('already_exists', () => again(query, options));

  test.each([
    ['the same text', TOTALS, TOTALS],
    [
      'other spelling',
      TOTALS,
      'select REGION,sum( sales.amount ) total FROM public.sales group by 1;',
    ],
    [
      'what PostgreSQL prints otherwise when it has printed it once',
      `SELECT id FROM sales WHERE region::varchar(5) IN ('r1', 'r2')`,
      `SELECT id FROM sales WHERE region::varchar(5) IN ('r1', 'r2')`,
    ],
    [
      'a swap imat whose order is completed',
      `SELECT region, nth_value(id, 2) OVER (ORDER BY region) AS second FROM sales`,
      `SELECT region, nth_value(sales.id, 2) OVER (ORDER BY region) AS second FROM sales`,
    ],
    [
      'a definition that names the time zone',
      `SELECT ('2024-01-01'::timestamptz + id * interval '1 hour')::date AS day FROM sales`,
      `SELECT ('2024-01-01'::timestamptz + id * interval '1 hour')::date AS day FROM sales`,
    ],
  ])('%s', async (_what, first, second) => {
    await sandbox.imat.create('made', first);
    const oid = await view();
    expect(await again(second, { freshness: '5 min', dryRun: true })).toMatchObject({
      freshness: '5min',
      dryRun: true,
    });
    expect(await freshness()).toBe('live');
    expect(await again(second)).toMatchObject({ name: 'made', freshness: '5min', loadMs: null });
    expect([await freshness(), await view()]).toEqual(['5min', oid]);
    await sandbox.sql(`INSERT INTO sales VALUES (3000, 'r1', 5)`);
    await again(second, { freshness: 'live' });
    await expectEqual(sandbox.db, 'imat.made', first.replace('FROM sales', 'FROM public.sales'));
    await sandbox.sql('DELETE FROM sales WHERE id = 3000');
  });

  test('another definition is refused, and alter is named', async () => {
    await sandbox.imat.create('made', TOTALS);
    for (const query of [
      'SELECT region, sum(amount) AS sum FROM sales GROUP BY region',
      'SELECT region, sum(amount) AS total FROM sales WHERE id > 0 GROUP BY region',
      'SELECT region, sum(amount) AS total FROM ONLY sales GROUP BY region',
    ])
      expect(await refused(query)).toMatchObject({
        message: 'imat "made" already exists',
        hint: expect.stringMatching(/^imat alter made --query /),
      });
    expect((await refused(TOTALS, { freshness: '5min', strategy: 'swap' })).hint).toContain(
      'alter',
    );
    expect((await refused(TOTALS, {})).hint).not.toContain('--name');
    expect(await freshness()).toBe('live');
  });

  test('its definition is the one that alter has given it', async () => {
    await sandbox.imat.create('made', TOTALS);
    const altered = 'SELECT region, sum(amount) AS total, count(*) AS n FROM sales GROUP BY region';
    await sandbox.imat.alter('made', altered);
    await refused(TOTALS);
    await again(altered);
    expect(await freshness()).toBe('5min');
  });

  test('a table that has got the name of the one that it reads is another', async () => {
    await sandbox.imat.create('made', TOTALS);
    await sandbox.sql(`ALTER TABLE sales RENAME TO former; CREATE TABLE sales (LIKE former)`);
    await refused(TOTALS);
    await again(TOTALS.replace('sales', 'former'));
    expect(await freshness()).toBe('5min');
    await sandbox.sql('DROP TABLE sales; ALTER TABLE former RENAME TO sales');
  });

  test('an imat of a materialized view has it from a query as well', async () => {
    await sandbox.sql(`CREATE MATERIALIZED VIEW made AS ${TOTALS}`);
    await sandbox.imat.convert('made');
    await again(TOTALS);
    expect((await sandbox.imat.status('made')).imats).toMatchObject([
      { freshness: '5min', original: 'public.made' },
    ]);
    await sandbox.imat.revert('made');
    await sandbox.sql('DROP MATERIALIZED VIEW made');
  });
});

test('identities go on behind those of rows that replication brought', async () => {
  await sandbox.imat.create('made', 'SELECT count(*) AS n FROM sales');
  await sandbox.sql(
    `SELECT setval(pg_get_serial_sequence('imat_catalog.imat', 'id'), max(id), false)
     FROM imat_catalog.imat`,
  );
  await sandbox.imat.create('beside', 'SELECT max(amount) AS top FROM sales');
  expect(await sandbox.imat.list()).toHaveLength(2);
});
