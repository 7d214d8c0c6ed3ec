/**
 * An extreme of one group from the tables, as a function that views call where the stored value may
 * have gone: `imat_store.derived_<name>(access key, number of the extreme, group keys)`.
 *
 * A function, because the planner does not look into it: as subqueries the same would be planned at
 * each read, for all touched groups, and compiled (JIT) for what that seems to cost. Its body is
 * bound, so it follows renames as a view does. PostgreSQL plans it once a query, and takes the
 * first value of an index on the group keys and the argument if there is one.
 *
 * Every reader must have the right to call it, so it asks for a key, as `anew.ts` does, and without
 * it has no row.
 */
import type { Extreme } from '../aggregates/parts.ts';
import { firstValue } from '../aggregates/parts.ts';
import { fromWhere } from '../operators/rule.ts';
import type { Store, StoredKey } from '../operators/store.ts';
import { stateColumns } from '../operators/store.ts';
import type { AddPlan } from '../plan/plan.ts';
import { coreInput } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { and, fragment, ident, join, lines, sql } from '../sql/sql.ts';
import type { Statement } from './statement.ts';
import type { Subject } from './subject.ts';

/** What the function asks for. */
export const accessKey = ({ id }: Subject): Sql =>
  sql`(SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = ${id})`;

/** The call for an extreme, by its place, of a group whose keys a row `b` has. */
export function derivedExtreme(
  { names }: Subject,
  { keys, extremes }: Store,
  at: number,
  access: Sql,
): Sql {
  const group = keys.map(({ name }) => sql`b.${ident(name)}`);
  const call = sql`${names.derived.sql}(${join([access, sql`${at + 1}`, ...group], ', ')})`;
  const columns = join(
    extremes.map(({ name }) => ident(name)),
    ', ',
  );
  return sql`(SELECT e.${ident(extremes[at]?.name ?? '')} FROM ${call} AS e(${columns}))`;
}

export function derivedFunction(subject: Subject, plan: AddPlan): readonly Statement[] {
  const { keys, extremes } = plan.store;
  const { derived } = subject.names;
  const types = keys.map(({ facts }) => fragment(facts.baseType));
  const results = extremes.map(({ name, facts }) => sql`${ident(name)} ${fragment(facts.type)}`);
  const name = parameterNames(plan.store);
  const parameters = [sql`uuid`, sql`integer`, ...types].map(
    (type, at) => sql`${name(at)} ${type}`,
  );
  const values = extremes.map(
    (one, at) => sql`CASE WHEN $2 = ${at + 1} THEN ${ofGroup(plan, one)} END`,
  );
  const isAllowed = sql`EXISTS (
  SELECT FROM imat_catalog.frontier AS f WHERE f.imat_id = ${subject.id} AND f.access_key = $1
)`;
  return [
    {
      label: 'the extremes of a group from the tables, where the stored ones may have gone',
      sql: sql`CREATE OR REPLACE FUNCTION ${derived.sql}(${join(parameters, ', ')})
RETURNS TABLE (${join(results, ', ')})
LANGUAGE sql
ROWS 1
STABLE SECURITY DEFINER PARALLEL ${fragment(subject.isParallelUnsafe ? 'UNSAFE' : 'RESTRICTED')}
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET jit = off
BEGIN ATOMIC
SELECT
  ${lines(values)}
WHERE ${isAllowed};
END`,
    },
    {
      label: 'a view calls functions with the rights of its readers',
      sql: sql`GRANT EXECUTE ON FUNCTION ${derived.sql}(${join(parameters, ', ')}) TO PUBLIC`,
    },
  ];
}

/**
 * Names that no result has. Where results have names, PostgreSQL (seen with 15) prints one without
 * a name as "", and a dump with it cannot be restored.
 */
function parameterNames(store: Store): (at: number) => Sql {
  const taken = stateColumns(store);
  let prefix = 'imat_';
  while (taken.some((name) => name.startsWith(prefix))) prefix = `_${prefix}`;
  return (at) => ident(`${prefix}${at + 1}`);
}

/** The extreme over the rows of the group that the parameters from $3 on name. */
function ofGroup(plan: AddPlan, one: Extreme): Sql {
  const input = coreInput(plan, null).now;
  const over = (group: readonly Sql[]): Sql => sql`(
  SELECT ${firstValue(one, one.value)}
  ${fromWhere({ from: input.from, where: [...input.where, ...one.conditions, ...group] })}
)`;
  const { keys } = plan.store;
  if (keys.length === 0) return over([]);
  const known = and(keys.map((_, at) => sql`${parameter(at)} IS NOT NULL`));
  return sql`CASE WHEN ${known} THEN ${over(keys.map(isSame))} ELSE ${over(nullSafe(keys))} END`;
}

const parameter = (at: number): Sql => fragment(`$${at + 3}`);

const isSame = ({ value }: StoredKey, at: number): Sql =>
  sql`${value} OPERATOR(pg_catalog.=) ${parameter(at)}`;

/** That a row has the keys of the group, of which one is NULL. */
function nullSafe(keys: readonly StoredKey[]): readonly Sql[] {
  return keys.map((key, at) => {
    const isNull = sql`${key.value} IS NULL`;
    if (keys.length === 1) return isNull;
    return sql`(${isSame(key, at)} OR ${parameter(at)} IS NULL AND ${isNull})`;
  });
}
