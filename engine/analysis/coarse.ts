/**
 * How many rows are computed again for one key, and how many a group is made of, as far as
 * PostgreSQL's statistics tell.
 */
import { deparse } from '../../parser/deparse-query.ts';
import type { Select } from '../../parser/tree.ts';
import { tablesIn } from '../algebra/query-rewrites/relations.ts';
import type { Db } from '../db/db.ts';
import { plainColumn } from '../regroup/lineage.ts';
import { tablesOf } from '../regroup/outline.ts';
import type { RegroupPlan } from '../regroup/regroup-plan.ts';
import { plannedRows, rowsExpected, withoutStatistics } from '../server/planner.ts';

/**
 * From this many rows to a key on, a store of rows below the groups costs less than to compute all
 * rows of a key again for one change (docs/decisions/0057-coarse-groups.md).
 */
const MANY_ROWS = 200;

/** `pg_stats` has a share of the rows as a negative number (PostgreSQL, "pg_stats"). */
const DIFFERENT_KEYS = `
SELECT CASE WHEN s.n_distinct > 0 THEN s.n_distinct
    ELSE -s.n_distinct * ${rowsExpected('c.oid')} END::float8 AS keys
FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname
WHERE c.oid = $1 AND s.attname = $2
ORDER BY s.inherited DESC
LIMIT 1`;

const MOST_ROWS = `
SELECT max(${rowsExpected('c.oid')}) AS rows FROM pg_class c WHERE c.oid = ANY ($1::oid[])`;

/** Whether they are many. Unknown is few. */
export async function isCoarse(db: Db, plan: RegroupPlan): Promise<boolean> {
  return ((await rowsToKey(db, plan)) ?? 0) >= MANY_ROWS;
}

/**
 * Whether the rows of groups have keys by which at most half as many are computed again: rows that
 * are no finer than their groups would be stored for nothing.
 */
export async function isFiner(db: Db, rows: RegroupPlan, groups: RegroupPlan): Promise<boolean> {
  const [own, whole] = [await rowsToKey(db, rows), await rowsToKey(db, groups)];
  return own !== null && whole !== null && 2 * own <= whole;
}

/** The rows of the largest table, by the different keys; null where statistics do not tell. */
async function rowsToKey(db: Db, plan: RegroupPlan): Promise<number | null> {
  let keys = 0;
  for (const { item, expr } of plan.holders) {
    const relation = plan.outline.items.get(item)?.relation;
    const column = plainColumn(expr);
    if (relation?.kind !== 'table' || column === null) continue;
    const place = relation.columnAliases.indexOf(column.name);
    const columns = plan.sources.get(relation.oid)?.columns ?? [];
    const name = place >= 0 ? columns[place]?.name : column.name;
    const [found] = await db.query<{ keys: string }>(DIFFERENT_KEYS, [relation.oid, name ?? '']);
    keys = Math.max(keys, Number(found?.keys ?? 0));
  }
  if (keys <= 0) return null;
  const tables = tablesOf(plan.outline).map(({ relation }) => relation.oid);
  const [most] = await db.query<{ rows: string }>(MOST_ROWS, [`{${tables.join(',')}}`]);
  return Number(most?.rows ?? 0) / keys;
}

/** Smaller tables are read again in less time than it takes to keep a store of their groups. */
const MANY_READ = 10_000;
/** From this many rows to a group on, a store of the groups costs less than to read them again. */
const LARGE_GROUP = 20;

/** Whether groups are made of many rows each. Without statistics they are not. */
export async function areLarge(db: Db, groups: Select): Promise<boolean> {
  const tables = [...tablesIn(groups).values()].map(({ oid }) => oid);
  if ((await withoutStatistics(db, tables)).length > 0) return false;
  const { rows, most } = await plannedRows(db, deparse({ ...groups, having: null }));
  return most >= MANY_READ && most >= LARGE_GROUP * rows;
}

/**
 * In the planner's units. A query that costs less takes about as long as planning a read of
 * pending rows.
 */
const DEAR = 200;
/**
 * The same for each row of the query's answer. To read a stored row costs about 0.02: 0.01 for the
 * row and as much for its share of a page (docs/decisions/0064-constants-and-few-rows.md).
 */
const DEAR_ROW = 0.1;

/** Whether to read rows costs far less than to compute them. Without statistics it does not. */
export async function areFew(db: Db, query: Select): Promise<boolean> {
  const tables = [...tablesIn(query).values()].map(({ oid }) => oid);
  if ((await withoutStatistics(db, tables)).length > 0) return false;
  const { rows, cost } = await plannedRows(db, deparse(query));
  return cost >= DEAR && cost >= DEAR_ROW * rows;
}
