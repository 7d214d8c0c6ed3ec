/**
 * The tokens of a definition, by PostgreSQL's own lexical rules, with their places and the partner of each bracket.
 * Comments are skipped (not nested ones: PostgreSQL prints none). `U&` strings and identifiers are not covered, PostgreSQL
 * never prints them either; a character that starts no token becomes a token of kind `unknown`.
 */
import type { Span } from './tree.ts';

export type TokenKind =
  | 'word'
  | 'quoted'
  | 'string'
  | 'number'
  | 'operator'
  | 'punctuation'
  | 'unknown';

export type Token = {
  readonly kind: TokenKind;
  readonly text: string;
  /** A word in lower case, a quoted identifier without its quotes, anything else as spelled. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
};

/** A text with its tokens; `partners[i]` is the index of the bracket that closes or opens bracket `i`, undefined for others. */
export type Source = {
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly partners: readonly (number | undefined)[];
};

const SKIP = /(?:\s+|--[^\n]*|\/\*[\s\S]*?\*\/)+/y;

const RULES: readonly (readonly [TokenKind, RegExp])[] = [
  ['string', /[eE]'(?:[^'\\]|\\[\s\S]|'')*'|[bBxX]?'(?:[^']|'')*'/y],
  ['quoted', /"(?:[^"]|"")+"/y],
  ['number', /\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?/y],
  ['word', /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y],
  ['operator', /[-+*/<>=~!@#%^&|`?]+/y],
  ['punctuation', /::|:=|[()[\],;.:]/y],
  ['unknown', /[\s\S]/y],
];

export function tokenize(text: string): Source {
  const tokens: Token[] = [];
  for (let at = skip(text, 0); at < text.length; ) {
    const token = readToken(text, at);
    tokens.push(token);
    at = skip(text, token.end);
  }
  return { text, tokens, partners: pairBrackets(tokens) };
}

function skip(text: string, at: number): number {
  SKIP.lastIndex = at;
  return SKIP.test(text) ? SKIP.lastIndex : at;
}

function readToken(text: string, start: number): Token {
  for (const [kind, rule] of RULES) {
    rule.lastIndex = start;
    const match = rule.exec(text)?.[0];
    if (match !== undefined) return makeToken(kind, match, start);
  }
  throw new RangeError('the last rule takes any character');
}

function makeToken(kind: TokenKind, match: string, start: number): Token {
  const spelled = kind === 'operator' ? trimOperator(match) : match;
  const end = start + spelled.length;
  if (kind === 'word') return { kind, text: spelled, value: spelled.toLowerCase(), start, end };
  if (kind === 'quoted')
    return { kind, text: spelled, value: spelled.slice(1, -1).replaceAll('""', '"'), start, end };
  return {
    kind: spelled === '=>' ? 'punctuation' : kind,
    text: spelled,
    value: spelled,
    start,
    end,
  };
}

/** An operator of several characters ends in `+` or `-` only where it also has one of `~!@#%^&|?` (PostgreSQL, 4.1.3). */
function trimOperator(run: string): string {
  return /[~!@#%^&|`?]/.test(run) ? run : run.replace(/(?<=.)[-+]+$/, '');
}

function pairBrackets(tokens: readonly Token[]): (number | undefined)[] {
  const partners: (number | undefined)[] = tokens.map(() => undefined);
  const open: number[] = [];
  tokens.forEach((token, index) => {
    if (token.kind !== 'punctuation') return;
    if (token.text === '(' || token.text === '[') open.push(index);
    if (token.text !== ')' && token.text !== ']') return;
    const opener = open.pop();
    if (opener === undefined) return;
    partners[opener] = index;
    partners[index] = opener;
  });
  return partners;
}

/** True for an unquoted word of this (lower-case) spelling. */
export function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
  return token?.kind === 'word' && words.includes(token.value);
}

export function isPunctuation(token: Token | undefined, ...texts: readonly string[]): boolean {
  return token?.kind === 'punctuation' && texts.includes(token.text);
}

/** True for a token that can be a name: an unquoted word or a quoted identifier. */
export function isName(token: Token | undefined): token is Token {
  return token?.kind === 'word' || token?.kind === 'quoted';
}

/** The first and the last token that begin within a span. */
export function tokensWithin(
  source: Source,
  span: Span,
): { readonly first: number; readonly last: number } {
  return {
    first: firstAtOrAfter(source.tokens, span.start),
    last: firstAtOrAfter(source.tokens, span.end) - 1,
  };
}

function firstAtOrAfter(tokens: readonly Token[], offset: number): number {
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[middle]?.start ?? Infinity) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The span from one token to another, both included. */
export function spanOf(source: Source, first: number, last: number): Span {
  return {
    start: source.tokens[first]?.start ?? source.text.length,
    end: source.tokens[last]?.end ?? source.text.length,
  };
}
