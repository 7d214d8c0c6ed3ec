/**
 * `FROM t AS a(x, y)`: columns get the table's own names back.
 *
 * An alias is nothing but a name, so no row changes. Counter-example for a subquery in place of the
 * table: there the name is the only one that the column has, so aliases of subqueries are left to
 * the rewrite that inlines them.
 */
import type { Query } from '../../../parser/tree.ts';
import { mapExprs } from '../../../parser/walk.ts';
import type { SourceFacts } from '../facts.ts';
import { mapRelations, tablesIn } from './relations.ts';

export function replaceColumnAliases(
  query: Query,
  sources: ReadonlyMap<number, SourceFacts>,
): Query {
  const tables = tablesIn(query);
  const renamed = mapExprs(query, (node) => {
    const table = node.kind === 'column' ? tables.get(node.relation) : undefined;
    if (node.kind !== 'column' || table === undefined || table.columnAliases.length === 0)
      return null;
    const place = table.columnAliases.indexOf(node.name);
    const own = sources.get(table.oid)?.columns[place]?.name;
    return own === undefined ? null : { ...node, name: own };
  });
  return mapRelations(renamed, (relation) =>
    relation.kind === 'table' && sources.has(relation.oid)
      ? { ...relation, columnAliases: [] }
      : relation,
  );
}
