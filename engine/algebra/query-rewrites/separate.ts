/**
 * A SELECT in two: an outer one over the rows of an inner one, so that the inner one can be stored
 * and the outer one computed when it is read. One clause is moved out at a time, the last that SQL
 * evaluates first:
 *
 *   LIMIT       with ORDER BY, over all rows
 *   DISTINCT    over the rows with their copies
 *   the SELECT list and HAVING over groups, where they have windows or queries of their own, or
 *   read the time
 *   windows, DISTINCT ON, a SELECT list that has queries of its own or reads the time, and
 *   conditions that have queries of their own or read the time otherwise than by comparing columns
 *   with it, over the rows of FROM
 *
 * Right because this is the order in which SQL defines them. Counter-examples, which stay: an
 * aggregate in a query within, which belongs to whichever query its columns come from; conditions
 * with a query that refers to the rows, which are the rule's that computes keys again. Such a query
 * in the SELECT list is a column of the rows (correlated.ts).
 */
import type { Expr, Query, Relation, Select, Sort } from '../../../parser/tree.ts';
import { equalExpr, mapExpr, mapExprs, mapQuery, visit } from '../../../parser/walk.ts';
import { isOfNow, readsNow, readsNowInBody } from '../moments.ts';
import { findsRows as findsTimed, timedComparison } from '../timed.ts';
import { hasAggregateWithin } from './aggregates-within.ts';
import { failsForOthers, hasOwnQuery, isCorrelated, isOfRow } from './correlated.ts';
import { PRESENT } from './existence.ts';
import { joinsItems } from './joined-items.ts';
import { conjunction, conjuncts, keysIn } from './relations.ts';
import type { Named } from './select.ts';
import { EMPTY, freshName, over, valueOf } from './select.ts';

/**
 * An outer SELECT over one subquery, the item of FROM with this number; null where nothing can be
 * moved out. `lifts`: whether conditions that read the time are, by which no rows are found.
 */
export function separate(query: Query, number: number, lifts: boolean): Select | null {
  if (query.limit !== null)
    return withLateTargets(query, number, lifts) ?? orderedOver(query, number);
  if (query.kind !== 'select') return null;
  if (query.distinct && query.distinctOn.length === 0) return distinctOver(query, number);
  return query.grouped ? upperOverGroups(query, number) : upperOverRows(query, number, lifts);
}

/**
 * A limit with the SELECT list, where a body in that reads the time: of a function that is declared
 * VOLATILE, PostgreSQL computes the results of all rows of a subquery, and it may fail for one.
 */
function withLateTargets(query: Query, number: number, lifts: boolean): Select | null {
  if (query.kind !== 'select' || !query.targets.some(({ expr }) => readsNowInBody(expr)))
    return null;
  const unlimited = separate({ ...query, limit: null }, number, lifts);
  return unlimited && query.distinct === query.distinctOn.length > 0
    ? { ...unlimited, limit: query.limit }
    : null;
}

/** Names for the columns that a query shows; null for VALUES, which has none. */
function shownNames(query: Query): readonly string[] | null {
  if (query.kind === 'select') return query.targets.map(({ name }) => name);
  return query.kind === 'values' ? null : shownNames(query.left);
}

/** The order of the rows, and the limit that chooses by it, over all rows; null without names. */
export function orderedOver(query: Query, number: number): Select | null {
  const names = shownNames(query);
  if (names === null) return null;
  const placed = placedOrder(query, number);
  if (placed === null) return null;
  const { inner, orderBy } = placed;
  return over({ ...inner, limit: null }, 'all_rows', number, {
    targets: names.map((name) => ({ name, expr: valueOf(number, name) })),
    orderBy,
    limit: query.limit,
  });
}

/** The order over the query's columns, the query having a column for each thing to order by. */
function placedOrder(
  query: Query,
  number: number,
): { readonly inner: Query; readonly orderBy: readonly Sort[] } | null {
  if (query.kind !== 'select') {
    const names = shownNames(query) ?? [];
    const orderBy = query.orderBy.map((sort) => ({ ...sort, name: names[placeOf(sort.expr)] }));
    return orderBy.some(({ name }) => name === undefined)
      ? null
      : {
          inner: { ...query, orderBy: [] },
          orderBy: orderBy.map(({ name = '', ...sort }) => ({
            ...sort,
            expr: valueOf(number, name),
          })),
        };
  }
  const targets: Named[] = [...query.targets];
  const orderBy = query.orderBy.map((sort): Sort => {
    const shown = targets.find(({ expr }) => equalExpr(expr, sort.expr));
    const name = shown?.name ?? freshName('order', targets);
    if (shown === undefined) targets.push({ name, expr: sort.expr });
    return { ...sort, expr: valueOf(number, name) };
  });
  // Of equal rows with different things to order by, DISTINCT would keep all.
  if (query.distinct && query.distinctOn.length === 0 && targets.length > query.targets.length)
    return null;
  // DISTINCT ON chooses by the order.
  const kept = query.distinctOn.length > 0 ? query.orderBy : [];
  return { inner: { ...query, targets, orderBy: kept }, orderBy };
}

/** PostgreSQL prints the order of a set operation by the places of its columns. */
const placeOf = (expr: Expr): number =>
  expr.kind === 'literal' && /^\d+$/.test(expr.sql) ? Number(expr.sql) - 1 : -1;

function distinctOver(query: Select, number: number): Select {
  return over({ ...query, distinct: false, orderBy: [] }, 'all_rows', number, {
    targets: query.targets.map(({ name }) => ({ name, expr: valueOf(number, name) })),
    distinct: true,
  });
}

const hasQuery = (expr: Expr): boolean => contains(expr, 'sublink');

function contains(expr: Expr, kind: Expr['kind']): boolean {
  let found = false;
  visit(expr, (node) => {
    found ||= node.kind === kind;
  });
  return found;
}

/** What stands above the groups of a SELECT, where that is more than expressions. */
function upperOverGroups(query: Select, number: number): Select | null {
  const upper = [
    ...query.targets.map(({ expr }) => expr),
    ...(query.having === null ? [] : [query.having]),
  ];
  const own = new Set(query.relations.map((_, index) => query.first + index));
  const keys = query.groupBy.flatMap(keysIn);
  const isMore =
    query.distinctOn.length > 0 ||
    upper.some(
      (expr) => contains(expr, 'window') || hasOwnQuery(expr, own) || readsTimeAbove(expr, keys),
    );
  if (!isMore || upper.some((expr) => isTangled(expr, own))) return null;
  const having = havingOverRows(query, own, keys);
  const isFiltered = query.having !== null && having === null;
  if (upper.some((expr) => failsForOthers(expr, own, isFiltered))) return null;
  const hasSets = query.groupBy.some(({ kind }) => kind !== 'expr' && kind !== 'row');
  const inner: Named[] = [];
  /** The inner column for an expression. */
  const shown = (expr: Expr, wanted: string): Expr => {
    const known = inner.find((one) => equalExpr(one.expr, expr));
    const name = known?.name ?? freshName(wanted, inner);
    if (known === undefined) inner.push({ name, expr });
    return { ...valueOf(number, name), span: expr.span };
  };
  const dependent: Expr[] = [];
  const replace = (node: Expr, isWithin: boolean): Expr | null => {
    if (keys.some((key) => equalExpr(key, node))) return shown(node, nameOf(node, 'key'));
    if (node.kind === 'aggregate' && !isWithin) return shown(node, node.name);
    if (node.kind === 'grouping') return shown(node, 'grouping');
    if (!isWithin && isOfRow(node, own)) return shown(node, 'found');
    if (node.kind !== 'column' || !own.has(node.relation)) return null;
    // A primary key in GROUP BY determines it.
    if (!dependent.some((one) => equalExpr(one, node))) dependent.push(node);
    return shown(node, node.name);
  };
  const outer = mapUpper(having === null ? query : { ...query, having: null }, replace);
  if (inner.length === 0 || (hasSets && dependent.length > 0)) return null;
  return over(
    {
      ...EMPTY,
      first: query.first,
      relations: query.relations,
      from: query.from,
      where: query.where,
      groupDistinct: query.groupDistinct,
      groupBy: [...query.groupBy, ...dependent.map((expr) => ({ kind: 'expr' as const, expr }))],
      grouped: true,
      having,
      targets: inner,
    },
    'grouped',
    number,
    outer,
  );
}

/** HAVING where it stays below, since queries in the SELECT list refer to the groups it leaves. */
function havingOverRows(
  { having, targets }: Select,
  own: ReadonlySet<number>,
  keys: readonly Expr[],
): Expr | null {
  if (having === null || !targets.some(({ expr }) => isCorrelated(expr, own))) return null;
  return hasOwnQuery(having, own) || readsTimeAbove(having, keys) ? null : having;
}

const nameOf = (expr: Expr, other: string): string =>
  expr.kind === 'column' || expr.kind === 'join_column' ? expr.name : other;

/**
 * Whether an expression has an aggregate of this SELECT in a query of its own, or a whole row of
 * it: neither is a column.
 */
function isTangled(expr: Expr, own: ReadonlySet<number>): boolean {
  let found = false;
  visit(expr, (node) => {
    found ||= node.kind === 'whole_row' && own.has(node.relation);
    if (node.kind === 'sublink')
      mapExprs(node.query, (inner) => {
        found ||= inner.kind === 'whole_row' && own.has(inner.relation);
        return null;
      });
  });
  return found || hasAggregateWithin(expr, own);
}

/** `isWithin`: whether the node is in a query within the expression. */
type Replace = (node: Expr, isWithin: boolean) => Expr | null;

/** The clauses above FROM, WHERE and GROUP BY, over other columns; HAVING is a condition there. */
function mapUpper(query: Select, replace: Replace): Partial<Select> {
  const bare: Select = {
    ...query,
    relations: [],
    from: [],
    where: null,
    groupBy: [],
    having: null,
  };
  const mapped = mapQuery({ ...bare, ctes: [] }, { expr: (expr) => mapIn(expr, replace) });
  if (mapped.kind !== 'select') throw new Error('a SELECT stays one');
  const { targets, windows, distinct, distinctOn, orderBy } = mapped;
  const having = query.having === null ? null : mapIn(query.having, replace);
  return { targets, windows, distinct, distinctOn, orderBy, where: having };
}

function mapIn(expr: Expr, replace: Replace): Expr {
  return mapExpr(expr, (node) => {
    const replaced = replace(node, false);
    if (replaced !== null || node.kind !== 'sublink') return replaced;
    return {
      ...node,
      left: node.left && mapIn(node.left, replace),
      query: mapExprs(node.query, (inner) => replace(inner, true)),
    };
  });
}

/** Whether an expression over groups reads the time, keys and aggregates being columns. */
function readsTimeAbove(expr: Expr, keys: readonly Expr[]): boolean {
  let found = false;
  visit(expr, (node) => {
    found ||= isOfNow(node);
    return node.kind !== 'aggregate' && !keys.some((key) => equalExpr(key, node));
  });
  return found;
}

/** What is no store of its own. */
const isOfRows = (relation: Relation): boolean =>
  relation.kind === 'table' || (relation.kind === 'subquery' && relation.lateral);

/** What stands above the rows of FROM. */
function upperOverRows(query: Select, number: number, lifts: boolean): Select | null {
  const own = new Set(query.relations.map((_, index) => query.first + index));
  const conditions = conjuncts(query.where);
  const isLifted = (one: Expr): boolean =>
    lifts && readsTimeItself(one, findsTimed)
      ? !findsRows(one) && !failsForOthers(one, own, true)
      : (hasQuery(one) || readsTimeItself(one)) && !findsRows(one) && !isCorrelated(one, own);
  const all = conditions.filter(isLifted);
  const lifted = joinsItems(query, all) ? all.filter((one) => itemsIn(one).size < 2) : all;
  const shown = query.targets.map(({ expr }) => expr);
  const isMore =
    query.distinctOn.length > 0 ||
    lifted.length > 0 ||
    shown.some((expr) => contains(expr, 'window') || readsNow(expr)) ||
    (shown.some((expr) => hasOwnQuery(expr, own)) && query.relations.some(isOfRows));
  const [only] = query.relations;
  const isDone =
    query.relations.length === 1 &&
    only?.kind === 'subquery' &&
    conditions.length === 0 &&
    !shown.some((expr) => isCorrelated(expr, own));
  const upper = [...shown, ...lifted];
  if (!isMore || isDone || upper.some((expr) => isTangled(expr, own))) return null;
  if (shown.some((expr) => failsForOthers(expr, own, lifted.length > 0))) return null;
  const inner: Named[] = [];
  const replace = (node: Expr, isWithin: boolean): Expr | null => {
    const isColumn = node.kind === 'column' || node.kind === 'join_column';
    const isFound = !isWithin && isOfRow(node, own);
    if (!isFound && !(isColumn && readsOnly(node, own))) return null;
    const known = inner.find((one) => equalExpr(one.expr, node));
    const name = known?.name ?? freshName(nameOf(node, 'found'), inner);
    if (known === undefined) inner.push({ name, expr: node });
    return { ...valueOf(number, name), span: node.span };
  };
  const outer = mapUpper(query, replace);
  const where = conjunction(lifted.map((one) => mapIn(one, replace)));
  if (inner.length === 0) inner.push(PRESENT);
  return over(
    {
      ...EMPTY,
      first: query.first,
      relations: query.relations,
      from: query.from,
      where: conjunction(conditions.filter((one) => !lifted.includes(one))),
      targets: inner,
    },
    'all_rows',
    number,
    { ...outer, where },
  );
}

/**
 * Whether it reads the time otherwise than in comparisons of the columns of one item of FROM, of
 * those that `counts`.
 */
function readsTimeItself(expr: Expr, counts: (comparison: Expr) => boolean = () => true): boolean {
  let found = false;
  visit(expr, (node) => {
    const columns = timedComparison(node)?.columns ?? [];
    if (new Set(columns.map(({ relation }) => relation)).size === 1 && counts(node)) return false;
    found ||= isOfNow(node);
    return !found;
  });
  return found;
}

/**
 * Whether a comparison with what reads the time in a body finds rows, by an index on the other
 * side or as the join of two items: without it all rows would be stored, or all pairs.
 */
function findsRows(expr: Expr): boolean {
  let found = false;
  visit(expr, (node) => {
    if (node.kind !== 'binary' || !COMPARES.test(node.op)) return;
    const finds = (by: Expr, sought: Expr): boolean => {
      const [given, items] = [itemsIn(by), itemsIn(sought)];
      return readsNowInBody(by) && items.size > 0 && ![...items].some((one) => given.has(one));
    };
    found ||= finds(node.left, node.right) || finds(node.right, node.left);
  });
  return found;
}

const COMPARES = /^([<>]=?|=|&&|@>|<@)$/;

function itemsIn(expr: Expr): ReadonlySet<number> {
  const found = new Set<number>();
  visit(expr, (node) => {
    if (node.kind === 'column') found.add(node.relation);
  });
  return found;
}

function readsOnly(expr: Expr, own: ReadonlySet<number>): boolean {
  let isOwn = true;
  visit(expr, (node) => {
    if (node.kind === 'column' && !own.has(node.relation)) isOwn = false;
  });
  return isOwn;
}
