/**
 * What the adapter's parts share while they read one definition: the tokens, the names that are known, the refusals so far;
 * and how a node of pgsql-ast-parser is found again among the tokens.
 */
import type { Expr as Ast, NodeLocation } from 'pgsql-ast-parser';
import type { Functions, Scope } from './resolve.ts';
import type { Source, Token } from './tokens.ts';
import { isPunctuation, isWord, spanOf, tokensWithin } from './tokens.ts';
import type { Expr, Literal, Span } from './tree.ts';

export type Reading = {
  readonly source: Source;
  readonly scope: Scope;
  readonly functions: Functions;
  /** Adapts an expression; here so that the parts of the adapter that call each other need not import each other. */
  readonly adapt: (node: Ast) => Expr;
  /** Records that a part is outside of what is read; reading goes on. */
  readonly refuse: (kind: string, message: string, span: Span | null) => void;
};

/** The tokens from `first` to `last`, both included. */
type Range = { readonly first: number; readonly last: number };

/** A node of pgsql-ast-parser, as far as finding it goes. */
type Located = { readonly _location?: NodeLocation };

/** The tokens of a node, without parentheses around it. */
export function rangeOf(source: Source, node: Located): Range {
  let { first, last } = balance(
    source,
    tokensWithin(source, node._location ?? { start: 0, end: source.text.length }),
  );
  // The condition of a FILTER is given the place of the whole clause, `FILTER (WHERE condition)`.
  if (isWord(source.tokens[first], 'filter') && isWord(source.tokens[first + 2], 'where')) {
    first += 3;
    last -= 1;
  }
  while (isPunctuation(source.tokens[first], '(') && source.partners[first] === last) {
    first += 1;
    last -= 1;
  }
  return { first, last };
}

/** The places of nodes leave out the parentheses around an operand at their start or end: these belong to the node. */
function balance(source: Source, range: Range): Range {
  let { first, last } = range;
  for (let at = first; at <= last; at += 1) {
    const partner = source.partners[at] ?? at;
    if (partner > last) last = partner;
    if (partner < first) {
      first = partner;
      at = partner;
    }
  }
  return { first, last };
}

export function spanOfNode(source: Source, node: Located): Span {
  const range = rangeOf(source, node);
  return spanOf(source, range.first, range.last);
}

/** The tokens of a range, parentheses left out: what stands between two operands, however they are wrapped. */
export function bareTokens(source: Source, first: number, last: number): readonly Token[] {
  return source.tokens.slice(first, last + 1).filter((token) => !isPunctuation(token, '(', ')'));
}

/** Refuses a node that is not on the allow-list and gives a stand-in for it. */
export function refuseNode(reading: Reading, node: Located): Literal {
  const span = spanOfNode(reading.source, node);
  const text = reading.source.text.slice(span.start, span.end);
  reading.refuse(
    'unsupported',
    `"${text.length > 60 ? `${text.slice(0, 57)}...` : text}" is not supported`,
    span,
  );
  return standIn(span);
}

/** What stands in the tree for a part that was refused; such a tree is never handed out. */
export function standIn(span: Span): Literal {
  return { kind: 'literal', sql: 'NULL', span };
}
