/**
 * A plain subquery in FROM (tables and inner joins, filters, expressions) is part of the query
 * around it: its tables join in, its conditions are conditions, its columns are what they are
 * computed from. One without FROM is one row of constants.
 *
 * Right because a product is associative and a filter commutes with it. Counter-examples, which
 * stay: GROUP BY, DISTINCT, LIMIT and windows (a filter around them is not one below them),
 * set-returning functions (they multiply rows after the filter), the nullable side of an outer join
 * (a constant column is NULL there), a sublink or sample in the subquery. Volatile expressions
 * would be evaluated anew at each mention: no definition with one is maintained by delta at all.
 */
import type {
  Expr,
  FromItem,
  Query,
  Relation,
  Select,
  SubqueryItem,
} from '../../../parser/tree.ts';
import { mapExpr, mapExprs, mapQuery, visit } from '../../../parser/walk.ts';
import { EMPTY } from './select.ts';
import {
  conjunction,
  expressionsOf,
  isInner,
  joinConditions,
  mapQueries,
  numbersOf,
} from './relations.ts';

export function inlineSubqueries(query: Query): Query {
  return mapQueries(query, (one) => (one.kind === 'select' ? inlined(one) : one));
}

/** An item of FROM that stays, or what stands in the place of a subquery. */
function inlined(query: Select): Select {
  if (!query.from.every(isInner)) return query;
  const plain = new Map<number, Select>();
  for (const number of query.from.flatMap(numbersOf)) {
    const item = query.relations[number - query.first];
    const inner = item?.kind === 'subquery' ? plainSelect(item) : null;
    if (inner !== null) plain.set(number, inner);
  }
  if (plain.size === 0) return query;
  const replace = (expr: Expr): Expr =>
    mapExpr(expr, (node) => {
      const inner = node.kind === 'column' ? plain.get(node.relation) : undefined;
      if (node.kind !== 'column' || inner === undefined) return null;
      const names = outputNames(query, node.relation, inner);
      const target = inner.targets[names.indexOf(node.name)]?.expr;
      // A lateral subquery may be built from another one that is inlined as well.
      return target === undefined ? null : replace(target);
    });
  return rebuilt(query, plain, replace);
}

function outputNames(query: Select, number: number, inner: Select): string[] {
  const aliases = query.relations[number - query.first]?.columnAliases ?? [];
  const own = inner.targets.map((target) => target.name);
  return [...aliases, ...own.slice(aliases.length)];
}

/**
 * The query with one list of tables and one conjunction. The numbers of what comes in stay as they
 * are, so the query's own items must not be looked up by place any more: `relations` gets them all,
 * in one run of numbers.
 */
function rebuilt(
  query: Select,
  plain: ReadonlyMap<number, Select>,
  replace: (e: Expr) => Expr,
): Select {
  const items: { readonly number: number; readonly relation: Relation }[] = [];
  for (const number of query.from.flatMap(numbersOf)) {
    const inner = plain.get(number);
    const from = inner ?? query;
    for (const one of inner === undefined ? [number] : inner.from.flatMap(numbersOf)) {
      const relation = from.relations[one - from.first];
      if (relation !== undefined)
        items.push({ number: one, relation: throughLateral(relation, replace) });
    }
  }
  const first = Math.min(...items.map(({ number }) => number), query.first);
  const last = Math.max(...items.map(({ number }) => number), first);
  const relations = Array.from(
    { length: items.length === 0 ? 0 : last - first + 1 },
    (_, place) => items.find(({ number }) => number === first + place)?.relation ?? GONE,
  );
  const inner = [...plain.values()].flatMap((one) => [
    ...one.from.flatMap(joinConditions),
    ...(one.where === null ? [] : [one.where]),
  ]);
  const own = [
    ...query.from.flatMap(joinConditions),
    ...(query.where === null ? [] : [query.where]),
  ];
  const from = items.map(({ number }): FromItem => ({ kind: 'relation', relation: number }));
  const mapped = mapQuery(
    { ...query, first, relations: [], from: [], where: conjunction([...inner, ...own]) },
    { expr: replace },
  );
  return mapped.kind === 'select' ? { ...mapped, relations, from } : query;
}

/** What an item says of those before it. */
function throughLateral(relation: Relation, replace: (expr: Expr) => Expr): Relation {
  if (relation.kind === 'function') {
    const functions = relation.functions.map((one) => ({ ...one, call: replace(one.call) }));
    return { ...relation, functions };
  }
  if (relation.kind !== 'subquery') return relation;
  return {
    ...relation,
    query: mapExprs(relation.query, (node) => (node.kind === 'column' ? replace(node) : null)),
  };
}

/** Fills the place of an item that is no longer in FROM; nothing refers to it. */
const GONE: Relation = {
  kind: 'cte',
  name: '',
  alias: '',
  aliased: false,
  columnAliases: [],
  span: null,
};

/** The query of an item where it is plain; null for any other. */
function plainSelect(item: SubqueryItem): Select | null {
  const { query } = item;
  if (query.kind === 'values') return oneRow(query);
  return query.kind === 'select' && isPlain(query) ? query : null;
}

/** VALUES with one row is a SELECT without FROM. */
function oneRow(query: Extract<Query, { kind: 'values' }>): Select | null {
  const [row, ...others] = query.rows;
  if (row === undefined || others.length > 0 || query.ctes.length > 0 || query.limit !== null)
    return null;
  return {
    ...EMPTY,
    first: 0,
    relations: [],
    from: [],
    targets: row.map((expr, index) => ({ name: `column${index + 1}`, expr: typed(expr) })),
    span: query.span,
  };
}

/**
 * A bare string is text as a column of a query; what it is elsewhere depends on what stands around
 * it.
 */
const typed = (expr: Expr): Expr =>
  expr.kind === 'literal' &&
  (expr.sql.startsWith("'") || expr.sql.startsWith("E'") || expr.sql === 'NULL')
    ? { kind: 'cast', operand: expr, type: 'text', span: expr.span }
    : expr;

function isPlain(query: Select): boolean {
  const isBare =
    query.ctes.length === 0 &&
    query.limit === null &&
    query.locking.length === 0 &&
    query.windows.length === 0 &&
    !query.distinct &&
    !query.grouped;
  const isJoin = query.from.every(isInner) && query.relations.every(isTable);
  return isBare && isJoin && expressionsOf(query).every(isScalar);
}

const isTable = (relation: Relation): boolean =>
  relation === GONE || (relation.kind === 'table' && relation.sample === null);

function isScalar(expr: Expr): boolean {
  let scalar = true;
  visit(expr, (node) => {
    scalar &&=
      node.kind !== 'window' &&
      node.kind !== 'sublink' &&
      node.kind !== 'whole_row' &&
      node.kind !== 'join_column' &&
      !(node.kind === 'call' && node.returnsSet);
  });
  return scalar;
}
