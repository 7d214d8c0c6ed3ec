/**
 * The time that has passed since the state was computed, for definitions that compare columns with
 * bounds that move (algebra/timed.ts), or read a series that moves (regroup/moving-items.ts): which
 * rows that has changed. The frontier has the moment of
 * the state beside its snapshot.
 *
 * The view `elapsed_<name>` has a row for each of them: they are as much work for a fold as pending
 * rows are.
 */
import type { Timed } from '../algebra/timed.ts';
import { hasPassed, haveMoved } from '../operators/time.ts';
import type { AddPlan, Plan } from '../plan/plan.ts';
import { planScans, readsTime } from '../plan/plan.ts';
import type { MovingItem } from '../regroup/moving-items.ts';
import type { RegroupPlan } from '../regroup/regroup-plan.ts';
import type { Sql } from '../sql/sql.ts';
import { join, literal, qualified, sql, unique } from '../sql/sql.ts';
import type { Statement } from './statement.ts';
import type { Subject } from './subject.ts';

/** A table, and the comparisons of one of its occurrences. */
export type TimedTable = {
  readonly oid: number;
  readonly relation: Sql;
  readonly timed: readonly Timed[];
};

export function timedTables(plan: AddPlan | RegroupPlan): readonly TimedTable[] {
  if (plan.rule === 'regroup')
    return plan.timed.map(({ relation, timed }) => ({
      oid: relation.oid,
      relation: qualified(relation.schema, relation.name),
      timed,
    }));
  return planScans(plan)
    .filter(({ timed }) => timed.length > 0)
    .map(({ source, timed }) => ({
      oid: source.oid,
      relation: qualified(source.schema, source.name),
      timed,
    }));
}

/** Items that read no table and move with the time. */
export const movingItems = (plan: AddPlan | RegroupPlan): readonly MovingItem[] =>
  plan.rule === 'regroup' ? plan.moving : [];

/**
 * Whether time has changed a row of the tables or moved an item since `moment`; does not depend on
 * any row.
 */
export function anyElapsed(
  tables: readonly TimedTable[],
  moving: readonly MovingItem[],
  moment: Sql,
): readonly Sql[] {
  const tests = tables.map(({ relation, timed }) => {
    const passed = hasPassed(timed, 't', moment);
    return sql`EXISTS (SELECT FROM ${relation} AS t WHERE ${passed})`;
  });
  return unique([...tests, ...moving.map(({ bounds }) => haveMoved(bounds, moment))]);
}

/**
 * Whether a bound of a value has moved, which may have changed many rows: the table is read for
 * them anyway, and twice as many rows would be added up.
 */
export const valuesMoved = (plan: AddPlan, moment: Sql): readonly Sql[] =>
  unique(
    planScans(plan)
      .flatMap(({ timed }) => timed)
      .filter(({ isValue }) => isValue)
      .map(({ bounds }) => haveMoved(bounds, moment)),
  );

/**
 * Whether one of the tables was truncated or rewritten after the reader's snapshot: PostgreSQL then
 * reads it as empty, and no row tells that time has passed. Null if there are none.
 */
export function timedRewritten(tables: readonly TimedTable[]): Sql | null {
  if (tables.length === 0) return null;
  const oids = [...new Set(tables.map(({ oid }) => oid))];
  const constants = oids.map((oid) => sql`${literal(String(oid))}::pg_catalog.regclass`);
  return sql`imat_catalog.is_rewritten(ARRAY[${join(constants, ', ')}])`;
}

/** Whether the passing of time changes the answer. */
export const followsTime = (plan: Plan): boolean =>
  readsTime(plan) ||
  plan.stores.some((store) => timedTables(store).length > 0 || movingItems(store).length > 0);

/**
 * What is computed when it is read reads the moment of the frontier, unless the imat is live: each
 * row of the answer has changed.
 */
const isPast = (id: number): Sql =>
  sql`SELECT FROM imat_catalog.frontier AS f JOIN imat_catalog.imat AS i ON i.id = f.imat_id
WHERE f.imat_id = ${id} AND i.freshness <> 'live' AND f.moment <> pg_catalog.now()`;

export function elapsedView({ id, names }: Subject, plan: Plan): readonly Statement[] {
  const passed = plan.stores.flatMap(timedTables).map(
    ({ relation, timed }) => sql`SELECT FROM imat_catalog.frontier AS f, LATERAL (
    SELECT FROM ${relation} AS t WHERE ${hasPassed(timed, 't', sql`f.moment`)}
    OFFSET 0
  ) AS t
WHERE f.imat_id = ${id}`,
  );
  const moved = plan.stores.flatMap(movingItems).map(
    ({ bounds }) => sql`SELECT FROM imat_catalog.frontier AS f
WHERE f.imat_id = ${id} AND ${haveMoved(bounds, sql`f.moment`)}`,
  );
  const own = unique([...passed, ...moved, ...(readsTime(plan) ? [isPast(id)] : [])]);
  if (own.length === 0) return [];
  return [
    {
      label: 'rows that the passing of time has changed',
      sql: sql`CREATE VIEW ${names.elapsed.sql} AS\n${join(own, '\nUNION ALL\n')}`,
    },
  ];
}
