/**
 * The frontier as generated SQL reads it.
 *
 * A restore into another cluster changes the OID of the state table that its row names, and makes
 * its column `here` false: old transaction ids, which mean nothing there, are so never compared. A
 * view checks that once, in the condition that chooses its branch, and raises a clear error instead
 * of answering.
 *
 * The condition also names what must be there for the imat to be right, for the dependency alone:
 * the definition view and, where the extension captures, its function. A view that reads stored
 * rows and logs only would outlive a source or the extension that is dropped with CASCADE, and go
 * on answering.
 */
import type { Sql } from '../sql/sql.ts';
import { join, literal, regclass, sql } from '../sql/sql.ts';

export type FrontierOf = {
  readonly imatId: number;
  readonly name: string;
  readonly states: readonly Sql[];
  readonly dependencies: Sql;
};

/** Columns of the frontier within a value that is `guarded`: there its row is at hand. */
export const GUARDED_SNAPSHOT = sql`f.snapshot`;
export const GUARDED_MOMENT = sql`f.moment`;
export const GUARDED_STATE = sql`f.state_relation`;

/**
 * An integer that does not depend on any row, evaluated once; an error where the frontier is not
 * that of these state tables. It is never NULL, so that NULL says that there is no such frontier:
 * one look at the frontier's row for both. `restoring`: the value while a dump is being restored,
 * whose materialized views may read the imat; null if there is none.
 */
export function guarded(
  { imatId, name, states, dependencies }: FrontierOf,
  value: Sql,
  restoring: number | null,
  locks: Sql | null,
): Sql {
  const ofState = sql`f.state_relation IN (${join(states.map(regclass), ', ')})`;
  const all = locks === null ? dependencies : sql`${dependencies} AND ${locks}`;
  const own = sql`f.imat_id = ${imatId} AND ${ofState} AND f.here AND ${all}`;
  const otherwise =
    restoring === null
      ? sql`imat_catalog.no_frontier(${literal(name)})::integer`
      : sql`imat_catalog.arm_without_frontier(${literal(name)}, ${restoring})`;
  return sql`(
  SELECT COALESCE(
    (SELECT ${value} FROM imat_catalog.frontier AS f WHERE ${own}),
    ${otherwise}
  )
)`;
}

/**
 * A condition for a view that reads one stored table alone; an error where the frontier is not that
 * table's.
 */
export function isStored({ imatId, name, states, dependencies }: FrontierOf): Sql {
  const tables = join(states.map(regclass), ', ');
  return sql`${dependencies} AND imat_catalog.is_stored(${imatId}, ${tables}, ${literal(name)})`;
}

/**
 * Always true; makes whatever contains it depend on the definition view and, where that captures,
 * on the extension in `schema`.
 */
export function dependencies(definition: Sql, schema: Sql | null): Sql {
  const view = sql`${regclass(definition)} IS NOT NULL`;
  if (schema === null) return view;
  return sql`${view} AND ${literal(`${schema.text}.capture_changes()`)}::regprocedure IS NOT NULL`;
}
