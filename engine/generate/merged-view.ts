/**
 * The answer computed now of a store with extremes, `imat_store.current_<name>`: see
 * `current-view.ts` and `extremes.ts`.
 *
 *   untouched   stored rows that no pending change concerns, as they are stored
 *   touched     the other stored rows and the pending changes, merged
 *   anew        all rows from the tables, where too many groups would have to be derived again
 */
import { columnsRead, readColumns, STATE, stateColumn, touchedBy } from '../operators/store.ts';
import type { AddPlan } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, join, lines, sql } from '../sql/sql.ts';
import type { Arm } from './arms.ts';
import { ARM, onlyArms } from './arms.ts';
import { readChanges } from './read-changes.ts';
import {
  anewArm,
  barrierView,
  isConcerned,
  isUnknown,
  storedArms,
  untouched,
} from './current-view.ts';
import { boundsOf, mergedColumns, totalOf } from './extremes.ts';
import { isFewAgain } from './few-again.ts';
import type { FirstRows } from './stores.ts';
import type { Subject } from './subject.ts';

const CHANGES = ident('changes');
const IS_FEW = sql`(SELECT f.is_few FROM few AS f)`;

export function mergedView(subject: Subject, plan: AddPlan, first: FirstRows | null): Sql {
  const { store } = plan;
  const keys = touchedBy(store);
  const { state, current } = subject.names;
  const columns = columnsRead(store).map(stateColumn);
  const anew = anewArm(subject, plan);
  const arms: Arm[] = [
    ...(keys.length === 0
      ? []
      : storedArms(subject, plan, [IS_FEW, ...untouched(keys, CHANGES)], first)),
    touched(subject, plan),
    { ...anew, from: sql`${anew.from}\nWHERE NOT ${IS_FEW}` },
  ];
  return barrierView(
    current.sql,
    sql`WITH ${CHANGES} AS MATERIALIZED (
  ${readChanges(subject, plan)}
), bounds AS MATERIALIZED (
  ${boundsOf(subject, store, touchedRows(plan), true)}
), few AS MATERIALIZED (
  ${isFewAgain(plan, state.sql)}
)
SELECT
  ${lines(columns)}
FROM ${onlyArms(arms, STATE)}`,
  );
}

/** Conditions on stored rows that a change may concern, of which one holds for each. */
export function touchedRows({ store }: AddPlan): readonly Sql[] {
  const keys = touchedBy(store);
  if (keys.length === 0) return [sql`TRUE`];
  const unknown = isUnknown(keys);
  return [isConcerned(keys, CHANGES), ...(unknown === null ? [] : [unknown])];
}

function touched(subject: Subject, plan: AddPlan): Arm {
  const { store } = plan;
  const vanished = store.identity.vanishes ? [sql`${totalOf(store)} <> 0`] : [];
  return {
    number: ARM.current,
    columns: readColumns(store, store.values),
    from: sql`(
  SELECT
    ${lines(mergedColumns(subject, store))}
  FROM bounds AS b
  WHERE ${join([IS_FEW, ...vanished], ' AND ')}
) AS ${ident(STATE)}`,
    label: 'what is stored and what is pending, merged',
  };
}
