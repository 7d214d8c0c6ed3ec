/**
 * `t.*` as a value becomes `ROW(t.a, t.b)::t`: the columns by which changes are captured.
 *
 * `count(t.*)` is `count(*)`: a row is there also where all of its columns are NULL, which IS NOT
 * NULL does not say of it.
 *
 * Counter-example: on the nullable side of an outer join the whole row is NULL where the columns
 * are each NULL. A row of a subquery has no named type, so it is left alone.
 */
import { quoteQualified } from '../../../parser/quote.ts';
import type { Aggregate, Expr, Query, Sort, TableItem } from '../../../parser/tree.ts';
import { mapExprs } from '../../../parser/walk.ts';
import type { SourceFacts } from '../facts.ts';
import { isInner, mapQueries, tablesIn } from './relations.ts';

/**
 * `ORDER BY t.*` is the order by its columns: rows are compared column by column, each by the order
 * of its type, and NULL comes after all else (PostgreSQL, "Row Constructor Comparison").
 *
 * Counter-example: a row on the nullable side of an outer join, which is NULL itself.
 */
export function sortByColumns(query: Query, sources: ReadonlyMap<number, SourceFacts>): Query {
  const tables = tablesIn(query);
  const columnsOf = ({ expr, direction, nulls }: Sort): readonly Sort[] | null => {
    const table = expr.kind === 'whole_row' ? tables.get(expr.relation) : undefined;
    const columns = sources.get(table?.oid ?? 0)?.columns ?? [];
    const isKnown = nulls === null && (direction === null || /^(?:A|DE)SC$/.test(direction));
    if (expr.kind !== 'whole_row' || !isKnown || columns.length === 0) return null;
    if (!columns.every(({ sortable }) => sortable)) return null;
    return columns.map(({ name }, place) => ({
      expr: {
        kind: 'column',
        relation: expr.relation,
        name: table?.columnAliases[place] ?? name,
        span: expr.span,
      },
      direction,
      nulls,
    }));
  };
  return mapQueries(query, (one) =>
    one.kind === 'select' && one.from.every(isInner) && !one.distinct
      ? { ...one, orderBy: one.orderBy.flatMap((sort) => columnsOf(sort) ?? [sort]) }
      : one,
  );
}

export function replaceWholeRows(query: Query, sources: ReadonlyMap<number, SourceFacts>): Query {
  let isSafe = true;
  mapQueries(query, (one) => {
    isSafe &&= one.kind !== 'select' || one.from.every(isInner);
    return one;
  });
  if (!isSafe) return query;
  const tables = tablesIn(query);
  return mapExprs(query, (node) => {
    if (isCountOfRows(node, tables)) return { ...node, args: [], star: true };
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

function isCountOfRows(node: Expr, tables: ReadonlyMap<number, TableItem>): node is Aggregate {
  if (node.kind !== 'aggregate' || node.schema !== null || node.name !== 'count') return false;
  const [arg] = node.args;
  return (
    arg?.kind === 'whole_row' && tables.has(arg.relation) && !node.distinct && node.filter === null
  );
}
