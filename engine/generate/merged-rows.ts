/**
 * The answer computed now of a store whose change takes long to plan: that of a join of several
 * tables, of rows that are computed again, or of other stores. A live read asks a function for it,
 * so nothing of it is planned, and no cost of it counted, while nothing is pending.
 *
 *   `imat_store.merge_<name>`     stored rows that a pending change concerns, and the changes,
 *                                 added up; also those that are gone, in place of stored ones
 *   `imat_store.merged_<name>`    the same as a function
 *   `imat_store.current_<name>`   these, and the stored rows that no change concerns: see
 *                                 `current-view.ts`
 *
 * Over rows that are computed again, a change is asked for only where few of their keys are
 * touched. Otherwise it would be all rows, twice: then the view has the answer from the tables.
 * Which keys are touched is asked once for both halves (`touched-rows.ts`).
 */
import { columnsRead, readColumns, STATE, stateColumn, touchedBy } from '../operators/store.ts';
import type { Store } from '../operators/store.ts';
import type { AddPlan } from '../plan/plan.ts';
import { belowOf, isReadByFunction } from '../plan/plan.ts';
import { MERGED_COLUMNS, OWN_COLUMNS } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, lines, sql } from '../sql/sql.ts';
import type { Arm } from './arms.ts';
import { ARM, onlyArms } from './arms.ts';
import { changeQuery } from './change-views.ts';
import {
  addedRows,
  anewArm,
  isThere,
  barrierView,
  repeated,
  storedArms,
  untouched,
} from './current-view.ts';
import { hasExtremes } from './extremes.ts';
import { calledFromView, readByFunction } from './read-by-function.ts';
import { changeSettings, readChanges } from './read-changes.ts';
import type { Statement } from './statement.ts';
import type { FirstRows, StoreSubject } from './stores.ts';
import { ARE_CHEAP_BELOW, touchedBelow } from './touched-rows.ts';

const CHANGES = ident('changes');
const MERGED = ident('merged');
/** How often a row is there now. */
const ROWS_NOW = ident(MERGED_COLUMNS.rowsNow);
/** Whether a row is of the answer from the tables. */
const IS_ANEW = ident(MERGED_COLUMNS.isAnew);

/** Whether a live read leaves it to a function. */
export const isMergedApart = (plan: AddPlan): boolean =>
  !hasExtremes(plan.store) && (isReadByFunction(plan) || belowOf(plan).length > 0);

export function mergedAnswer(
  subject: StoreSubject,
  plan: AddPlan,
  first: FirstRows | null,
): readonly Statement[] {
  return [
    {
      label: 'what pending changes concern, with them',
      sql: sql`CREATE VIEW ${subject.names.merge.sql} AS\n${mergeQuery(subject, plan)}`,
    },
    ...mergedFunction(subject, plan),
    { label: 'the answer computed now', sql: currentView(subject, plan, first) },
  ];
}

/** Its body names the view. */
export function mergedFunction(subject: StoreSubject, plan: AddPlan): readonly Statement[] {
  if (!isMergedApart(plan)) return [];
  return readByFunction(subject, {
    label: 'the same as a function, planned only if anything is pending',
    view: subject.names.merge.sql,
    name: subject.names.merged.sql,
    isUnlocked: subject.withParts.length > 0,
    isArm: false,
    settings: [sql`jit = off`, ...changeSettings(plan)],
  });
}

/** Each row once, with how often it is there. */
function mergeQuery(subject: StoreSubject, plan: AddPlan): Sql {
  const { store, inner } = plan;
  const merged = sql`SELECT
  ${lines([...mergedColumns(store), sql`false AS ${IS_ANEW}`])}
FROM (
  ${addedRows(subject, plan, touchedBy(store), CHANGES)}
) AS ${ident(STATE)}`;
  // Only the rows of a recursion that differ are a change, also where all of them are computed.
  if (inner?.rule !== 'regroup' || inner.recursion !== null || subject.inner === null)
    return sql`WITH ${CHANGES} AS MATERIALIZED (
  ${readChanges(subject, plan)}
)
${merged}`;
  return sql`WITH ${touchedBelow(subject.inner)}, ${CHANGES} AS MATERIALIZED (
${changeQuery(plan, subject, plan.netting, { around: 'keys' })}
)
${merged}
WHERE ${ARE_CHEAP_BELOW}
UNION ALL
SELECT
  ${lines([...anewColumns(store), sql`true AS ${IS_ANEW}`])}
FROM (SELECT) AS one
LEFT JOIN (
  SELECT s.*, 1::bigint AS ${ROWS_NOW} FROM ${anewArm(subject, plan).from}
) AS ${ident(STATE)} ON TRUE
WHERE NOT ${ARE_CHEAP_BELOW}`;
}

/** What rows are read by, and what tells which stored rows they take the place of. */
const names = (store: Store): readonly string[] => [
  ...new Set([...columnsRead(store), ...touchedBy(store).map(({ name }) => name)]),
];

/** What is left of a row that is gone may be no argument of a finished aggregate. */
function mergedColumns(store: Store): readonly Sql[] {
  const copies = stateColumn(OWN_COLUMNS.rows);
  const there = isThere(store, copies);
  const finished = store.values.map((value) => ({
    ...value,
    finish: (ref: (name: string) => Sql) =>
      there === null ? value.finish(ref) : sql`CASE WHEN ${there} THEN ${value.finish(ref)} END`,
  }));
  const read = readColumns(store, finished);
  const others = names(store).slice(columnsRead(store).length).map(stateColumn);
  return [...read, ...others, sql`${copies} AS ${ROWS_NOW}`];
}

/** If the answer has no row, there is one of NULLs that is not there. */
function anewColumns(store: Store): readonly Sql[] {
  const read = columnsRead(store);
  const others = names(store).slice(read.length);
  const typeOf = (name: string): string =>
    store.keys.find((key) => key.name === name)?.facts.baseType ?? 'text';
  return [
    ...read.map(stateColumn),
    ...others.map((name) => sql`NULL::${fragment(typeOf(name))} AS ${ident(name)}`),
    sql`COALESCE(${ident(STATE)}.${ROWS_NOW}, 0) AS ${ROWS_NOW}`,
  ];
}

function currentView(subject: StoreSubject, plan: AddPlan, first: FirstRows | null): Sql {
  const { store } = plan;
  const keys = touchedBy(store);
  const isAnew = sql`EXISTS (SELECT FROM ${MERGED} AS d WHERE d.${IS_ANEW})`;
  const stays =
    plan.inner?.rule === 'regroup' && plan.inner.recursion === null ? [sql`NOT ${isAnew}`] : [];
  const columns = columnsRead(store).map(stateColumn);
  const arms: Arm[] =
    keys.length === 0
      ? [mergedArm(store)]
      : [
          ...storedArms(subject, plan, [...stays, ...untouched(keys, MERGED)], first),
          mergedArm(store),
        ];
  return barrierView(
    subject.names.current.sql,
    sql`WITH ${MERGED} AS MATERIALIZED (
  SELECT * FROM ${calledFromView(subject, subject.names.merged.sql)}
)
SELECT
  ${lines(columns)}
FROM ${onlyArms(arms, STATE)}`,
  );
}

function mergedArm(store: Store): Arm {
  const copies = sql`${ident(STATE)}.${ROWS_NOW}`;
  const there = isThere(store, copies);
  return {
    number: ARM.current,
    columns: columnsRead(store).map(stateColumn),
    from: sql`${MERGED} AS ${ident(STATE)}${store.identity.repeats ? repeated(copies) : sql``}${
      there === null ? sql`` : sql`\nWHERE ${there}`
    }`,
    label: 'what pending changes concern, with them',
  };
}
