/**
 * An ordinary view in FROM is its query: each mention becomes a subquery with items of FROM of its
 * own.
 *
 * Right because a view has no rows of its own. Counter-example: a materialized view, which has.
 */
import type { Query } from '../../../parser/tree.ts';
import { freeNumber, mapRelations, renumbered } from './relations.ts';

/** Places in a view's text are none in the definition's. */
function withoutPlaces<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutPlaces) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, one]) => [
    key,
    key === 'span' ? null : withoutPlaces(one),
  ]);
  return Object.fromEntries(entries) as T;
}

/** `views`: the queries of views, by OID. */
export function inlineViews(
  query: Query,
  views: ReadonlyMap<number, { readonly query: Query }>,
): Query {
  let next = freeNumber(query);
  const inline = (one: Query): Query =>
    mapRelations(one, (relation) => {
      const view = relation.kind === 'table' ? views.get(relation.oid) : undefined;
      if (view === undefined) return relation;
      const copy = withoutPlaces(renumbered(view.query, next));
      next = Math.max(next, freeNumber(copy));
      const { alias, columnAliases, span } = relation;
      return {
        kind: 'subquery',
        query: inline(copy),
        lateral: false,
        alias,
        aliased: true,
        columnAliases,
        span,
      };
    });
  return inline(query);
}
