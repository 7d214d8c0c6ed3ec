/**
 * The answer computed now from what is stored and what is pending, `imat_store.current_<name>`: the
 * columns of the core, read by the live view while anything is pending.
 *
 *   untouched   stored rows that no pending change concerns, as they are stored
 *   touched     the other stored rows and the pending changes, added up key by key
 *
 * So a read with a hundred pending rows groups a hundred rows and their changes, and takes all
 * others with their finished aggregates. A stored row is touched if a change has the same values in
 * its touch keys (`touchedBy`), by plain equality. That they are more than those that change is no
 * matter: adding nothing up gives the stored row again. Equality says nothing of NULL, so rows with
 * NULL in a touch key are always touched; grouping, in which NULLs are equal, puts them together
 * with their changes. Where nothing tells touched rows, all are added up.
 *
 * Everything is behind a barrier: only leakproof conditions of readers go down here. They reach the
 * indexes of the state, and through the touch keys the log.
 */
import {
  columnsRead,
  computedValues,
  readColumns,
  STATE,
  stateColumn,
  stateColumns,
  summed,
  touchedBy,
} from '../operators/store.ts';
import type { Store, TouchKey } from '../operators/store.ts';
import type { AddPlan } from '../plan/plan.ts';
import { coreInput } from '../plan/plan.ts';
import { OWN_COLUMNS } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, lines, sql } from '../sql/sql.ts';
import type { Arm } from './arms.ts';
import { ARM, onlyArms } from './arms.ts';
import { calledFromView } from './read-by-function.ts';
import type { FirstRows } from './stores.ts';
import { firstOf } from './stores.ts';
import type { Subject } from './subject.ts';

const ROWS = ident(OWN_COLUMNS.rows);
const COPIES = stateColumn(OWN_COLUMNS.rows);

/**
 * A view through which no function of a reader meets a row that the view does not show. Its query
 * must not be a plain UNION ALL: PostgreSQL flattens that in spite of the barrier.
 */
export const barrierView = (name: Sql, query: Sql): Sql =>
  sql`CREATE VIEW ${name} WITH (security_barrier) AS\n${query}`;

/**
 * Pending changes of one log are read in place, three times, so that conditions reach the log.
 * Those of two would take three times as long to plan, and are computed once. What takes longer is
 * left to a function (`merged-rows.ts`).
 */
export function currentView(subject: Subject, plan: AddPlan, first: FirstRows | null): Sql {
  const { store } = plan;
  const keys = touchedBy(store);
  const delta = subject.names.delta.sql;
  const isOnce = coreInput(plan, null).shape.sources.length > 1;
  const changes = isOnce ? ident('changes') : delta;
  const touched = addedUp(subject, plan, keys, changes);
  const arms =
    keys.length === 0
      ? [touched]
      : [...storedArms(subject, plan, untouched(keys, changes), first), touched];
  const columns = columnsRead(store).map(stateColumn);
  const once = isOnce ? sql`WITH ${changes} AS MATERIALIZED (\n  TABLE ${delta}\n)\n` : sql``;
  return barrierView(
    subject.names.current.sql,
    sql`${once}SELECT
  ${lines(columns)}
FROM ${onlyArms(arms, STATE)}`,
  );
}

/**
 * Stored rows for which `conditions` hold. Of those that stand for several rows, the first one
 * comes with all others: by far the most occur once, and are read without the detour of repeating
 * them.
 */
export function storedArms(
  subject: Subject,
  { store }: AddPlan,
  where: readonly Sql[],
  first: FirstRows | null = null,
): Arm[] {
  const table = sql`${subject.names.state.sql} AS ${ident(STATE)}`;
  const columns = readColumns(store, computedValues(store));
  const arm = (from: Sql, conditions: readonly Sql[], label: string): Arm => ({
    number: ARM.stored,
    columns,
    from: conditions.length === 0 ? from : sql`${from}\nWHERE ${join(conditions, '\n  AND ')}`,
    label,
  });
  if (first !== null) {
    // The first rows are among the copies of as many stored ones.
    const copies = store.identity.repeats ? repeated(COPIES) : sql``;
    const rows = firstOf(subject.names.state.sql, where, first);
    const label = 'the first rows of what is stored and stays';
    return [arm(sql`${rows} AS ${ident(STATE)}${copies}`, [], label)];
  }
  const label = where.length === 0 ? 'what is stored' : 'what is stored and stays';
  if (!store.identity.repeats) return [arm(table, where, label)];
  return [
    arm(table, where, label),
    arm(
      sql`${table}${repeated(sql`${COPIES} - 1`)}`,
      [sql`${COPIES} > 1`, ...where],
      'the other copies of rows that occur more than once',
    ),
  ];
}

/** That no pending change concerns a stored row of the state. */
export function untouched(keys: readonly TouchKey[], changes: Sql): Sql[] {
  const nullable = keys.filter(({ canBeNull }) => canBeNull);
  return [
    ...nullable.map(({ name }) => sql`${stateColumn(name)} IS NOT NULL`),
    sql`NOT ${isConcerned(keys, changes)}`,
  ];
}

/** That a pending change has the same values in the keys as a stored row. */
export const isConcerned = (keys: readonly TouchKey[], changes: Sql): Sql => {
  const same = keys.map(
    ({ name }) => sql`d.${ident(name)} OPERATOR(pg_catalog.=) ${stateColumn(name)}`,
  );
  return sql`EXISTS (SELECT FROM ${changes} AS d WHERE ${join(same, ' AND ')})`;
};

/** The touched stored rows, all if there are no touch keys, and the pending changes, added up. */
function addedUp(subject: Subject, plan: AddPlan, keys: readonly TouchKey[], changes: Sql): Arm {
  const { store } = plan;
  const there = isThere(store, sql`pg_catalog.sum(u.${ROWS})`);
  const having = there === null ? sql`` : sql`\nHAVING ${there}`;
  return {
    number: ARM.current,
    columns: readColumns(store, store.values),
    from: sql`(
  ${addedRows(subject, plan, keys, changes)}${having}
) AS ${ident(STATE)}${store.identity.repeats ? repeated(COPIES) : sql``}`,
    label: 'what is stored and what is pending, added up',
  };
}

/** The same with those that are gone, each row once. */
export function addedRows(
  subject: Subject,
  { store }: AddPlan,
  keys: readonly TouchKey[],
  changes: Sql,
): Sql {
  const columns = join(stateColumns(store).map(ident), ', ');
  const stored = sql`SELECT ${columns} FROM ${subject.names.state.sql} AS ${ident(STATE)}`;
  const unknown = isUnknown(keys);
  const rows = [
    keys.length === 0 ? stored : sql`${stored} WHERE ${isConcerned(keys, changes)}`,
    ...(unknown === null ? [] : [sql`${stored} WHERE ${unknown}`]),
    sql`SELECT ${columns} FROM ${changes}`,
  ];
  return summed(store, join(rows, '\nUNION ALL\n'));
}

/** Whether a row is there that occurs so often; null where it always is. */
export function isThere({ identity }: Store, copies: Sql): Sql | null {
  if (!identity.vanishes) return null;
  return sql`${copies} ${fragment(identity.repeats ? '>' : '<>')} 0`;
}

/** What the sources have, without what is stored and what is logged: see `answer.ts`. */
export const anewArm = (subject: Subject, { store }: AddPlan): Arm => ({
  number: ARM.anew,
  columns: columnsRead(store).map(stateColumn),
  from: sql`${calledFromView(subject, subject.names.answered.sql)} AS ${ident(STATE)}`,
  label: 'what the sources have',
});

/** That equality does not tell whether a change concerns a stored row; null if it always does. */
export function isUnknown(keys: readonly TouchKey[]): Sql | null {
  const nullable = keys.filter(({ canBeNull }) => canBeNull);
  if (nullable.length === 0) return null;
  return join(
    nullable.map(({ name }) => sql`${ident(name)} IS NULL`),
    ' OR ',
  );
}

/**
 * Repeats a row of FROM. The planner expects ten elements of an array that it does not know, but
 * 1,000 rows of generate_series, and would compile queries for a thousand times the rows that are
 * there.
 */
export function repeated(times: Sql): Sql {
  const copies = sql`pg_catalog.array_fill(NULL::"char", ARRAY[(${times})::integer])`;
  return sql`\nCROSS JOIN LATERAL pg_catalog.unnest(${copies})`;
}
