/**
 * What PostgreSQL's planner expects of a query. Nothing is run: EXPLAIN without ANALYZE plans, and
 * checks the rights of the role.
 */
import type { Db } from '../db/db.ts';
import { isRejected } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import type { Sql } from '../sql/sql.ts';
import { join, sql } from '../sql/sql.ts';

/** `cost` is the total cost, in the planner's units; `width` the bytes of a row. */
export type Planned = { readonly cost: number; readonly rows: number; readonly width: number };

type PlanNode = {
  readonly 'Total Cost': number;
  readonly 'Plan Rows': number;
  readonly 'Plan Width': number;
  readonly Plans?: readonly PlanNode[];
};

type PlanRow = { 'QUERY PLAN': readonly { readonly Plan: PlanNode }[] };

/** Planning calls functions. Policies can have anybody's, so none may apply to the role. */
async function planOf(db: Db, query: string): Promise<PlanNode> {
  const [row] = await rolledBack(db, () => {
    db.defer('SET LOCAL row_security = off');
    return db.query<PlanRow>(`EXPLAIN (FORMAT JSON) ${query}`);
  });
  const plan = row?.['QUERY PLAN'][0]?.Plan;
  if (plan === undefined) throw new Error('EXPLAIN printed no plan');
  return plan;
}

export async function planned(db: Db, query: string): Promise<Planned> {
  const plan = await planOf(db, query);
  return { cost: plan['Total Cost'], rows: plan['Plan Rows'], width: plan['Plan Width'] };
}

/**
 * The same without parallel workers, and the most rows that any node of the plan has; null where
 * the server refuses to plan it.
 */
export async function plannedRows(
  db: Db,
  query: string,
): Promise<{ readonly rows: number; readonly most: number; readonly cost: number } | null> {
  const plan = await rolledBack(db, async () => {
    db.defer('SET LOCAL max_parallel_workers_per_gather = 0');
    return planOf(db, query);
  }).catch((error: unknown) => {
    if (!isRejected(error)) throw error;
    return null;
  });
  if (plan === null) return null;
  const mostOf = (node: PlanNode): number =>
    Math.max(node['Plan Rows'], ...(node.Plans ?? []).map(mostOf));
  return { rows: plan['Plan Rows'], most: mostOf(plan), cost: plan['Total Cost'] };
}

/** More are planned in proportion. */
const MOST_KEYS = 10_000;

/**
 * A query over an array of this many keys. They are parameters of a statement whose plan is good
 * for any values, so the planner takes each for an average one.
 */
export async function plannedForKeys(
  db: Db,
  count: number,
  type: string,
  query: (keys: Sql) => string,
): Promise<number> {
  const used = Math.min(count, MOST_KEYS);
  const keys = sql`ARRAY[${join(Array<Sql>(used).fill(KEY), ', ')}]`;
  await db.execute(`PREPARE imat_keys (${type}) AS\n${query(keys)}`);
  try {
    const { cost } = await rolledBack(db, async () => {
      db.defer('SET LOCAL plan_cache_mode = force_generic_plan');
      return planned(db, 'EXECUTE imat_keys (NULL)');
    });
    return (cost * count) / used;
  } finally {
    // A prepared statement outlives its transaction.
    await db.execute('DEALLOCATE imat_keys');
  }
}

const KEY = sql`$1`;

export type CostSettings = {
  readonly blockSize: number;
  readonly sequentialPage: number;
  readonly randomPage: number;
  readonly row: number;
  readonly operator: number;
};

export async function costSettings(db: Db): Promise<CostSettings> {
  const names = [
    'block_size',
    'seq_page_cost',
    'random_page_cost',
    'cpu_tuple_cost',
    'cpu_operator_cost',
  ];
  const rows = await db.query<{ value: string }>(
    `SELECT current_setting(s.name) AS value
     FROM unnest($1::text[]) WITH ORDINALITY s(name, n)
     ORDER BY s.n`,
    [`{${names.join(',')}}`],
  );
  const [blockSize = 0, sequentialPage = 0, randomPage = 0, row = 0, operator = 0] = rows.map(
    ({ value }) => Number(value),
  );
  return { blockSize, sequentialPage, randomPage, row, operator };
}

/**
 * How many rows the planner expects in a table and in its parts, as SQL; NULL if that is unknown. A
 * partitioned table has none of its own.
 */
export const rowsExpected = (oid: string): string => `(
  WITH RECURSIVE tree AS (
    SELECT ${oid} AS relid
    UNION
    SELECT i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.relid
  )
  SELECT sum(l.reltuples)::float8 FROM tree t JOIN pg_class l ON l.oid = t.relid
  WHERE l.relkind <> 'p' AND l.reltuples > 0
)`;

/** By OID of a table; none where statistics are missing. */
export async function expectedRows(
  db: Db,
  tables: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  if (tables.length === 0) return new Map();
  const rows = await db.query<{ oid: number; rows: number | null }>(
    `SELECT t.oid, ${rowsExpected('t.oid')} AS rows FROM unnest($1::oid[]) AS t (oid)`,
    [`{${[...new Set(tables)].join(',')}}`],
  );
  return new Map(rows.flatMap(({ oid, rows: known }) => (known === null ? [] : [[oid, known]])));
}

/**
 * With about how many rows of the largest of other tables one of a table is joined, at least 1; by
 * OID. 1 where statistics are missing.
 */
export async function fanOuts(
  db: Db,
  joined: ReadonlyMap<number, readonly number[]>,
): Promise<ReadonlyMap<number, number>> {
  const pairs = [...joined].flatMap(([oid, others]) => others.map((other) => ({ oid, other })));
  if (pairs.length === 0) return new Map();
  const rows = await db.query<{ oid: number; fan_out: number }>(
    `SELECT p.oid, greatest(1, coalesce(
         max(${rowsExpected('p.other')}) / nullif(${rowsExpected('p.oid')}, 0), 1)) AS fan_out
     FROM jsonb_to_recordset($1) AS p (oid oid, other oid)
     GROUP BY p.oid`,
    [JSON.stringify(pairs)],
  );
  return new Map(rows.map(({ oid, fan_out }) => [oid, fan_out]));
}

/** The fewest different values that the planner expects in one of the columns; null if unknown. */
export async function distinctValues(
  db: Db,
  columns: readonly { readonly oid: number; readonly attnum: number }[],
): Promise<number | null> {
  const [row] = await db.query<{ values: string | null }>(
    `SELECT min(CASE WHEN s.n_distinct > 0 THEN s.n_distinct
         ELSE -s.n_distinct * ${rowsExpected('c.oid')} END)::bigint AS values
     FROM jsonb_to_recordset($1) AS k (oid oid, attnum integer)
       JOIN pg_class c ON c.oid = k.oid
       JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_attribute a ON a.attrelid = k.oid AND a.attnum = k.attnum
       JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname
         AND s.attname = a.attname AND s.inherited = c.relhassubclass
     WHERE s.n_distinct <> 0`,
    [JSON.stringify(columns)],
  );
  return row?.values === null || row === undefined ? null : Number(row.values);
}
