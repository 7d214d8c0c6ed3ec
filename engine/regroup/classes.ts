/**
 * Where a key occurs: the columns of tables that have the key's value in every row that matters to
 * a row of the answer with that value. A table that has such a column can be confined to some keys,
 * and its changed rows tell which keys they touch.
 *
 * The key spreads by equality, and only to items whose rows matter nowhere without it: from either
 * side of an inner join or WHERE, from the preserved side of an outer join to the other one, from
 * around a subquery into its WHERE, and through the columns of a subquery that decomposes by them.
 */
import type { ColumnRef, Expr, Query, Select } from '../../parser/tree.ts';
import { equalExpr, mapQuery, visit } from '../../parser/walk.ts';
import type { Block, Condition, Outline } from './outline.ts';
import { queriesIn } from './outline.ts';
import { decomposes, plainColumn, targetOf } from './lineage.ts';

/** The key in one table: an expression over the columns of one item of FROM. */
export type Holder = { readonly item: number; readonly expr: Expr };

/** Whether two columns of tables can stand for each other: one type, one equality. */
export type SameKey = (a: ColumnRef, b: ColumnRef) => boolean;

/**
 * The holders of a query's column, by its place in the list; null where the query does not
 * decompose by it.
 */
export function holdersOf(
  outline: Outline,
  query: Query,
  place: number,
  same: SameKey,
): readonly Holder[] | null {
  switch (query.kind) {
    case 'values':
      return [];
    case 'set_operation': {
      if (query.limit !== null) return null;
      if (!isOneColumn(query, place, same)) return null;
      const left = holdersOf(outline, query.left, place, same);
      const right = holdersOf(outline, query.right, place, same);
      return left === null || right === null ? null : [...left, ...right];
    }
    case 'select': {
      const expr = query.targets[place]?.expr;
      if (expr === undefined || !decomposes(query, expr)) return null;
      return spread(outline, query, [expr], same);
    }
  }
}

/** Whether the branches of a set operation show columns of one type in a place. */
function isOneColumn(query: Query, place: number, same: SameKey): boolean {
  const columns = selectsOf(query).map(({ targets }) => {
    const target = targets[place]?.expr;
    return target === undefined ? null : plainColumn(target);
  });
  const [first] = columns;
  return (
    first !== undefined &&
    first !== null &&
    columns.every((one) => one !== null && same(first, one))
  );
}

/** The holders in a SELECT and below, given expressions that have the key's value there. */
function spread(
  outline: Outline,
  query: Select,
  given: readonly Expr[],
  same: SameKey,
): readonly Holder[] {
  const block = outline.blocks.find((one) => one.query === query);
  if (block === undefined) throw new Error('a SELECT that the outline does not have');
  const known: Expr[] = given.flatMap((expr) => [expr, ...bothSides(block, expr)]);
  const has = (expr: Expr): boolean => known.some((one) => equalExpr(one, expr));
  const add = (from: Expr, to: Expr, { filtered }: Condition): boolean => {
    const [a, b] = [plainColumn(from), plainColumn(to)];
    if (a === null || b === null || !has(a) || has(b) || !filtered.has(b.relation)) return false;
    if (!same(a, b)) return false;
    known.push(b);
    return true;
  };
  for (const expr of given) {
    const plain = plainColumn(expr);
    if (plain !== null && !has(plain)) known.push(plain);
  }
  while (
    block.conditions.some(
      (condition) =>
        condition.expr.kind === 'binary' &&
        condition.expr.op === '=' &&
        (add(condition.expr.left, condition.expr.right, condition) ||
          add(condition.expr.right, condition.expr.left, condition)),
    )
  );
  return [
    ...known.flatMap((expr) => ofItem(outline, block, expr, same)),
    ...below(outline, block, known, same),
  ];
}

/** A column that a FULL JOIN merges has the value of either side. */
function bothSides({ fullJoins }: Block, expr: Expr): readonly Expr[] {
  const merged = expr.kind === 'join_column' ? expr.target : expr;
  if (merged.kind !== 'keyword' || merged.name !== 'COALESCE') return [];
  const pair = fullJoins.find(
    (one) =>
      merged.args.length === 2 &&
      merged.args.every((arg) => one.some((side) => equalExpr(side, arg))),
  );
  return pair ?? [];
}

/** The holders that an expression with the key's value leads to, in the SELECT's own FROM. */
function ofItem(outline: Outline, { query }: Block, expr: Expr, same: SameKey): readonly Holder[] {
  const item = itemOf(expr);
  const found = item === null ? undefined : outline.items.get(item);
  if (item === null || found === undefined || found.block.query !== query) return [];
  if (found.relation.kind === 'table') return [{ item, expr }];
  const target = expr.kind === 'column' ? targetOf(found, expr.name) : null;
  return target === null ? [] : (holdersOf(outline, target.query, target.place, same) ?? []);
}

/** The one item that an expression reads; null for none or several, or a query in it. */
export function itemOf(expr: Expr): number | null {
  const found = new Set<number>();
  let isPlain = true;
  visit(expr, (node) => {
    if (node.kind === 'column') found.add(node.relation);
    if (node.kind === 'sublink' || node.kind === 'whole_row' || node.kind === 'aggregate')
      isPlain = false;
    if (node.kind === 'window' || (node.kind === 'call' && node.returnsSet)) isPlain = false;
  });
  const [item] = found;
  return isPlain && found.size === 1 && item !== undefined ? item : null;
}

/** The holders in queries within expressions and in LATERAL subqueries, by their conditions. */
function below(
  outline: Outline,
  { query, conditions }: Block,
  known: readonly Expr[],
  same: SameKey,
): readonly Holder[] {
  const lateral = query.relations.flatMap((one) =>
    one.kind === 'subquery' && one.lateral ? [one.query] : [],
  );
  const members = conditions.flatMap(({ expr }) => {
    const member = memberOf(expr);
    const isKey = member !== null && known.some((one) => equalExpr(one, member.left));
    if (!isKey || !member.shown.every((shown) => same(member.left, shown))) return [];
    return holdersOf(outline, member.query, 0, same) ?? [];
  });
  const inner = [...lateral, ...exprsOf(query).flatMap(queriesIn)];
  return [...members, ...inner.flatMap((one) => correlated(outline, one, known, same))];
}

/** `column IN (SELECT column ...)`, with the columns that the query shows in its branches. */
export type Member = {
  readonly left: ColumnRef;
  readonly query: Query;
  readonly shown: readonly ColumnRef[];
};

export function memberOf(expr: Expr): Member | null {
  if (expr.kind !== 'sublink' || expr.form !== 'any' || expr.op !== '=') return null;
  const left = expr.left === null ? null : plainColumn(expr.left);
  const shown = selectsOf(expr.query).map((one) => {
    const target = one.targets[0]?.expr;
    return target === undefined ? null : plainColumn(target);
  });
  const columns = shown.flatMap((one) => one ?? []);
  return left === null || columns.length === 0 || columns.length < shown.length
    ? null
    : { left, query: expr.query, shown: columns };
}

function selectsOf(query: Query): readonly Select[] {
  if (query.kind === 'select') return [query];
  return query.kind === 'values' ? [] : [...selectsOf(query.left), ...selectsOf(query.right)];
}

/** The holders in a query that is evaluated for each row around it. */
function correlated(
  outline: Outline,
  query: Query,
  known: readonly Expr[],
  same: SameKey,
): readonly Holder[] {
  switch (query.kind) {
    case 'values':
      return [];
    case 'set_operation':
      return [query.left, query.right].flatMap((one) => correlated(outline, one, known, same));
    case 'select':
      return spread(outline, query, known, same);
  }
}

/** The expressions of a SELECT outside its FROM, and the conditions of its joins. */
function exprsOf(query: Select): readonly Expr[] {
  const found: Expr[] = [];
  const see = (expr: Expr): Expr => {
    found.push(expr);
    return expr;
  };
  mapQuery({ ...query, ctes: [] }, { expr: see });
  return found;
}
