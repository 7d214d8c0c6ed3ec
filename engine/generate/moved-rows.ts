/** The rows by which an item of FROM that moves with the time differs now from what it was. */
import { deparse } from '../../parser/deparse-query.ts';
import type { Expr, Relation } from '../../parser/tree.ts';
import { mapExprs } from '../../parser/walk.ts';
import { PRESENT } from '../algebra/query-rewrites/existence.ts';
import { selectFrom } from '../algebra/query-rewrites/select.ts';
import { isNow } from '../algebra/moments.ts';
import { NOW } from '../operators/time.ts';
import type { MovingItem } from '../regroup/moving-items.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, sql } from '../sql/sql.ts';
import { aliasOf } from './path-keys.ts';

/** As an item of FROM. */
export function movedRows({ item, relation, columns }: MovingItem, moment: Sql): Sql {
  const before = rowsAt(relation, item, columns, moment);
  const now = rowsAt(relation, item, columns, NOW);
  return sql`(
  (
${before}
    EXCEPT ALL
${now}
  )
  UNION ALL
  (
${now}
    EXCEPT ALL
${before}
  )
) AS ${ident(aliasOf(item))}`;
}

function rowsAt(relation: Relation, item: number, columns: readonly string[], moment: Sql): Sql {
  const at: Expr = { kind: 'literal', sql: moment.text, span: null };
  const rows = selectFrom(relation, item, columns);
  const targets = columns.length === 0 ? [PRESENT] : rows.targets;
  const query = mapExprs({ ...rows, targets }, (node) => (isNow(node) ? at : null));
  return sql`(${fragment(deparse(query))})`;
}
