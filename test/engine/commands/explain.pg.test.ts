/**
 * Explain: of anything that has a definition, before and after convert, and without a trace. What
 * it shows is in the golden files.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { expectImatError } from './support/expect-imat-error.ts';
import { catalogListing } from './support/listing.ts';
import { createPreparedSandbox, type Sandbox } from './support/sandbox.ts';
import { REBUILT } from '../../setup/rebuilt.ts';

const SALES = `
CREATE TABLE sales (id int PRIMARY KEY, region text, product int, amount numeric(10,2) NOT NULL);
CREATE MATERIALIZED VIEW summary AS
SELECT region, sum(amount) AS total, count(*) AS n
FROM sales
WHERE product > 0
GROUP BY region
HAVING count(*) > 0;
CREATE MATERIALIZED VIEW products AS SELECT product, count(*) AS n FROM sales GROUP BY product;
CREATE MATERIALIZED VIEW ranks AS
${REBUILT} SELECT region, rank() OVER (ORDER BY amount) AS place FROM sales;`;

let sandbox: Sandbox;
let before: string[];
beforeAll(async () => {
  sandbox = await createPreparedSandbox(SALES);
});
afterAll(() => sandbox.drop());
afterEach(() => sandbox.revertAll());
beforeEach(async () => {
  before = await catalogListing(sandbox.db);
});

test('of a materialized view in a database that has never seen imat, which stays so', async () => {
  const explanation = await sandbox.imat.explain('summary');
  expect(explanation).toMatchObject({
    name: 'summary',
    strategy: 'delta',
    definition: expect.stringContaining('GROUP BY'),
    reasons: [],
    notes: [],
    sources: [{ relation: 'public.sales', columns: ['region', 'product', 'amount'] }],
  });
  expect(explanation.plan.map(({ rule }) => rule)).toEqual([
    'computed when read',
    'computed when read',
    'stored, one row per group',
    'group key',
    'additive part',
    'additive part',
    'additive part',
    'additive part',
    'finished aggregate',
    'linear',
    'linear',
  ]);
  expect(
    explanation.plan.filter(({ depth }) => depth < 5).map((line) => [line.depth, line.clause]),
  ).toEqual(
    expect.arrayContaining([
      [0, 'project region, total, n'],
      [1, 'filter (count(*) > 0)'],
      [2, 'group by sales.region'],
      [3, 'filter (sales.product > 0)'],
      [4, 'scan public.sales AS sales (region, product, amount)'],
    ]),
  );
  expect(explanation.sql.map(({ label }) => label)).toEqual(
    expect.arrayContaining([
      'the definition, as a view',
      'capture on public.sales',
      'fold: adds what is pending to the state',
      'what readers use',
    ]),
  );
  expect(await catalogListing(sandbox.db)).toEqual(before);
});

test('of a query, with each reason and its place', async () => {
  const query = `SELECT count(*) AS n,
  string_agg(region, ',' ORDER BY amount) AS regions
FROM sales`;
  const explanation = await sandbox.imat.explain(query, { query: true });
  expect(explanation).toMatchObject({
    name: 'query',
    strategy: 'swap',
    reasons: [
      {
        kind: 'aggregate_order_by',
        message: 'aggregate "string_agg" with ORDER BY cannot be maintained incrementally',
        position: { line: 2 },
      },
      {
        kind: 'no_key',
        message: 'no column tells which rows of the answer a changed row concerns',
        position: null,
      },
    ],
    notes: [
      'ties in ORDER BY sales.amount are broken by sales.id',
      'a live read runs the definition while a source has changed since the last swap',
    ],
    sources: [{ relation: 'public.sales', columns: ['id', 'region', 'amount'] }],
  });
  expect(
    await expectImatError('invalid_definition', () =>
      sandbox.imat.explain('SELECT nope FROM sales', { query: true }),
    ),
  ).toMatchObject({
    position: { line: 1, column: 8 },
  });
  expect(await catalogListing(sandbox.db)).toEqual(before);
});

test.each([
  [
    'the rows of a group, and not the window above it',
    `SELECT rank() OVER (ORDER BY p) AS place
     FROM (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY s.amount) AS p
       FROM sales s LEFT JOIN sales t ON t.id = s.product) g`,
    [
      ['ordered_set_aggregate', 2],
      ['outer_join', 4],
      ['no_key', undefined],
    ],
  ],
  [
    'what stands below a limit, and not that',
    `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY s.amount) AS p
     FROM sales s LEFT JOIN sales t ON t.id = s.product LIMIT 10`,
    [
      ['ordered_set_aggregate', 1],
      ['outer_join', 3],
      ['no_key', undefined],
    ],
  ],
  [
    'a query that reads no table',
    'SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) AS p FROM generate_series(1, 5) x',
    [
      ['ordered_set_aggregate', 1],
      ['no_key', undefined],
    ],
  ],
  [
    'a view, in whose text the place is',
    'SELECT region, count(*) AS n FROM sampled GROUP BY region',
    [
      ['moment_dependent', undefined],
      ['tablesample', undefined],
    ],
  ],
])('of a swap: the reasons that decide: %s', async (_what, query, decide) => {
  await sandbox.sql(
    'CREATE OR REPLACE VIEW sampled AS SELECT id, region FROM sales TABLESAMPLE SYSTEM (10)',
  );
  const { strategy, reasons } = await sandbox.imat.explain(query, { query: true });
  expect(strategy).toBe('swap');
  expect(reasons.map(({ kind, position }) => [kind, position?.line])).toEqual(decide);
  await sandbox.sql('DROP VIEW sampled');
});

test('of an imat: the same as before it was made, under each of its names', async () => {
  for (const view of ['summary', 'ranks']) {
    const explanation = await sandbox.imat.explain(view);
    await sandbox.imat.convert(view, { name: `${view} made` });
    const made = await sandbox.imat.explain(`${view} made`);
    expect(made.sql.map(({ label }) => label)).toEqual(explanation.sql.map(({ label }) => label));
    for (const name of [`imat.${view} made`, `imat."${view} made"`, `"${view} made"`])
      expect(await sandbox.imat.explain(name)).toEqual(made);
    const live = JSON.stringify(made.sql)
      .replaceAll(`${view} made`, view)
      .replaceAll('\\"', '"')
      .replaceAll('"', '');
    expect(live).toBe(JSON.stringify(explanation.sql).replaceAll('\\"', '"').replaceAll('"', ''));
    await sandbox.imat.revert(`${view} made`);
  }
});

test('of an imat that reads what is stored: its freshness, not the default', async () => {
  await sandbox.imat.convert('summary', { freshness: 'manual' });
  const view = (await sandbox.imat.explain('summary')).sql.find(
    ({ label }) => label === 'what readers use',
  );
  expect(view?.sql).not.toContain('pending');
  await sandbox.imat.revert('summary');
  await sandbox.imat.convert('summary', { strategy: 'swap' });
  expect((await sandbox.imat.explain('summary')).strategy).toBe('swap');
});

test('of a second imat on a source: capture keeps what the first one needs', async () => {
  await sandbox.imat.convert('summary');
  const log = async (name: string): Promise<string | undefined> =>
    (await sandbox.imat.explain(name)).sql.find(({ label }) =>
      label.startsWith('the change log of public.sales'),
    )?.sql;
  const columns = (text: string | undefined): string[] =>
    [...(text ?? '').matchAll(/^ {2}(c\d+) /gm)].map((match) => match[1] ?? '');
  expect(columns(await log('products'))).toEqual(['c2', 'c3', 'c4']);
  expect(columns(await log('ranks'))).toEqual(['c2', 'c3', 'c4']);
  await sandbox.imat.convert('products');
  await sandbox.imat.revert('summary');
  expect(columns(await log('products'))).toEqual(['c3']);
  await sandbox.imat.revert('products');
  expect(columns(await log('products'))).toEqual(['c3']);
});

test('of what is not there, or has no definition', async () => {
  expect(await expectImatError('not_found', () => sandbox.imat.explain('sumary'))).toMatchObject({
    hint: 'Did you mean summary?',
  });
  await expectImatError('not_a_materialized_view', () => sandbox.imat.explain('sales'));
  await sandbox.imat.convert('summary', { replace: true });
  // By now an ordinary view has the name: it is the imat that is meant.
  expect((await sandbox.imat.explain('summary')).strategy).toBe('delta');
});
