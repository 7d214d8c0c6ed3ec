/** The table that everything is measured on, and its summary. */
import type { Db } from '../engine/db/db.ts';

export const VIEW = 'my_sales_summary';
export const DEFINITION = `SELECT product, sum(amount) AS revenue, count(*) AS sales,
     avg(amount) AS average
   FROM public.sales
   GROUP BY product`;

const PARK_MILLER_MULTIPLIER = 48_271;
const PARK_MILLER_MODULUS = 2_147_483_647;

/**
 * `rows` sales of `groups` products, the same in every run: scattered by one step of Park and
 * Miller's generator.
 */
export async function createSales(db: Db, rows: number, groups: number): Promise<void> {
  await db.execute(`CREATE TABLE public.sales (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  product integer NOT NULL,
  region text NOT NULL,
  amount numeric(10,2) NOT NULL,
  sold_at timestamptz NOT NULL DEFAULT now()
)`);
  await db.execute(`INSERT INTO public.sales (product, region, amount) ${salesRows(rows, groups)}`);
  await db.execute('VACUUM (ANALYZE) public.sales');
}

/** A query of `rows` sales (product, region, amount). */
export function salesRows(rows: number, groups: number): string {
  return `SELECT
  (1 + scattered % ${groups})::integer,
  (ARRAY['north', 'east', 'south', 'west'])[1 + i % 4],
  (100 + scattered / 2000 % 99900) / 100.0
FROM (
  SELECT i, i * ${PARK_MILLER_MULTIPLIER} % ${PARK_MILLER_MODULUS} AS scattered
  FROM generate_series(1, ${rows}::bigint) AS i
) AS numbered`;
}

/** The summary as PostgreSQL has it by itself, with the index that reads by product need. */
export async function createView(db: Db): Promise<void> {
  await db.execute(`CREATE MATERIALIZED VIEW public.${VIEW} AS ${DEFINITION}`);
  await db.execute(`CREATE UNIQUE INDEX ON public.${VIEW} (product)`);
  await db.execute(`VACUUM (ANALYZE) public.${VIEW}`);
}
