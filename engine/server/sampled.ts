/** How many different values an expression has where no statistics tell, by a sample of rows. */
import type { Db } from '../db/db.ts';
import { isRejected } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';

/** As many as ANALYZE reads at its default (PostgreSQL, "default_statistics_target"). */
const SAMPLED_ROWS = 30_000;

/** What reads the share of a table's pages that has these rows; null for all of them. */
export const sampledShare = (rows: number): string | null =>
  rows <= SAMPLED_ROWS
    ? null
    : `TABLESAMPLE pg_catalog.system (${((100 * SAMPLED_ROWS) / rows).toFixed(6)}) REPEATABLE (0)`;

/**
 * An estimate from the sample that `query` reads, with the expression as its column `value`, of a
 * table of `rows` rows. It is the one of ANALYZE: `n d / (n - f + f n / N)`, of which n rows were
 * read, d values, and f values once (Haas and Stokes, "Estimating the number of classes in a finite
 * population", 1998). Null where the sample is empty, where the expression fails for a row, and
 * where policies of the table apply to the role: their conditions can be anybody's code.
 */
export async function differentValues(db: Db, query: string, rows: number): Promise<number | null> {
  try {
    const [found] = await rolledBack(db, () => {
      db.defer('SET LOCAL row_security = off');
      return db.query<{ n: number; d: number; f: number }>(
        `SELECT coalesce(sum(v.n), 0)::float8 AS n, count(*)::float8 AS d,
           count(*) FILTER (WHERE v.n = 1)::float8 AS f
         FROM (
           SELECT count(*) AS n FROM (${query} LIMIT ${SAMPLED_ROWS}) AS s GROUP BY s.value
         ) AS v`,
      );
    });
    if (found === undefined || found.n === 0) return null;
    const { n, d, f } = found;
    return (n * d) / (n - f + (f * n) / Math.max(rows, n));
  } catch (error) {
    if (!isRejected(error)) throw error;
    return null;
  }
}
