/**
 * The keys that rows lead to by a path (regroup/paths.ts), as SQL.
 *
 * A short path is one list of tables, which PostgreSQL joins in the order that it finds best. What
 * that search takes grows fast: for a chain of 12 tables, each with a path of its own, it was 0.8
 * to 1.2 s at every read. So a longer path is joined step by step, as it is written: `OFFSET 0`
 * keeps each step from being merged with the next one.
 */
import { deparseExpr } from '../../parser/deparse.ts';
import { deparse } from '../../parser/deparse-query.ts';
import { quoteQualified } from '../../parser/quote.ts';
import type { ColumnRef, Expr } from '../../parser/tree.ts';
import { visit } from '../../parser/walk.ts';
import { selectFrom } from '../algebra/query-rewrites/select.ts';
import { conditions as whereOf } from '../operators/rule.ts';
import type { Path } from '../regroup/paths.ts';
import type { RegroupPlan } from '../regroup/regroup-plan.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, lines, qualified, sql } from '../sql/sql.ts';

/** Paths over more tables are joined step by step. */
const SEARCHED_TABLES = 4;

/** `r1`, `r2`, ... by the place in FROM. */
export const aliasOf = (item: number): string => `r${item + 1}`;

const columnOf = (ref: ColumnRef): string => quoteQualified(aliasOf(ref.relation), ref.name);

const written = (expr: Expr): Sql => fragment(deparseExpr(expr, columnOf));

type Rows = { readonly from: readonly Sql[]; readonly where: readonly Sql[] };

/** From the rows of its first table, given as an item of FROM with that alias. */
export function keysAlong(
  plan: RegroupPlan,
  path: Path,
  first: readonly Sql[],
  where: readonly Sql[],
): Sql {
  const rows =
    path.tables.length > SEARCHED_TABLES
      ? stepByStep(plan, path, { from: first, where })
      : {
          from: [...first, ...itemsOn(plan, path.tables.slice(1), [path.key, ...path.conditions])],
          where: [...where, ...path.conditions.map(written)],
        };
  return sql`SELECT (${written(path.key)})::${fragment(plan.key.type)} AS key
FROM
  ${lines(rows.from)}${whereOf(rows.where)}`;
}

/** The keys that the rows of a path's first table lead to, those for which `where` holds. */
export const reachedKeys = (plan: RegroupPlan, path: Path, where: readonly Sql[] = []): Sql =>
  keysAlong(
    plan,
    path,
    itemsOn(plan, path.tables.slice(0, 1), [path.key, ...path.conditions]),
    where,
  );

function stepByStep(plan: RegroupPlan, { tables, conditions, key }: Path, first: Rows): Rows {
  const stepOf = (condition: Expr): number =>
    tables.findLastIndex((item) => columnsRead(item, [condition]).size > 0);
  return tables.slice(1).reduce<Rows>((rows, item, index) => {
    const step = index + 1;
    const own = conditions.filter((condition) => stepOf(condition) === step);
    const later = [key, ...conditions.filter((condition) => stepOf(condition) > step)];
    const joined = {
      from: [...rows.from, ...itemsOn(plan, [item], [...own, ...later])],
      where: [...rows.where, ...own.map(written)],
    };
    if (step === tables.length - 1) return joined;
    const columns = [...columnsRead(item, later)].map(
      (name) => sql`${ident(aliasOf(item))}.${ident(name)}`,
    );
    const fenced = sql`(
  SELECT ${lines(columns)}
  FROM
    ${lines(joined.from)}${whereOf(joined.where)}
  OFFSET 0
) AS ${ident(aliasOf(item))}`;
    return { from: [fenced], where: [] };
  }, first);
}

/** The tables that items of FROM are, and of constant items the columns that are read. */
const itemsOn = (
  { outline }: RegroupPlan,
  items: readonly number[],
  exprs: readonly Expr[],
): readonly Sql[] =>
  items.map((item) => {
    const found = outline.items.get(item);
    const alias = ident(aliasOf(item));
    if (found?.relation.kind === 'table')
      return sql`${qualified(found.relation.schema, found.relation.name)} AS ${alias}`;
    if (found?.isConstant !== true) throw new Error(`item ${item} is no table`);
    const rows = selectFrom(found.relation, item, [...columnsRead(item, exprs)]);
    return sql`(\n${fragment(deparse(rows))}\n) AS ${alias}`;
  });

/** The names of an item's columns that expressions read. */
export function columnsRead(item: number, exprs: readonly Expr[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const expr of exprs)
    visit(expr, (node) => {
      if (node.kind === 'column' && node.relation === item) names.add(node.name);
    });
  return names;
}
