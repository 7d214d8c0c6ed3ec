/** The columns of a query, as PostgreSQL would give them to a view of it. */
import { deparse } from '../../parser/deparse-query.ts';
import type { Query } from '../../parser/tree.ts';
import type { ColumnFacts } from '../algebra/facts.ts';
import type { Db } from '../db/db.ts';
import { isRejected } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import { columnsOf } from '../server/columns.ts';

/** None where no view can be made of it. */
export async function queryColumns(db: Db, query: Query): Promise<readonly ColumnFacts[]> {
  return rolledBack(db, async () => {
    db.defer(`CREATE TEMPORARY VIEW imat_probe AS ${deparse(query)}`);
    try {
      return await columnsOf(db, 'pg_temp.imat_probe');
    } catch (error) {
      if (!isRejected(error)) throw error;
      return [];
    }
  });
}
