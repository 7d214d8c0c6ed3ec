/**
 * The state's content computed from the sources alone, for when a log does not have a change as
 * rows (a reset mark): as a view, from which the fold then fills the state, and as a function,
 * which the live view then reads.
 */
import type { AddPlan } from '../plan/plan.ts';
import { sql } from '../sql/sql.ts';
import { readByFunction } from './read-by-function.ts';
import { stateContent } from './state.ts';
import type { Statement } from './statement.ts';
import type { Subject } from './subject.ts';

export const computedAnew = (subject: Subject, plan: AddPlan): readonly Statement[] => [
  contentView(subject, plan),
  ...computedFunction(subject),
];

export const contentView = ({ names }: Subject, plan: AddPlan): Statement => ({
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
