/** What the server says of the orders of a definition's aggregates. */
import type { TypeFacts } from '../algebra/facts.ts';
import type { ColumnId } from '../algebra/node.ts';
import type { Db } from '../db/db.ts';
import type { Cut } from '../plan/choose.ts';
import { loadReaches } from '../server/extremes.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment } from '../sql/sql.ts';

/** By the column of an aggregate; null where the catalog names no order. */
export async function reachesOf(
  db: Db,
  { core }: Cut,
  types: ReadonlyMap<ColumnId, TypeFacts>,
): Promise<(aggregate: ColumnId) => Sql | null> {
  const calls = (core.op === 'group' ? core.aggregates : []).flatMap(({ column, call }) => {
    const type = types.get(column.id)?.oid;
    return call.schema !== null || type === undefined
      ? []
      : [{ id: column.id, name: call.name, type }];
  });
  const found = await loadReaches(db, calls);
  return (id) => {
    const call = calls.find((one) => one.id === id);
    const operator = call === undefined ? undefined : found.get(`${call.name} ${call.type}`);
    return operator === undefined ? null : fragment(operator);
  };
}
