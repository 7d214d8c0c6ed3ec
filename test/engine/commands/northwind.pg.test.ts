/**
 * The main job on a real data set: twelve views convert, stay equal under random work, and revert.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogListing } from './support/listing.ts';
import {
  hasNorthwind,
  NORTHWIND,
  northwindTables,
  northwindViews,
  northwindWriter,
} from './support/northwind.ts';
import { expectEqual } from './support/oracle.ts';
import { seedOfRun } from '../../setup/seed.ts';
import { randomOf } from '../../../tools/random.ts';
import { createSandbox, type Sandbox } from './support/sandbox.ts';

const STRATEGIES = {
  big_spenders: 'delta',
  customer_overview: 'swap',
  customers_without_orders: 'swap',
  monthly_by_shipper: 'delta',
  my_sales_summary: 'delta',
  order_range: 'swap',
  orders_per_customer: 'delta',
  product_lists: 'swap',
  ship_regions: 'delta',
  stock_by_category: 'delta',
  top_products: 'swap',
  totals: 'swap',
} as const;

const STEPS = 30;

const FOUND = hasNorthwind()
  ? NORTHWIND
  : `skipped: ${NORTHWIND} is not there; IMAT_NORTHWIND names it`;

describe.skipIf(!hasNorthwind())(`Northwind (${FOUND})`, () => {
  let sandbox: Sandbox;
  let before: string[];
  const definitions = new Map<string, string>();

  beforeAll(async () => {
    sandbox = await createSandbox(northwindTables());
    await sandbox.sql(northwindViews());
    await sandbox.sql(`INSERT INTO customers (customer_id, company_name) VALUES ('NEWCO', 'New');
      CREATE UNIQUE INDEX ON my_sales_summary (country, category_id);
      CREATE INDEX by_orders ON totals (orders);
      COMMENT ON MATERIALIZED VIEW totals IS 'the whole'`);
    for (const row of await sandbox.db.query<{ name: string; definition: string }>(
      `SELECT matviewname AS name, rtrim(definition, ';') AS definition FROM pg_matviews`,
    )) {
      definitions.set(row.name, row.definition);
    }
    before = await catalogListing(sandbox.db);
  });
  afterAll(() => sandbox.drop());

  const expectAllEqual = async (context: string): Promise<void> => {
    await sandbox.db.transaction('repeatable read', async () => {
      for (const [name, definition] of definitions)
        await expectEqual(sandbox.db, `imat.${name}`, definition, context, true);
    });
  };

  test('all twelve convert, each with the strategy that its definition allows', async () => {
    expect([...definitions.keys()].sort()).toEqual(Object.keys(STRATEGIES));
    for (const [name, strategy] of Object.entries(STRATEGIES)) {
      const result = await sandbox.imat.convert(name);
      expect(result).toMatchObject({
        name,
        relation: `imat.${name}`,
        strategy,
        freshness: 'live',
      });
      // Whatever is not maintained by delta says why, and where.
      if (strategy === 'swap')
        expect(
          result.reasons.map((reason) => reason.position),
          name,
        ).toContainEqual(expect.objectContaining({ line: expect.any(Number) }));
      else expect(result.reasons).toEqual([]);
    }
    await expectAllEqual('after convert');
    expect(
      (await sandbox.imat.status()).imats.map((imat) => [
        imat.name,
        imat.strategy,
        imat.state,
        imat.pendingRows,
      ]),
    ).toEqual(Object.entries(STRATEGIES).map(([name, strategy]) => [name, strategy, 'active', 0]));
  });

  test('they stay equal under random writes, with folds and swaps between them', async () => {
    const seed = seedOfRun();
    const random = randomOf(seed);
    const writer = northwindWriter(random);
    for (let step = 1; step <= STEPS; step++) {
      const statements = writer.transaction();
      const context = `IMAT_SEED=${seed}, step ${step}: ${statements}`;
      await sandbox
        .sql(statements)
        .catch((error: unknown) => expect.fail(`${String(error)}\n${context}`));
      await expectAllEqual(context);
      if (random.chance(0.4)) {
        const [name, strategy] = random.pick(Object.entries(STRATEGIES));
        await (strategy === 'delta' ? sandbox.imat.fold(name) : sandbox.imat.swap(name));
        await expectAllEqual(`${context}, then ${strategy} of ${name}`);
      }
    }
    await sandbox.imat.fold();
    await expectAllEqual(`IMAT_SEED=${seed}, everything folded`);
    const { results } = await sandbox.imat.verify();
    expect(results.map(({ name, equal, differences }) => ({ name, equal, differences }))).toEqual(
      Object.keys(STRATEGIES).map((name) => ({ name, equal: true, differences: 0 })),
    );
  });

  test('reverted, nothing of imat is left and all else is as before', async () => {
    for (const name of Object.keys(STRATEGIES))
      expect(await sandbox.imat.revert(name)).toEqual({ name, original: `public.${name}` });
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });
});
