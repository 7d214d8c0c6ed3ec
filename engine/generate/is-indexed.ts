/** Whether an index finds the rows with a value, asked when a statement runs. */
import type { Sql } from '../sql/sql.ts';
import { literal, sql } from '../sql/sql.ts';

/** `attnum`: of the column, or 0 for an expression, for which any index on expressions will do. */
export const isIndexed = ({
  oid,
  attnum,
}: {
  readonly oid: number;
  readonly attnum: number;
}): Sql =>
  sql`EXISTS (
    SELECT FROM pg_catalog.pg_index AS i
    WHERE i.indrelid = ${literal(String(oid))}::pg_catalog.regclass AND i.indisvalid
      AND i.indpred IS NULL AND i.indkey[0] = ${attnum}
  )`;
