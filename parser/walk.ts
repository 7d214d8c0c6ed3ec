/**
 * Walks over trees: what the children of a node are is said once, in `MAP_PARTS` and `mapQuery`;
 * everything else derives from them. A query within an expression is a part of its own kind:
 * `children`, `visit` and `mapExpr` stay in the expressions of one query, `mapQuery` and
 * `visitQuery` say what is in a query.
 */
import type {
  Expr,
  ExprKind,
  ExprOf,
  FromItem,
  GroupItem,
  Query,
  Relation,
  Select,
  Sort,
  WindowSpec,
  Words,
} from './tree.ts';

type MapExpr = (child: Expr) => Expr;

const mapSorts = (sorts: readonly Sort[], map: MapExpr): Sort[] =>
  sorts.map((sort) => ({ ...sort, expr: map(sort.expr) }));

const mapWords = <W extends Words>(words: W, map: MapExpr): W => ({
  ...words,
  args: words.args.map((arg) => map(arg)),
});

const mapWindow = (window: WindowSpec, map: MapExpr): WindowSpec => ({
  ...window,
  partitionBy: window.partitionBy.map((expr) => map(expr)),
  orderBy: mapSorts(window.orderBy, map),
  frame: window.frame && mapWords(window.frame, map),
});

const keep = <E>(expr: E): E => expr;

/**
 * For each kind the node with `map` applied to its children, in the order in which they are
 * written.
 */
const MAP_CHILDREN: { readonly [K in ExprKind]: (expr: ExprOf[K], map: MapExpr) => Expr } = {
  name: keep,
  column: keep,
  whole_row: keep,
  literal: keep,
  value_function: keep,
  join_column: (expr, map) => ({ ...expr, target: map(expr.target) }),
  binary: (expr, map) => ({ ...expr, left: map(expr.left), right: map(expr.right) }),
  unary: (expr, map) => ({ ...expr, operand: map(expr.operand) }),
  cast: (expr, map) => ({ ...expr, operand: map(expr.operand) }),
  collate: (expr, map) => ({ ...expr, operand: map(expr.operand) }),
  field: (expr, map) => ({ ...expr, operand: map(expr.operand) }),
  call: (expr, map) => ({ ...expr, args: expr.args.map(map) }),
  named_argument: (expr, map) => ({ ...expr, value: map(expr.value) }),
  aggregate: (expr, map) => ({
    ...expr,
    args: expr.args.map(map),
    orderBy: mapSorts(expr.orderBy, map),
    filter: expr.filter && map(expr.filter),
  }),
  window: (expr, map) => ({
    ...expr,
    args: expr.args.map(map),
    filter: expr.filter && map(expr.filter),
    over: typeof expr.over === 'string' ? expr.over : mapWindow(expr.over, map),
  }),
  grouping: (expr, map) => ({ ...expr, args: expr.args.map(map) }),
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
  slice: (expr, map) => ({
    ...expr,
    array: map(expr.array),
    bounds: expr.bounds.map(({ lower, upper }) => ({
      lower: lower && map(lower),
      upper: upper && map(upper),
    })),
  }),
  row: (expr, map) => ({ ...expr, items: expr.items.map(map) }),
  sublink: (expr, map) => ({ ...expr, left: expr.left && map(expr.left) }),
  syntax_form: (expr, map) => mapWords(expr, map),
};

/** The same object where no child is another one. */
function mapChildren(expr: Expr, map: MapExpr): Expr {
  let changed = false;
  // Array.map passes an index as well; the callers' functions must see one argument.
  const mapped = mapChildrenOf(expr.kind, expr, (child) => {
    const other = map(child);
    changed ||= other !== child;
    return other;
  });
  return changed ? mapped : expr;
}

function mapChildrenOf<K extends ExprKind>(kind: K, expr: ExprOf[K], map: MapExpr): Expr {
  return MAP_CHILDREN[kind](expr, map);
}

/** What `children` has found: a definition is walked many times, and nodes never change. */
const known = new WeakMap<Expr, readonly Expr[]>();
const NONE: readonly Expr[] = [];

/** The direct children of an expression, in the order in which they are written. */
export function children(expr: Expr): readonly Expr[] {
  if (MAP_CHILDREN[expr.kind] === keep) return NONE;
  const before = known.get(expr);
  if (before !== undefined) return before;
  const found: Expr[] = [];
  mapChildren(expr, (child) => {
    found.push(child);
    return child;
  });
  known.set(expr, found);
  return found;
}

/**
 * Calls `see` for the expression and everything below it, parents first; `see` returns false to
 * skip what is below a node.
 */
export function visit(expr: Expr, see: (expr: Expr) => boolean | void): void {
  if (see(expr) === false) return;
  for (const child of children(expr)) visit(child, see);
}

/** Whether a set-returning function is called in the expression. */
export function returnsSet(expr: Expr): boolean {
  let found = false;
  visit(expr, (node) => {
    found ||= node.kind === 'call' && node.returnsSet;
  });
  return found;
}

/**
 * Rewrites an expression from the top: `replace` is asked for each node; what it returns stands in
 * the node's place and is not walked any further, null keeps the node and goes on below it.
 */
export function mapExpr(expr: Expr, replace: (expr: Expr) => Expr | null): Expr {
  return replace(expr) ?? mapChildren(expr, (child) => mapExpr(child, replace));
}

/** What `mapQuery` does with the parts of a query; what is not given stays. */
export type QueryParts = {
  readonly expr: MapExpr;
  readonly query?: (query: Query) => Query;
};

/**
 * The query with its own expressions and the queries directly in it (CTEs, FROM, branches) mapped,
 * in written order; the same object where none of them is another one.
 */
export function mapQuery(query: Query, { expr, query: inner = keep }: QueryParts): Query {
  let changed = false;
  const noting = <T>(map: (part: T) => T): ((part: T) => T) => {
    return (part) => {
      const other = map(part);
      changed ||= other !== part;
      return other;
    };
  };
  const mapped = mapParts(query, noting(expr), noting(inner));
  return changed ? mapped : query;
}

function mapParts(query: Query, expr: MapExpr, inner: (query: Query) => Query): Query {
  const ctes = query.ctes.map((cte) => ({ ...cte, query: inner(cte.query) }));
  const body = mapBody({ ...query, ctes }, expr, inner);
  return {
    ...body,
    orderBy: mapSorts(query.orderBy, expr),
    limit: query.limit && {
      ...query.limit,
      count: query.limit.count && expr(query.limit.count),
      offset: query.limit.offset && expr(query.limit.offset),
    },
  };
}

function mapBody(query: Query, expr: MapExpr, inner: (query: Query) => Query): Query {
  switch (query.kind) {
    case 'values':
      return { ...query, rows: query.rows.map((row) => row.map((one) => expr(one))) };
    case 'set_operation':
      return { ...query, left: inner(query.left), right: inner(query.right) };
    case 'select':
      return {
        ...query,
        distinctOn: query.distinctOn.map((one) => expr(one)),
        targets: query.targets.map((target) => ({ ...target, expr: expr(target.expr) })),
        relations: query.relations.map((relation) => mapRelation(relation, expr, inner)),
        from: query.from.map((item) => mapFrom(item, expr)),
        where: query.where && expr(query.where),
        groupBy: query.groupBy.map((item) => mapGroupItem(item, expr)),
        having: query.having && expr(query.having),
        windows: query.windows.map((one) => ({ ...one, window: mapWindow(one.window, expr) })),
      };
  }
}

function mapRelation(relation: Relation, expr: MapExpr, inner: (query: Query) => Query): Relation {
  switch (relation.kind) {
    case 'table':
      return { ...relation, sample: relation.sample && mapWords(relation.sample, expr) };
    case 'subquery':
      return { ...relation, query: inner(relation.query) };
    case 'function':
      return {
        ...relation,
        functions: relation.functions.map((one) => ({ ...one, call: expr(one.call) })),
      };
    case 'cte':
      return relation;
  }
}

export function mapFrom(item: FromItem, expr: MapExpr): FromItem {
  if (item.kind === 'relation') return item;
  return {
    ...item,
    left: mapFrom(item.left, expr),
    right: mapFrom(item.right, expr),
    on: item.on && expr(item.on),
    using:
      item.using &&
      item.using.map((one) => ({ ...one, left: expr(one.left), right: expr(one.right) })),
  };
}

function mapGroupItem(item: GroupItem, expr: MapExpr): GroupItem {
  switch (item.kind) {
    case 'expr':
      return { ...item, expr: expr(item.expr) };
    case 'row':
      return { ...item, exprs: item.exprs.map((one) => expr(one)) };
    case 'empty':
      return item;
    default:
      return { ...item, items: item.items.map((one) => mapGroupItem(one, expr)) };
  }
}

/**
 * Calls `expr` for each expression of a query's own and `query` for each query directly in it,
 * sublinks included.
 */
export function visitQuery(
  query: Query,
  see: { readonly expr: (expr: Expr) => void; readonly query?: (query: Query) => void },
): void {
  mapQuery(query, {
    expr: (expr) => {
      see.expr(expr);
      visit(expr, (node) => {
        if (node.kind === 'sublink') see.query?.(node.query);
      });
      return expr;
    },
    query: (inner) => {
      see.query?.(inner);
      return inner;
    },
  });
}

/** True where two expressions say the same, wherever in the text they stand. */
export function equalExpr(a: Expr, b: Expr): boolean {
  return equalValue(a, b, []);
}

/** Items of FROM that stand for each other: `count` numbers from `left`, and from `right`. */
type Items = { readonly left: number; readonly right: number; readonly count: number };

function equalValue(a: unknown, b: unknown, items: readonly Items[]): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (a === b && items.every(({ left, right }) => left === right)) return true;
  const within = isSelect(a) && isSelect(b) ? [...itemsOf(a, b), ...items] : items;
  const right = b as Readonly<Record<string, unknown>>;
  if (partsOf(a) !== partsOf(b)) return false;
  return Object.entries(a).every(
    ([key, value]) =>
      key === 'span' || (Object.hasOwn(right, key) && isSamePart(key, value, right[key], within)),
  );
}

const partsOf = (value: object): number =>
  Object.keys(value).length - (Object.hasOwn(value, 'span') ? 1 : 0);

function isSamePart(key: string, a: unknown, b: unknown, items: readonly Items[]): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return equalValue(a, b, items);
  if (key === 'first') return true;
  return key === 'relation' ? isSameItem(a, b, items) : a === b;
}

/** The items of two SELECTs, which have numbers of their own wherever a query stands. */
function itemsOf(a: Select, b: Select): Items[] {
  if (a.relations.length !== b.relations.length) return [];
  return [{ left: a.first, right: b.first, count: a.relations.length }];
}

const isSelect = (value: object): value is Select => 'kind' in value && value.kind === 'select';

function isSameItem(left: number, right: number, items: readonly Items[]): boolean {
  const own = items.find((one) => left >= one.left && left < one.left + one.count);
  if (own !== undefined) return left - own.left === right - own.right;
  const isOwn = items.some((one) => right >= one.right && right < one.right + one.count);
  return !isOwn && left === right;
}

/** True where two queries say the same, wherever in their texts. */
export function equalQuery(a: Query, b: Query): boolean {
  return equalValue(a, b, []);
}

/**
 * The query with `replace` (as in `mapExpr`) asked for every node of it and of all queries in it.
 */
export function mapExprs(query: Query, replace: (expr: Expr) => Expr | null): Query {
  const inner = (one: Query): Query => mapExprs(one, replace);
  const expr = (one: Expr): Expr =>
    mapExpr(one, (node) => {
      const replaced = replace(node);
      if (replaced !== null || node.kind !== 'sublink') return replaced;
      return { ...node, left: node.left && expr(node.left), query: inner(node.query) };
    });
  return mapQuery(query, { expr, query: inner });
}
