/**
 * Our own deparser: a resolved tree to SQL text that means the same under any search_path.
 * Operators without a schema are printed plain, so the reader of the text must have pg_catalog
 * first in its search_path (it is, unless named later). Every operand is parenthesised: PostgreSQL
 * drops parentheses when it parses, so they cost nothing and no table of precedences can be wrong.
 * Expressions are here, queries in deparse-query.ts; neither checks that a tree makes sense.
 */
import { quoteIdent } from './quote.ts';
import type {
  Aggregate,
  Call,
  Case,
  ColumnRef,
  Expr,
  ExprKind,
  ExprOf,
  Query,
  Sort,
  Sublink,
  WholeRow,
  WindowCall,
  WindowSpec,
  Words,
} from './tree.ts';

export type Print = (expr: Expr) => string;

/**
 * How the text of an expression says what is not columns and operators; without it such a node
 * cannot be printed.
 */
export type Outside = {
  readonly wholeRow?: (ref: WholeRow) => string;
  readonly query?: (query: Query) => string;
};

/**
 * The text of an expression; `column` says how a column reference is written where the text goes.
 * @throws RangeError on a query or a whole row that `outside` does not print
 */
export function deparseExpr(
  expr: Expr,
  column: (ref: ColumnRef) => string,
  outside: Outside = {},
): string {
  const print: Print = (child) => {
    if (child.kind === 'column') return column(child);
    if (child.kind === 'whole_row') return printOutside(child, outside.wholeRow);
    if (child.kind === 'sublink')
      return printSublink(child, print, printOutside(child.query, outside.query));
    return printNode(child.kind, child, print);
  };
  return print(expr);
}

function printOutside<T>(value: T, print: ((value: T) => string) | undefined): string {
  if (print === undefined) throw new RangeError('an expression of columns holds a query or a row');
  return print(value);
}

type PrintedKind = Exclude<ExprKind, 'column' | 'whole_row' | 'sublink'>;

function printNode<K extends PrintedKind>(kind: K, expr: ExprOf[K], print: Print): string {
  return PRINTERS[kind](expr, print);
}

const PRINTERS: { readonly [K in PrintedKind]: (expr: ExprOf[K], print: Print) => string } = {
  name: (expr) => [...expr.path.map(quoteIdent), ...(expr.star ? ['*'] : [])].join('.'),
  join_column: (expr) =>
    `${expr.alias === null ? '' : `${quoteIdent(expr.alias)}.`}${quoteIdent(expr.name)}`,
  literal: (expr) => expr.sql,
  value_function: (expr) => expr.sql,
  binary: (expr, print) => `(${print(expr.left)} ${expr.op} ${print(expr.right)})`,
  unary: (expr, print) =>
    expr.op.startsWith('IS ')
      ? `(${print(expr.operand)} ${expr.op})`
      : `(${expr.op} ${print(expr.operand)})`,
  cast: (expr, print) => `(${print(expr.operand)})::${expr.type}`,
  collate: (expr, print) => `(${print(expr.operand)} COLLATE ${expr.collation})`,
  field: (expr, print) => `(${print(expr.operand)}).${quoteIdent(expr.name)}`,
  call: (expr, print) => CALLS[expr.syntax](expr, print),
  named_argument: (expr, print) => `${quoteIdent(expr.name)} => ${print(expr.value)}`,
  aggregate: printAggregate,
  window: printWindowCall,
  grouping: (expr, print) => `GROUPING(${list(expr.args, print)})`,
  keyword: (expr, print) => `${expr.name}(${list(expr.args, print)})`,
  case: printCase,
  array_comparison: (expr, print) =>
    `(${print(expr.left)} ${expr.op} ${expr.quantifier} (${print(expr.array)}))`,
  array: (expr, print) => `ARRAY[${list(expr.items, print)}]`,
  subscript: (expr, print) =>
    `(${print(expr.array)})${expr.indexes.map((index) => `[${print(index)}]`).join('')}`,
  slice: (expr, print) => {
    const bound = (one: Expr | null): string => (one === null ? '' : print(one));
    const bounds = expr.bounds.map(({ lower, upper }) => `[${bound(lower)}:${bound(upper)}]`);
    return `(${print(expr.array)})${bounds.join('')}`;
  },
  row: (expr, print) => `ROW(${list(expr.items, print)})`,
  syntax_form: printWords,
};

const TRIM_SIDES: Readonly<Record<string, string>> = {
  btrim: 'BOTH',
  ltrim: 'LEADING',
  rtrim: 'TRAILING',
};

const CALLS: { readonly [S in Call['syntax']]: (call: Call, print: Print) => string } = {
  plain: (call, print) => `${functionName(call)}(${argumentList(call, print)})`,
  extract: (call, print) => `EXTRACT(${interleave(call.args, print, ['FROM'])})`,
  trim: (call, print) => {
    const [text, chars] = call.args.map((arg) => print(arg));
    const side = TRIM_SIDES[call.name] ?? 'BOTH';
    return `TRIM(${side} ${chars === undefined ? '' : `${chars} `}FROM ${text})`;
  },
  substring: (call, print) => `SUBSTRING(${interleave(call.args, print, ['FROM', 'FOR'])})`,
  position: (call, print) =>
    `POSITION(${interleave(call.args.toReversed(), (arg) => `(${print(arg)})`, ['IN'])})`,
  overlay: (call, print) => `OVERLAY(${interleave(call.args, print, ['PLACING', 'FROM', 'FOR'])})`,
  overlaps: (call, print) => {
    const [a, b, c, d] = call.args.map((arg) => print(arg));
    return `((${a}, ${b}) OVERLAPS (${c}, ${d}))`;
  },
  normalize: (call, print) => {
    const [text, form] = call.args;
    const inside = [...(text ? [print(text)] : []), ...(form ? [keywordOf(form)] : [])];
    return `NORMALIZE(${inside.join(', ')})`;
  },
  is_normalized: (call, print) => {
    const [text, form] = call.args;
    const word = form === undefined ? '' : `${keywordOf(form)} `;
    return `(${text === undefined ? '' : print(text)} IS ${word}NORMALIZED)`;
  },
  at_local: (call, print) => `(${list(call.args, print)} AT LOCAL)`,
  collation_for: (call, print) => `COLLATION FOR (${list(call.args, print)})`,
  xmlexists: (call, print) => {
    const [path, document] = call.args.map((arg) => `(${print(arg)})`);
    return `XMLEXISTS(${path} PASSING BY REF ${document} BY REF)`;
  },
  system_user: () => 'SYSTEM_USER',
};

/** The form of a normalization is a word, which the grammar reads as a string. */
const keywordOf = (expr: Expr): string =>
  expr.kind === 'literal' ? expr.sql.replaceAll("'", '') : '';

function interleave(args: readonly Expr[], print: Print, words: readonly string[]): string {
  return args
    .map((arg, index) => (index === 0 ? print(arg) : `${words[index - 1] ?? ','} ${print(arg)}`))
    .join(' ');
}

/** Words with their expressions between them. */
export function printWords({ words, args }: Words, print: Print): string {
  return words
    .map((word, index) => {
      const arg = args[index];
      return arg === undefined ? word : `${word}${print(arg)}`;
    })
    .join('');
}

type Named = { readonly schema: string | null; readonly name: string };

function functionName({ schema, name }: Named): string {
  return `${schema === null ? 'pg_catalog' : quoteIdent(schema)}.${quoteIdent(name)}`;
}

function argumentList(call: Call | Aggregate | WindowCall, print: Print): string {
  if (!call.variadic) return list(call.args, print);
  const last = call.args.length - 1;
  return call.args
    .map((arg, index) => (index === last ? `VARIADIC ${print(arg)}` : print(arg)))
    .join(', ');
}

function printFilter(filter: Expr | null, print: Print): string {
  return filter === null ? '' : ` FILTER (WHERE ${print(filter)})`;
}

function printAggregate(expr: Aggregate, print: Print): string {
  const args = expr.star ? '*' : argumentList(expr, print);
  const order = expr.orderBy.length === 0 ? '' : `ORDER BY ${sortList(expr.orderBy, print)}`;
  const own = expr.withinGroup || order === '' ? '' : ` ${order}`;
  const inside = `${expr.distinct ? 'DISTINCT ' : ''}${args}${own}`;
  const group = expr.withinGroup ? ` WITHIN GROUP (${order})` : '';
  return `${functionName(expr)}(${inside})${group}${printFilter(expr.filter, print)}`;
}

function printWindowCall(expr: WindowCall, print: Print): string {
  const args = expr.star ? '*' : argumentList(expr, print);
  const over =
    typeof expr.over === 'string' ? quoteIdent(expr.over) : printWindow(expr.over, print);
  return `${functionName(expr)}(${args})${printFilter(expr.filter, print)} OVER ${over}`;
}

/** A window in its parentheses. */
export function printWindow(window: WindowSpec, print: Print): string {
  const parts = [
    ...(window.base === null ? [] : [quoteIdent(window.base)]),
    ...(window.partitionBy.length === 0 ? [] : [`PARTITION BY ${list(window.partitionBy, print)}`]),
    ...(window.orderBy.length === 0 ? [] : [`ORDER BY ${sortList(window.orderBy, print)}`]),
    ...(window.frame === null ? [] : [printWords(window.frame, print)]),
  ];
  return `(${parts.join(' ')})`;
}

export function sortList(sorts: readonly Sort[], print: Print): string {
  return sorts
    .map(({ expr, direction, nulls }) =>
      [
        print(expr),
        ...(direction === null ? [] : [direction]),
        ...(nulls === null ? [] : [`NULLS ${nulls}`]),
      ].join(' '),
    )
    .join(', ');
}

function printCase(expr: Case, print: Print): string {
  const subject = expr.subject === null ? '' : ` ${print(expr.subject)}`;
  const whens = expr.whens
    .map(({ when, result }) => ` WHEN ${print(when)} THEN ${print(result)}`)
    .join('');
  const otherwise = expr.otherwise === null ? '' : ` ELSE ${print(expr.otherwise)}`;
  return `CASE${subject}${whens}${otherwise} END`;
}

function printSublink(expr: Sublink, print: Print, query: string): string {
  const left = expr.left === null ? '' : print(expr.left);
  switch (expr.form) {
    case 'exists':
      return `EXISTS (${query})`;
    case 'array':
      return `ARRAY(${query})`;
    case 'scalar':
      return `(${query})`;
    case 'any':
    case 'all':
      return `(${left} ${expr.op} ${expr.form.toUpperCase()} (${query}))`;
  }
}

export function list(items: readonly Expr[], print: Print): string {
  return items.map((item) => print(item)).join(', ');
}
