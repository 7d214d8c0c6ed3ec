/**
 * How a live view reads what is pending: in place, or for a join of many tables by a function, and
 * under which settings that and a fold compute it.
 */
import type { AddPlan } from '../plan/plan.ts';
import { joinsMany } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { sql } from '../sql/sql.ts';
import { calledFromView, readByFunction } from './read-by-function.ts';
import type { Statement } from './statement.ts';
import type { Subject } from './subject.ts';

/**
 * What pending rows join with was mostly written or read a moment ago, so its pages are at hand. At
 * the default of 4, a whole table of 600,000 rows is read for 1,500 of them: 75 ms, by its index 5.
 */
export const AT_HAND = sql`random_page_cost = 1.1`;

/**
 * Under what settings changes are computed: a join of many tables in the order that is written. The
 * planner does not know how few rows are pending, takes the result for millions of rows, and spares
 * sorting them for merge joins by nested loops over whole tables (12 s where hash joins take 0.1).
 */
export const changeSettings = (plan: AddPlan): readonly Sql[] =>
  joinsMany(plan)
    ? [AT_HAND, sql`join_collapse_limit = 1`, sql`enable_mergejoin = off`]
    : [AT_HAND];

/** Its body names the view. */
export function changesFunction(subject: Subject, plan: AddPlan): readonly Statement[] {
  if (!joinsMany(plan)) return [];
  return readByFunction(subject, {
    label: 'the same as a function, planned only if anything is pending',
    view: subject.names.delta.sql,
    name: subject.names.changes.sql,
    settings: [sql`jit = off`, ...changeSettings(plan)],
  });
}

/** What is pending, for a live view. */
export const readChanges = (subject: Subject, plan: AddPlan): Sql =>
  joinsMany(plan)
    ? sql`SELECT * FROM ${calledFromView(subject, subject.names.changes.sql)}`
    : sql`TABLE ${subject.names.delta.sql}`;
