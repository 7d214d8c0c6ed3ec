/**
 * `t.*` as a value becomes `ROW(t.a, t.b)::t`: the columns by which changes are captured.
 *
 * `count(t.*)` is `count(*)`: a row is there also where all of its columns are NULL, which IS NOT
 * NULL does not say of it.
 *
 * `t.* IS NULL` tests `ROW(t.a, t.b)`, without the type: PostgreSQL gives a row that is cast to the
 * type of a table a NULL for each column that was dropped, and its IS NOT NULL is false then.
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
  const tableOf = (node: Expr): { table: TableItem; source: SourceFacts } | null => {
    const table = node.kind === 'whole_row' ? tables.get(node.relation) : undefined;
    const source = sources.get(table?.oid ?? 0);
    return table === undefined || source === undefined ? null : { table, source };
  };
  return mapExprs(query, (node) => {
    if (isCountOfRows(node, tables)) return { ...node, args: [], star: true };
    if (node.kind === 'unary' && /^IS (?:NOT )?NULL$/.test(node.op)) {
      const tested = tableOf(node.operand);
      return tested && { ...node, operand: rowOf(node.operand, tested) };
    }
    const found = tableOf(node);
    if (found === null) return null;
    return {
      kind: 'cast',
      operand: rowOf(node, found),
      type: quoteQualified(found.source.schema, found.source.name),
      span: node.span,
    };
  });
}

/** The column aliases are replaced after this. */
function rowOf(
  whole: Expr,
  { table, source }: { readonly table: TableItem; readonly source: SourceFacts },
): Expr {
  const { span } = whole;
  const items = source.columns.map(({ name }, place) => ({
    kind: 'column' as const,
    relation: whole.kind === 'whole_row' ? whole.relation : 0,
    name: table.columnAliases[place] ?? name,
    span,
  }));
  return { kind: 'row', items, span };
}

function isCountOfRows(node: Expr, tables: ReadonlyMap<number, TableItem>): node is Aggregate {
  if (node.kind !== 'aggregate' || node.schema !== null || node.name !== 'count') return false;
  const [arg] = node.args;
  return (
    arg?.kind === 'whole_row' && tables.has(arg.relation) && !node.distinct && node.filter === null
  );
}
