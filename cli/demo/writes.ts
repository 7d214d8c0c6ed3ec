import type { Db } from '../../engine/db/db.ts';
import { type Check, checkAfter, type GroupKey } from './checks.ts';
import type { Sales } from './sales.ts';

type Write = { readonly step: string; readonly sql: string };

/** One write of each kind, all to the group that the demo shows. */
function writes({ table }: Sales): readonly Write[] {
  const newest = `(SELECT max(id) FROM ${table} WHERE region = $1 AND product = $2)`;
  return [
    {
      step: 'INSERT a sale of 99.50',
      sql:
        `INSERT INTO ${table} (region, product, amount, sold_at) VALUES ($1, $2, 99.50, ` +
        `'2026-11-01')`,
    },
    {
      step: 'UPDATE its amount to 109.50',
      sql: `UPDATE ${table} SET amount = 109.50 WHERE id = ${newest}`,
    },
    {
      step: 'UPDATE its product',
      sql: `UPDATE ${table} SET product = 'product 999' WHERE id = ${newest}`,
    },
    {
      step: 'INSERT 1,000 sales at once',
      sql:
        `INSERT INTO ${table} (region, product, amount, sold_at) SELECT $1, $2, i % 500, ` +
        `'2026-11-02' FROM generate_series(1, 1000) AS i`,
    },
    {
      step: 'DELETE all below 100',
      sql: `DELETE FROM ${table} WHERE region = $1 AND product = $2 AND amount < 100`,
    },
  ];
}

/**
 * Runs the writes and compares after each, then inside a transaction that is rolled back, and after
 * the rollback.
 */
export async function writeAndCheck(
  db: Db,
  sales: Sales,
  relation: string,
  key: GroupKey,
): Promise<Check[]> {
  const check = async (step: string): Promise<Check> =>
    await checkAfter(db, step, sales, relation, key);
  const parameters = [key.region, key.product];
  const checks = [await check('(before)')];
  for (const write of writes(sales)) {
    await db.query(write.sql, parameters);
    checks.push(await check(write.step));
  }
  const onPurpose = new Error('rolled back on purpose');
  try {
    await db.transaction('read committed', async () => {
      await db.query(`DELETE FROM ${sales.table} WHERE region = $1 AND product = $2`, parameters);
      checks.push(await check('BEGIN; DELETE the whole group'));
      throw onPurpose;
    });
  } catch (error) {
    if (error !== onPurpose) throw error;
  }
  checks.push(await check('ROLLBACK'));
  return checks;
}
