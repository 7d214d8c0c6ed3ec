/**
 * What is computed from the sources alone, for when a log does not have a change as rows (a reset
 * mark): the state's content as a view, which the fold then fills the state from, and the definition
 * as a function, which the live view then reads.
 *
 * A function, because the planner does not look into it: a third branch of the view that names the
 * definition would be planned at every read. It runs with the rights of the imat's owner. Every
 * reader must have the right to call it, so it asks for a key, which the view takes from the
 * frontier's row.
 *
 * row_security = off: where a policy would hide rows of a source from the owner, there is an error
 * instead of a wrong answer.
 */
import type { Plan } from '../plan/plan.ts';
import { dollarQuoted, fragment, literal, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { stateContent } from './state.ts';
import type { Statement } from './statement.ts';
import type { Subject } from './subject.ts';

export function contentView({ names }: Subject, plan: Plan): Statement {
  return {
    label: 'the state computed anew',
    sql: sql`CREATE VIEW ${names.content.sql} AS\n${stateContent(plan)}`,
  };
}

export function definedFunction(subject: Subject): readonly Statement[] {
  const { defined, definition } = subject.names;
  const body = sql`
BEGIN
  IF NOT EXISTS (
    SELECT FROM imat_catalog.frontier AS f WHERE f.imat_id = ${subject.id} AND f.access_key = $1
  ) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'insufficient_privilege',
      MESSAGE = ${literal(`function ${defined.sql.text} is for the imat's view only`)};
  END IF;
  RETURN QUERY SELECT * FROM ${definition.sql};
END`;
  const create: Statement = {
    label: 'the definition as a function, for reads while a reset is pending',
    sql: sql`CREATE FUNCTION ${defined.sql}(access_key uuid) RETURNS SETOF ${definition.sql}
LANGUAGE plpgsql
STABLE SECURITY DEFINER PARALLEL ${fragment(subject.isParallelUnsafe ? 'UNSAFE' : 'RESTRICTED')}
SET search_path = pg_catalog
SET row_security = off
AS ${dollarQuoted(body)}`,
  };
  return [
    create,
    {
      label: 'a view calls functions with the rights of its readers',
      sql: sql`GRANT EXECUTE ON FUNCTION ${defined.sql}(uuid) TO PUBLIC`,
    },
  ];
}

/** The definition's rows, for the body of the live view. */
export const definedRows = ({ id, names }: Subject): Sql =>
  sql`${names.defined.sql}((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = ${id}))`;
