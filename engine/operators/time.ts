/** The passing of time in generated SQL: which rows of a table it has changed since a moment. */
import { deparseExpr } from '../../parser/deparse.ts';
import type { Expr } from '../../parser/tree.ts';
import { visit } from '../../parser/walk.ts';
import type { Timed } from '../algebra/timed.ts';
import { atMoment } from '../algebra/moments.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, sql, unique } from '../sql/sql.ts';

export const NOW = sql`pg_catalog.now()`;

/**
 * Whether a comparison of a row has another result now than at `moment`. That the bounds have moved
 * and that the value lies between them says nothing more: the one is asked once for all rows, and
 * by the other an index on the value finds the row. `moment` is the same for all rows of the SELECT
 * in which this is asked: a column only of one around it.
 */
export function hasPassed(timed: readonly Timed[], alias: string, moment: Sql): Sql {
  const tests = unique(timed.map((one) => passedBy(one, alias, moment)));
  const [only] = tests;
  return tests.length === 1 && only !== undefined ? only : sql`(${join(tests, ' OR ')})`;
}

/** Whether one of some bounds, which read no column, is another one now than at `moment`. */
export function haveMoved(bounds: readonly Expr[], moment: Sql): Sql {
  const tests = unique(
    bounds.map((bound) => isMoved(bound, [atTime(bound, '', moment), atTime(bound, '', NOW)])),
  );
  return sql`(${join(tests, ' OR ')})`;
}

function passedBy({ expr: own, isValue, bounds, between }: Timed, alias: string, moment: Sql): Sql {
  const both = (expr: Expr): readonly [Sql, Sql] => [
    atTime(expr, alias, moment),
    atTime(expr, alias, NOW),
  ];
  const moved = unique(bounds.map((bound) => isMoved(bound, both(bound))));
  const tests = [
    sql`(${join(moved, ' OR ')})`,
    ...(between === null
      ? []
      : liesBetween(atTime(between.value, alias, NOW), both(between.bound), between.slack)),
    (isValue ? areOthers : differ)(both(own)),
  ];
  return sql`(
    ${join(tests, '\n    AND ')}
  )`;
}

/** The bounds are queries, which PostgreSQL computes once: a time zone for each row is dear. */
function liesBetween(value: Sql, ends: readonly [Sql, Sql], slack: number): readonly Sql[] {
  const both = join(ends, ', ');
  const [lower, upper] = [sql`(SELECT LEAST(${both}))`, sql`(SELECT GREATEST(${both}))`];
  if (slack === 0) return [sql`${value} >= ${lower}`, sql`${value} <= ${upper}`];
  const span = sql`'${slack} seconds'::pg_catalog.interval`;
  return [sql`${value} >= ${lower} - ${span}`, sql`${value} <= ${upper} + ${span}`];
}

/** A choice among constants can have numbers that are equal and not the same: 1.0 and 1.00. */
function isMoved(bound: Expr, ends: readonly [Sql, Sql]): Sql {
  let isChoice = false;
  visit(bound, ({ kind }) => {
    isChoice ||= kind === 'case' || kind === 'keyword';
  });
  return isChoice ? areOthers(ends) : differ(ends);
}

const differ = ([before, now]: readonly [Sql, Sql]): Sql => sql`${before} IS DISTINCT FROM ${now}`;

/** By their bytes: equal values, such as 30 days and a month, need not be the same. */
const areOthers = ([before, now]: readonly [Sql, Sql]): Sql =>
  sql`pg_catalog.record_image_ne(ROW(${before}), ROW(${now}))`;

function atTime(expr: Expr, alias: string, moment: Sql): Sql {
  const at: Expr = { kind: 'literal', sql: moment.text, span: null };
  const text = deparseExpr(
    atMoment(expr, at),
    ({ name }) => sql`${ident(alias)}.${ident(name)}`.text,
  );
  return fragment(text);
}
