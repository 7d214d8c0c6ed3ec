/**
 * An ordinary view in FROM is its query: each mention becomes a subquery with items of FROM of its
 * own.
 *
 * Right because a view has no rows of its own. Counter-example: a materialized view, which has.
 */
import type { Query } from '../../../parser/tree.ts';
import { freeNumber, mapRelations, renumbered } from './relations.ts';

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
      const copy = renumbered(view.query, next);
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
