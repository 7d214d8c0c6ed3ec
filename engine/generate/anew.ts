/**
 * The state's content computed from the sources alone, for when a log does not have a change as
 * rows (a reset mark), and when that is cheaper than what is pending: as a view, and as a function,
 * from which the fold fills the state. (A live read then takes `answer.ts`.) PostgreSQL plans no
 * INSERT ... SELECT in parallel, but the query of a function: then a fold computes the definition
 * as REFRESH MATERIALIZED VIEW does.
 */
import { storedIn } from '../algebra/node.ts';
import type { AddPlan } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { sql } from '../sql/sql.ts';
import { calledFromView, readByFunction } from './read-by-function.ts';
import { answerAnew } from './answer.ts';
import { stateContent } from './state.ts';
import type { Folded } from './outgrown.ts';
import { isOutgrownInFold } from './outgrown.ts';
import type { Statement } from './statement.ts';
import type { StoreSubject } from './stores.ts';
import type { Subject } from './subject.ts';
import { rowsStored } from './touched-rows.ts';

export const computedAnew = (subject: StoreSubject, plan: AddPlan): readonly Statement[] => [
  contentView(subject, plan),
  ...computedFunction(subject),
  ...answerAnew(subject, plan),
  ...regroupedView(subject, plan),
];

/**
 * Whether a fold computes the state anew: because a log does not have a change as rows, or because
 * it has too many of them for adding up to be quicker. `anew` is its parameter.
 */
export const isAnew = (subject: Subject, sources: readonly number[], folded: Folded): Sql => {
  const reset = sql`anew OR imat_catalog.has_reset(imat => ${subject.id})`;
  if (sources.length === 0) return reset;
  return sql`${reset} OR (
  SELECT ${isOutgrownInFold(subject, sources, folded)}
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = ${subject.id}
)`;
};

/**
 * Statements that put it into the state; the variable `changed` has the number of rows then.
 * `from`: what has the content; without it, the function that computes it from the sources.
 */
export const storeAnew = (
  subject: Subject,
  columns: Sql,
  from = calledFromView(subject, subject.names.computed.sql),
): Sql => {
  const { state } = subject.names;
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

/** What groups over rows read that are computed anew before them. */
function regroupedView({ names, inner }: StoreSubject, plan: AddPlan): readonly Statement[] {
  const [rows] = storedIn(plan.core.input);
  if (!isRegrouped(plan) || inner === null || rows === undefined) return [];
  const content = stateContent(plan, rowsStored(inner, rows));
  return [
    {
      label: 'the state computed from the rows that were stored before it',
      sql: sql`CREATE VIEW ${names.regrouped.sql} AS\n${content}`,
    },
  ];
}

/** Whether the store holds groups over rows that are computed again. */
export const isRegrouped = ({ inner }: AddPlan): boolean => inner?.rule === 'regroup';

/** Its body names the content view. */
export const computedFunction = (subject: Subject): readonly Statement[] =>
  readByFunction(subject, {
    label: 'the same as a function, which is planned when it runs',
    view: subject.names.content.sql,
    name: subject.names.computed.sql,
    isUnlocked: true,
    isArm: true,
  });
