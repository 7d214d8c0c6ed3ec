/**
 * Tables that a live view reads by functions are locked before the snapshot of a READ COMMITTED
 * statement is taken, as PostgreSQL does with those that a query names. A function locks them when
 * it runs. If it waits for a TRUNCATE or an ALTER TABLE that rewrites, PostgreSQL then reads a
 * table as empty that the snapshot shows as full.
 *
 * So the view names them where PostgreSQL plans nothing: it locks what a query names before it
 * simplifies conditions.
 */
import type { StorePlan } from '../plan/plan.ts';
import { allStores, planScans } from '../plan/plan.ts';
import { tablesOf } from '../regroup/outline.ts';
import type { Sql } from '../sql/sql.ts';
import { join, qualified, sql, unique } from '../sql/sql.ts';

const tablesRead = (plan: StorePlan): readonly Sql[] =>
  plan.rule === 'add'
    ? planScans(plan).map(({ source }) => qualified(source.schema, source.name))
    : tablesOf(plan.outline).map(({ relation }) => qualified(relation.schema, relation.name));

/** Always true; locks the tables that a store is computed from. */
export function locksTables(plan: StorePlan): Sql {
  const tables = unique(allStores({ stores: [plan] }).flatMap(tablesRead));
  return sql`(TRUE OR EXISTS (SELECT FROM ${join(tables, ', ')}))`;
}
