/**
 * How a live view reads what is pending: in place, or for a join of several tables by a function,
 * and under which settings that and a fold compute it.
 */
import type { AddPlan } from '../plan/plan.ts';
import { isReadByFunction, joinsMany } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { sql } from '../sql/sql.ts';
import { calledFromView } from './read-by-function.ts';
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

/** What is pending, for a live view. */
export const readChanges = (subject: Subject, plan: AddPlan): Sql =>
  isReadByFunction(plan)
    ? sql`SELECT * FROM ${calledFromView(subject, subject.names.changes.sql)}`
    : sql`TABLE ${subject.names.delta.sql}`;
