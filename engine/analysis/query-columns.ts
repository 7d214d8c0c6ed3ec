/** The columns of a query, as PostgreSQL would give them to a view of it. */
import { deparse } from '../../parser/deparse-query.ts';
import type { Query } from '../../parser/tree.ts';
import type { ColumnFacts } from '../algebra/facts.ts';
import type { Db } from '../db/db.ts';
import { isRejected } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import { loadColumns } from '../server/columns.ts';

/** None where no view can be made of it. */
export async function queryColumns(db: Db, query: Query): Promise<readonly ColumnFacts[]> {
  return rolledBack(db, async () => {
    try {
      await db.execute(`CREATE TEMPORARY VIEW imat_probe AS ${deparse(query)}`);
    } catch (error) {
      if (!isRejected(error)) throw error;
      return [];
    }
    const [view] = await db.query<{ oid: number }>(
      `SELECT 'pg_temp.imat_probe'::regclass::oid AS oid`,
    );
    const oid = view?.oid ?? 0;
    return (await loadColumns(db, [oid])).get(oid) ?? [];
  });
}
