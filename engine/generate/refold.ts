/**
 * The fold of groups that stand on rows which are computed again: in one statement the rows of
 * touched keys go, come as they are now, and what that changes is added to the groups. A change of
 * the groups that is computed apart, as reads compute it (touched-rows.ts), computes these rows
 * twice.
 *
 * The statement is the parsed body of a function (PostgreSQL, "CREATE FUNCTION", sql_body), so it
 * follows what it names through renames, as a view would that could write. All of its parts read
 * the tables as they were before it.
 */
import type { AddPlan, RowsPlan } from '../plan/plan.ts';
import type { StoreNames } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, lines, sql } from '../sql/sql.ts';
import { askTouched } from './ask-touched.ts';
import { changeQuery } from './change-views.ts';
import type { Statement } from './statement.ts';
import type { StoreSubject } from './stores.ts';
import { confinedParts, GIVEN_KEYS, REPLACED, selected, storedColumns } from './touched-rows.ts';
import { MERGED, mergedItems } from './upsert.ts';

type Below = { readonly rows: RowsPlan; readonly names: StoreNames };

function rowsBelow({ inner: names }: StoreSubject, { inner: rows }: AddPlan): Below {
  if (names === null || rows?.rule !== 'regroup') throw new Error('groups that stand on no rows');
  return { rows, names };
}

export function refoldFunction(subject: StoreSubject, plan: AddPlan): readonly Statement[] {
  const { rows, names } = rowsBelow(subject, plan);
  const { removed, stored } = REPLACED;
  const key = sql`s.${ident(rows.key.name)}`;
  const columns = storedColumns(rows).map(ident);
  const list = join(columns, ', ');
  const returned = sql`RETURNING ${join(
    columns.map((column) => sql`s.${column}`),
    ', ',
  )}`;
  const replaced = [removed, stored].map((cte) => sql`(SELECT pg_catalog.count(*) FROM ${cte})`);
  const type = fragment(rows.key.type);
  const name = subject.names.refold.sql;
  return [
    {
      label: 'fold: replaces rows, and changes the groups on them',
      sql: sql`CREATE OR REPLACE FUNCTION ${name}(
  keys ${type}[], has_null boolean,
  OUT changed bigint, OUT emptied tid[], OUT negative boolean, OUT replaced bigint
)
LANGUAGE sql
BEGIN ATOMIC
  WITH ${removed} AS (
    DELETE FROM ${names.state.sql} AS s
    WHERE ${key} = ANY ($1) OR ($2 AND ${key} IS NULL)
    ${returned}
  ), ${stored} AS (
    INSERT INTO ${names.state.sql} AS s (${list})
    ${selected(
      confinedParts(rows, rows.key, GIVEN_KEYS, (query) => query),
      columns,
    )}
    ${returned}
  ), changes AS (
    ${changeQuery(plan, subject, plan.netting, { around: 'rows' })}
  ), ${mergedItems(subject, plan)}
  SELECT
    ${lines([...MERGED, join(replaced, ' + ')])}
  FROM merged AS m;
END`,
    },
    {
      label: 'only the fold calls it',
      sql: sql`REVOKE ALL ON FUNCTION ${name}(${type}[], boolean) FROM PUBLIC`,
    },
  ];
}

/** What the fold declares for it. */
export const REFOLDED = sql`
  touched record;
  replaced bigint;`;

/** Before the attempt. If more keys are touched than are few, all is computed anew instead. */
export function touchedFirst(subject: StoreSubject, plan: AddPlan): Sql {
  const { rows, names } = rowsBelow(subject, plan);
  const own = subject.names.fold.sql;
  return sql`${askTouched({ id: subject.id, names }, rows)}
IF NOT touched.is_few THEN
  RETURN ${names.fold.sql}(true) + ${own}(true);
END IF;`;
}

export const calledOnTouched = ({ names }: StoreSubject): Sql =>
  sql`SELECT r.* INTO changed, emptied, negative, replaced
FROM ${names.refold.sql}(touched.keys, touched.has_null) AS r;`;
