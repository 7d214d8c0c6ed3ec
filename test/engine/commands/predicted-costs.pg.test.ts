/** The costs that explain predicts: their order, what they need, and that nothing is left. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Costs, Explanation } from '../../../engine/index.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import { catalogListing } from './support/listing.ts';
import { createPreparedSandbox, type Sandbox } from './support/sandbox.ts';

const READER = `costs_reader_${process.pid}`;

const SHOP = `
CREATE TABLE sales (
  id int PRIMARY KEY, region text, product int, customer int, amount numeric(10,2) NOT NULL,
  sold timestamptz NOT NULL DEFAULT '2026-01-01'
);
INSERT INTO sales
SELECT i, 'r' || i % 50, i * 7919 % 2000, i % 150000, i % 997 FROM generate_series(1, 200000) AS i;
CREATE INDEX ON sales (product);
CREATE INDEX ON sales (customer);
CREATE TABLE "The Regions" ("Region" text PRIMARY KEY, "the name" text);
INSERT INTO "The Regions" SELECT 'r' || i, 'name ' || i FROM generate_series(0, 49) AS i;
CREATE TABLE parted (id int, part int) PARTITION BY LIST (part);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2);
INSERT INTO parted SELECT i, 1 + i % 2 FROM generate_series(1, 20000) AS i;
VACUUM ANALYZE;
CREATE TABLE fresh (id int PRIMARY KEY, n int) WITH (autovacuum_enabled = off);
INSERT INTO fresh SELECT i, i % 10 FROM generate_series(1, 1000) AS i;
CREATE ROLE ${READER} LOGIN;
CREATE MATERIALIZED VIEW readable AS SELECT region, count(*) AS n FROM sales GROUP BY region;
GRANT SELECT ON sales, readable TO ${READER};
CREATE MATERIALIZED VIEW hidden AS SELECT "the name" FROM "The Regions";
GRANT SELECT ON hidden TO ${READER};`;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createPreparedSandbox();
  // VACUUM wants a statement of its own.
  for (const statement of SHOP.split(';\n')) await sandbox.sql(statement);
});
afterAll(async () => {
  await sandbox.sql(`DROP OWNED BY ${READER}; DROP ROLE ${READER}`);
  await sandbox.drop();
});

const explained = (query: string): Promise<Explanation> =>
  sandbox.imat.explain(query, { query: true });

function costsOf({ costs, noCosts }: Explanation): Costs {
  expect(noCosts).toBeNull();
  if (costs === null) throw new Error('no costs');
  const all = [costs.definition, costs.read].concat(
    costs.sources.flatMap(({ fold, reads }) => [fold.cost, ...reads.map(({ cost }) => cost)]),
  );
  for (const cost of all) expect(cost).toBeGreaterThan(0);
  for (const { reads } of costs.sources)
    expect(reads.map(({ pending }) => pending)).toEqual([0, 100, 10_000]);
  return costs;
}

const costs = async (query: string): Promise<Costs> => costsOf(await explained(query));

/** With 0, 100 and 10,000 rows pending of a source. */
function readsOf({ sources }: Costs, relation = 'public.sales'): [number, number, number] {
  const found = sources.find((source) => source.relation === relation);
  const [none = 0, few = 0, many = 0] = found?.reads.map(({ cost }) => cost) ?? [];
  return [none, few, many];
}

const SUMS = 'SELECT region, sum(amount) AS total FROM sales GROUP BY region';
const RANKS = `${REBUILT} SELECT region, rank() OVER (ORDER BY amount) AS place FROM sales`;

describe('in the order of what is to be done', () => {
  test('sums: nothing pending is far below the definition, and so is little', async () => {
    const sums = await costs(SUMS);
    const [none, few, many] = readsOf(sums);
    expect(none).toBe(sums.read);
    expect(none).toBeLessThan(sums.definition / 1000);
    expect(few).toBeGreaterThan(none);
    expect(few).toBeLessThan(sums.definition / 100);
    expect(many).toBeGreaterThan(few);
    expect(many).toBeLessThan(sums.definition / 2);
    const [source] = sums.sources;
    expect(source?.fold.rows).toBe(2000);
    expect(source?.fold.cost).toBeLessThan(sums.definition / 20);
    expect(sums.rows).toBe(50);
    // Two columns, of 4 bytes or fewer each, beside the row's own.
    expect(source?.write.per).toBe('changed row');
    expect(source?.write.bytes).toBeGreaterThan(44);
    expect(source?.write.bytes).toBeLessThan(60);
  });

  test('keys computed again: more keys cost more, and too many cost the definition', async () => {
    const again = await costs('SELECT product, bit_or(id) AS b FROM sales GROUP BY product');
    const [none, few, many] = readsOf(again);
    expect(none).toBeLessThan(again.definition / 50);
    expect(few).toBeGreaterThan(none);
    expect(few).toBeLessThan(again.definition);
    expect(many).toBeGreaterThan(few);
    expect(many / again.definition).toBeCloseTo(1);
    const small = await costs('SELECT customer, bit_or(id) AS b FROM sales GROUP BY customer');
    const [, hundred, thousands] = readsOf(small);
    expect(thousands).toBeGreaterThan(hundred * 2);
  });

  test('a total over rows that are computed again costs what these do', async () => {
    const { definition, read, sources } = await costs(
      `SELECT count(*) AS n, sum(s.amount) AS a FROM sales s
       WHERE EXISTS (SELECT FROM sales t WHERE t.customer = s.customer AND t.amount > 990)`,
    );
    const [, few, many] = sources[0]?.reads.map(({ cost }) => cost) ?? [];
    expect(read).toBeLessThan(definition / 100);
    expect(few).toBeGreaterThan(read);
    expect(many).toBeGreaterThan(few ?? 0);
  });

  test('where the keys of what is pending are too many, a read is the definition', async () => {
    const ofProducts = await costs(
      `SELECT s.product, array_agg(s.id ORDER BY s.id) AS ids FROM sales s GROUP BY s.product`,
    );
    const [none, , many] = readsOf(ofProducts);
    expect(none).toBeLessThan(many);
    expect(many).toBe(ofProducts.definition);
  });

  test('without an index on the key, keys computed again cost more', async () => {
    const query = 'SELECT customer, bit_or(id) AS b FROM sales GROUP BY customer';
    const [, withIndex] = readsOf(await costs(query));
    await sandbox.sql('DROP INDEX sales_customer_idx');
    const [, without] = readsOf(await costs(query));
    await sandbox.sql('CREATE INDEX sales_customer_idx ON sales (customer)');
    expect(without).toBeGreaterThan(withIndex * 2);
  });

  test('swap: a read with anything pending, and the swap itself, are the definition', async () => {
    const swapped = await costs(RANKS);
    const [none, few, many] = readsOf(swapped);
    expect([few, many]).toEqual([swapped.definition, swapped.definition]);
    expect(none).toBe(swapped.read);
    expect(none).toBeLessThan(swapped.definition / 2);
    expect(swapped.sources[0]).toMatchObject({
      write: { per: 'statement' },
      fold: { cost: swapped.definition },
    });
  });

  test('what no log tells of: each read is the definition', async () => {
    const moment = await costs('SELECT region, clock_timestamp() AS at FROM sales');
    expect(moment).toMatchObject({ read: moment.definition, sources: [] });
  });

  test('a residual is part of each read', async () => {
    const inner = 'SELECT customer, sum(amount) AS total FROM sales GROUP BY customer';
    const ranked = await costs(
      `SELECT customer, rank() OVER (ORDER BY total) AS place FROM (${inner}) AS t`,
    );
    const plain = await costs(inner);
    expect(ranked.read).toBeGreaterThan(plain.read * 2);
    expect(ranked.read).toBeLessThan(ranked.definition);
  });
});

describe('of each source', () => {
  const JOIN = `SELECT r."the name", sum(s.amount) AS total
FROM sales AS s JOIN "The Regions" AS r ON r."Region" = s.region GROUP BY 1`;

  test('a join has figures for each table, also for more changes than it has rows', async () => {
    const joined = await costs(JOIN);
    expect(joined.sources.map(({ relation, fold }) => [relation, fold.rows])).toEqual(
      expect.arrayContaining([
        ['public.sales', 2000],
        ['public.The Regions', 1],
      ]),
    );
    const [, few, many] = readsOf(joined, 'public.The Regions');
    // That many changes of a small table outgrow its log. The store computes a part more than the
    // definition.
    expect(many / joined.definition).toBeGreaterThan(0.9);
    expect(many / joined.definition).toBeLessThan(1.5);
    // One region has four thousand sales, one sale one region.
    expect(few).toBeGreaterThan(readsOf(joined)[1]);
  });

  test.each([
    ['a table that is joined with itself', 'SELECT count(*) FROM sales a JOIN sales b USING (id)'],
    ['no column at all', 'SELECT count(*) AS n FROM sales'],
    ['different values', 'SELECT region, count(DISTINCT product) FROM sales GROUP BY region'],
    ['extremes', 'SELECT region, max(amount) AS most FROM sales GROUP BY region'],
    ['groups below', `SELECT count(*) AS n, sum(t) FROM (${SUMS.replace('total', 't')}) AS s`],
    ['a bag', 'SELECT region, product FROM sales WHERE amount > 900'],
    ['a union', 'SELECT region FROM sales UNION SELECT "Region" FROM "The Regions"'],
    ['partitions', 'SELECT part, count(*) AS n FROM parted GROUP BY part'],
    [
      'an outer join',
      `SELECT r."Region", s.id, bit_or(s.product) OVER (PARTITION BY r."Region") AS b
       FROM "The Regions" AS r LEFT JOIN sales AS s ON s.region = r."Region"`,
    ],
    [
      'rows that the time passes',
      `SELECT region, count(*) AS n FROM sales
       WHERE sold > now() - interval '30 days' GROUP BY region`,
    ],
  ])('%s', async (_, query) => {
    const { sources } = await costs(query);
    expect(sources.length).toBeGreaterThan(0);
  });

  test('an imat has those of before, and one that reads what is stored no others', async () => {
    const before = costsOf(await sandbox.imat.explain('readable'));
    await sandbox.imat.convert('readable');
    expect(costsOf(await sandbox.imat.explain('readable'))).toEqual(before);
    await sandbox.imat.convert('readable', { freshness: 'manual' });
    const stored = costsOf(await sandbox.imat.explain('readable'));
    expect(readsOf(stored)).toEqual([before.read, before.read, before.read]);
    expect(await explained('SELECT n FROM imat.readable WHERE n > 5')).toMatchObject({
      costs: null,
      noCosts: expect.stringContaining('reads imats'),
    });
    await sandbox.imat.revert('readable');
  });
});

describe('without a wrong number', () => {
  const none = (why: string) => ({ costs: null, noCosts: expect.stringContaining(why) });

  test('a table without statistics is named', async () => {
    const query = 'SELECT n, count(*) FROM fresh GROUP BY n';
    expect(await explained(query)).toMatchObject(none('ANALYZE is missing: public.fresh'));
    // It counts the rows, and looks at no column.
    await sandbox.sql('CREATE INDEX ON fresh (n)');
    expect(await explained(query)).toMatchObject(none('ANALYZE is missing: public.fresh'));
    await sandbox.sql('ANALYZE fresh');
    expect((await costs(query)).rows).toBe(10);
  });

  test('a role that may only read learns the same; one that may not, why not', async () => {
    const reader = await sandbox.session(READER);
    const [own, seen] = [sandbox, reader].map(({ imat }) => imat.explain('readable'));
    expect((await seen)?.costs).toEqual((await own)?.costs);
    expect(await reader.imat.explain('hidden')).toMatchObject(
      none('PostgreSQL refuses to plan it: permission denied for table The Regions'),
    );
  });

  test('what functions of others would be asked is not planned', async () => {
    await sandbox.sql(`
      CREATE FUNCTION hers(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
      ALTER FUNCTION hers(int) OWNER TO ${READER}`);
    expect(await explained('SELECT region, hers(1) AS h FROM sales')).toMatchObject(
      none('public.hers'),
    );
    await sandbox.sql('DROP FUNCTION hers(int)');
  });
});

test('nothing is run, and nothing is left behind', async () => {
  const before = await catalogListing(sandbox.db);
  const asleep = `SELECT region, pg_sleep(1000)::text AS s FROM sales`;
  for (const query of [SUMS, RANKS, asleep, 'SELECT product, bit_or(id) FROM sales GROUP BY 1'])
    await costs(query);
  expect(await catalogListing(sandbox.db)).toEqual(before);
  expect(await sandbox.rows('SELECT name FROM pg_prepared_statements')).toEqual([]);
  expect(await sandbox.value(`SELECT current_setting('plan_cache_mode')`)).toBe('auto');
});
