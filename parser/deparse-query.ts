/**
 * Prints queries: a tree to a SELECT, one clause a line, without a semicolon. Expressions are in
 * deparse.ts.
 */
import type { Print } from './deparse.ts';
import { deparseExpr, list, printWindow, printWords, sortList } from './deparse.ts';
import { quoteIdent, quoteQualified } from './quote.ts';
import type {
  Cte,
  Expr,
  FromItem,
  FunctionItem,
  GroupItem,
  JoinType,
  Limit,
  Query,
  Relation,
  Select,
} from './tree.ts';
import { visitQuery } from './walk.ts';

/** The names of all items of FROM in a query and in what is in it, by number. */
type Aliases = ReadonlyMap<number, string>;

/**
 * The whole query as SQL text. @throws RangeError on a reference to an item of FROM that the query
 * does not have
 */
export function deparse(query: Query): string {
  return printQuery(query, aliasesOf(query));
}

function aliasesOf(query: Query, aliases = new Map<number, string>()): Map<number, string> {
  if (query.kind === 'select')
    for (const [index, relation] of query.relations.entries())
      aliases.set(query.first + index, relation.alias);
  visitQuery(query, {
    expr: () => {},
    query: (inner) => void aliasesOf(inner, aliases),
  });
  return aliases;
}

function aliasOf(aliases: Aliases, relation: number): string {
  const alias = aliases.get(relation);
  if (alias === undefined) throw new RangeError(`no relation ${relation} in the query`);
  return alias;
}

/** `isNamed`: whether the names of its columns can be seen, as those of a sublink cannot. */
function printQuery(query: Query, aliases: Aliases, isNamed = true): string {
  const print: Print = (expr) =>
    deparseExpr(expr, (ref) => quoteQualified(aliasOf(aliases, ref.relation), ref.name), {
      wholeRow: (ref) => `${quoteIdent(aliasOf(aliases, ref.relation))}.*`,
      query: (inner) => printQuery(inner, aliases, false),
    });
  return [
    ...printCtes(query, aliases),
    ...printBody(query, print, aliases, isNamed),
    ...(query.orderBy.length === 0 ? [] : [`ORDER BY ${sortList(query.orderBy, print)}`]),
    ...printLimit(query.limit, print),
    ...query.locking,
  ].join('\n');
}

function printCtes({ ctes, recursive }: Query, aliases: Aliases): string[] {
  if (ctes.length === 0) return [];
  const print = (cte: Cte): string => {
    const columns = columnList(cte.columnAliases);
    const kept =
      cte.materialized === null ? '' : cte.materialized ? ' MATERIALIZED' : ' NOT MATERIALIZED';
    return `${quoteIdent(cte.name)}${columns} AS${kept} (${printQuery(cte.query, aliases)})`;
  };
  return [`WITH ${recursive ? 'RECURSIVE ' : ''}${ctes.map(print).join(', ')}`];
}

function printLimit(limit: Limit | null, print: Print): string[] {
  if (limit === null) return [];
  const offset = limit.offset === null ? [] : [`OFFSET ${print(limit.offset)}`];
  if (limit.count === null) return offset;
  return limit.withTies
    ? [...offset, `FETCH FIRST (${print(limit.count)}) ROWS WITH TIES`]
    : [...offset, `LIMIT ${print(limit.count)}`];
}

function printBody(query: Query, print: Print, aliases: Aliases, isNamed: boolean): string[] {
  switch (query.kind) {
    case 'values':
      return [`VALUES ${query.rows.map((row) => `(${list(row, print)})`).join(', ')}`];
    case 'set_operation':
      return [
        `(${printQuery(query.left, aliases, isNamed)})`,
        `${query.op}${query.all ? ' ALL' : ''}`,
        `(${printQuery(query.right, aliases, isNamed)})`,
      ];
    case 'select':
      return printSelect(query, print, aliases, isNamed);
  }
}

const NAMELESS = '?column?';

function printSelect(query: Select, print: Print, aliases: Aliases, isNamed: boolean): string[] {
  const clause = (keyword: string, expr: Expr | null): string[] =>
    expr === null ? [] : [`${keyword} ${print(expr)}`];
  const items = <T>(keyword: string, all: readonly T[], one: (item: T) => string): string[] =>
    all.length === 0 ? [] : [`${keyword} ${all.map(one).join(', ')}`];
  const distinct = query.distinct
    ? `DISTINCT ${query.distinctOn.length === 0 ? '' : `ON (${list(query.distinctOn, print)}) `}`
    : '';
  // PostgreSQL prints no name that cannot be seen and is that of a column without one. Read again,
  // a function there gives its own, as an expression that a rewrite has put in place of another.
  const targets = query.targets.map(({ name, expr }) =>
    isNamed || name !== NAMELESS ? `${print(expr)} AS ${quoteIdent(name)}` : print(expr),
  );
  const relation = (number: number): Relation => {
    const found = query.relations[number - query.first];
    if (found === undefined) throw new RangeError(`no relation ${number} in the query`);
    return found;
  };
  return [
    `SELECT ${distinct}${targets.join(', ')}`,
    ...items('FROM', query.from, (item) => printFrom(item, relation, print, aliases)),
    ...clause('WHERE', query.where),
    ...items(`GROUP BY${query.groupDistinct ? ' DISTINCT' : ''}`, query.groupBy, (item) =>
      printGroupItem(item, print),
    ),
    ...clause('HAVING', query.having),
    ...items(
      'WINDOW',
      query.windows,
      ({ name, window }) => `${quoteIdent(name)} AS ${printWindow(window, print)}`,
    ),
  ];
}

const SETS = { rollup: 'ROLLUP', cube: 'CUBE', sets: 'GROUPING SETS' } as const;

function printGroupItem(item: GroupItem, print: Print): string {
  switch (item.kind) {
    case 'expr':
      return print(item.expr);
    case 'row':
      return `(${list(item.exprs, print)})`;
    case 'empty':
      return '()';
    default: {
      const items = item.items.map((one) => printGroupItem(one, print));
      return `${SETS[item.kind]} (${items.join(', ')})`;
    }
  }
}

const JOINS: Readonly<Record<JoinType, string>> = {
  inner: 'JOIN',
  cross: 'CROSS JOIN',
  left: 'LEFT JOIN',
  right: 'RIGHT JOIN',
  full: 'FULL JOIN',
};

function printFrom(
  item: FromItem,
  relation: (number: number) => Relation,
  print: Print,
  aliases: Aliases,
): string {
  if (item.kind === 'relation') return printRelation(relation(item.relation), print, aliases);
  const left = printFrom(item.left, relation, print, aliases);
  const right = printFrom(item.right, relation, print, aliases);
  const isNested = item.right.kind === 'join' && item.right.alias === null;
  const using = item.using?.map((column) => quoteIdent(column.name)).join(', ');
  const join = [
    `${left} ${JOINS[item.type]} ${isNested ? `(${right})` : right}`,
    ...(using === undefined ? [] : [`USING (${using})`]),
    ...(item.usingAlias === null ? [] : [`AS ${quoteIdent(item.usingAlias)}`]),
    ...(item.on === null ? [] : [`ON ${print(item.on)}`]),
  ].join(' ');
  return item.alias === null
    ? join
    : `(${join}) AS ${quoteIdent(item.alias)}${columnList(item.columnAliases)}`;
}

const columnList = (names: readonly string[]): string =>
  names.length === 0 ? '' : `(${names.map(quoteIdent).join(', ')})`;

function printRelation(relation: Relation, print: Print, aliases: Aliases): string {
  const alias = ` AS ${quoteIdent(relation.alias)}${columnList(relation.columnAliases)}`;
  const isAliased = relation.aliased || relation.columnAliases.length > 0;
  switch (relation.kind) {
    case 'table': {
      const table = quoteQualified(relation.schema, relation.name);
      const shown = isAliased || relation.alias !== relation.name ? alias : '';
      const sample = relation.sample === null ? '' : ` ${printWords(relation.sample, print)}`;
      return `${relation.only ? 'ONLY ' : ''}${table}${shown}${sample}`;
    }
    case 'cte':
      return `${quoteIdent(relation.name)}${isAliased ? alias : ''}`;
    case 'subquery': {
      const query = `(${printQuery(relation.query, aliases)})`;
      return `${relation.lateral ? 'LATERAL ' : ''}${query}${relation.aliased ? alias : ''}`;
    }
    case 'function':
      return printFunctions(relation, print);
  }
}

function printFunctions(item: FunctionItem, print: Print): string {
  const definitions = (one: FunctionItem['functions'][number]): string =>
    one.definitions
      .map(
        ({ name, type, collation }) =>
          `${quoteIdent(name)} ${type}${collation === null ? '' : ` COLLATE ${collation}`}`,
      )
      .join(', ');
  const [first] = item.functions;
  const lone = first !== undefined && !item.rowsFrom ? definitions(first) : '';
  const calls = item.functions.map((one) => {
    const own = item.rowsFrom ? definitions(one) : '';
    return `${print(one.call)}${own === '' ? '' : ` AS (${own})`}`;
  });
  const call = item.rowsFrom ? `ROWS FROM(${calls.join(', ')})` : calls.join('');
  const columns = lone === '' ? columnList(item.columnAliases) : `(${lone})`;
  const ordinality = item.ordinality ? ' WITH ORDINALITY' : '';
  const alias = `AS ${quoteIdent(item.alias)}${columns}`;
  return `${item.lateral ? 'LATERAL ' : ''}${call}${ordinality} ${alias}`;
}
