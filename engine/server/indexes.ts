/** By which columns indexes of tables find rows. */
import type { Db } from '../db/db.ts';

/**
 * Indexes that find every row by equality: valid ones without a condition. Of a column in another
 * collation than its own, and of an expression, the name is NULL.
 */
const INDEXES_SQL = `
SELECT i.indrelid::oid AS relation, (
    SELECT to_json(array_agg(a.attname::text ORDER BY k.n))
    FROM unnest(i.indkey::int2[], i.indcollation::oid[]) WITH ORDINALITY AS k(attnum, coll, n)
      LEFT JOIN pg_attribute a
        ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND a.attcollation = k.coll
    WHERE k.n <= i.indnkeyatts
  ) AS columns
FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_am m ON m.oid = c.relam AND m.amname IN ('btree', 'hash')
WHERE i.indrelid = ANY ($1::oid[]) AND i.indisvalid AND i.indpred IS NULL`;

/** The columns of an index in order; null for one that is more than a column. */
export type IndexColumns = readonly (string | null)[];

/** The indexes of relations, by OID. */
export async function loadIndexes(
  db: Db,
  relations: readonly number[],
): Promise<ReadonlyMap<number, readonly IndexColumns[]>> {
  const rows = await db.query<{ relation: number; columns: IndexColumns }>(INDEXES_SQL, [
    `{${relations.join(',')}}`,
  ]);
  const found = new Map<number, IndexColumns[]>(relations.map((oid) => [oid, []]));
  for (const { relation, columns } of rows) found.get(relation)?.push(columns);
  return found;
}

/** Whether an index finds rows by the columns, and by the last of them in order. */
export const beginsWith = (index: IndexColumns, columns: readonly string[]): boolean => {
  const first = index.slice(0, columns.length);
  return first.at(-1) === columns.at(-1) && columns.every((column) => first.includes(column));
};
