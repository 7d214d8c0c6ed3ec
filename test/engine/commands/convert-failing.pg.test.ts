/** Converting a definition that fails: the error is its own, and nothing is left behind. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { expectImatError } from './support/expect-imat-error.ts';
import { catalogListing } from './support/listing.ts';
import { expectEqual } from './support/oracle.ts';
import { createPreparedSandbox } from './support/sandbox.ts';
import type { Sandbox } from './support/sandbox.ts';
import { REBUILT } from '../../setup/rebuilt.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createPreparedSandbox(`
    CREATE TABLE sales (
      id int PRIMARY KEY, region text, product int, amount numeric(10,2) NOT NULL
    );
    INSERT INTO sales SELECT i, 'r' || i % 5, i % 7, i FROM generate_series(1, 100) AS i`);
});
afterEach(() => sandbox.revertAll());
afterAll(() => sandbox.drop());

const failing: readonly [string, string, string][] = [
  [
    'divides by zero',
    'SELECT region, sum(amount / (product - 3)) AS q FROM sales GROUP BY region',
    'division by zero',
  ],
  [
    'divides by zero in a window',
    `${REBUILT} SELECT rank() OVER (ORDER BY amount / (product - 3)) AS q FROM sales`,
    'division by zero',
  ],
  ['raises', `SELECT region, sum(raises(product)) AS q FROM sales GROUP BY region`, 'not this one'],
];
test.each(failing)(
  '%s: the error is its own, and nothing is left behind',
  async (_what, query, message) => {
    await sandbox.sql(`CREATE OR REPLACE FUNCTION raises(int) RETURNS int
    LANGUAGE plpgsql IMMUTABLE
    AS $$ BEGIN RAISE 'not this one' USING HINT = 'Take another.'; END $$;
    CREATE MATERIALIZED VIEW failing AS ${query} WITH NO DATA`);
    const before = await catalogListing(sandbox.db);
    for (const options of [{}, { strategy: 'swap' }, { replace: true }] as const) {
      expect(
        await expectImatError('definition_failed', () => sandbox.imat.convert('failing', options)),
      ).toMatchObject({ message });
      expect(await catalogListing(sandbox.db)).toEqual(before);
    }
    await sandbox.sql('DROP MATERIALIZED VIEW failing; DROP FUNCTION raises');
  },
);

test('a server that is out of room may have it next time', async () => {
  await sandbox.sql(`CREATE FUNCTION full_disk(int) RETURNS int
    LANGUAGE plpgsql IMMUTABLE
    AS $$ BEGIN RAISE 'no space left' USING ERRCODE = 'disk_full'; END $$;
    CREATE MATERIALIZED VIEW failing AS
    SELECT sum(full_disk(product)) AS q FROM sales WITH NO DATA`);
  const before = await catalogListing(sandbox.db);
  expect(
    await expectImatError('server_trouble', () => sandbox.imat.convert('failing')),
  ).toMatchObject({
    category: 'transient',
    message: 'no space left',
  });
  expect(await catalogListing(sandbox.db)).toEqual(before);
  await sandbox.sql('DROP MATERIALIZED VIEW failing; DROP FUNCTION full_disk');
});

test('a source that fails later stops no writer, and reading says what is wrong', async () => {
  await sandbox.sql(
    `CREATE MATERIALIZED VIEW ratio AS
     SELECT region, sum(amount / product) AS q
     FROM sales
     WHERE product <> 0 OR id = 5000
     GROUP BY region`,
  );
  await sandbox.imat.convert('ratio');
  await sandbox.sql(`INSERT INTO sales VALUES (5000, 'r1', 0, 1)`);
  await expect(sandbox.rows('SELECT * FROM imat.ratio')).rejects.toMatchObject({
    sqlstate: '22012',
  });
  await expectImatError('definition_failed', () => sandbox.imat.fold('ratio'));
  await sandbox.sql('DELETE FROM sales WHERE id = 5000');
  await sandbox.imat.fold('ratio');
  await expectEqual(
    sandbox.db,
    'imat.ratio',
    `SELECT region, sum(amount / product) AS q
     FROM public.sales
     WHERE product <> 0 OR id = 5000
     GROUP BY region`,
  );
  await sandbox.imat.revert('ratio');
  await sandbox.sql('DROP MATERIALIZED VIEW ratio');
});
