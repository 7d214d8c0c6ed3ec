/**
 * By what the rows of a query are told apart: the primary keys of the tables that it joins, or all
 * that it reads of a source without one, the output columns of a subquery, the keys of groups. Rows
 * that agree in that are the same row, or cannot be told apart by anything that reads them.
 */
import type { ColumnRef, Expr, GroupItem, Query, Relation, Select } from '../../../parser/tree.ts';
import { outputNames } from '../../../parser/scope.ts';
import { equalExpr, returnsSet, visitQuery } from '../../../parser/walk.ts';
import type { SourceFacts, TypeFacts } from '../facts.ts';
import { determinedIn, type Determine } from './determined.ts';
import { cast } from './zoned.ts';

export type OrderFacts = {
  /** The tables and views that the query reads, by OID. */
  readonly sources: ReadonlyMap<number, SourceFacts>;
  /** The attribute numbers that the definition reads of a source; null for all. */
  readonly used: (oid: number) => readonly number[] | null;
  /** Of the columns of items of FROM that are no tables. */
  readonly typeOf: (column: ColumnRef) => TypeFacts | null;
};

export type Ctes = ReadonlyMap<string, Query>;

/** A SELECT with what tells its rows apart. */
export type Block = {
  readonly select: Select;
  /** Expressions of which no two rows have the same values; null where there are none. */
  readonly rowKey: readonly Expr[] | null;
  /** The same before grouping. */
  readonly sourceKey: readonly Expr[] | null;
  readonly determine: Determine;
};

export function blockOf(select: Select, facts: OrderFacts, ctes: Ctes): Block {
  const keys = new Map(
    select.relations.map((relation, index) => [
      select.first + index,
      keyOfItem(relation, select.first + index, facts, ctes),
    ]),
  );
  const all = [...keys.values()];
  const sourceKey = all.some((key) => key === null) ? null : all.flatMap((key) => key ?? []);
  return {
    select,
    sourceKey,
    rowKey: select.grouped ? groupKey(select.groupBy) : sourceKey,
    determine: determinedIn(select, {
      keyOf: (relation) => keys.get(relation) ?? null,
      isExact: (column) => factsOf(column, select, facts)?.equalIsSame === true,
    }),
  };
}

/** The columns of items of FROM, in all queries of a query, whose types only the server knows. */
export function derivedColumns(query: Query, around: Ctes = new Map()): DerivedColumn[] {
  const ctes = withCtes(query, around);
  const found: DerivedColumn[] = [];
  if (query.kind === 'select')
    for (const [index, relation] of query.relations.entries())
      for (const name of relation.kind === 'table' ? [] : (columnNames(relation, ctes) ?? []))
        found.push({ select: query, column: column(query.first + index, name) });
  visitQuery(query, {
    expr: () => {},
    query: (inner) => void found.push(...derivedColumns(inner, ctes)),
  });
  return found;
}

export type DerivedColumn = { readonly select: Select; readonly column: ColumnRef };

const column = (relation: number, name: string): ColumnRef => ({
  kind: 'column',
  relation,
  name,
  span: null,
});

/** The names that an item shows; null where they are not known. */
function columnNames(relation: Relation, ctes: Ctes): readonly string[] | null {
  switch (relation.kind) {
    case 'table':
      return null;
    case 'subquery':
      return outputNames(relation.query, relation.columnAliases);
    case 'cte': {
      const query = ctes.get(relation.name);
      return query === undefined ? null : outputNames(query, relation.columnAliases);
    }
    case 'function': {
      const described = relation.functions.flatMap((one) =>
        one.definitions.map(({ name }) => name),
      );
      const names = described.length > 0 ? described : relation.columnAliases;
      return names.length === 0 ? null : names;
    }
  }
}

function factsOf(ref: ColumnRef, select: Select, facts: OrderFacts): TypeFacts | null {
  const relation = select.relations[ref.relation - select.first];
  if (relation?.kind !== 'table') return facts.typeOf(ref);
  const columns = facts.sources.get(relation.oid)?.columns ?? [];
  const place = relation.columnAliases.indexOf(ref.name);
  return (place >= 0 ? columns[place] : columns.find((one) => one.name === ref.name)) ?? null;
}

function keyOfItem(
  relation: Relation,
  number: number,
  facts: OrderFacts,
  ctes: Ctes,
): readonly Expr[] | null {
  switch (relation.kind) {
    case 'table':
      return keyOfTable(relation, number, facts);
    case 'subquery':
      return keyOfQuery(columnNames(relation, ctes), relation.query, number, facts, ctes);
    case 'cte': {
      const query = ctes.get(relation.name);
      if (query === undefined) return null;
      // A CTE of the same name that it reads is another one.
      const inSight = new Map([...ctes].filter(([name]) => name !== relation.name));
      return keyOfQuery(columnNames(relation, ctes), query, number, facts, inSight);
    }
    case 'function': {
      const names = columnNames(relation, ctes);
      const last = relation.ordinality ? names?.at(-1) : undefined;
      if (last !== undefined) return [column(number, last)];
      return names && allOf(names.map((name) => toldApart(column(number, name), facts)));
    }
  }
}

/** The primary key, or else what the definition reads of the row. */
function keyOfTable(
  relation: Extract<Relation, { kind: 'table' }>,
  number: number,
  facts: OrderFacts,
): readonly Expr[] | null {
  const columns = (facts.sources.get(relation.oid)?.columns ?? []).map((one, index) => ({
    facts: one,
    ref: column(number, relation.columnAliases[index] ?? one.name),
  }));
  const primary = columns.filter((one) => one.facts.isInPrimaryKey);
  if (primary.length > 0) return primary.map(({ ref }) => ref);
  const used = facts.used(relation.oid);
  return allOf(
    columns
      .filter((one) => used === null || used.includes(one.facts.attnum))
      .map((one) => exactly(one.ref, one.facts)),
  );
}

function keyOfQuery(
  names: readonly string[] | null,
  query: Query,
  number: number,
  facts: OrderFacts,
  ctes: Ctes,
): readonly Expr[] | null {
  if (names === null) return null;
  const key = query.kind === 'select' ? keyColumns(query, facts, ctes) : null;
  if (key !== null) return key.map((index) => column(number, names[index] ?? ''));
  return allOf(names.map((name) => toldApart(column(number, name), facts)));
}

/** The places of output columns of which no two rows have the same values; null for all of them. */
function keyColumns(query: Select, facts: OrderFacts, ctes: Ctes): readonly number[] | null {
  const key =
    query.distinctOn.length > 0
      ? query.distinctOn
      : query.distinct || query.targets.some(({ expr }) => returnsSet(expr))
        ? null
        : blockOf(query, facts, withCtes(query, ctes)).rowKey;
  if (key === null) return null;
  const places = key.map((expr) => query.targets.findIndex((one) => equalExpr(one.expr, expr)));
  return places.every((place) => place >= 0) ? places : null;
}

export const withCtes = (query: Query, around: Ctes): Ctes =>
  query.ctes.length === 0
    ? around
    : new Map([...around, ...query.ctes.map((cte) => [cte.name, named(cte.query, cte)] as const)]);

/** With the names that the CTE gives its columns. */
function named(
  query: Query,
  { columnAliases }: { readonly columnAliases: readonly string[] },
): Query {
  if (columnAliases.length === 0 || query.kind !== 'select') return query;
  const targets = query.targets.map((one, index) => ({
    ...one,
    name: columnAliases[index] ?? one.name,
  }));
  return { ...query, targets };
}

/** The expressions of GROUP BY; of several grouping sets also the number of the set. */
function groupKey(items: readonly GroupItem[]): Expr[] {
  const exprs = items.flatMap(exprsOf);
  const hasSets = items.some((item) => item.kind !== 'expr' && item.kind !== 'row');
  return hasSets && exprs.length > 0
    ? [...exprs, { kind: 'grouping', args: exprs, span: null }]
    : exprs;
}

function exprsOf(item: GroupItem): readonly Expr[] {
  switch (item.kind) {
    case 'expr':
      return [item.expr];
    case 'row':
      return item.exprs;
    case 'empty':
      return [];
    default:
      return item.items.flatMap(exprsOf);
  }
}

function toldApart(ref: ColumnRef, facts: OrderFacts): Expr | null {
  const type = facts.typeOf(ref);
  return type && exactly(ref, type);
}

/** What two different values never have in common, and can be ordered by; null for none. */
function exactly(ref: ColumnRef, { equalIsSame, sortable, image }: TypeFacts): Expr | null {
  if (equalIsSame && sortable) return ref;
  if (image === null) return null;
  if (image.by === null)
    return { kind: 'collate', operand: cast(ref, 'text'), collation: 'pg_catalog."C"', span: null };
  const by = callOf(image.by, [ref]);
  if (by === null || image.form === 'binary') return by;
  return callOf('pg_catalog.textin', [by]);
}

/** A call of a function by its qualified name, as `quote_ident` writes it. */
function callOf(qualified: string, args: readonly Expr[]): Expr | null {
  const found = /^([a-z_][a-z0-9_]*)\.([a-z_][a-z0-9_]*)$/.exec(qualified);
  if (found === null) return null;
  const [, schema = '', name = ''] = found;
  return {
    kind: 'call',
    schema: schema === 'pg_catalog' ? null : schema,
    name,
    args,
    syntax: 'plain',
    variadic: false,
    returnsSet: false,
    span: null,
  };
}

const allOf = (exprs: readonly (Expr | null)[]): Expr[] | null =>
  exprs.some((expr) => expr === null) ? null : exprs.flatMap((expr) => expr ?? []);
