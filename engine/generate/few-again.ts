/**
 * Whether so few groups must be derived again from the tables that this costs less than to compute
 * all rows anew. Without an index that finds the rows of a group, each takes a scan of its tables.
 * With one, a group of one table is mostly one look-up; of joined tables all of its rows are read,
 * so that few groups are a share of all.
 */
import type { AddPlan } from '../plan/plan.ts';
import type { TableColumn } from '../plan/group-columns.ts';
import { groupColumns } from '../plan/group-columns.ts';
import { scansOf } from '../algebra/node.ts';
import type { Sql } from '../sql/sql.ts';
import { and, join, regclass, sql } from '../sql/sql.ts';
import { isAgain } from './extremes.ts';
import { isIndexed } from './is-indexed.ts';
import { UNKNOWN_FEW, SHARE } from './few-keys.ts';

/** Scans of the tables that cost less than grouping them. */
const FEW_SCANS = 4;

/** A query of one row with one column, `is_few`, over `bounds`. */
export function isFewAgain(plan: AddPlan, state: Sql): Sql {
  const share = sql`imat_store.estimated_rows(${regclass(state)}) / ${SHARE}`;
  const least = scansOf(plan.core).length > 1 ? FEW_SCANS : UNKNOWN_FEW;
  const many = sql`(SELECT GREATEST(${least}, ${share}))`;
  const limit = sql`CASE WHEN ${hasIndexes(plan)} THEN ${many} ELSE ${FEW_SCANS} END`;
  const count = sql`pg_catalog.count(*)`;
  return sql`SELECT
  CASE WHEN ${count} <= ${FEW_SCANS} THEN TRUE ELSE ${count} <= ${limit} END AS is_few
FROM bounds AS b
WHERE ${isAgain(plan.store)}`;
}

/** Whether indexes begin with a group key, and with each column that joins the tables. */
function hasIndexes(plan: AddPlan): Sql {
  const { keys, joins } = groupColumns(plan);
  if (keys.length === 0) return sql`FALSE`;
  const key = keys.map((columns) => and(columns.map(indexOf)));
  const any = join(key, ' OR ');
  return and([key.length === 1 ? any : sql`(${any})`, ...joins.map(indexOf)]);
}

const indexOf = ({ source, column }: TableColumn): Sql =>
  isIndexed({ oid: source.oid, attnum: column.attnum });
