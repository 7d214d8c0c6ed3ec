/**
 * Walks over expressions: what the children of a node are is said once, in `MAP_CHILDREN`; everything else derives from it.
 * Covers expressions only: a query's clauses are few and their readers name them.
 */
import type { Expr, ExprKind, ExprOf } from './tree.ts';

/** For each kind the node with `map` applied to its children, in the order in which they are written. */
const MAP_CHILDREN: {
  readonly [K in ExprKind]: (expr: ExprOf[K], map: (child: Expr) => Expr) => Expr;
} = {
  column: (expr) => expr,
  literal: (expr) => expr,
  binary: (expr, map) => ({ ...expr, left: map(expr.left), right: map(expr.right) }),
  unary: (expr, map) => ({ ...expr, operand: map(expr.operand) }),
  cast: (expr, map) => ({ ...expr, operand: map(expr.operand) }),
  call: (expr, map) => ({ ...expr, args: expr.args.map(map) }),
  aggregate: (expr, map) => ({
    ...expr,
    args: expr.args.map(map),
    filter: expr.filter && map(expr.filter),
  }),
  keyword: (expr, map) => ({ ...expr, args: expr.args.map(map) }),
  case: (expr, map) => ({
    ...expr,
    subject: expr.subject && map(expr.subject),
    whens: expr.whens.map(({ when, result }) => ({ when: map(when), result: map(result) })),
    otherwise: expr.otherwise && map(expr.otherwise),
  }),
  array_comparison: (expr, map) => ({ ...expr, left: map(expr.left), array: map(expr.array) }),
  array: (expr, map) => ({ ...expr, items: expr.items.map(map) }),
  subscript: (expr, map) => ({ ...expr, array: map(expr.array), indexes: expr.indexes.map(map) }),
  row: (expr, map) => ({ ...expr, items: expr.items.map(map) }),
};

function mapChildren(expr: Expr, map: (child: Expr) => Expr): Expr {
  // Array.map passes an index as well; the callers' functions must see one argument.
  return mapChildrenOf(expr.kind, expr, (child) => map(child));
}

function mapChildrenOf<K extends ExprKind>(
  kind: K,
  expr: ExprOf[K],
  map: (child: Expr) => Expr,
): Expr {
  return MAP_CHILDREN[kind](expr, map);
}

/** The direct children of an expression, in the order in which they are written. */
export function children(expr: Expr): Expr[] {
  const found: Expr[] = [];
  mapChildren(expr, (child) => {
    found.push(child);
    return child;
  });
  return found;
}

/** Calls `see` for the expression and everything below it, parents first; `see` returns false to skip what is below a node. */
export function visit(expr: Expr, see: (expr: Expr) => boolean | void): void {
  if (see(expr) === false) return;
  for (const child of children(expr)) visit(child, see);
}

/**
 * Rewrites an expression from the top: `replace` is asked for each node; what it returns stands in the node's place and is
 * not walked any further, null keeps the node and goes on below it.
 */
export function mapExpr(expr: Expr, replace: (expr: Expr) => Expr | null): Expr {
  return replace(expr) ?? mapChildren(expr, (child) => mapExpr(child, replace));
}

/** True where two expressions say the same, wherever in the text they stand. */
export function equalExpr(a: Expr, b: Expr): boolean {
  return equalValue(a, b);
}

function equalValue(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const left = entriesWithoutSpan(a);
  const right = new Map(entriesWithoutSpan(b));
  return (
    left.length === right.size &&
    left.every(([key, value]) => right.has(key) && equalValue(value, right.get(key)))
  );
}

function entriesWithoutSpan(value: object): [string, unknown][] {
  return Object.entries(value).filter(([key]) => key !== 'span');
}
