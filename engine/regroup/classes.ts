/**
 * Where a key occurs: the columns of tables that have the key's value in every row that matters to
 * a row of the answer with that value, or expressions over the columns of one table. A table that
 * has such a column can be confined to some keys, and its changed rows tell which keys they touch.
 * The same holds of constant items, which have no changed rows.
 *
 * The key spreads by equality, and only to items whose rows matter nowhere without it: from either
 * side of an inner join or WHERE, from the preserved side of an outer join to the other one, from
 * around a subquery into its WHERE, and through the columns of a subquery that decomposes by them.
 */
import type { ColumnRef, Expr, Query, Select } from '../../parser/tree.ts';
import { equalExpr, mapQuery, visit } from '../../parser/walk.ts';
import { isStrict } from '../algebra/strict.ts';
import type { Block, Condition, FullJoin, Outline } from './outline.ts';
import { queriesIn } from './outline.ts';
import type { KeyFacts } from './key-facts.ts';
import { decomposes, plainColumn, targetOf, withoutJoinNames } from './lineage.ts';

/** The key in one table: an expression over the columns of one item of FROM. */
export type Holder = { readonly item: number; readonly expr: Expr };

/**
 * The holders of a query's column, by its place in the list; null where the query does not
 * decompose by it.
 */
export function holdersOf(
  outline: Outline,
  query: Query,
  place: number,
  facts: KeyFacts,
): readonly Holder[] | null {
  switch (query.kind) {
    case 'values':
      return [];
    case 'set_operation': {
      if (query.limit !== null) return null;
      if (!isOneColumn(query, place, facts)) return null;
      const left = holdersOf(outline, query.left, place, facts);
      const right = holdersOf(outline, query.right, place, facts);
      return left === null || right === null ? null : [...left, ...right];
    }
    case 'select': {
      const expr = query.targets[place]?.expr;
      if (expr === undefined || !decomposes(query, expr)) return null;
      return spread(outline, query, [expr], facts);
    }
  }
}

/** Whether the branches of a set operation show columns of one type in a place. */
function isOneColumn(query: Query, place: number, facts: KeyFacts): boolean {
  const columns = selectsOf(query).map(({ targets }) => {
    const target = targets[place]?.expr;
    return target === undefined ? null : plainColumn(target);
  });
  const [first] = columns;
  return (
    first !== undefined &&
    first !== null &&
    columns.every((one) => one !== null && facts.same(first, one))
  );
}

/** The holders in a SELECT and below, given expressions that have the key's value there. */
function spread(
  outline: Outline,
  query: Select,
  given: readonly Expr[],
  facts: KeyFacts,
): readonly Holder[] {
  const block = outline.blocks.find((one) => one.query === query);
  if (block === undefined) throw new Error('a SELECT that the outline does not have');
  const known: Expr[] = given.flatMap((expr) => [expr, ...bothSides(block, expr)]);
  const has = (expr: Expr): boolean => known.some((one) => equalExpr(one, expr));
  const add = (from: Expr, to: Expr, { filtered }: Condition): boolean => {
    const [a, b] = [bare(from), bare(to)];
    if (!has(a) || has(b) || !filtered.has(itemOf(b) ?? -1) || !facts.same(a, b)) return false;
    known.push(b);
    return true;
  };
  for (const expr of given) {
    if (!has(bare(expr))) known.push(bare(expr));
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
  const own = known.flatMap((expr) => ofItem(outline, block, expr, facts));
  return [...own.filter(isFirst), ...below(outline, block, known, facts)];
}

const isFirst = (holder: Holder, at: number, all: readonly Holder[]): boolean =>
  all.findIndex(({ item, expr }) => item === holder.item && equalExpr(expr, holder.expr)) === at;

/** An expression without the names that joins give to what it reads. */
const bare = (expr: Expr): Expr => plainColumn(expr) ?? withoutJoinNames(expr);

/** A column that a FULL JOIN merges has the value of either side. */
function bothSides(block: Block, expr: Expr): readonly Expr[] {
  return fullJoinOf(block, expr)?.sides ?? [];
}

/** The FULL JOIN whose merged column an expression is. */
function fullJoinOf({ fullJoins }: Block, expr: Expr): FullJoin | undefined {
  const merged = expr.kind === 'join_column' ? expr.target : expr;
  if (merged.kind !== 'keyword' || merged.name !== 'COALESCE') return undefined;
  return fullJoins.find(
    ({ sides }) =>
      merged.args.length === 2 &&
      sides.every((side) => merged.args.some((arg) => equalExpr(side, arg))),
  );
}

/**
 * The holders that an expression with the key's value leads to, in the SELECT's own FROM. Where an
 * outer join shows NULLs in the place of a table's row, COALESCE has a value that no row of it has.
 */
function ofItem(outline: Outline, block: Block, expr: Expr, facts: KeyFacts): readonly Holder[] {
  const item = itemOf(expr);
  const found = item === null ? undefined : outline.items.get(item);
  if (item === null || found === undefined || found.block.query !== block.query) return [];
  if (found.isHidden || (found.isNullable && !isStrict(expr))) return [];
  if (found.relation.kind === 'table' || found.isConstant)
    return facts.isSafe(expr, block) ? [{ item, expr: withoutJoinNames(expr) }] : [];
  const column = plainColumn(expr);
  const target = column === null ? null : targetOf(found, column.name);
  return target === null ? [] : (holdersOf(outline, target.query, target.place, facts) ?? []);
}

/**
 * Whether rows can have NULL as the value of a query's column, given by its place, because an outer
 * join found no partner.
 */
export function canMissPartner(outline: Outline, query: Query, place: number): boolean {
  switch (query.kind) {
    case 'values':
      return false;
    case 'set_operation':
      return [query.left, query.right].some((one) => canMissPartner(outline, one, place));
    case 'select': {
      const expr = query.targets[place]?.expr;
      const block = outline.blocks.find((one) => one.query === query);
      return expr !== undefined && block !== undefined && canBeMissing(outline, block, expr);
    }
  }
}

/** The same of an expression of a SELECT. A merged column is NULL where both sides are. */
function canBeMissing(outline: Outline, block: Block, expr: Expr): boolean {
  const item = outline.items.get(itemOf(expr) ?? -1);
  if (item !== undefined)
    return item.isNullable || (!item.isConstant && canMissBelow(outline, expr));
  const merged = fullJoinOf(block, expr);
  if (merged === undefined) return false;
  return merged.isNullable || merged.sides.some((side) => canMissBelow(outline, side));
}

/** The same of the column of a subquery, because of its own joins. */
function canMissBelow(outline: Outline, expr: Expr): boolean {
  const column = plainColumn(expr);
  const item = column === null ? undefined : outline.items.get(column.relation);
  const target = column === null || item === undefined ? null : targetOf(item, column.name);
  return target !== null && canMissPartner(outline, target.query, target.place);
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
  facts: KeyFacts,
): readonly Holder[] {
  const lateral = query.relations.flatMap((one) =>
    one.kind === 'subquery' && one.lateral ? [one.query] : [],
  );
  const members = conditions.flatMap(({ expr }) => {
    const member = memberOf(expr);
    const isKey = member !== null && known.some((one) => equalExpr(one, member.left));
    if (!isKey || !member.shown.every((shown) => facts.same(member.left, shown))) return [];
    return holdersOf(outline, member.query, 0, facts) ?? [];
  });
  const inner = [...lateral, ...exprsOf(query).flatMap(queriesIn)];
  return [...members, ...inner.flatMap((one) => correlated(outline, one, known, facts))];
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
  facts: KeyFacts,
): readonly Holder[] {
  switch (query.kind) {
    case 'values':
      return [];
    case 'set_operation':
      return [query.left, query.right].flatMap((one) => correlated(outline, one, known, facts));
    case 'select':
      return spread(outline, query, known, facts);
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
