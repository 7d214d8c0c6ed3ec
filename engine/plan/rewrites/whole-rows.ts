/**
 * `t.*` as a value becomes `ROW(t.a, t.b)::t`: the columns by which changes are captured.
 *
 * Counter-example: on the nullable side of an outer join the whole row is NULL where the columns are each NULL. A row of
 * a subquery has no named type, so it is left alone.
 */
import { quoteQualified } from '../../../parser/quote.ts';
import type { Query } from '../../../parser/tree.ts';
import { mapExprs } from '../../../parser/walk.ts';
import type { SourceFacts } from '../facts.ts';
import { isInner, mapQueries, tablesIn } from './relations.ts';

export function replaceWholeRows(query: Query, sources: ReadonlyMap<number, SourceFacts>): Query {
  let isSafe = true;
  mapQueries(query, (one) => {
    isSafe &&= one.kind !== 'select' || one.from.every(isInner);
    return one;
  });
  if (!isSafe) return query;
  const tables = tablesIn(query);
  return mapExprs(query, (node) => {
    const table = node.kind === 'whole_row' ? tables.get(node.relation) : undefined;
    const source = sources.get(table?.oid ?? 0);
    if (node.kind !== 'whole_row' || table === undefined || source === undefined) return null;
    const { relation, span } = node;
    // The column aliases are replaced after this.
    const items = source.columns.map(({ name }, place) => ({
      kind: 'column' as const,
      relation,
      name: table.columnAliases[place] ?? name,
      span,
    }));
    return {
      kind: 'cast',
      operand: { kind: 'row', items, span },
      type: quoteQualified(source.schema, source.name),
      span,
    };
  });
}
