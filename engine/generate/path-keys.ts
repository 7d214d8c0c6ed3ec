/**
 * The keys that rows lead to by a path (regroup/paths.ts), as SQL: step by step, each a subquery
 * that is not merged with the next one.
 *
 * A path in one list of tables cost more in two ways. PostgreSQL searches for the best order, and
 * what that takes grows fast: for a chain of 12 tables, each with a path of its own, it was 0.8 to
 * 1.2 s at every read. And rows of a step with the same values lead on to the same rows, each of
 * them once more: one changed row below three conditions `IN` over 1,000 rows with 10 values each
 * took 1.5 s to read, below four 16 s. So a step keeps different rows only, where it may.
 */
import { deparseExpr } from '../../parser/deparse.ts';
import { deparse } from '../../parser/deparse-query.ts';
import { quoteQualified } from '../../parser/quote.ts';
import type { ColumnRef, Expr } from '../../parser/tree.ts';
import { visit } from '../../parser/walk.ts';
import type { ColumnFacts } from '../algebra/facts.ts';
import { selectFrom } from '../algebra/query-rewrites/select.ts';
import type { Rows } from '../operators/rule.ts';
import { conditions as whereOf } from '../operators/rule.ts';
import { plainColumn } from '../regroup/lineage.ts';
import type { Path } from '../regroup/paths.ts';
import { isComparison } from '../regroup/steps.ts';
import type { RegroupPlan } from '../regroup/regroup-plan.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, lines, qualified, sql } from '../sql/sql.ts';

/** `r1`, `r2`, ... by the place in FROM. */
export const aliasOf = (item: number): string => `r${item + 1}`;

const columnOf = (ref: ColumnRef): string => quoteQualified(aliasOf(ref.relation), ref.name);

/** A condition as it is asked of the items of a path. */
export const written = (expr: Expr): Sql => fragment(deparseExpr(expr, columnOf));

/**
 * From the rows of its first table, given as an item of FROM with that alias. `where`: what is
 * asked once, before any row is read.
 */
export function keysAlong(plan: RegroupPlan, path: Path, first: Rows, where: readonly Sql[]): Sql {
  const { tables, key } = path;
  const conditions = [...path.conditions, ...path.filters];
  const stepOf = (condition: Expr): number =>
    tables.findLastIndex((item) => columnsRead(item, [condition]).size > 0);
  const asked = (step: number): Sql[] =>
    conditions.filter((condition) => stepOf(condition) === step).map(written);
  const start: Rows = { from: first.from, where: [...first.where, ...asked(0)] };
  const rows = tables.slice(1).reduce<Rows>((before, item, index) => {
    const step = index + 1;
    const later = [key, ...conditions.filter((condition) => stepOf(condition) >= step)];
    const { from, where: earlier } =
      step === 1 && showsPrimaryKey(plan, tables[0] ?? 0, later)
        ? before
        : { from: [stepBefore(plan, tables[index] ?? 0, later, before)], where: [] };
    return { from: [...from, itemOn(plan, item, later)], where: [...earlier, ...asked(step)] };
  }, start);
  return sql`SELECT (${written(key)})::${fragment(plan.key.type)} AS key
FROM
  ${lines(rows.from)}${whereOf([...where, ...rows.where])}`;
}

/** The keys that the rows of a path's first table lead to, those for which `where` holds. */
export function reachedKeys(plan: RegroupPlan, path: Path, where: readonly Sql[] = []): Sql {
  const first = itemOn(plan, path.tables[0] ?? 0, readAlong(path));
  return keysAlong(plan, path, { from: [first], where }, []);
}

/** What is read of the tables of a path. */
export const readAlong = ({ key, conditions, filters }: Path): readonly Expr[] => [
  key,
  ...conditions,
  ...filters,
];

/** The rows up to a table, with the columns of it that `later` reads. */
function stepBefore(plan: RegroupPlan, item: number, later: readonly Expr[], rows: Rows): Sql {
  const alias = ident(aliasOf(item));
  const names = [...columnsRead(item, later)];
  const columns = lines(names.map((name) => sql`${alias}.${ident(name)}`));
  const [distinct, fence] = names.every((name) => canMerge(plan, item, name, later))
    ? [sql` DISTINCT`, sql``]
    : [sql``, sql`\n  OFFSET 0`];
  return sql`(
  SELECT${distinct}
    ${columns}
  FROM
    ${lines(rows.from)}${whereOf(rows.where)}${fence}
) AS ${alias}`;
}

/**
 * Whether the columns of a table that are read tell its rows apart. Then it is left to PostgreSQL,
 * which has statistics of the table, how to join its rows with the next one.
 */
function showsPrimaryKey(plan: RegroupPlan, item: number, exprs: readonly Expr[]): boolean {
  const key = columnsOf(plan, item).filter(({ isInPrimaryKey }) => isInPrimaryKey);
  const names = columnsRead(item, exprs);
  return key.length > 0 && key.every(({ name }) => names.has(name));
}

/**
 * Whether equal values of a column lead to the same keys, so that one of them is enough. Numeric
 * 1.0 and 1.00 do where they are only compared; their texts differ.
 */
function canMerge(plan: RegroupPlan, item: number, name: string, later: readonly Expr[]): boolean {
  const column = columnsOf(plan, item).find((one) => one.name === name);
  if (column?.sortable !== true) return false;
  const uses = later.filter((expr) => columnsRead(item, [expr]).has(name));
  const isCompared = uses.every((expr) => plainColumn(expr) !== null || isComparison(expr));
  return column.equalIsSame || (column.hasPlainEquality && isCompared);
}

/** Those of a table; none of a constant item. */
function columnsOf({ outline, sources }: RegroupPlan, item: number): readonly ColumnFacts[] {
  const relation = outline.items.get(item)?.relation;
  return (relation?.kind === 'table' ? sources.get(relation.oid)?.columns : undefined) ?? [];
}

/** The table that an item of FROM is, or of a constant item the columns that are read. */
export function itemOn({ outline }: RegroupPlan, item: number, exprs: readonly Expr[]): Sql {
  const found = outline.items.get(item);
  const alias = ident(aliasOf(item));
  if (found?.relation.kind === 'table')
    return sql`${qualified(found.relation.schema, found.relation.name)} AS ${alias}`;
  // The rows before a step of a recursion (recursion.ts).
  if (found?.relation.kind === 'cte') return sql`${ident(found.relation.name)} AS ${alias}`;
  if (found?.isConstant !== true) throw new Error(`item ${item} is no table`);
  const rows = selectFrom(found.relation, item, [...columnsRead(item, exprs)]);
  return sql`(\n${fragment(deparse(rows))}\n) AS ${alias}`;
}

/** The names of an item's columns that expressions read. */
export function columnsRead(item: number, exprs: readonly Expr[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const expr of exprs)
    visit(expr, (node) => {
      if (node.kind === 'column' && node.relation === item) names.add(node.name);
    });
  return names;
}
