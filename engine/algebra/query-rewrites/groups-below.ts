/**
 * Groups that a query reads in FROM, and the query that reads them as tables.
 *
 *   SELECT c.name, t.s FROM c JOIN (SELECT k, sum(v) AS s FROM o GROUP BY k) t ON t.k = c.id
 *   groups   SELECT k, sum(v) AS s FROM o GROUP BY k
 *   reading  SELECT c.name, t.s FROM c JOIN groups t ON t.k = c.id
 *
 * Right because a subquery in FROM that refers to nothing around it is a table to the query, and
 * has the same rows wherever it stands. Counter-example, which stays: a LATERAL subquery, or one
 * inside of an expression that refers to a row around that.
 */
import type { Query, Relation, Select, TableItem } from '../../../parser/tree.ts';
import { eachQuery, isClosed, mapQueries } from './relations.ts';

type Table = Pick<TableItem, 'oid' | 'schema' | 'name' | 'only'>;

/** `query` has the names of its columns under which FROM shows them. */
export type Groups = { readonly item: number; readonly query: Select };

/** Those within others after these. */
export function groupsIn(query: Query): readonly Groups[] {
  const found: Groups[] = [];
  eachQuery(query, (one) => {
    if (one.kind !== 'select') return;
    for (const [place, relation] of one.relations.entries()) {
      const groups = groupsOf(relation);
      if (groups !== null) found.push({ item: one.first + place, query: groups });
    }
  });
  return found;
}

function groupsOf(relation: Relation): Select | null {
  if (relation.kind !== 'subquery' || relation.lateral) return null;
  const { query, columnAliases } = relation;
  if (query.kind !== 'select' || !query.grouped || query.limit !== null) return null;
  if (!isClosed(query)) return null;
  const targets = query.targets.map((target, place) => ({
    ...target,
    name: columnAliases[place] ?? target.name,
  }));
  return { ...query, targets };
}

/** `tables`: what stands in the place of an item, by its number. */
export function readingTables(query: Query, tables: ReadonlyMap<number, Table>): Query {
  return mapQueries(query, (one) => {
    if (one.kind !== 'select') return one;
    const relations = one.relations.map((relation, place): Relation => {
      const table = tables.get(one.first + place);
      if (table === undefined) return relation;
      const { alias, span } = relation;
      return {
        kind: 'table',
        ...table,
        alias,
        aliased: true,
        columnAliases: [],
        sample: null,
        span,
      };
    });
    return { ...one, relations };
  });
}
