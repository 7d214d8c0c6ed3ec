/** Asks the server for the types of expressions, by a temporary view of them. */
import type { ColumnFacts } from '../algebra/facts.ts';
import type { Db } from '../db/db.ts';
import { ServerError } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import { columnsOf } from '../server/columns.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, join, lines, sql } from '../sql/sql.ts';

/**
 * What the catalog says of the values as columns; null where one has a pseudo-type, such as record,
 * or a collation that cannot be told: no view can show that.
 */
export async function columnTypes(
  db: Db,
  values: readonly Sql[],
  from: readonly Sql[],
): Promise<readonly ColumnFacts[] | null> {
  const columns = lines(values.map((value, index) => sql`${value} AS ${ident(`c${index}`)}`));
  const source = from.length === 0 ? sql`` : sql` FROM ${join(from, ',\n  ')}`;
  return rolledBack(db, async () => {
    db.defer(sql`CREATE TEMPORARY VIEW imat_probe AS SELECT ${columns}${source}`.text);
    try {
      return await columnsOf(db, 'pg_temp.imat_probe');
    } catch (error) {
      if (error instanceof ServerError && UNSHOWABLE.has(error.sqlstate)) return null;
      throw error;
    }
  });
}

/** invalid_table_definition, indeterminate_collation. */
const UNSHOWABLE: ReadonlySet<string> = new Set(['42P16', '42P22']);
