/** The passing of time in generated SQL: which rows of a table it has changed since a moment. */
import { deparseExpr } from '../../parser/deparse.ts';
import type { Expr } from '../../parser/tree.ts';
import type { Timed } from '../algebra/timed.ts';
import { atMoment } from '../algebra/timed.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, sql } from '../sql/sql.ts';

export const NOW = sql`pg_catalog.now()`;

/**
 * Whether a comparison of a row has another result now than at `moment`. That the row lies between
 * both bounds says nothing more; an index on the column finds it by that.
 */
export function hasPassed(timed: readonly Timed[], alias: string, moment: Sql): Sql {
  const tests = timed.map(({ column, op, bound }) => {
    const value = sql`${ident(alias)}.${ident(column)}`;
    const [before, now] = [boundAt(bound, moment), boundAt(bound, NOW)];
    const compared = (at: Sql): Sql => sql`(${value} ${fragment(op)} ${at})`;
    return sql`(
    ${value} >= LEAST(${before}, ${now}) AND ${value} <= GREATEST(${before}, ${now})
    AND ${compared(before)} IS DISTINCT FROM ${compared(now)}
  )`;
  });
  const own = tests.filter((test, at) => tests.findIndex(({ text }) => text === test.text) === at);
  const [only] = own;
  return own.length === 1 && only !== undefined ? only : sql`(${join(own, ' OR ')})`;
}

function boundAt(bound: Expr, moment: Sql): Sql {
  const at: Expr = { kind: 'literal', sql: moment.text, span: null };
  return fragment(deparseExpr(atMoment(bound, at), () => ''));
}
