/**
 * Adapts calls: functions, aggregates, the keyword forms (COALESCE, NULLIF, GREATEST, LEAST, ROW,
 * ANY, ALL) and EXTRACT, SUBSTRING, OVERLAY. A keyword form is an unquoted word: PostgreSQL quotes
 * a function of the same name.
 */
import type {
  Expr as Ast,
  ExprCall,
  ExprExtract,
  ExprOverlay,
  ExprSubstring,
} from 'pgsql-ast-parser';
import { quoteLiteral } from '../quote.ts';
import type { ArrayComparison, Call, Expr, Keyword, Span } from '../tree.ts';
import type { Reading } from './reading.ts';
import { nameOf, spanOf, spelled } from './reading.ts';

const KEYWORDS: ReadonlyMap<string, Keyword['name']> = new Map([
  ['coalesce', 'COALESCE'],
  ['nullif', 'NULLIF'],
  ['greatest', 'GREATEST'],
  ['least', 'LEAST'],
]);

const QUANTIFIERS: ReadonlyMap<string, ArrayComparison['quantifier']> = new Map([
  ['any', 'ANY'],
  ['all', 'ALL'],
]);

/** The word of a call that is written as one; null for a quoted or qualified name. */
function wordOf(reading: Reading, node: ExprCall): string | null {
  return /^\w+$/.test(spelled(reading, node.function)) ? node.function.name : null;
}

export function adaptCall(reading: Reading, node: ExprCall): Expr {
  const span = spanOf(node);
  if (node.distinct || node.orderBy || node.withinGroup || node.over) return reading.giveUp(span);
  const word = wordOf(reading, node);
  const [arg] = node.args;
  const star = node.args.length === 1 && arg?.type === 'ref' && arg.name === '*' && !arg.table;
  const args = star ? [] : node.args.map((one) => reading.expr(one));
  const keyword = KEYWORDS.get(word ?? '');
  if (keyword !== undefined) return { kind: 'keyword', name: keyword, args, span };
  if (word === 'row') return { kind: 'row', items: args, span };
  const { schema } = node.function;
  // Whether it is an aggregate is for the catalog to say.
  return {
    kind: 'aggregate',
    schema:
      schema === undefined || schema === 'pg_catalog' ? null : nameOf(reading, { name: schema }),
    name: nameOf(reading, node.function),
    args,
    star,
    variadic: false,
    distinct: false,
    orderBy: [],
    withinGroup: false,
    filter: node.filter ? reading.expr(node.filter) : null,
    span,
  };
}

export function adaptSpecialForm(
  reading: Reading,
  node: ExprExtract | ExprSubstring | ExprOverlay,
): Expr {
  const span = spanOf(node);
  const call = (syntax: Call['syntax'], args: readonly (Ast | null | undefined)[]): Expr => ({
    kind: 'call',
    schema: null,
    name: syntax,
    args: args.flatMap((arg) => (arg ? [reading.expr(arg)] : [])),
    syntax,
    variadic: false,
    returnsSet: false,
    span,
  });
  if (node.type === 'overlay')
    return call('overlay', [node.value, node.placing, node.from, node.for]);
  if (node.type === 'substring')
    return node.from ? call('substring', [node.value, node.from, node.for]) : reading.giveUp(span);
  const field: Expr = {
    kind: 'literal',
    sql: quoteLiteral(nameOf(reading, node.field)),
    span: spanOf(node.field),
  };
  const extract = call('extract', [node.from]);
  return extract.kind === 'call' ? { ...extract, args: [field, ...extract.args] } : extract;
}

/** `left op ANY (array)`; null where the right side is not of this form. */
export function adaptArrayComparison(
  reading: Reading,
  right: Ast,
  rest: { readonly op: string; readonly left: Expr; readonly span: Span | null },
): ArrayComparison | null {
  if (right.type !== 'call') return null;
  const quantifier = QUANTIFIERS.get(wordOf(reading, right) ?? '');
  const [array] = right.args;
  if (quantifier === undefined || array === undefined || right.args.length !== 1) return null;
  return { kind: 'array_comparison', quantifier, array: reading.expr(array), ...rest };
}
