/**
 * The rows of a recursive CTE by keys (regroup/recursion.ts), as SQL.
 *
 *   touched keys   those that pending rows touch, and all to which steps lead from them
 *   their rows     the recursion, begun with the base of touched keys and with one step from the
 *                  stored rows of other keys, which are those of the definition now
 */
import { deparse } from '../../parser/deparse-query.ts';
import type { Query } from '../../parser/tree.ts';
import type { Link, Recursion } from '../regroup/recursion.ts';
import type { RegroupPlan } from '../regroup/regroup-plan.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, sql } from '../sql/sql.ts';
import { aliasOf, itemOn, written } from './path-keys.ts';

const KEYS = ident('keys');

const columnsIn = ({ columns }: Recursion): Sql => join(columns.map(ident), ', ');

/** The rows before a step that paths go through: those that are stored. An item of WITH. */
const keptRows = (recursion: Recursion, state: Sql, where: Sql): Sql =>
  sql`${ident(recursion.names.kept)} AS NOT MATERIALIZED (
  SELECT ${columnsIn(recursion)} FROM ${state} AS s${where}
)`;

/** Items of WITH RECURSIVE, the last of which has the touched keys, and a query of these. */
export function touchedBySteps(
  plan: RegroupPlan,
  recursion: Recursion,
  state: Sql,
  terms: Sql,
): { readonly ctes: readonly Sql[]; readonly touched: Sql } {
  const { link } = recursion;
  const further = link === null ? sql`` : sql`\nUNION\n${nextKeys(plan, link)}`;
  return {
    ctes: [
      keptRows(recursion, state, sql``),
      sql`${KEYS} (key) AS (
  SELECT u.key
  FROM (
    ${terms}
  ) AS u${further}
)`,
    ],
    touched: sql`SELECT u.key
FROM ${KEYS} AS u`,
  };
}

/** The keys to which a step leads from those before. */
const nextKeys = (plan: RegroupPlan, { self, before, item, key, condition }: Link): Sql =>
  sql`-- keys to which a step leads
SELECT (${written(key)})::${fragment(plan.key.type)}
FROM ${KEYS} AS ${ident(aliasOf(self))} (${ident(before)}),
  ${itemOn(plan, item, [key, condition])}
WHERE ${written(condition)}`;

/** What the query of the rows is made from. */
type OfKeys = {
  readonly withKeys: Query;
  readonly withNull: Query;
  readonly hasNull: Sql;
  /** Whether the key of a row of `s` is none of these. */
  readonly isOther: Sql;
};

/** The rows of touched keys. */
export function rowsOfKeys(recursion: Recursion, state: Sql, of: OfKeys): Sql {
  const { names, all, step } = recursion;
  return sql`WITH RECURSIVE ${keptRows(recursion, state, sql`\n  WHERE ${of.isOther}`)},
${ident(names.derived)} (${columnsIn(recursion)}) AS (
  (
    ${fragment(deparse(of.withKeys))}
    UNION ALL
    SELECT n.* FROM (
      ${fragment(deparse(of.withNull))}
    ) AS n
    WHERE ${of.hasNull}
  )
  UNION${fragment(all ? ' ALL' : '')}
  (
    ${fragment(deparse(step))}
  )
)
SELECT ${columnsIn(recursion)} FROM ${ident(names.derived)}`;
}
