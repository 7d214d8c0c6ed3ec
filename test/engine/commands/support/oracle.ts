/**
 * The oracle: an imat against the user's own definition, run by PostgreSQL in the same snapshot,
 * EXCEPT ALL both ways. Numerics count with every digit (1.0 is not 1.00). Floating-point columns
 * may differ by the error of summing in another order, 1e-9 relative for double precision and 1e-4
 * for real: the rest of such a row must be equal.
 */
import { expect } from 'vitest';
import type { Db } from '../../../../engine/db/db.ts';

type Column = { readonly name: string; readonly type: string; readonly sortable: boolean };

/**
 * `relation` and `definition` (a query) are SQL under `search_path`. Both are read in one
 * REPEATABLE READ transaction, or in that under way.
 */
export async function expectEqual(
  db: Db,
  relation: string,
  definition: string,
  context = '',
  inTransaction = false,
): Promise<void> {
  const read = async (): Promise<void> => {
    const columns = await columnsOf(db, relation);
    const differences = await db.query<{ side: string; row: string }>(
      differencesSql(columns, relation, definition),
    );
    expect(
      differences,
      `${relation} differs from its definition${context === '' ? '' : ` (${context})`}`,
    ).toEqual([]);
  };
  await (inTransaction ? read() : db.transaction('repeatable read', read));
}

async function columnsOf(db: Db, relation: string): Promise<Column[]> {
  return db.query<Column>(
    `SELECT quote_ident(a.attname) AS name, format_type(a.atttypid, NULL) AS type,
       EXISTS (
         SELECT
         FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod AND m.amname = 'btree'
         WHERE o.opcdefault AND o.opcintype = a.atttypid
       ) AS sortable
     FROM pg_attribute a
     WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY a.attnum`,
    [relation],
  );
}

function differencesSql(columns: readonly Column[], relation: string, definition: string): string {
  const tolerance: Readonly<Record<string, string>> = { 'double precision': '1e-9', real: '1e-4' };
  const floats = columns.filter((column) => tolerance[column.type] !== undefined);
  const exact = columns.filter((column) => !floats.includes(column));
  const selected = [
    ...exact.map((column) =>
      column.sortable && column.type !== 'numeric'
        ? column.name
        : `${column.name}::text AS ${column.name}`,
    ),
    ...floats.map((column) => `${column.name}::float8 AS ${column.name}`),
  ];
  const names =
    columns.length === 0 ? '' : `a.${columns.map((column) => column.name).join(', a.')}`;
  const from = (query: string): string => `SELECT ${selected.join(', ')} FROM ${query}`;
  const close = (
    column: Column,
  ): string => `(x.${column.name} IS NOT DISTINCT FROM y.${column.name} OR abs(x.${column.name} -
      y.${column.name})
    <= ${tolerance[column.type] ?? '0'} * greatest(1, abs(x.${column.name}), abs(y.${column.name}))
    )`;
  const same = [
    ...exact.map((column) => `x.${column.name} IS NOT DISTINCT FROM y.${column.name}`),
    ...floats.map(close),
  ].join(' AND ');
  const unmatched = (here: string, there: string): string =>
    floats.length === 0
      ? `SELECT '${here}' AS side, to_jsonb(x)::text AS row FROM only_${here} x`
      : `SELECT '${here}' AS side, to_jsonb(x)::text AS row
        FROM only_${here} x
        WHERE NOT EXISTS (SELECT FROM only_${there} y WHERE ${same})`;
  return `WITH imat AS MATERIALIZED (${from(relation)}),
      definition AS MATERIALIZED (${from(`(${definition}) AS q`)}),
    only_imat AS MATERIALIZED (
      SELECT ${names} FROM imat a EXCEPT ALL SELECT ${names} FROM definition a
    ),
    only_definition AS MATERIALIZED (
      SELECT ${names} FROM definition a EXCEPT ALL SELECT ${names} FROM imat a
    )
  ${unmatched('imat', 'definition')} UNION ALL ${unmatched('definition', 'imat')}
  UNION ALL
  SELECT 'rows', (SELECT count(*) FROM imat) || ' and ' || (SELECT count(*) FROM definition)
  WHERE (SELECT count(*) FROM imat) <> (SELECT count(*) FROM definition)
  LIMIT 10`;
}
