/**
 * What adds changes to a state: items of a WITH clause after `changes`, rows of stored columns, and
 * what is told of the rows that have been changed.
 */
import { changesSomething, identityOf, stateColumns, summed } from '../operators/store.ts';
import type { AddPlan } from '../plan/plan.ts';
import { OWN_COLUMNS } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, join, lines, sql } from '../sql/sql.ts';
import {
  boundsOf,
  extremesDiffer,
  hasExtremes,
  mergedColumns,
  storedExtremes,
} from './extremes.ts';
import { isFewAgain } from './few-again.ts';
import { touchedRows } from './merged-view.ts';
import type { Subject } from './subject.ts';

const ROWS = ident(OWN_COLUMNS.rows);

/** Items of a WITH clause up to `delta`, the changes of each group. */
function deltaItems(subject: Subject, plan: AddPlan): Sql {
  const { store } = plan;
  const { state } = subject.names;
  if (!hasExtremes(store)) {
    const columns = join(stateColumns(store).map(ident), ', ');
    return sql`delta AS (
  ${summed(store, sql`SELECT ${columns} FROM changes`)}
)`;
  }
  return sql`bounds AS MATERIALIZED (
  ${boundsOf(subject, store, touchedRows(plan), false)}
), few AS MATERIALIZED (
  ${isFewAgain(plan, state.sql)}
), delta AS MATERIALIZED (
  SELECT
    ${lines([...mergedColumns(subject, store), ...storedExtremes(store)])}
  FROM bounds AS b
  WHERE (SELECT f.is_few FROM few AS f)
)`;
}

/** Up to `merged`, the rows that have been changed. */
export function mergedItems(subject: Subject, plan: AddPlan): Sql {
  const { store } = plan;
  const columns = join(stateColumns(store).map(ident), ', ');
  const additions = [
    ...store.parts.map(
      (part) => sql`${ident(part.name)} = s.${ident(part.name)} + EXCLUDED.${ident(part.name)}`,
    ),
    ...store.extremes.map(({ name }) => sql`${ident(name)} = EXCLUDED.${ident(name)}`),
  ];
  const isChanged = changesSomething(store.parts, sql`d`);
  return sql`${deltaItems(subject, plan)}, merged AS (
  INSERT INTO ${subject.names.state.sql} AS s (${columns})
  SELECT ${columns}
  FROM delta AS d
  WHERE ${hasExtremes(store) ? sql`${isChanged} OR ${extremesDiffer(store, sql`d`)}` : isChanged}
  ON CONFLICT (${join(identityOf(store).map(ident), ', ')}) DO UPDATE SET
    ${join(additions, ',\n')}
  RETURNING s.ctid, s.${ROWS}
)`;
}

/** Of `merged AS m`: how many, those that are to go, and whether one has a count below 0. */
export const MERGED = [
  sql`pg_catalog.count(*)`,
  sql`pg_catalog.array_agg(m.ctid) FILTER (WHERE m.${ROWS} = 0)`,
  sql`pg_catalog.bool_or(m.${ROWS} < 0)`,
];
