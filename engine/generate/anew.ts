/**
 * The state's content computed from the sources alone, for when a log does not have a change as
 * rows (a reset mark): as a view, from which the fold then fills the state, and as a function,
 * which the live view then reads.
 *
 * A function, because the planner does not look into it: an arm of the live view that names the
 * sources would be planned at every read. It runs with the rights of the imat's owner. Every reader
 * must have the right to call it, so it asks for a key, which the view takes from the frontier's
 * row.
 *
 * The query is planned at every call: a plan that is kept may include a partition that a later
 * snapshot sees as detached.
 *
 * row_security = off: where a policy would hide rows of a source from the owner, there is an error
 * instead of a wrong answer.
 */
import type { AddPlan } from '../plan/plan.ts';
import { dollarQuoted, fragment, literal, sql } from '../sql/sql.ts';
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
export function computedFunction(subject: Subject): readonly Statement[] {
  const { content, computed } = subject.names;
  const body = sql`
BEGIN
  IF NOT EXISTS (
    SELECT FROM imat_catalog.frontier AS f WHERE f.imat_id = ${subject.id} AND f.access_key = $1
  ) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'insufficient_privilege',
      MESSAGE = ${literal(`only the view of the imat may call ${computed.sql.text}`)};
  END IF;
  RETURN QUERY EXECUTE ${literal(sql`SELECT * FROM ${content.sql}`.text)};
END`;
  const signature = sql`${computed.sql}(access_key uuid) RETURNS SETOF ${content.sql}`;
  return [
    {
      label: 'the same as a function, for reads while a reset is pending',
      sql: sql`CREATE OR REPLACE FUNCTION ${signature}
LANGUAGE plpgsql
STABLE SECURITY DEFINER PARALLEL ${fragment(subject.isParallelUnsafe ? 'UNSAFE' : 'RESTRICTED')}
SET search_path = pg_catalog
SET row_security = off
AS ${dollarQuoted(body)}`,
    },
    {
      label: 'a view calls functions with the rights of its readers',
      sql: sql`GRANT EXECUTE ON FUNCTION ${computed.sql}(uuid) TO PUBLIC`,
    },
  ];
}
