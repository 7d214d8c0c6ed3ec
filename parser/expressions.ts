/**
 * Adapts expressions of pgsql-ast-parser to our tree. The structure comes from its nodes; names, literals, operators and
 * types come from the true tokens by position (mask.ts says why). An allow-list: a node, an operator word or a token that
 * is not known here is refused with its place. Calls are in calls.ts.
 */
import type {
  Expr as Ast,
  ExprArrayIndex,
  ExprBinary,
  ExprCase,
  ExprCast,
  ExprRef,
  ExprUnary,
} from 'pgsql-ast-parser';
import { adaptArrayComparison, adaptCall } from './calls.ts';
import { quoteIdent } from './quote.ts';
import type { Reading } from './reading.ts';
import { bareTokens, rangeOf, refuseNode, spanOfNode, standIn } from './reading.ts';
import { resolveColumn } from './resolve.ts';
import type { Source, Token } from './tokens.ts';
import { isName, isPunctuation } from './tokens.ts';
import type { Expr } from './tree.ts';
import { endOfType } from './type-names.ts';

const BINARY_WORDS = ['AND', 'OR', 'AT TIME ZONE', 'IS DISTINCT FROM', 'IS NOT DISTINCT FROM'];
const POSTFIX_WORDS = /^IS (NOT )?(NULL|TRUE|FALSE|UNKNOWN)$/;

export function adaptExpr(reading: Reading, node: Ast): Expr {
  switch (node.type) {
    case 'ref':
      return adaptColumn(reading, node);
    case 'integer':
    case 'numeric':
    case 'string':
    case 'boolean':
    case 'null':
      return adaptLiteral(reading, node);
    case 'binary':
      return adaptBinary(reading, node);
    case 'unary':
      return adaptUnary(reading, node);
    case 'cast':
      return adaptCast(reading, node);
    case 'call':
      return adaptCall(reading, node);
    case 'case':
      return adaptCase(reading, node);
    case 'array':
      return {
        kind: 'array',
        items: node.expressions.map((item) => reading.adapt(item)),
        span: spanOfNode(reading.source, node),
      };
    case 'arrayIndex':
      return adaptSubscript(reading, node);
    case 'array select':
    case 'constant':
    case 'default':
    case 'extract':
    case 'keyword':
    case 'list':
    case 'member':
    case 'overlay':
    case 'parameter':
    case 'select':
    case 'substring':
    case 'ternary':
    case 'union':
    case 'union all':
    case 'values':
    case 'with':
    case 'with recursive':
    default:
      return refuseNode(reading, node);
  }
}

function adaptColumn(reading: Reading, node: ExprRef): Expr {
  const { source } = reading;
  const { first, last } = rangeOf(source, node);
  const name = source.tokens[last];
  const alias = last === first ? null : source.tokens[first];
  const isQualified =
    last === first + 2 &&
    isPunctuation(source.tokens[first + 1], '.') &&
    isName(source.tokens[first]);
  if (!isName(name) || (last !== first && !isQualified)) return refuseNode(reading, node);
  const span = spanOfNode(source, node);
  const resolved = resolveColumn(reading.scope, alias?.value ?? null, name.value);
  if (resolved.kind === 'column')
    return { kind: 'column', relation: resolved.relation, name: name.value, span };
  if (resolved.kind === 'refused') reading.refuse(resolved.refusal, resolved.message, span);
  return standIn(span);
}

function adaptLiteral(reading: Reading, node: Ast): Expr {
  const { first, last } = rangeOf(reading.source, node);
  const token = reading.source.tokens[first];
  if (first !== last || token === undefined) return refuseNode(reading, node);
  const isConstant =
    token.kind === 'string' ||
    token.kind === 'number' ||
    (token.kind === 'word' && /^(true|false|null)$/.test(token.value));
  if (!isConstant) return refuseNode(reading, node);
  const sql = token.kind === 'word' ? token.value.toUpperCase() : token.text;
  return { kind: 'literal', sql, span: spanOfNode(reading.source, node) };
}

function adaptBinary(reading: Reading, node: ExprBinary): Expr {
  const { source } = reading;
  const op = readOperator(
    bareTokens(source, rangeOf(source, node.left).last + 1, rangeOf(source, node.right).first - 1),
  );
  if (op === null) return refuseNode(reading, node);
  const span = spanOfNode(source, node);
  const left = reading.adapt(node.left);
  const comparison = adaptArrayComparison(reading, node.right, { op, left, span });
  return comparison ?? { kind: 'binary', op, left, right: reading.adapt(node.right), span };
}

/** An operator as the tree spells it, or null for tokens that are none. */
function readOperator(tokens: readonly Token[]): string | null {
  const [first, schema, dot, operator] = tokens;
  if (tokens.length === 1 && first?.kind === 'operator') return first.text;
  if (
    tokens.length === 4 &&
    isName(schema) &&
    isPunctuation(dot, '.') &&
    operator?.kind === 'operator'
  ) {
    return schema.value === 'pg_catalog'
      ? operator.text
      : `OPERATOR(${quoteIdent(schema.value)}.${operator.text})`;
  }
  const words = joinWords(tokens);
  return BINARY_WORDS.includes(words) ? words : null;
}

function joinWords(tokens: readonly Token[]): string {
  return tokens
    .map((token) => (token.kind === 'word' ? token.value.toUpperCase() : token.text))
    .join(' ');
}

function adaptUnary(reading: Reading, node: ExprUnary): Expr {
  const { source } = reading;
  const whole = rangeOf(source, node);
  const inner = rangeOf(source, node.operand);
  const before = bareTokens(source, whole.first, inner.first - 1);
  const after = joinWords(bareTokens(source, inner.last + 1, whole.last));
  const op =
    before.length === 0
      ? POSTFIX_WORDS.test(after)
        ? after
        : null
      : joinWords(before) === 'NOT'
        ? 'NOT'
        : readOperator(before);
  if (op === null || (before.length > 0 && after !== '')) return refuseNode(reading, node);
  return {
    kind: 'unary',
    op,
    operand: reading.adapt(node.operand),
    span: spanOfNode(source, node),
  };
}

function adaptCast(reading: Reading, node: ExprCast): Expr {
  const { source } = reading;
  const { last } = rangeOf(source, node);
  const type = readCastType(source, rangeOf(source, node.operand).last + 1, last);
  if (type === null) return refuseNode(reading, node);
  return {
    kind: 'cast',
    operand: reading.adapt(node.operand),
    type,
    span: spanOfNode(source, node),
  };
}

/** The type of a `::` that follows an operand, whatever closes around the operand first; it must end where the cast ends. */
function readCastType(source: Source, from: number, last: number): string | null {
  let at = from;
  while (isPunctuation(source.tokens[at], ')')) at += 1;
  if (!isPunctuation(source.tokens[at], '::') || endOfType(source, at + 1) !== last + 1)
    return null;
  return source.text
    .slice(source.tokens[at + 1]?.start, source.tokens[last]?.end)
    .replaceAll(/\s+/g, ' ');
}

function adaptCase(reading: Reading, node: ExprCase): Expr {
  const adaptMaybe = (part: Ast | null | undefined): Expr | null =>
    part ? reading.adapt(part) : null;
  return {
    kind: 'case',
    subject: adaptMaybe(node.value),
    whens: node.whens.map(({ when, value }) => ({
      when: reading.adapt(when),
      result: reading.adapt(value),
    })),
    otherwise: adaptMaybe(node.else),
    span: spanOfNode(reading.source, node),
  };
}

/** `a[1][2]` is one access with two subscripts, `(a[1])[2]` is two accesses. */
function adaptSubscript(reading: Reading, node: ExprArrayIndex): Expr {
  const { source } = reading;
  const array = reading.adapt(node.array);
  const index = reading.adapt(node.index);
  const span = spanOfNode(source, node);
  const continues = isPunctuation(source.tokens[rangeOf(source, node.array).last + 1], '[');
  if (array.kind === 'subscript' && continues)
    return { ...array, indexes: [...array.indexes, index], span };
  return { kind: 'subscript', array, indexes: [index], span };
}
