/** Pending rows: how generated SQL tells them from folded ones, and asks whether there are any. */
import type { Sql } from '../sql/sql.ts';
import { join, sql } from '../sql/sql.ts';

export type Pending = {
  /** The frontier: an expression of type pg_snapshot that does not depend on any row. */
  readonly frontier: Sql;
  readonly logOf: (sourceOid: number) => Sql;
  /**
   * Whether a source has pending rows: a condition that does not depend on any row; null to find
   * out in place.
   */
  readonly changed: ((sourceOid: number) => Sql) | null;
};

/**
 * What is done to pending rows before anything is computed from them.
 *
 *   logged     nothing: rows as the log has them
 *   cancelled  rows that came and went cancel out; conditions may still see rows of the log
 *   fenced     the same, and no expression sees a row before: one that fails for a row fails
 *              no longer than the definition does
 *
 * Cancelling costs a GROUP BY.
 */
export type Netting = 'logged' | 'cancelled' | 'fenced';

/**
 * The first half says nothing that the second does not, but an index on a log's xid can answer it;
 * workers build one if it helps.
 */
export const isPending = (pending: Pending, log: Sql): Sql =>
  sql`${log}.xid >= pg_catalog.pg_snapshot_xmin(${pending.frontier}) AND NOT pg_catalog.pg_visible_in_snapshot(${log}.xid, ${pending.frontier})`;

/**
 * Always true as an upper bound. Of a range the planner expects few rows, so it looks them up in an
 * index on xid if there is one; of the lower bound alone it expects a third of the log, and so to
 * find one sooner by reading on from the start.
 */
const LAST_XID = sql`'18446744073709551615'::pg_catalog.xid8`;

/** Whether any of the sources has pending rows; does not depend on any row. */
export function anyPending(pending: Pending, sourceOids: readonly number[]): Sql {
  const tests = [...new Set(sourceOids)].map(
    (oid) =>
      sql`EXISTS (SELECT FROM ${pending.logOf(oid)} AS l WHERE l.xid <= ${LAST_XID} AND ${isPending(pending, sql`l`)})`,
  );
  return tests.length === 0 ? sql`FALSE` : join(tests, ' OR ');
}
