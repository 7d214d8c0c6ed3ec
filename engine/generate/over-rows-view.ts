/**
 * The answer computed now of groups over rows that are computed again,
 * `imat_store.current_<name>`: see `current-view.ts` and `touched-rows.ts`.
 *
 *   untouched   stored groups that no change of the rows concerns, as they are stored
 *   touched     the other stored groups and the changes, added up
 *   anew        all groups from the tables, where more keys of rows are touched than are few: the
 *               change would be all rows, twice
 *
 * Which keys are touched is asked once for all of them.
 */
import { columnsRead, STATE, stateColumn, touchedBy } from '../operators/store.ts';
import type { AddPlan } from '../plan/plan.ts';
import type { RegroupPlan } from '../regroup/regroup-plan.ts';
import type { StoreNames } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, lines, sql } from '../sql/sql.ts';
import type { Arm } from './arms.ts';
import { onlyArms } from './arms.ts';
import { changeQuery } from './change-views.ts';
import { addedUp, anewArm, barrierView, storedArms, untouched } from './current-view.ts';
import type { FirstRows, StoreSubject } from './stores.ts';
import { areFewBelow, touchedBelow } from './touched-rows.ts';

const CHANGES = ident('changes');

/** `rows`: what it stands on, and the names of that store. */
export function overRowsView(
  subject: StoreSubject,
  plan: AddPlan,
  rows: { readonly plan: RegroupPlan; readonly names: StoreNames },
  first: FirstRows | null,
): Sql {
  const { store } = plan;
  const keys = touchedBy(store);
  const areFew = areFewBelow(rows.plan);
  const added = addedUp(subject, plan, keys, CHANGES);
  const anew = anewArm(subject, plan);
  const arms: Arm[] = [
    ...(keys.length === 0
      ? []
      : storedArms(subject, plan, [areFew, ...untouched(keys, CHANGES)], first)),
    { ...added, from: sql`${added.from}\nWHERE ${areFew}` },
    { ...anew, from: sql`${anew.from}\nWHERE NOT ${areFew}` },
  ];
  return barrierView(
    subject.names.current.sql,
    sql`WITH ${touchedBelow(rows.names)}, ${CHANGES} AS MATERIALIZED (
${changeQuery(plan, subject, plan.netting, { isAsked: true })}
)
SELECT
  ${lines(columnsRead(store).map(stateColumn))}
FROM ${onlyArms(arms, STATE)}`,
  );
}
