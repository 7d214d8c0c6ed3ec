/**
 * A recursive CTE stands where it is read: each mention of it becomes a subquery in FROM with a
 * WITH RECURSIVE of its own, and the other CTEs of that WITH are inlined.
 *
 *   WITH RECURSIVE tree AS (.. UNION ALL ..), totals AS (SELECT .. FROM tree) SELECT .. FROM totals
 *   SELECT .. FROM (SELECT .. FROM (WITH RECURSIVE tree AS (..) SELECT * FROM tree) tree) totals
 *
 * Right for any query that has one answer, as for other CTEs (inline-ctes.ts). A counter-example,
 * which stays: a WITH in which a CTE reads one that comes later (`isOrdered`).
 */
import type { Cte, Expr, Query, Relation, Select, SubqueryItem } from '../../../parser/tree.ts';
import { equalQuery, mapExpr, mapQuery, visitQuery } from '../../../parser/walk.ts';
import { eachQuery, freeNumber, mapQueries, renumbered } from './relations.ts';
import { selectFrom } from './select.ts';

export type RecursiveQuery = Select & { readonly ctes: readonly [Cte] };

export function inlineRecursiveCtes(query: Query): Query {
  let next = freeNumber(query);
  const numbered = (one: Query): Query => {
    const copy = renumbered(one, next);
    next = Math.max(next, freeNumber(copy));
    return copy;
  };
  return mapQueries(query, (one) => {
    if (!one.recursive || isRecursion(one) || !isOrdered(one.ctes)) return one;
    if (!one.ctes.some(readsItself)) return one;
    let rest: Query = { ...one, ctes: [], recursive: false };
    let later = one.ctes;
    while (later.length > 0) {
      const [cte, ...others] = later;
      if (cte === undefined) break;
      const shown = readsItself(cte) ? recursion(cte) : cte.query;
      const replaced = (body: Query): Query => withMentions(body, cte, () => numbered(shown));
      later = others.map((other) => ({ ...other, query: replaced(other.query) }));
      rest = replaced(rest);
    }
    return rest;
  });
}

/** How often a CTE is read; one of the same name further in hides it. */
function mentions(query: Query, name: string): number {
  let count = 0;
  const see = (one: Query): void => {
    if (one.ctes.some((cte) => cte.name === name)) return;
    if (one.kind === 'select')
      count += one.relations.filter((item) => item.kind === 'cte' && item.name === name).length;
    visitQuery(one, { expr: () => {}, query: see });
  };
  see(query);
  return count;
}

const readsItself = ({ name, query }: Cte): boolean => mentions(query, name) > 0;

/** Whether each reads itself and those before it alone. */
const isOrdered = (ctes: readonly Cte[]): boolean =>
  ctes.every(({ query }, at) =>
    ctes.slice(at + 1).every((other) => mentions(query, other.name) === 0),
  );

/** `WITH RECURSIVE cte SELECT * FROM cte`. */
function recursion(cte: Cte): RecursiveQuery {
  const item: Relation = {
    kind: 'cte',
    name: cte.name,
    alias: cte.name,
    aliased: false,
    columnAliases: [],
    span: cte.span,
  };
  const number = freeNumber(cte.query);
  return { ...selectFrom(item, number, columnNames(cte)), recursive: true, ctes: [cte] };
}

/** The names of a CTE's columns. */
export function columnNames({ columnAliases, query }: Cte): readonly string[] {
  const names = shownBy(query);
  return [...columnAliases, ...names.slice(columnAliases.length)];
}

function shownBy(query: Query): readonly string[] {
  if (query.kind === 'set_operation') return shownBy(query.left);
  if (query.kind === 'values') return (query.rows[0] ?? []).map((_, at) => `column${at + 1}`);
  return query.targets.map(({ name }) => name);
}

function withMentions(query: Query, cte: Cte, copy: () => Query): Query {
  const isNamed = readsItself(cte);
  const inner = (one: Query): Query => {
    if (one.ctes.some(({ name }) => name === cte.name)) return one;
    const mapped = mapQuery(one, { expr, query: inner });
    if (mapped.kind !== 'select') return mapped;
    const relations = mapped.relations.map((item): Relation => {
      if (item.kind !== 'cte' || item.name !== cte.name) return item;
      const { alias, span, columnAliases: own } = item;
      const columnAliases = isNamed ? own : [...own, ...cte.columnAliases.slice(own.length)];
      return {
        kind: 'subquery',
        query: copy(),
        lateral: false,
        alias,
        aliased: true,
        columnAliases,
        span,
      };
    });
    return { ...mapped, relations };
  };
  const expr = (one: Expr): Expr =>
    mapExpr(one, (node) =>
      node.kind === 'sublink'
        ? { ...node, left: node.left && expr(node.left), query: inner(node.query) }
        : null,
    );
  return inner(query);
}

/** Whether a query is all rows of a recursive CTE, as `inlineRecursiveCtes` writes them. */
export function isRecursion(query: Query): query is RecursiveQuery {
  if (query.kind !== 'select' || !query.recursive || query.ctes.length !== 1) return false;
  const [cte] = query.ctes;
  const [item] = query.relations;
  if (cte === undefined || item?.kind !== 'cte' || item.name !== cte.name) return false;
  return equalQuery(
    { ...query, ctes: [], recursive: false },
    selectFrom(item, query.first, columnNames(cte)),
  );
}

/** A subquery in FROM that is, and its number. */
type RecursiveItem = SubqueryItem & { readonly query: RecursiveQuery; readonly number: number };

/** From the outside in. */
export function recursionsIn(query: Query): readonly RecursiveItem[] {
  const found: RecursiveItem[] = [];
  eachQuery(query, (one) => {
    if (one.kind !== 'select') return;
    for (const [place, item] of one.relations.entries())
      if (item.kind === 'subquery' && isRecursion(item.query))
        found.push({ ...item, query: item.query, number: one.first + place });
  });
  return found;
}

/**
 * One of which only the rows are taken that are asked for: below a LIMIT, or in a query within an
 * expression. An endless recursion ends there, and nowhere else.
 */
export function takenInPart(query: Query): RecursiveQuery | null {
  let found: RecursiveQuery | null = null;
  const see = (one: Query, isPart: boolean): void => {
    if (isPart && isRecursion(one)) found = one;
    const isAll = one.orderBy.length > 0 || (one.kind === 'select' && one.grouped);
    const below = !isAll && (isPart || one.limit !== null);
    const items = one.kind === 'select' ? one.relations.flatMap(queryOf) : [];
    const own = [...items, ...one.ctes.map((cte) => cte.query), ...branchesOf(one)];
    visitQuery(one, {
      expr: () => {},
      query: (inner) => see(inner, own.includes(inner) ? below : true),
    });
  };
  see(query, false);
  return found;
}

const queryOf = (item: Relation): readonly Query[] =>
  item.kind === 'subquery' ? [item.query] : [];

const branchesOf = (query: Query): readonly Query[] =>
  query.kind === 'set_operation' ? [query.left, query.right] : [];
