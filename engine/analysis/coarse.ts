/**
 * How many rows are computed again for one key, and how many a group is made of, as far as
 * PostgreSQL's statistics tell.
 */
import { deparse } from '../../parser/deparse-query.ts';
import type { Expr, Query, Select, TableItem } from '../../parser/tree.ts';
import { readsNow } from '../algebra/moments.ts';
import { conjunction, conjuncts, tablesIn } from '../algebra/query-rewrites/relations.ts';
import { selectFrom } from '../algebra/query-rewrites/select.ts';
import type { Db } from '../db/db.ts';
import type { Holder } from '../regroup/classes.ts';
import { isOfTables, withoutJoinNames } from '../regroup/lineage.ts';
import { tablesOf } from '../regroup/outline.ts';
import type { RegroupPlan } from '../regroup/regroup-plan.ts';
import { expectedRows, plannedRows, rowsExpected } from '../server/planner.ts';
import { withoutStatistics } from '../server/statistics.ts';
import { columnIn, differentIn } from './key-costs.ts';
import { differentValues, sampledShare } from '../server/sampled.ts';
import { queryColumns } from './query-columns.ts';

/**
 * From this many rows to a key on, a store of rows below the groups costs less than to compute all
 * rows of a key again for one change (docs/decisions/0057-coarse-groups.md).
 */
const MANY_ROWS = 200;

const MOST_ROWS = `
SELECT max(${rowsExpected('c.oid')}) AS rows FROM pg_class c WHERE c.oid = ANY ($1::oid[])`;

/** Whether they are many. Unknown is few. `runs`: whether expressions may be computed for that. */
export async function isCoarse(db: Db, plan: RegroupPlan, runs: boolean): Promise<boolean> {
  return ((await rowsToKey(db, plan, runs)) ?? 0) >= MANY_ROWS;
}

/**
 * Whether the rows of groups have keys by which at most half as many are computed again: rows that
 * are no finer than their groups would be stored for nothing.
 */
export async function isFiner(
  db: Db,
  rows: RegroupPlan,
  groups: RegroupPlan,
  runs: boolean,
): Promise<boolean> {
  const own = await rowsToKey(db, rows, runs);
  const whole = await rowsToKey(db, groups, runs);
  return own !== null && whole !== null && 2 * own <= whole;
}

/** The rows of the largest table, by the different keys; null where statistics do not tell. */
async function rowsToKey(db: Db, plan: RegroupPlan, runs: boolean): Promise<number | null> {
  const keys = await mostKeysOf(db, plan, runs);
  if (keys <= 0) return null;
  const tables = tablesOf(plan.outline).map(({ relation }) => relation.oid);
  const [most] = await db.query<{ rows: string }>(MOST_ROWS, [`{${tables.join(',')}}`]);
  return Number(most?.rows ?? 0) / keys;
}

/** How many different keys there are; 0 where that is not known. */
async function mostKeysOf(db: Db, plan: RegroupPlan, runs: boolean): Promise<number> {
  let keys = 0;
  for (const holder of plan.holders) keys = Math.max(keys, await keysOf(db, plan, holder, runs));
  return keys;
}

/** How many different keys a holder has; 0 where that is not known. */
async function keysOf(
  db: Db,
  { outline, sources }: RegroupPlan,
  { item, expr }: Holder,
  runs: boolean,
): Promise<number> {
  const relation = outline.items.get(item)?.relation;
  if (relation?.kind !== 'table') return 0;
  const name = columnIn(relation, expr, sources);
  if (name === null) return runs ? keysInSample(db, relation, item, expr) : 0;
  return (await differentIn(db, [{ oid: relation.oid, name }]))[0] ?? 0;
}

/**
 * The same of an expression such as a month, of which there are no statistics. Its values are
 * compared, so their type must be PostgreSQL's own.
 */
async function keysInSample(
  db: Db,
  relation: TableItem,
  item: number,
  expr: Expr,
): Promise<number> {
  const rows = (await expectedRows(db, [relation.oid])).get(relation.oid) ?? 0;
  const share = sampledShare(rows);
  const sample = share === null ? null : { words: [share], args: [] };
  const query = {
    ...selectFrom({ ...relation, sample: relation.sample ?? sample }, item, []),
    targets: [{ name: 'value', expr: withoutJoinNames(expr) }],
  };
  const [value] = await queryColumns(db, query);
  const isOwn = value !== undefined && value.oid < FIRST_OID && value.sortable;
  return isOwn ? ((await differentValues(db, deparse(query), rows)) ?? 0) : 0;
}

/** Of objects that somebody has created (PostgreSQL, `FirstNormalObjectId`). */
const FIRST_OID = 16_384;

/** Smaller tables are read again in less time than it takes to keep a store of their groups. */
const MANY_READ = 10_000;
/** From this many rows to a group on, a store of the groups costs less than to read them again. */
const LARGE_GROUP = 20;

/** Whether a table that a query reads is large enough for its rows to be stored by a key. */
export async function isLarge(db: Db, query: Query): Promise<boolean> {
  const tables = [...tablesIn(query).values()].map(({ oid }) => oid);
  const rows = await expectedRows(db, tables);
  return Math.max(0, ...rows.values()) >= MANY_READ;
}

/** As many rows to a key, on average, as tell rows apart. */
const APART = 1.5;
/** A bag stores a row once that is there as often as this, in less space. */
const REPEATED = 4;

/**
 * Whether almost each key is that of one row of a query's answer, most of these rows are different,
 * and the index of a primary key finds them. Unknown is not.
 */
export async function tellsRowsApart(db: Db, plan: RegroupPlan, query: Query): Promise<boolean> {
  if (!plan.holders.some((holder) => isInPrimaryKey(plan, holder))) return false;
  const rows = await rowsToKey(db, plan, false);
  if (rows === null || rows > APART) return false;
  const answer = await plannedRows(db, deparse(query));
  if (answer === null || answer.rows > APART * (await mostKeysOf(db, plan, false))) return false;
  if (plan.columns.includes(plan.key.name)) return true;
  if (query.kind !== 'select') return false;
  const different = { ...query, distinct: true, distinctOn: [], orderBy: [] };
  const once = await plannedRows(db, deparse(different));
  return once !== null && answer.rows < REPEATED * once.rows;
}

function isInPrimaryKey({ outline, sources }: RegroupPlan, { item, expr }: Holder): boolean {
  const relation = outline.items.get(item)?.relation;
  if (relation?.kind !== 'table') return false;
  const name = columnIn(relation, expr, sources);
  const columns = sources.get(relation.oid)?.columns ?? [];
  return columns.some((column) => column.name === name && column.isInPrimaryKey);
}

/** Whether groups are made of many rows each. Without statistics they are not. */
export async function areLarge(db: Db, groups: Select): Promise<boolean> {
  const tables = [...tablesIn(groups).values()].map(({ oid }) => oid);
  if ((await withoutStatistics(db, tables)).length > 0) return false;
  const plan = await plannedRows(db, deparse({ ...groups, having: null }));
  if (plan === null) return false;
  const { rows, most } = plan;
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
  const plan = await plannedRows(db, deparse(query));
  if (plan === null) return false;
  const { rows, cost } = plan;
  return cost >= DEAR && cost >= DEAR_ROW * rows;
}

/** Rows are no copy of a table, but its product with another one, if they are more than these. */
const MOST_COPIES = 2;

/**
 * Whether rows are not many more than those of the largest table that they are made of, whatever
 * the time is: conditions that read it may be asked above them. Those of one table are not.
 * `runs`: whether expressions may be computed to plan the query.
 */
export async function areCopies(db: Db, query: Select, runs: boolean): Promise<boolean> {
  if (query.relations.length === 1 && query.relations.every(isOfTables)) return true;
  if (!runs) return false;
  const where = conjunction(conjuncts(query.where).filter((one) => !readsNow(one)));
  const plan = await plannedRows(db, deparse({ ...query, where }));
  if (plan === null) return false;
  const tables = [...tablesIn(query).values()].map(({ oid }) => oid);
  const most = Math.max(MANY_READ, ...(await expectedRows(db, tables)).values());
  return plan.rows <= MOST_COPIES * most;
}
