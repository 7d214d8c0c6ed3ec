/**
 * Groups in two: the rows that they are made of, and the groups over these.
 *
 *   SELECT k, sum(v) FROM <from> WHERE <where> GROUP BY k
 *   rows     SELECT k, v FROM <from> WHERE <where>
 *   groups   SELECT k, sum(v) FROM rows GROUP BY k
 *
 * Right because this is the order in which SQL defines them. Columns alone are passed on, and no
 * expressions: so none is evaluated for a row for which the definition does not. Queries are
 * expressions of the rows as well, within all that SQL evaluates for each row: a group key, a
 * FILTER, and an argument where the FILTER is true.
 *
 *   SELECT count(*) FILTER (WHERE EXISTS (..)) FROM <from>
 *   rows     SELECT EXISTS (..) AS filter FROM <from>
 *   groups   SELECT count(*) FILTER (WHERE filter) FROM rows
 *
 * Not covered: what refers to a row as a whole, and other queries within expressions over the
 * groups.
 */
import type { Aggregate, Expr, Select, TableItem } from '../../../parser/tree.ts';
import { equalExpr, mapExpr, mapExprs, mapQuery, visit } from '../../../parser/walk.ts';
import { choose, NULL } from './expressions.ts';
import { keysIn, numbersIn } from './relations.ts';
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
  const passing = passingOn(query, number);
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
  const groups = mapQuery(outer, { expr: passing.passed });
  const { columns } = passing;
  const own = new Set(relations.map((_, index) => first + index));
  if (
    groups.kind !== 'select' ||
    passing.isTangled() ||
    !columns.every(({ expr }) => isOf(expr, own))
  )
    return null;
  const targets = columns.length === 0 ? [ONE] : columns;
  return { rows: { ...EMPTY, first, relations, from, where, ctes, recursive, targets }, groups };
}

type Passing = {
  /** An expression of the groups, over the columns of the rows. */
  readonly passed: (expr: Expr) => Expr;
  /** Those that have been passed on. */
  readonly columns: readonly Named[];
  readonly isTangled: () => boolean;
};

function passingOn(query: Select, number: number): Passing {
  const columns: Named[] = [];
  let isTangled = false;
  const below = (expr: Expr, wanted: string): Expr => {
    const known = columns.find((one) => equalExpr(one.expr, expr));
    const name = known?.name ?? freshName(wanted, columns);
    if (known === undefined) columns.push({ name, expr: { ...expr, span: null } });
    return { ...valueOf(number, name), span: expr.span };
  };
  const asking = query.groupBy.flatMap(keysIn).filter(asks);
  const passed = (expr: Expr): Expr =>
    mapExpr(expr, (node) => {
      if (asking.some((key) => equalExpr(key, node))) return below(node, 'key');
      if (node.kind === 'aggregate' && asks(node)) return aggregate(node);
      isTangled ||= node.kind === 'sublink' || node.kind === 'window' || node.kind === 'whole_row';
      return node.kind === 'column' || node.kind === 'join_column' ? below(node, node.name) : null;
    });
  const aggregate = (node: Aggregate): Aggregate => {
    const { filter } = node;
    isTangled ||= node.orderBy.some(({ expr }) => asks(expr));
    return {
      ...node,
      args: node.args.map((arg) => {
        if (!asks(arg)) return passed(arg);
        return below(filter === null ? arg : choose(filter, arg, NULL), 'value');
      }),
      orderBy: node.orderBy.map((sort) => ({ ...sort, expr: passed(sort.expr) })),
      filter: filter && (asks(filter) ? below(filter, 'filter') : passed(filter)),
    };
  };
  return { passed, columns, isTangled: () => isTangled };
}

/** Whether there is a query in it. */
function asks(expr: Expr): boolean {
  let found = false;
  visit(expr, ({ kind }) => {
    found ||= kind === 'sublink';
  });
  return found;
}

/** Whether an expression reads the rows of these items alone, and of those in its queries. */
function isOf(expr: Expr, items: ReadonlySet<number>): boolean {
  const row: Select = { ...EMPTY, first: 0, relations: [], from: [], targets: [{ ...ONE, expr }] };
  const inner = numbersIn(row);
  let isOwn = true;
  mapExprs(row, (node) => {
    if (node.kind === 'column' || node.kind === 'whole_row')
      isOwn &&= items.has(node.relation) || inner.has(node.relation);
    return null;
  });
  return isOwn;
}

/** A table has a column. */
const ONE: Named = { name: 'one', expr: { kind: 'literal', sql: '1', span: null } };
