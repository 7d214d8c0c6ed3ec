/**
 * The body of `imat.<name>` of a delta imat, by freshness.
 *
 * live: the state alone answers while nothing is pending, otherwise state and pending changes
 * together (`arms.ts`, `current-view.ts`). Where a log does not have a change as rows, the state is
 * computed anew (`anew.ts`).
 *
 * Any other freshness: what is stored.
 *
 * What stands above the core in the definition is computed here, over the stored columns of the
 * arm that answers.
 *
 * A materialized view is a barrier by nature: no condition of a reader meets what the definition
 * filters out. Stored rows are the answer, so conditions may go down to them. What is computed
 * when read is in a view of its own with security_barrier, `current_<name>`: only leakproof
 * conditions go down there. The barrier is not on `imat.<name>` itself, because the stored rows
 * would lose the order of their indexes. Only if the view filters stored rows (HAVING) is it a
 * barrier as well.
 */
import type { Query } from '../../parser/tree.ts';
import { faceOf } from '../operators/all.ts';
import type { Pending } from '../operators/pending.ts';
import { IN_PLACE, anyPending, resetPending } from '../operators/pending.ts';
import type { Rows, Shape } from '../operators/rule.ts';
import { columnOf, conditions } from '../operators/rule.ts';
import { columnsRead, STATE, stateColumn, storedType } from '../operators/store.ts';
import { columnsOf, nodesOf } from '../algebra/node.ts';
import type { AddPlan, Plan, StorePlan } from '../plan/plan.ts';
import { coreInput, isOverRows } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, lines, sql } from '../sql/sql.ts';
import type { Arm } from './arms.ts';
import { ARM, answeringArm, chosenArm, onlyArms } from './arms.ts';
import { anewArm, storedArms } from './current-view.ts';
import { anyElapsed, timedTables, valuesMoved } from './elapsed.ts';
import { hasExtremes } from './extremes.ts';
import { GUARDED_MOMENT, GUARDED_SNAPSHOT, isStored } from './frontier.ts';
import { isOtherwise } from './labels.ts';
import { locksTables } from './locked-first.ts';
import { isOutgrown } from './outgrown.ts';
import type { StoreSubject } from './stores.ts';
import type { Subject } from './subject.ts';
import { frontierOf } from './subject.ts';

/**
 * The options of `imat.<name>`. They are repeated when the view is replaced, because PostgreSQL
 * drops them then.
 */
export function readersOptions(plan: Plan | null): Sql {
  if (plan === null) return sql``;
  const [store] = plan.stores;
  if (plan.residual !== null) return hidesRows(plan.residual.query) ? BARRIER : sql``;
  return store === undefined ? sql`` : storeOptions(store);
}

const BARRIER = sql` WITH (security_barrier)`;

/** The same for the view of a store. */
export const storeOptions = (store: StorePlan): Sql =>
  store.rule === 'add' && filtersStored(store) ? BARRIER : sql``;

/**
 * Whether a query, or one that it reads, leaves out rows that a condition above it can meet. No
 * condition goes below a limit.
 */
function hidesRows(query: Query): boolean {
  if (query.limit !== null) return false;
  if (query.kind !== 'select' || query.relations.length !== 1) return true;
  const [only] = query.relations;
  const isBelow = only?.kind === 'subquery' && hidesRows(only.query);
  return isBelow || query.where !== null || query.having !== null;
}

/** Whether the view leaves out stored rows. */
const filtersStored = ({ core, residual }: AddPlan): boolean =>
  nodesOf(residual).some((node) => node.op === 'filter' && !nodesOf(core).includes(node));

export function liveView(subject: StoreSubject, plan: AddPlan): Sql {
  const frontier = frontierOf(subject, [subject.frontierTable]);
  const stored = storedArms(subject, plan, []);
  const { sources } = coreInput(plan, null).shape;
  const isConstant =
    sources.length === 0 && subject.enums.length === 0 && !subject.dependsOnSettings;
  if (!subject.live || isConstant)
    return residualOver(plan, { from: [onlyArms(stored, STATE)], where: [isStored(frontier)] });
  const { logOf } = subject;
  const moment = GUARDED_MOMENT;
  const pending: Pending = { frontier: GUARDED_SNAPSHOT, logOf, moment, ...IN_PLACE };
  const timed = timedTables(plan);
  const isLogged = sources.length > 0;
  const changed = (): Sql =>
    join([anyPending(pending, sources), ...anyElapsed(timed, [], moment)], ' OR ');
  const anew = (): Sql =>
    join(
      [
        resetPending(GUARDED_SNAPSHOT, sources, readsTables(plan, sources) || timed.length > 0),
        isOutgrown(subject, sources, sources.length > 1),
        ...valuesMoved(plan, moment),
      ],
      ' OR ',
    );
  const locks = readsTables(plan, sources) ? locksTables(plan) : null;
  const arms = [...stored, currentArm(subject, plan), anewArm(subject, plan)];
  const { from, where } = chosenArm(
    arms,
    columnsRead(plan.store),
    STATE,
    answeringArm(
      frontier,
      isLogged ? changed() : sql`false`,
      isLogged ? anew() : null,
      { when: isOtherwise(subject, timed), arm: ARM.anew },
      ARM.anew,
      locks,
    ),
  );
  return residualOver(plan, { from: [from], where: [where] });
}

/** What is stored, whatever the frontier is. */
export const keptView = (subject: Subject, plan: AddPlan): Sql =>
  residualOver(plan, { from: [onlyArms(storedArms(subject, plan, []), STATE)], where: [] });

/** Whether the answer computed now reads tables, and not only what is stored and logged. */
const readsTables = (plan: AddPlan, sources: readonly number[]): boolean =>
  sources.length > 1 || hasExtremes(plan.store) || isOverRows(plan);

const currentArm = (subject: Subject, { store }: AddPlan): Arm => ({
  number: ARM.current,
  columns: columnsRead(store).map(stateColumn),
  from: sql`${subject.names.current.sql} AS ${ident(STATE)}`,
  label: 'the answer computed now',
});

/** The definition computed from the stored columns that `rows` has. */
function residualOver(plan: AddPlan, rows: Rows): Sql {
  const { shape, now } = faceOf(plan.residual, null, {
    node: plan.core,
    shape: storedShape(plan),
    rows,
    change: null,
  });
  return sql`SELECT
  ${lines(outputs(plan, shape))}
FROM ${join(now.from, ', ')}${conditions(now.where)}`;
}

/** The core's columns as they are stored. */
export function storedShape({ store, core }: AddPlan): Shape {
  return {
    columns: new Map([...store.columns].map(([id, name]) => [id, stateColumn(name)])),
    relations: [],
    sources: [],
    label: `stored rows of ${core.op}`,
  };
}

/** The definition's columns, in its types. */
function outputs({ residual, store, outputTypes }: AddPlan, shape: Shape): Sql[] {
  const names = new Map(
    [...store.columns.values()].map((name) => [stateColumn(name).text, name] as const),
  );
  return columnsOf(residual).map((column, index) => {
    const type = outputTypes[index];
    if (type === undefined) throw new Error(`no type for column ${column.name}`);
    const value = columnOf(shape, column.id);
    const stored = names.get(value.text);
    const isAsStored = stored !== undefined && storedType(store, stored) === type;
    return sql`${isAsStored ? value : sql`(${value})::${fragment(type)}`} AS ${ident(column.name)}`;
  });
}
