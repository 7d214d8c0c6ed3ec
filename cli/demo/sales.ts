import type { Db } from '../../engine/db/db.ts';

/** The names in the sales database. All are plain words, so none needs quoting. */
export type Sales = {
  readonly table: string;
  readonly view: string;
  /** The view as a user types it: the schema public is in the search path. */
  readonly shortView: string;
  readonly definition: string;
};

export const VIEW_NAME = 'my_sales_summary';

const ROWS_A_BATCH = 10_000;

export function salesIn(schema: string): Sales {
  const table = `${schema}.sales`;
  return {
    table,
    view: `${schema}.${VIEW_NAME}`,
    shortView: schema === 'public' ? VIEW_NAME : `${schema}.${VIEW_NAME}`,
    definition: [
      'SELECT region, product, count(*) AS sales, sum(amount) AS revenue, avg(amount) AS average',
      `FROM ${table}`,
      'GROUP BY region, product',
    ].join('\n'),
  };
}

/** Creates the table and fills it in batches, so that a progress bar can be shown. */
export async function createSales(
  db: Db,
  sales: Sales,
  rows: number,
  onBatch: (done: number) => void,
): Promise<void> {
  await db.execute(`CREATE TABLE ${sales.table} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  region text NOT NULL,
  product text NOT NULL,
  amount numeric(10,2) NOT NULL,
  sold_at timestamp NOT NULL
)`);
  for (let done = 0; done < rows; done += ROWS_A_BATCH) {
    onBatch(done);
    await db.query(insertSales(sales), [done + 1, Math.min(done + ROWS_A_BATCH, rows)]);
  }
  onBatch(rows);
  await db.execute(`ANALYZE ${sales.table}`);
}

/**
 * Inserts the rows from $1 to $2, the same in every run. Row i takes its values from
 * i * 48271 mod (2^31 - 1), one step of Park and Miller's generator, which scatters neighbours over
 * 8 regions, 250 products and prices up to 1,000.
 */
function insertSales(sales: Sales): string {
  return `INSERT INTO ${sales.table} (region, product, amount, sold_at)
SELECT
  (ARRAY['north', 'north-east', 'east', 'south-east',
         'south', 'south-west', 'west', 'north-west'])[1 + scattered % 8],
  'product ' || lpad((scattered / 8 % 250)::text, 3, '0'),
  (100 + scattered / 2000 % 99900) / 100.0,
  timestamp '2026-01-01 00:00:00' + i * interval '37 seconds'
FROM (
  SELECT i, i * 48271 % 2147483647 AS scattered
  FROM generate_series($1::bigint, $2::bigint) AS i
) AS numbered
ORDER BY i`;
}
