/**
 * Groups in two: the rows that they are made of, and the groups over these.
 *
 *   SELECT k, sum(v) FROM <from> WHERE <where> GROUP BY k
 *   rows     SELECT k, v FROM <from> WHERE <where>
 *   groups   SELECT k, sum(v) FROM rows GROUP BY k
 *
 * Right because this is the order in which SQL defines them. Columns alone are passed on, and no
 * expressions: so none is evaluated for a row for which the definition does not. Not covered: what
 * refers to a row as a whole, and queries within expressions over the groups.
 */
import type { Expr, Select, TableItem } from '../../../parser/tree.ts';
import { equalExpr, mapExpr, mapQuery, visit } from '../../../parser/walk.ts';
import type { Named } from './select.ts';
import { EMPTY, freshName, valueOf } from './select.ts';

export type RowsBelow = { readonly rows: Select; readonly groups: Select };

/** `table`: what the rows are to the groups; `number`: the item of FROM that it is there. */
export function rowsBelow(
  query: Select,
  table: Pick<TableItem, 'oid' | 'schema' | 'name' | 'only'>,
  number: number,
): RowsBelow | null {
  const { first, relations, from, where, ctes, recursive, ...above } = query;
  if (!query.grouped || query.distinctOn.length > 0 || query.limit !== null) return null;
  const columns: Named[] = [];
  let isTangled = false;
  const passed = (expr: Expr): Expr =>
    mapExpr(expr, (node) => {
      isTangled ||= node.kind === 'sublink' || node.kind === 'window' || node.kind === 'whole_row';
      if (node.kind !== 'column' && node.kind !== 'join_column') return null;
      const known = columns.find((one) => equalExpr(one.expr, node));
      const name = known?.name ?? freshName(node.name, columns);
      if (known === undefined) columns.push({ name, expr: { ...node, span: null } });
      return { ...valueOf(number, name), span: node.span };
    });
  const item: TableItem = {
    kind: 'table',
    ...table,
    alias: 'rows',
    aliased: true,
    columnAliases: [],
    sample: null,
    span: null,
  };
  const outer: Select = {
    ...above,
    first: number,
    relations: [item],
    from: [{ kind: 'relation', relation: number }],
    where: null,
    ctes: [],
    recursive: false,
    orderBy: [],
  };
  const groups = mapQuery(outer, { expr: passed });
  const own = new Set(relations.map((_, index) => first + index));
  if (groups.kind !== 'select' || isTangled || !columns.every(({ expr }) => isOf(expr, own)))
    return null;
  const targets = columns.length === 0 ? [ONE] : columns;
  return { rows: { ...EMPTY, first, relations, from, where, ctes, recursive, targets }, groups };
}

/** Whether an expression reads the rows of these items alone. */
function isOf(expr: Expr, items: ReadonlySet<number>): boolean {
  let isOwn = true;
  visit(expr, (node) => {
    if (node.kind === 'column') isOwn &&= items.has(node.relation);
  });
  return isOwn;
}

/** A table has a column. */
const ONE: Named = { name: 'one', expr: { kind: 'literal', sql: '1', span: null } };
