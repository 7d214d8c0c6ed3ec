import type { Db } from '../../engine/db/db.ts';
import type { Sales } from './sales.ts';

/** One row of the summary as PostgreSQL prints it. */
export type Group = { readonly sales: string; readonly revenue: string; readonly average: string };

export type GroupKey = { readonly region: string; readonly product: string };

/**
 * The group that was read after one step, and the number of rows in which imat.<name> then differed
 * from the definition.
 */
export type Check = {
  readonly step: string;
  readonly group: Group | null;
  /** The row of the materialized view, which is as the last refresh left it. */
  readonly unrefreshed: Group | null;
  readonly differences: number;
};

export async function checkAfter(
  db: Db,
  step: string,
  sales: Sales,
  relation: string,
  key: GroupKey,
): Promise<Check> {
  return {
    step,
    group: await readGroup(db, relation, key),
    unrefreshed: await readGroup(db, sales.view, key),
    differences: await countDifferences(db, relation, sales.definition),
  };
}

export async function readGroup(db: Db, relation: string, key: GroupKey): Promise<Group | null> {
  const [group] = await db.query<Group>(
    'SELECT sales::text, round(revenue, 2)::text AS revenue, round(average, 2)::text AS ' +
      `average FROM ${relation} WHERE region = $1 AND product = $2`,
    [key.region, key.product],
  );
  return group ?? null;
}

/** Counts the rows that only one of the two has, as multisets, in one statement and snapshot. */
async function countDifferences(db: Db, relation: string, definition: string): Promise<number> {
  const [row] = await db.query<{ differences: number }>(`SELECT count(*)::int AS differences FROM (
  (SELECT * FROM ${relation} EXCEPT ALL (${definition}))
  UNION ALL
  ((${definition}) EXCEPT ALL SELECT * FROM ${relation})
) AS different`);
  if (row === undefined) throw new Error('count(*) gave no row');
  return row.differences;
}
