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
import { createPreparedSandbox, type Sandbox } from './support/sandbox.ts';
import { foldAll } from '../../setup/fold-all.ts';

const NAMES = [
  'big_spenders',
  'customer_overview',
  'customers_without_orders',
  'monthly_by_shipper',
  'my_sales_summary',
  'order_range',
  'orders_per_customer',
  'product_lists',
  'ship_regions',
  'stock_by_category',
  'top_products',
  'totals',
];

const STEPS = 30;

const FOUND = hasNorthwind()
  ? NORTHWIND
  : `skipped: ${NORTHWIND} is not there; IMAT_NORTHWIND names it`;

describe.skipIf(!hasNorthwind())(`Northwind (${FOUND})`, () => {
  let sandbox: Sandbox;
  let before: string[];
  const definitions = new Map<string, string>();

  beforeAll(async () => {
    sandbox = await createPreparedSandbox(northwindTables());
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

  test('all twelve convert, each by delta', async () => {
    expect([...definitions.keys()].sort()).toEqual(NAMES);
    for (const name of NAMES) {
      const result = await sandbox.imat.convert(name);
      expect(result).toMatchObject({
        name,
        relation: `imat.${name}`,
        strategy: 'delta',
        freshness: 'live',
        reasons: [],
      });
    }
    await expectAllEqual('after convert');
    expect(
      (await sandbox.imat.status()).imats.map((imat) => [
        imat.name,
        imat.strategy,
        imat.state,
        imat.pendingRows,
      ]),
    ).toEqual(NAMES.map((name) => [name, 'delta', 'active', 0]));
  });

  test('they stay equal under random writes, with folds between them', async () => {
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
        const name = random.pick(NAMES);
        await sandbox.imat.fold(name);
        await expectAllEqual(`${context}, then a fold of ${name}`);
      }
    }
    await foldAll(sandbox.imat);
    await expectAllEqual(`IMAT_SEED=${seed}, everything folded`);
    const { results } = await sandbox.imat.verify();
    expect(results.map(({ name, equal, differences }) => ({ name, equal, differences }))).toEqual(
      NAMES.map((name) => ({ name, equal: true, differences: 0 })),
    );
  });

  test('reverted, nothing of imat is left and all else is as before', async () => {
    for (const name of NAMES)
      expect(await sandbox.imat.revert(name)).toEqual({ name, original: `public.${name}` });
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });
});
