/**
 * A view of imat's as a function, for a live view that seldom needs its rows.
 *
 * The planner does not look into a function: an arm of the live view that names the tables would
 * be planned at every read, and its cost counted, though it does not run; from a cost of 100,000 on
 * PostgreSQL then compiles the whole query (JIT), for seconds. The function's own query is planned
 * when it runs, at every call: a plan that is kept may include a partition that a later snapshot
 * sees as detached. It is STABLE, so it sees what the statement that calls it sees.
 *
 * It runs with the rights of the imat's owner. Every reader must have the right to call it, so it
 * asks for a key, which the view takes from the frontier's row.
 *
 * The function locks its tables when it runs. If one was truncated after the statement's snapshot,
 * while the function waited or before, there is an error instead of a wrong answer. Tables that
 * the view locks first (locked-first.ts) can have parts that it does not lock.
 *
 * row_security = off: where a policy would hide rows of a source from the owner, there is an error
 * instead of a wrong answer.
 */
import type { Sql } from '../sql/sql.ts';
import { dollarQuoted, fragment, join, literal, sql } from '../sql/sql.ts';
import type { Statement } from './statement.ts';
import type { Subject } from './subject.ts';

export type ReadByFunction = {
  readonly label: string;
  readonly view: Sql;
  /** An expression: the text of a query that has the view's rows. Without it, all of the view. */
  readonly text?: Sql;
  /** Of the function. */
  readonly name: Sql;
  /** Whether it may read tables, or parts of them, that are not locked before. */
  readonly isUnlocked: boolean;
  /** Settings under which it runs, beside those of every such function. */
  readonly settings?: readonly Sql[];
  /** Its second parameter, `$2` in the text. */
  readonly parameter?: { readonly name: Sql; readonly type: Sql };
  /**
   * Whether it is an arm of what is read. Then it is told to give one row: the planner adds up the
   * rows of all arms, of which one runs, and knows those of what is stored.
   */
  readonly isArm: boolean;
};

export function readByFunction(
  subject: Subject,
  { label, view, text, name, isUnlocked, isArm, parameter, settings = [] }: ReadByFunction,
): readonly Statement[] {
  const second = parameter === undefined ? sql`` : sql`, ${parameter.name} ${parameter.type}`;
  const types = parameter === undefined ? sql`uuid` : sql`uuid, ${parameter.type}`;
  const query = text ?? literal(sql`SELECT * FROM ${view}`.text);
  const guarded = sql`
BEGIN
  IF NOT EXISTS (
    SELECT FROM imat_catalog.frontier AS f WHERE f.imat_id = ${subject.id} AND f.access_key = $1
  ) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'insufficient_privilege',
      MESSAGE = ${literal(`only the view of the imat may call ${name.text}`)};
  END IF;
  RETURN QUERY EXECUTE ${query};${isUnlocked ? afterwards(subject.id) : sql``}
END`;
  const parallel = `PARALLEL ${subject.isParallelUnsafe ? 'UNSAFE' : 'RESTRICTED'}`;
  const all = [sql`search_path = pg_catalog, pg_temp`, sql`row_security = off`, ...settings];
  return [
    {
      label,
      sql: sql`CREATE OR REPLACE FUNCTION ${name}(access_key uuid${second}) RETURNS SETOF ${view}
LANGUAGE plpgsql
STABLE SECURITY DEFINER ${fragment(parallel)}${fragment(isArm ? ' ROWS 1' : '')}
${join(
  all.map((setting) => sql`SET ${setting}`),
  '\n',
)}
AS ${dollarQuoted(guarded)}`,
    },
    {
      label: 'a view calls functions with the rights of its readers',
      sql: sql`GRANT EXECUTE ON FUNCTION ${name}(${types}) TO PUBLIC`,
    },
  ];
}

const afterwards = (imatId: number): Sql => sql`
  IF imat_catalog.is_rewritten_meanwhile(${imatId}) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;`;

/** The call, from a view. `second`: its second argument, if it has one. */
export function calledFromView({ id }: Subject, name: Sql, second: Sql | null = null): Sql {
  const rest = second === null ? sql`` : sql`, ${second}`;
  const key = sql`(SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = ${id})`;
  return sql`${name}(${key}${rest})`;
}
