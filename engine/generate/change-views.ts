/**
 * The pending change of an imat as a view, `imat_store.delta_<name>`: rows of stored columns. The
 * live view adds them to the state when read, the fold adds them for good. Being a view, it follows
 * its sources through renames.
 *
 * What its terms ask of the frontier and the logs is asked once, which also spares planning. It is
 * not read in parallel: a parallel read of everything, what is pending included, would look
 * cheaper to the planner than the stored rows in the order of an index. If an expression can fail
 * for a row, pending rows are cancelled against each other first. If it is believed that none can,
 * the fold has a second view that does so, for values that prove the belief wrong.
 */
import { contributions } from '../operators/store.ts';
import type { Netting, Pending } from '../operators/pending.ts';
import { anyPending } from '../operators/pending.ts';
import type { AddPlan } from '../plan/plan.ts';
import { coreInput, joinsMany } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, join, lines, sql } from '../sql/sql.ts';
import { anyElapsed, timedTables } from './elapsed.ts';
import { calledFromView, readByFunction } from './read-by-function.ts';
import type { Statement } from './statement.ts';
import type { Subject } from './subject.ts';

export function changeViews(subject: Subject, plan: AddPlan): readonly Statement[] {
  const { delta, netted } = subject.names;
  const view = (name: Sql, netting: Netting): Sql =>
    sql`CREATE VIEW ${name} AS\n${changeQuery(plan, subject.id, subject.logOf, netting)}`;
  const pending: Statement = {
    label: 'what is pending, as rows of the state',
    sql: view(delta.sql, plan.netting),
  };
  const views = [pending, ...changesFunction(subject, plan)];
  if (fallbackView(subject, plan) === null) return views;
  return [
    ...views,
    {
      label: 'the same, with pending rows cancelled against each other first',
      sql: view(netted.sql, 'fenced'),
    },
  ];
}

/**
 * Under what settings changes are computed: a join of many tables in the order that is written. The
 * planner does not know how few rows are pending, takes the result for millions of rows, and spares
 * sorting them for merge joins by nested loops over whole tables (12 s where hash joins take 0.1).
 */
export const changeSettings = (plan: AddPlan): readonly Sql[] =>
  joinsMany(plan) ? [sql`join_collapse_limit = 1`, sql`enable_mergejoin = off`] : [];

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

/**
 * The view that the fold reads after an expression has failed; null if the first one is as careful.
 */
export const fallbackView = (subject: Subject, plan: AddPlan): Sql | null =>
  plan.netting === 'fenced' ? null : subject.names.netted.sql;

export function changeQuery(
  plan: AddPlan,
  imatId: number,
  logOf: Pending['logOf'],
  netting: Netting,
): Sql {
  const { shape } = coreInput(plan, null);
  const oids = [...new Set(shape.sources)];
  const flag = (oid: number): Sql => ident(`changed${oids.indexOf(oid) + 1}`);
  const inLog: Pending = {
    frontier: sql`f.snapshot`,
    logOf,
    moment: sql`f.moment`,
    changed: null,
  };
  const timed = timedTables(plan);
  const anyChange = (oid: number): Sql => {
    const own = timed.filter((table) => table.oid === oid);
    return join([anyPending(inLog, [oid]), ...anyElapsed(own, inLog.moment)], ' OR ');
  };
  const flags =
    shape.sources.length > 1 ? oids.map((oid) => sql`${anyChange(oid)} AS ${flag(oid)}`) : [];
  const pending: Pending = {
    frontier: sql`(SELECT p.snapshot FROM pending AS p)`,
    moment: sql`(SELECT p.moment FROM pending AS p)`,
    logOf,
    changed: (oid) => sql`(SELECT p.${flag(oid)} FROM pending AS p)`,
  };
  const terms = coreInput(plan, pending).change(netting);
  return sql`WITH pending AS MATERIALIZED (
  SELECT
    ${lines([sql`f.snapshot`, ...(timed.length === 0 ? [] : [sql`f.moment`]), ...flags])}
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = ${imatId}
)
${contributions(plan.store, terms)}`;
}
