/** Which columns of tables have an index that begins with them. */
import type { Db } from '../db/db.ts';

/**
 * Indexes that find every row by equality: valid ones without a condition, in the column's own
 * collation.
 */
const INDEXED_SQL = `
SELECT DISTINCT i.indrelid::oid AS relation, a.attname::text AS column
FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_am m ON m.oid = c.relam AND m.amname IN ('btree', 'hash')
  JOIN pg_attribute a
    ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND a.attcollation = i.indcollation[0]
WHERE i.indrelid = ANY ($1::oid[]) AND i.indisvalid AND i.indpred IS NULL`;

/** Names of columns by the OID of their relation. */
export async function indexedColumns(
  db: Db,
  relations: readonly number[],
): Promise<ReadonlyMap<number, ReadonlySet<string>>> {
  const rows = await db.query<{ relation: number; column: string }>(INDEXED_SQL, [
    `{${relations.join(',')}}`,
  ]);
  const found = new Map(relations.map((oid) => [oid, new Set<string>()] as const));
  for (const { relation, column } of rows) found.get(relation)?.add(column);
  return found;
}
