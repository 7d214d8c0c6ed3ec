/**
 * Our own deparser: a resolved tree to SQL text that means the same under any search_path. Operators without a schema
 * are printed plain, so the reader of the text must have pg_catalog first in its search_path (it is, unless named later).
 * Every operand is parenthesised: PostgreSQL drops parentheses when it parses, so they cost nothing and no table of
 * precedences can be wrong. `deparse` covers all of `Query`; it does not check that the query makes sense.
 */
import { quoteIdent, quoteQualified } from './quote.ts';
import type {
  Aggregate,
  Call,
  Case,
  ColumnRef,
  Expr,
  ExprKind,
  ExprOf,
  FromItem,
  Query,
  Relation,
  Target,
} from './tree.ts';

type Print = (expr: Expr) => string;

/** The text of an expression; `column` says how a column reference is written where the text goes. */
export function deparseExpr(expr: Expr, column: (ref: ColumnRef) => string): string {
  const print: Print = (child) =>
    child.kind === 'column' ? column(child) : printNode(child.kind, child, print);
  return print(expr);
}

type PrintedKind = Exclude<ExprKind, 'column'>;

function printNode<K extends PrintedKind>(kind: K, expr: ExprOf[K], print: Print): string {
  return PRINTERS[kind](expr, print);
}

const PRINTERS: { readonly [K in PrintedKind]: (expr: ExprOf[K], print: Print) => string } = {
  literal: (expr) => expr.sql,
  binary: (expr, print) => `(${print(expr.left)} ${expr.op} ${print(expr.right)})`,
  unary: (expr, print) =>
    expr.op.startsWith('IS ')
      ? `(${print(expr.operand)} ${expr.op})`
      : `(${expr.op} ${print(expr.operand)})`,
  cast: (expr, print) => `(${print(expr.operand)})::${expr.type}`,
  call: (expr, print) => CALLS[expr.syntax](expr, print),
  aggregate: printAggregate,
  keyword: (expr, print) => `${expr.name}(${list(expr.args, print)})`,
  case: printCase,
  array_comparison: (expr, print) =>
    `(${print(expr.left)} ${expr.op} ${expr.quantifier} (${print(expr.array)}))`,
  array: (expr, print) => `ARRAY[${list(expr.items, print)}]`,
  subscript: (expr, print) =>
    `(${print(expr.array)})${expr.indexes.map((index) => `[${print(index)}]`).join('')}`,
  row: (expr, print) => `ROW(${list(expr.items, print)})`,
};

const TRIM_SIDES: Readonly<Record<string, string>> = {
  btrim: 'BOTH',
  ltrim: 'LEADING',
  rtrim: 'TRAILING',
};

const CALLS: { readonly [S in Call['syntax']]: (call: Call, print: Print) => string } = {
  plain: (call, print) => `${functionName(call)}(${list(call.args, print)})`,
  extract: (call, print) => `EXTRACT(${interleave(call.args, print, ['FROM'])})`,
  trim: (call, print) => {
    const [text, chars] = call.args.map((arg) => print(arg));
    return `TRIM(${TRIM_SIDES[call.name] ?? 'BOTH'} ${chars === undefined ? '' : `${chars} `}FROM ${text})`;
  },
  substring: (call, print) => `SUBSTRING(${interleave(call.args, print, ['FROM', 'FOR'])})`,
  position: (call, print) =>
    `POSITION(${interleave(call.args.toReversed(), (arg) => `(${print(arg)})`, ['IN'])})`,
  overlay: (call, print) => `OVERLAY(${interleave(call.args, print, ['PLACING', 'FROM', 'FOR'])})`,
};

function interleave(args: readonly Expr[], print: Print, words: readonly string[]): string {
  return args
    .map((arg, index) => (index === 0 ? print(arg) : `${words[index - 1] ?? ','} ${print(arg)}`))
    .join(' ');
}

function functionName(call: Call | Aggregate): string {
  return `${call.schema === null ? 'pg_catalog' : quoteIdent(call.schema)}.${quoteIdent(call.name)}`;
}

function printAggregate(expr: Aggregate, print: Print): string {
  const filter = expr.filter === null ? '' : ` FILTER (WHERE ${print(expr.filter)})`;
  return `${functionName(expr)}(${expr.star ? '*' : list(expr.args, print)})${filter}`;
}

function printCase(expr: Case, print: Print): string {
  const subject = expr.subject === null ? '' : ` ${print(expr.subject)}`;
  const whens = expr.whens
    .map(({ when, result }) => ` WHEN ${print(when)} THEN ${print(result)}`)
    .join('');
  const otherwise = expr.otherwise === null ? '' : ` ELSE ${print(expr.otherwise)}`;
  return `CASE${subject}${whens}${otherwise} END`;
}

function list(items: readonly Expr[], print: Print): string {
  return items.map((item) => print(item)).join(', ');
}

/** The whole query as a SELECT, one clause a line, without a semicolon. */
export function deparse(query: Query): string {
  const print = (expr: Expr): string =>
    deparseExpr(expr, (ref) => columnName(query.relations, ref));
  const clause = (keyword: string, expr: Expr | null): string[] =>
    expr === null ? [] : [`${keyword} ${print(expr)}`];
  return [
    `SELECT ${query.distinct ? 'DISTINCT ' : ''}${query.targets.map((target) => printTarget(target, print)).join(', ')}`,
    ...(query.from.length === 0
      ? []
      : [`FROM ${query.from.map((item) => printFrom(item, query.relations, print)).join(', ')}`]),
    ...clause('WHERE', query.where),
    ...(query.groupBy.length === 0 ? [] : [`GROUP BY ${list(query.groupBy, print)}`]),
    ...clause('HAVING', query.having),
  ].join('\n');
}

function printTarget(target: Target, print: Print): string {
  return `${print(target.expr)} AS ${quoteIdent(target.name)}`;
}

function columnName(relations: readonly Relation[], ref: ColumnRef): string {
  return quoteQualified(relationAt(relations, ref.relation).alias, ref.name);
}

function printFrom(item: FromItem, relations: readonly Relation[], print: Print): string {
  if (item.kind === 'relation') return printRelation(relationAt(relations, item.relation));
  const left = printFrom(item.left, relations, print);
  const right = printFrom(item.right, relations, print);
  const join = `${left} ${item.type === 'cross' ? 'CROSS JOIN' : 'JOIN'} ${item.right.kind === 'join' ? `(${right})` : right}`;
  if (item.using !== null)
    return `${join} USING (${item.using.map((column) => quoteIdent(column.name)).join(', ')})`;
  return item.on === null ? join : `${join} ON ${print(item.on)}`;
}

function printRelation(relation: Relation): string {
  const name = quoteQualified(relation.schema, relation.name);
  return relation.aliased || relation.alias !== relation.name
    ? `${name} AS ${quoteIdent(relation.alias)}`
    : name;
}

function relationAt(relations: readonly Relation[], index: number): Relation {
  const relation = relations[index];
  if (relation === undefined) throw new RangeError(`no relation ${index} in the query`);
  return relation;
}
