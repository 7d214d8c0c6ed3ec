/**
 * Adapts calls: functions, aggregates, the keyword forms (COALESCE, NULLIF, GREATEST, LEAST, ROW, ANY, ALL) and the special
 * forms (EXTRACT, TRIM, SUBSTRING, POSITION, OVERLAY), which mask.ts has turned into calls with commas. A keyword form is
 * an unquoted word: PostgreSQL quotes a function of the same name.
 */
import type { Expr as Ast, ExprCall } from 'pgsql-ast-parser';
import type { Reading } from './reading.ts';
import { rangeOf, refuseNode, spanOfNode, standIn } from './reading.ts';
import type { FunctionKind } from './resolve.ts';
import { functionKind } from './resolve.ts';
import { isName, isPunctuation } from './tokens.ts';
import type { ArrayComparison, CallSyntax, Expr, Keyword, Span } from './tree.ts';

/** The name of a call: `keyword` is its word where it is unquoted and without a schema. */
type CallName = {
  readonly schema: string | null;
  readonly name: string;
  readonly keyword: string | null;
};

type SpecialSyntax = Exclude<CallSyntax, 'plain'>;

export function adaptCall(reading: Reading, node: ExprCall): Expr {
  const name = readName(reading, node);
  if (name === null || node.distinct || node.orderBy || node.withinGroup || node.over)
    return refuseNode(reading, node);
  const span = spanOfNode(reading.source, node);
  if (isSpecial(name.keyword))
    return {
      kind: 'call',
      schema: null,
      ...SPECIAL[name.keyword](reading, node),
      syntax: name.keyword,
      span,
    };
  const keyword = KEYWORDS.get(name.keyword ?? '');
  if (keyword !== undefined)
    return { kind: 'keyword', name: keyword, args: adaptArgs(reading, node), span };
  if (name.keyword === 'row') return { kind: 'row', items: adaptArgs(reading, node), span };
  if (name.keyword !== null && QUANTIFIERS.has(name.keyword)) return refuseNode(reading, node);
  return adaptFunction(reading, node, name, span);
}

const KEYWORDS: ReadonlyMap<string, Keyword['name']> = new Map([
  ['coalesce', 'COALESCE'],
  ['nullif', 'NULLIF'],
  ['greatest', 'GREATEST'],
  ['least', 'LEAST'],
]);

const QUANTIFIERS: ReadonlyMap<string, ArrayComparison['quantifier']> = new Map([
  ['any', 'ANY'],
  ['some', 'ANY'],
  ['all', 'ALL'],
]);

function readName(reading: Reading, node: ExprCall): CallName | null {
  const { tokens } = reading.source;
  const { first, last } = rangeOf(reading.source, node.function);
  const name = tokens[last];
  const schema = tokens[first];
  if (!isName(name) || !isName(schema)) return null;
  if (first === last)
    return { schema: null, name: name.value, keyword: name.kind === 'word' ? name.value : null };
  if (last !== first + 2 || !isPunctuation(tokens[first + 1], '.')) return null;
  return {
    schema: schema.value === 'pg_catalog' ? null : schema.value,
    name: name.value,
    keyword: null,
  };
}

function adaptArgs(reading: Reading, node: ExprCall): Expr[] {
  return node.args.map((arg) => reading.adapt(arg));
}

function adaptFunction(
  reading: Reading,
  node: ExprCall,
  { schema, name }: CallName,
  span: Span,
): Expr {
  const kind = functionKind(reading.functions, schema, name);
  if (kind === 'aggregate') return adaptAggregate(reading, node, schema, name, span);
  const args = adaptArgs(reading, node);
  if (kind === 'function' && !node.filter)
    return { kind: 'call', schema, name, args, syntax: 'plain', span };
  reading.refuse(...REFUSALS[kind](name), span);
  return standIn(span);
}

type RefusalText = readonly [kind: string, message: string];

const REFUSALS: {
  readonly [K in Exclude<FunctionKind, 'aggregate'>]: (name: string) => RefusalText;
} = {
  set_returning: (name) => [
    'set_returning_function',
    `set-returning function "${name}" cannot be maintained incrementally`,
  ],
  window: (name) => [
    'window_function',
    `window function "${name}" cannot be maintained incrementally`,
  ],
  unknown: (name) => ['unknown_function', `function "${name}" is not known`],
  ambiguous: (name) => [
    'ambiguous_function',
    `functions of different kinds have the name "${name}"`,
  ],
  function: (name) => ['unsupported', `FILTER behind the function "${name}" is not supported`],
  procedure: (name) => ['unsupported', `call of the procedure "${name}" is not supported`],
};

function adaptAggregate(
  reading: Reading,
  node: ExprCall,
  schema: string | null,
  name: string,
  span: Span,
): Expr {
  const [arg] = node.args;
  const star = node.args.length === 1 && arg?.type === 'ref' && arg.name === '*' && !arg.table;
  const args = star ? [] : adaptArgs(reading, node);
  return {
    kind: 'aggregate',
    schema,
    name,
    args,
    star,
    filter: node.filter ? reading.adapt(node.filter) : null,
    span,
  };
}

const TRIM_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ['leading', 'ltrim'],
  ['trailing', 'rtrim'],
]);

type SpecialCall = { readonly name: string; readonly args: readonly Expr[] };

/** The function that a special form calls, with the arguments in the order of its signature. */
const SPECIAL: {
  readonly [S in SpecialSyntax]: (reading: Reading, node: ExprCall) => SpecialCall;
} = {
  extract: (reading, node) => {
    const [field, ...rest] = node.args;
    return {
      name: 'extract',
      args: [
        ...(field ? [adaptField(reading, field)] : []),
        ...rest.map((arg) => reading.adapt(arg)),
      ],
    };
  },
  trim: (reading, node) => {
    const side = reading.source.tokens[rangeOf(reading.source, node).first + 2];
    const name = side?.kind === 'word' ? TRIM_FUNCTIONS.get(side.value) : undefined;
    return { name: name ?? 'btrim', args: adaptArgs(reading, node).toReversed() };
  },
  position: (reading, node) => ({ name: 'position', args: adaptArgs(reading, node).toReversed() }),
  substring: (reading, node) => ({ name: 'substring', args: adaptArgs(reading, node) }),
  overlay: (reading, node) => ({ name: 'overlay', args: adaptArgs(reading, node) }),
};

function isSpecial(word: string | null): word is SpecialSyntax {
  return word !== null && Object.hasOwn(SPECIAL, word);
}

/** The field of EXTRACT is a word or a string, never an expression. */
function adaptField(reading: Reading, node: Ast): Expr {
  const { first, last } = rangeOf(reading.source, node);
  const token = reading.source.tokens[first];
  if (token === undefined || first !== last || (token.kind !== 'string' && !isName(token)))
    return refuseNode(reading, node);
  const sql = token.kind === 'string' ? token.text : `'${token.value.replaceAll("'", "''")}'`;
  return { kind: 'literal', sql, span: spanOfNode(reading.source, node) };
}

/** `left op ANY (array)`; null where the right side is not of this form. */
export function adaptArrayComparison(
  reading: Reading,
  right: Ast,
  rest: { readonly op: string; readonly left: Expr; readonly span: Span },
): ArrayComparison | null {
  if (right.type !== 'call') return null;
  const quantifier = QUANTIFIERS.get(readName(reading, right)?.keyword ?? '');
  const [array] = right.args;
  if (quantifier === undefined || array === undefined || right.args.length !== 1) return null;
  return { kind: 'array_comparison', quantifier, array: reading.adapt(array), ...rest };
}
