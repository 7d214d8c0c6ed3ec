/**
 * The materialized view's indexes, made again on the stored table. A swap imat's table has the
 * view's own columns, so they are taken over as they are; a delta imat's state has keys and parts,
 * so those over plain key columns are, unless the state's own key already serves them.
 */
import type { Db } from '../db/db.ts';
import { identityOf } from '../operators/store.ts';
import type { Plan } from '../plan/plan.ts';
import { storedKey } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, sql } from '../sql/sql.ts';

type IndexRow = { definition: string; prefix: string; columns: string[] | null; is_plain: boolean };

export async function carriedIndexes(
  db: Db,
  original: number,
  stored: Sql,
  plan: Plan | null,
): Promise<Sql[]> {
  const indexes = await db.query<IndexRow>(
    `SELECT pg_get_indexdef(i.indexrelid) AS definition,
       'CREATE ' || CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END
         || 'INDEX ' || quote_ident(x.relname)
         || ' ON ' || quote_ident(n.nspname) || '.' || quote_ident(t.relname) || ' ' AS prefix,
       (
         SELECT to_json(array_agg(a.attname ORDER BY k.n))
         FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, n)
           JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
       ) AS columns,
       i.indexprs IS NULL AND i.indpred IS NULL AND m.amname = 'btree' AS is_plain
     FROM pg_index i
       JOIN pg_class x ON x.oid = i.indexrelid
       JOIN pg_class t ON t.oid = i.indrelid
       JOIN pg_namespace n ON n.oid = t.relnamespace
       JOIN pg_am m ON m.oid = x.relam
     WHERE i.indrelid = $1 ORDER BY i.indexrelid`,
    [original],
  );
  return indexes.flatMap(
    (index) => (plan === null ? onCopy(index, stored) : onState(index, stored, plan)) ?? [],
  );
}

function onCopy(index: IndexRow, stored: Sql): Sql | null {
  if (!index.definition.startsWith(index.prefix)) return null;
  const unique = index.prefix.startsWith('CREATE UNIQUE') ? 'UNIQUE ' : '';
  return fragment(
    `CREATE ${unique}INDEX ON ${stored.text} ${index.definition.slice(index.prefix.length)}`,
  );
}

function onState(index: IndexRow, stored: Sql, plan: Plan): Sql | null {
  if (!index.is_plain || index.columns === null) return null;
  const keys = index.columns.map((column) => storedKey(plan, column));
  if (keys.some((key) => key === null)) return null;
  const columns = keys.filter((key) => key !== null);
  const identity = identityOf(plan.store);
  if (columns.every((key, position) => identity[position] === key)) return null;
  return sql`CREATE INDEX ON ${stored} (${join(columns.map(ident), ', ')})`;
}
