/**
 * A CTE stands where it is read: each mention of it becomes a subquery in FROM, with items of FROM
 * of its own.
 *
 * Right for any query that has one answer. Counter-examples, which stay: WITH RECURSIVE, which
 * reads itself; and, unless `acrossFences`, a CTE that PostgreSQL computes by itself first
 * (MATERIALIZED, or read more than once): it fails also for rows that the query around it filters
 * out, where an expression in it can fail. One that nobody reads is not computed.
 */
import type { Cte, Expr, Query, Relation } from '../../../parser/tree.ts';
import { mapExpr, mapQuery } from '../../../parser/walk.ts';
import { eachQuery, freeNumber, renumbered } from './relations.ts';

/** The CTEs in sight, innermost first by name; null for one that stays. */
type InSight = ReadonlyMap<string, Cte | null>;

export function inlineCtes(query: Query, acrossFences: boolean): Query {
  let next = freeNumber(query);

  const copyOf = (cte: Cte, item: Relation): Relation => {
    const copy = renumbered(cte.query, next);
    next = Math.max(next, freeNumber(copy));
    const { alias, span, columnAliases: own } = item;
    return {
      kind: 'subquery',
      query: copy,
      lateral: false,
      alias,
      aliased: true,
      columnAliases: [...own, ...cte.columnAliases.slice(own.length)],
      span,
    };
  };

  const inline = (one: Query, around: InSight): Query => {
    const inSight = new Map(around);
    const kept: Cte[] = [];
    for (const cte of one.ctes) {
      if (one.recursive) inSight.set(cte.name, null);
      const inlined = { ...cte, query: inline(cte.query, inSight) };
      const stays = one.recursive || (!acrossFences && isFenced(one, cte));
      if (stays) kept.push(inlined);
      inSight.set(cte.name, stays ? null : inlined);
    }
    const inner = (child: Query): Query => inline(child, inSight);
    const expr = (raw: Expr): Expr =>
      mapExpr(raw, (node) =>
        node.kind === 'sublink'
          ? { ...node, left: node.left && expr(node.left), query: inner(node.query) }
          : null,
      );
    const mapped = mapQuery({ ...one, ctes: [] }, { expr, query: inner });
    const relations = (items: readonly Relation[]): Relation[] =>
      items.map((item) => {
        const cte = item.kind === 'cte' ? inSight.get(item.name) : undefined;
        return cte ? copyOf(cte, item) : item;
      });
    return mapped.kind === 'select'
      ? { ...mapped, ctes: kept, relations: relations(mapped.relations) }
      : { ...mapped, ctes: kept };
  };

  return inline(query, new Map());
}

/** Whether PostgreSQL computes a CTE by itself. */
function isFenced(owner: Query, cte: Cte): boolean {
  if (cte.materialized !== null) return cte.materialized;
  let mentions = 0;
  eachQuery(owner, (one) => {
    if (one.kind === 'select')
      mentions += one.relations.filter(
        (item) => item.kind === 'cte' && item.name === cte.name,
      ).length;
  });
  return mentions > 1;
}
