/**
 * Which expressions have one value where others have: by the keys of what FROM joins and by its
 * equalities. A small, sound part of functional dependencies: what is not found is only a longer
 * ORDER BY.
 */
import type { ColumnRef, Expr, FromItem, Select } from '../../../parser/tree.ts';
import { equalExpr, visit } from '../../../parser/walk.ts';
import { numbersOf } from './relations.ts';

export type Dependencies = {
  /** Expressions of which no two rows of an item have the same values, by the item's number. */
  readonly keyOf: (relation: number) => readonly Expr[] | null;
  /** Whether values that are equal are always the same. */
  readonly isExact: (column: ColumnRef) => boolean;
};

/** `to` has one value where `from` has, provided that the items of `given` are single rows. */
type Equality = {
  /** Null for a constant. */
  readonly from: ColumnRef | null;
  readonly to: ColumnRef;
  readonly given: readonly number[];
};

/** Whether an expression has one value where all of `fixed` have. */
export type Determine = (fixed: readonly Expr[]) => (expr: Expr) => boolean;

export function determinedIn(select: Select, dependencies: Dependencies): Determine {
  const own = new Set(select.relations.map((_, index) => select.first + index));
  const equalities = [
    ...equalitiesOf(select.where, own, []),
    ...select.from.flatMap((item) => ofJoin(item, own)),
  ].filter(
    ({ from, to }) => dependencies.isExact(to) && (from === null || dependencies.isExact(from)),
  );
  return (fixed) => {
    const known = closure(own, fixed, equalities, dependencies);
    return (expr) => isKnown(expr, known, own);
  };
}

/** A part of `wanted` that determines the rest together with `fixed`. */
export function missingOf(
  wanted: readonly Expr[],
  fixed: readonly Expr[],
  determine: Determine,
): Expr[] {
  let chosen: Expr[] = [];
  let isDetermined = determine(fixed);
  for (const expr of wanted) {
    if (isDetermined(expr)) continue;
    chosen.push(expr);
    isDetermined = determine([...fixed, ...chosen]);
  }
  for (const expr of chosen) {
    const others = chosen.filter((one) => one !== expr);
    const without = determine([...fixed, ...others]);
    // Itself first: mostly that is the one which the others leave open.
    if (without(expr) && wanted.every(without)) chosen = others;
  }
  return chosen;
}

type Known = {
  readonly rows: Set<number>;
  /** By `nameOf`: of a wide query there are many, and each is asked for often. */
  readonly columns: Set<string>;
  readonly others: readonly Expr[];
};

const nameOf = ({ relation, name }: ColumnRef): string => `${relation} ${name}`;

function closure(
  own: ReadonlySet<number>,
  fixed: readonly Expr[],
  equalities: readonly Equality[],
  { keyOf }: Dependencies,
): Known {
  const known: Known = {
    rows: new Set(),
    columns: new Set(fixed.flatMap((expr) => (expr.kind === 'column' ? [nameOf(expr)] : []))),
    others: fixed.filter(({ kind }) => kind !== 'column'),
  };
  for (let grows = true; grows; ) {
    grows = false;
    for (const number of own) {
      const key = known.rows.has(number) ? null : keyOf(number);
      if (key === null || !key.every((expr) => isKnown(expr, known, own))) continue;
      known.rows.add(number);
      grows = true;
    }
    for (const { from, to, given } of equalities) {
      const holds =
        given.every((number) => known.rows.has(number)) &&
        (from === null || isKnown(from, known, own));
      if (!holds || isKnown(to, known, own)) continue;
      known.columns.add(nameOf(to));
      grows = true;
    }
  }
  return known;
}

function isKnown(expr: Expr, { rows, columns, others }: Known, own: ReadonlySet<number>): boolean {
  if (isConstant(expr, own)) return true;
  if (expr.kind === 'column') return rows.has(expr.relation) || columns.has(nameOf(expr));
  if (others.some((one) => equalExpr(one, expr))) return true;
  // What is computed from one column of a row that is known, such as its bytes.
  return (
    expr.kind === 'call' &&
    expr.args.every((arg) => arg.kind === 'column' && rows.has(arg.relation))
  );
}

/** A literal, or a column of a query around. */
function isConstant(expr: Expr, own: ReadonlySet<number>): boolean {
  if (expr.kind === 'cast') return isConstant(expr.operand, own);
  return expr.kind === 'literal' || (expr.kind === 'column' && !own.has(expr.relation));
}

function equalitiesOf(
  condition: Expr | null,
  own: ReadonlySet<number>,
  given: readonly number[],
): Equality[] {
  if (condition?.kind !== 'binary') return [];
  const { op, left, right } = condition;
  if (op === 'AND') return [...equalitiesOf(left, own, given), ...equalitiesOf(right, own, given)];
  return op === '='
    ? [...towards(left, right, own, given), ...towards(right, left, own, given)]
    : [];
}

function towards(
  from: Expr,
  to: Expr,
  own: ReadonlySet<number>,
  given: readonly number[],
): Equality[] {
  if (to.kind !== 'column' || !own.has(to.relation)) return [];
  if (isConstant(from, own)) return [{ from: null, to, given }];
  return from.kind === 'column' ? [{ from, to, given }] : [];
}

/** An outer join relates one row of the side that is kept to those of the other side. */
function ofJoin(item: FromItem, own: ReadonlySet<number>): Equality[] {
  if (item.kind === 'relation') return [];
  const below = [...ofJoin(item.left, own), ...ofJoin(item.right, own)];
  const conditions: Expr[] = [
    ...(item.on === null ? [] : [item.on]),
    ...(item.using ?? []).map(
      ({ left, right }): Expr => ({ kind: 'binary', op: '=', left, right, span: null }),
    ),
  ];
  if (item.type === 'full' || item.type === 'cross') return below;
  if (item.type === 'inner')
    return [...below, ...conditions.flatMap((one) => equalitiesOf(one, own, []))];
  const [kept, other] = item.type === 'left' ? [item.left, item.right] : [item.right, item.left];
  const nullable = new Set(numbersOf(other));
  return [
    ...below,
    ...conditions
      .flatMap((one) => equalitiesOf(one, own, numbersOf(kept)))
      .filter(({ to }) => nullable.has(to.relation)),
  ];
}

/** Whether an expression reads a column of one of these items. */
export function reads(expr: Expr, own: ReadonlySet<number>): boolean {
  let found = false;
  visit(expr, (node) => {
    found ||= (node.kind === 'column' || node.kind === 'whole_row') && own.has(node.relation);
  });
  return found;
}
