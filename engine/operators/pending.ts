/** Pending rows: how generated SQL tells them from folded ones, and asks whether there are any. */
import type { Sql } from '../sql/sql.ts';
import { join, literal, regclass, sql } from '../sql/sql.ts';

export type Pending = {
  /** The frontier: an expression of type pg_snapshot that does not depend on any row. */
  readonly frontier: Sql;
  readonly logOf: (sourceOid: number) => Sql;
  /** The moment of the frontier: an expression that does not depend on any row. */
  readonly moment: Sql;
  /**
   * Whether a source has pending rows: a condition that does not depend on any row; null to find
   * out in place.
   */
  readonly changed: ((sourceOid: number) => Sql) | null;
  /**
   * How many rows of a source are pending, an integer for the planner: an expression of constants
   * and functions that are not volatile, which it computes. Null to let it guess.
   */
  readonly expected: ((sourceOid: number) => Sql) | null;
  /**
   * Computes rows once for a whole statement, under a name that begins with the given one: what it
   * returns. Null to compute them in each place.
   */
  readonly once: ((name: string, rows: Sql) => Sql) | null;
  /**
   * Whether a change that is computed once is itself asked if it has rows, and not the logs: then
   * they are read once less.
   */
  readonly asksChanges: boolean;
  /** Of a join only the products that begin with the change of this table; null for all. */
  readonly only: number | null;
};

/** Pending rows are asked for where they are needed, and the planner knows nothing of them. */
export const IN_PLACE = {
  changed: null,
  expected: null,
  once: null,
  asksChanges: false,
  only: null,
} as const;

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
export function isPending({ frontier }: Pending, log: Sql): Sql {
  const isRecent = sql`${log}.xid >= pg_catalog.pg_snapshot_xmin(${frontier})`;
  return sql`${isRecent} AND NOT pg_catalog.pg_visible_in_snapshot(${log}.xid, ${frontier})`;
}

/** What the planner computes of an imat's log. */
export const expectedRows = (imatId: number, log: Sql): Sql =>
  sql`imat_catalog.expected_rows(${imatId}, ${regclass(log)})`;

/**
 * Always true as an upper bound. Of a range the planner expects few rows, so it looks them up in an
 * index on xid if there is one; of the lower bound alone it expects a third of the log, and so to
 * find one sooner by reading on from the start.
 */
const LAST_XID = sql`'18446744073709551615'::pg_catalog.xid8`;

/** Whether any of the sources has pending rows; does not depend on any row. */
export function anyPending(pending: Pending, sourceOids: readonly number[]): Sql {
  const isUnfolded = sql`l.xid <= ${LAST_XID} AND ${isPending(pending, sql`l`)}`;
  const tests = [...new Set(sourceOids)].map(
    (oid) => sql`EXISTS (SELECT FROM ${pending.logOf(oid)} AS l WHERE ${isUnfolded})`,
  );
  return tests.length === 0 ? sql`FALSE` : join(tests, ' OR ');
}

/**
 * Whether a source has other parts than those that are captured: then the log and the states do not
 * stand for its rows. Does not depend on any row.
 */
export function treeChanged(withParts: readonly number[]): Sql | null {
  const isTree = sql`imat_catalog.is_tree(p.relation, p.parents, p.parts)`;
  const tests = [...new Set(withParts)].map((oid) => {
    const root = sql`p.relation = ${literal(String(oid))}::pg_catalog.regclass`;
    return sql`NOT EXISTS (SELECT FROM imat_catalog.source AS p WHERE ${root} AND ${isTree})`;
  });
  return tests.length === 0 ? null : join(tests, ' OR ');
}

/**
 * Whether a log does not have a change of one of the sources as rows. Does not depend on any row. A
 * log has a pending row wherever this is true.
 *
 * `readsTables`: whether what is computed instead reads the sources as well. There the same holds
 * where the reader's snapshot is older than a TRUNCATE of one of them: PostgreSQL reads that as
 * empty.
 */
export function resetPending(
  frontier: Sql,
  sourceOids: readonly number[],
  readsTables: boolean,
): Sql {
  const sources = [...new Set(sourceOids)];
  const constants = sources.map((oid) => sql`${literal(String(oid))}::pg_catalog.regclass`);
  const isNew = sql`NOT pg_catalog.pg_visible_in_snapshot(r.xid, ${frontier})`;
  const ofSources = sql`r.relation IN (${join(constants, ', ')})`;
  const reset = sql`EXISTS (SELECT FROM imat_store.reset AS r WHERE ${ofSources} AND ${isNew})`;
  return readsTables
    ? sql`${reset} OR imat_catalog.is_rewritten(ARRAY[${join(constants, ', ')}])`
    : reset;
}
