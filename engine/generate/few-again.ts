/**
 * Whether so few groups must be derived again from the tables that this costs less than to compute
 * all rows anew. Without an index that finds the rows of a group, each takes a scan of its tables.
 */
import type { AddPlan } from '../plan/plan.ts';
import type { TableColumn } from '../plan/group-columns.ts';
import { groupColumns } from '../plan/group-columns.ts';
import type { Sql } from '../sql/sql.ts';
import { and, join, regclass, sql } from '../sql/sql.ts';
import { isAgain } from './extremes.ts';
import { isIndexed } from './is-indexed.ts';
import { UNKNOWN_FEW, SHARE } from './few-keys.ts';

/** Scans of the tables that cost less than grouping them. */
const FEW_SCANS = 4;

/** A query of one row with one column, `is_few`, over `bounds`. */
export function isFewAgain(plan: AddPlan, state: Sql): Sql {
  const many = sql`(
    SELECT GREATEST(${UNKNOWN_FEW}, c.reltuples::bigint / ${SHARE})
    FROM pg_catalog.pg_class AS c
    WHERE c.oid = ${regclass(state)}
  )`;
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
