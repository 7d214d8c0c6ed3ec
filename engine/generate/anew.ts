/**
 * The state's content computed from the sources alone, for when a log does not have a change as
 * rows (a reset mark), and when that is cheaper than what is pending: as a view, and as a function,
 * which the live view then reads, and from which the fold fills the state. PostgreSQL plans no
 * INSERT ... SELECT in parallel, but the query of a function: then a fold computes the definition
 * as REFRESH MATERIALIZED VIEW does.
 */
import type { AddPlan } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { sql } from '../sql/sql.ts';
import { calledFromView, readByFunction } from './read-by-function.ts';
import { stateContent } from './state.ts';
import { FOR_ONE, isOutgrown } from './outgrown.ts';
import type { Statement } from './statement.ts';
import type { Subject } from './subject.ts';

export const computedAnew = (subject: Subject, plan: AddPlan): readonly Statement[] => [
  contentView(subject, plan),
  ...computedFunction(subject),
];

/**
 * Whether a fold computes the state anew: because a log does not have a change as rows, or because
 * it has too many of them for adding up to be quicker. `anew` is its parameter.
 */
export const isAnew = (subject: Subject, sources: readonly number[]): Sql => {
  const reset = sql`anew OR imat_catalog.has_reset(imat => ${subject.id})`;
  if (sources.length === 0) return reset;
  return sql`${reset} OR (
  SELECT ${isOutgrown(subject, sources, FOR_ONE.fold)}
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = ${subject.id}
)`;
};

/**
 * Statements that put it into the state; the variable `changed` has the number of rows then.
 * `content`: a query for it, if not the definition.
 */
export const storeAnew = (subject: Subject, columns: Sql, content: Sql | null): Sql => {
  const { state, computed } = subject.names;
  const from = content === null ? calledFromView(subject, computed.sql) : sql`(${content}) AS c`;
  return sql`DELETE FROM ${state.sql};
INSERT INTO ${state.sql} (${columns})
SELECT ${columns} FROM ${from};
GET DIAGNOSTICS changed = ROW_COUNT;
RETURN changed;`;
};

const contentView = ({ names }: Subject, plan: AddPlan): Statement => ({
  label: 'the state computed anew',
  sql: sql`CREATE VIEW ${names.content.sql} AS\n${stateContent(plan)}`,
});

/** Its body names the content view. */
export const computedFunction = (subject: Subject): readonly Statement[] =>
  readByFunction(subject, {
    label: 'the same as a function, for reads while a reset is pending',
    view: subject.names.content.sql,
    name: subject.names.computed.sql,
  });
