/** By which columns indexes of tables find rows. */
import type { Db } from '../db/db.ts';
import { isRejected } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';

/**
 * Indexes that find every row by equality: valid ones without a condition. Of a column in another
 * collation than its own the name is NULL. An expression is printed, with its collation.
 */
const INDEXES_SQL = `
SELECT i.indrelid::oid AS relation, (
    SELECT to_json(array_agg(CASE WHEN k.attnum = 0
        THEN pg_get_indexdef(i.indexrelid, k.n::integer, true) || ' COLLATE ' || k.coll
        ELSE a.attname::text END ORDER BY k.n))
    FROM unnest(i.indkey::int2[], i.indcollation::oid[]) WITH ORDINALITY AS k(attnum, coll, n)
      LEFT JOIN pg_attribute a
        ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND a.attcollation = k.coll
    WHERE k.n <= i.indnkeyatts
  ) AS columns
FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_am m ON m.oid = c.relam AND m.amname IN ('btree', 'hash')
WHERE i.indrelid = ANY ($1::oid[]) AND i.indisvalid AND i.indpred IS NULL`;

/** The columns and expressions of an index in order; null for a column in another collation. */
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

/** An expression as PostgreSQL prints it in an index, and the same as `IndexColumns` has it. */
export type IndexExpression = { readonly text: string; readonly column: string };

/**
 * What an index on an expression over a table's columns would have; null where there can be none,
 * for example because a function in it is not immutable. Inside a transaction; an empty copy of the
 * table is asked, so writers do not wait.
 */
export async function indexExpression(
  db: Db,
  table: string,
  expression: string,
): Promise<IndexExpression | null> {
  return rolledBack(db, async () => {
    try {
      await db.execute(
        `CREATE TEMPORARY TABLE imat_index (LIKE ${table});
         CREATE INDEX imat_expression ON pg_temp.imat_index ((${expression}))`,
      );
    } catch (error) {
      if (!isRejected(error)) throw error;
      return null;
    }
    const [row] = await db.query<IndexExpression>(
      `SELECT pg_get_indexdef(i.indexrelid, 1, true) AS text,
         pg_get_indexdef(i.indexrelid, 1, true) || ' COLLATE ' || i.indcollation[0] AS column
       FROM pg_index i WHERE i.indexrelid = 'pg_temp.imat_expression'::regclass`,
    );
    return row ?? null;
  });
}
