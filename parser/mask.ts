/**
 * Rewrites a definition so that pgsql-ast-parser reads its structure rightly: every token that it misreads or cannot read
 * is replaced, in place and within the same length, by one that has the same role. Offsets stay valid, and the adapter
 * takes names, literals, operators and types from the true tokens by position. What is replaced, and why:
 *
 * - numbers (it makes them JavaScript numbers: `1.0000` becomes 1), strings (escapes), quoted identifiers (doubled quotes
 *   stay doubled, `*` in a name fails, `"extract"(...)` is taken for the keyword)
 * - operators it does not know, and `->`, `->>`, which it reads as part of a cast: all become `|` or `||`, or `-` in front
 * - types (see type-names.ts), which become one word as long as they are
 * - `IS DISTINCT FROM` becomes `=`, `IS UNKNOWN` becomes `IS NULL`, `OPERATOR(s.+)` an operator
 * - `TRIM(BOTH a FROM b)`, `EXTRACT`, `SUBSTRING`, `POSITION`, `OVERLAY` become calls with commas
 *
 * Nothing is lost by a mask that is too wide: the adapter finds the true token, or none, and refuses.
 */
import type { Source, TokenKind } from './tokens.ts';
import { isPunctuation, isWord } from './tokens.ts';
import { endOfType } from './type-names.ts';

/** Replaces the tokens `first` to `last` (both included) by a text that is not longer than they are. */
export type Edit = { readonly first: number; readonly last: number; readonly text: string };

/** Operators that pgsql-ast-parser reads with the precedence that PostgreSQL gives them. */
const KNOWN_OPERATORS: ReadonlySet<string> = new Set([
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
  '=',
  '<>',
  '<',
  '>',
  '<=',
  '>=',
]);

/** Reserved words after which an operand starts, so that an operator behind one of them stands in front of its operand. */
const OPERAND_FOLLOWS = [
  'select',
  'distinct',
  'where',
  'and',
  'or',
  'not',
  'case',
  'when',
  'then',
  'else',
  'on',
  'having',
  'by',
  'from',
  'for',
  'in',
];

const SPECIAL_CALLS = ['extract', 'trim', 'substring', 'position', 'overlay'];
const SEPARATORS = ['from', 'for', 'in', 'placing'];
const TRIM_SIDES = ['both', 'leading', 'trailing'];

/** The masked text, as long as the source's; `edits` go on top of the masks that are always needed. */
export function maskText(source: Source, edits: readonly Edit[]): string {
  const masks = source.tokens.map(({ kind, text }, index) =>
    TOKEN_MASKS[kind](source, index, text),
  );
  for (const edit of [...maskSequences(source), ...edits]) {
    masks.fill('', edit.first, edit.last + 1);
    masks[edit.first] = edit.text;
  }
  return placeMasks(source, masks);
}

/** True where the operator at a token stands in front of its operand rather than between two. */
export function isPrefix(source: Source, index: number): boolean {
  const before = source.tokens[index - 1];
  if (before === undefined || before.kind === 'operator') return true;
  return isPunctuation(before, '(', '[', ',') || isWord(before, ...OPERAND_FOLLOWS);
}

const TOKEN_MASKS: {
  readonly [K in TokenKind]: (source: Source, index: number, text: string) => string;
} = {
  quoted: (_source, _index, text) => `"${'q'.repeat(text.length - 2)}"`,
  string: (_source, _index, text) => `'${'s'.repeat(text.length - 2)}'`,
  number: (_source, _index, text) => '1'.repeat(text.length),
  operator: maskOperator,
  word: (_source, _index, text) => text,
  punctuation: (_source, _index, text) => text,
  unknown: (_source, _index, text) => text,
};

function maskOperator(source: Source, index: number, operator: string): string {
  if (KNOWN_OPERATORS.has(operator)) return operator;
  return isPrefix(source, index) ? '-' : '||'.slice(0, operator.length);
}

function maskSequences(source: Source): Edit[] {
  return source.tokens.flatMap((token, index) => {
    if (isPunctuation(token, '::')) return maskType(source, index + 1);
    if (token.kind !== 'word') return [];
    if (token.value === 'is') return maskIs(source, index);
    if (token.value === 'operator') return maskQualifiedOperator(source, index);
    return SPECIAL_CALLS.includes(token.value) ? maskSpecialCall(source, index + 1) : [];
  });
}

function maskType(source: Source, first: number): Edit[] {
  const end = endOfType(source, first);
  if (end === first) return [];
  const width = (source.tokens[end - 1]?.end ?? 0) - (source.tokens[first]?.start ?? 0);
  return [{ first, last: end - 1, text: 'x'.repeat(width) }];
}

function maskIs({ tokens }: Source, at: number): Edit[] {
  const next = isWord(tokens[at + 1], 'not') ? at + 2 : at + 1;
  if (isWord(tokens[next], 'distinct')) return [{ first: at, last: next + 1, text: '=' }];
  return isWord(tokens[next], 'unknown') ? [{ first: next, last: next, text: 'null' }] : [];
}

function maskQualifiedOperator(source: Source, at: number): Edit[] {
  const close = source.partners[at + 1];
  if (close === undefined || source.tokens[close - 1]?.kind !== 'operator') return [];
  return [{ first: at, last: close, text: isPrefix(source, at) ? '-' : '||' }];
}

function maskSpecialCall({ tokens, partners }: Source, open: number): Edit[] {
  const close = isPunctuation(tokens[open], '(') ? partners[open] : undefined;
  if (close === undefined) return [];
  const edits: Edit[] = [];
  for (let at = open + 1; at < close; at = (partners[at] ?? at) + 1) {
    if (isWord(tokens[at], ...TRIM_SIDES)) edits.push({ first: at, last: at, text: '' });
    if (isWord(tokens[at], ...SEPARATORS))
      edits.push({ first: at, last: at, text: isWord(tokens[at - 1], ...TRIM_SIDES) ? '' : ',' });
  }
  return edits;
}

function placeMasks(source: Source, masks: readonly string[]): string {
  let masked = '';
  source.tokens.forEach((token, index) => {
    masked = masked.padEnd(token.start) + (masks[index] ?? '');
  });
  return masked.padEnd(source.text.length);
}
