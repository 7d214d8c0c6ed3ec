/** Which column of which table a column of a definition is, however deep in subqueries. */
import type { ColumnRef, Expr, Query, Relation, Select, WindowSpec } from '../../parser/tree.ts';
import { equalExpr, mapExpr, returnsSet, visit, visitQuery } from '../../parser/walk.ts';
import type { Item, Outline } from './outline.ts';

/** A column as it is written, under the names that joins give it or not; null for anything else. */
export function plainColumn(expr: Expr): ColumnRef | null {
  if (expr.kind === 'column') return expr;
  return expr.kind === 'join_column' ? plainColumn(expr.target) : null;
}

/** An expression over the columns that stand behind the names that joins give them. */
export const withoutJoinNames = (expr: Expr): Expr =>
  mapExpr(expr, (node) => (node.kind === 'join_column' ? withoutJoinNames(node.target) : null));

/**
 * The column of a table or a constant item that is shown here: rows with another value in it matter
 * to nothing that is seen with this one. Null where that is not so, or not known.
 */
export function lineageOf(outline: Outline, expr: Expr): ColumnRef | null {
  const ref = plainColumn(expr);
  const item = ref === null ? undefined : outline.items.get(ref.relation);
  if (ref === null || item === undefined) return null;
  if (item.relation.kind === 'table' || item.isConstant) return ref;
  const target = targetOf(item, ref.name);
  if (target === null || target.query.kind !== 'select') return null;
  if (!decomposes(target.query, target.expr)) return null;
  const inner = plainColumn(target.expr);
  const below = inner === null ? undefined : outline.items.get(inner.relation);
  return inner === null || below === undefined || below.isNullable
    ? null
    : lineageOf(outline, inner);
}

/** The expression that a subquery in FROM shows under a name, and its place in the list. */
export function targetOf(
  { relation }: Item,
  name: string,
): { readonly query: Query; readonly place: number; readonly expr: Expr } | null {
  if (relation.kind !== 'subquery') return null;
  const first = firstSelect(relation.query);
  if (first === null) return null;
  const place = first.targets.findIndex(
    (target, index) => (relation.columnAliases[index] ?? target.name) === name,
  );
  const expr = first.targets[place]?.expr;
  return expr === undefined ? null : { query: relation.query, place, expr };
}

/** The SELECT that names the columns of a query. */
export function firstSelect(query: Query): Select | null {
  switch (query.kind) {
    case 'select':
      return query;
    case 'set_operation':
      return firstSelect(query.left);
    case 'values':
      return null;
  }
}

/**
 * Whether the rows of a SELECT with one value of an expression are computed from the rows of its
 * FROM with that value alone: its groups, partitions and choices of a first row are within values.
 */
export function decomposes(query: Select, expr: Expr): boolean {
  const includes = (exprs: readonly Expr[]): boolean => exprs.some((one) => equalExpr(one, expr));
  if (query.limit !== null || query.locking.length > 0) return false;
  if (query.distinctOn.length > 0 && !includes(query.distinctOn)) return false;
  if (!windowsOf(query).every((window) => includes(partitionOf(query, window)))) return false;
  if (!query.grouped) return true;
  return (
    query.groupBy.every((item) => item.kind === 'expr' || item.kind === 'row') &&
    includes(groupKeys(query))
  );
}

/** The same of a query's column, by its place: for each SELECT of a set operation. */
export function decomposesAt(query: Query, place: number): boolean {
  if (query.kind === 'values') return true;
  if (query.kind === 'set_operation')
    return (
      query.limit === null && decomposesAt(query.left, place) && decomposesAt(query.right, place)
    );
  const expr = query.targets[place]?.expr;
  return expr !== undefined && decomposes(query, expr);
}

/** A table, or a subquery with rows of tables as they are: no groups, no choice among them. */
export function isOfTables(relation: Relation): boolean {
  if (relation.kind === 'table') return true;
  if (relation.kind !== 'subquery' || relation.query.kind !== 'select') return false;
  const { grouped, distinct, limit, relations, targets } = relation.query;
  return (
    !grouped &&
    !distinct &&
    limit === null &&
    !relation.lateral &&
    windowsOf(relation.query).length === 0 &&
    !targets.some(({ expr }) => returnsSet(expr)) &&
    relations.length > 0 &&
    relations.every(isOfTables)
  );
}

export const groupKeys = (query: Select): readonly Expr[] =>
  query.groupBy.flatMap((item) =>
    item.kind === 'expr' ? [item.expr] : item.kind === 'row' ? item.exprs : [],
  );

/** The windows over which a SELECT computes something. */
export function windowsOf(query: Select): readonly WindowSpec[] {
  const found: WindowSpec[] = [];
  visitQuery(
    { ...query, windows: [], relations: [], from: [] },
    {
      expr: (expr) =>
        visit(expr, (node) => {
          if (node.kind === 'window') found.push(specOf(query, node.over));
        }),
    },
  );
  return found;
}

const NO_WINDOW: WindowSpec = { base: null, partitionBy: [], orderBy: [], frame: null };

const specOf = (query: Select, over: string | WindowSpec): WindowSpec =>
  typeof over === 'string'
    ? (query.windows.find(({ name }) => name === over)?.window ?? NO_WINDOW)
    : over;

/** A window takes its partition from the one that it is based on. */
export function partitionOf(query: Select, window: WindowSpec): readonly Expr[] {
  return window.base === null ? window.partitionBy : partitionOf(query, specOf(query, window.base));
}
