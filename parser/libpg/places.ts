/**
 * Where nodes stand in the text. PostgreSQL's tree has one offset (in bytes) for each node; the
 * rest of its place comes from the tokens between the offsets below it, with the brackets and words
 * that belong to it.
 */
import type { ScanToken } from 'libpg-query';
import type { Span } from '../tree.ts';

/** The tokens from `first` to `last`, both included. */
type Range = { readonly first: number; readonly last: number };

export type Places = { readonly spanOf: (node: object) => Span | null };

export function placesIn(text: string, tokens: readonly ScanToken[]): Places {
  const offsets = characterOffsets(text);
  const partners = pairBrackets(tokens);
  const ranges = new Map<object, { readonly range: Range | null }>();

  /** Without recursion: the operands of a long sum are nested as deeply as it is long. */
  const rangeOf = (root: object): Range | null => {
    const open: object[] = [root];
    for (let node = open.at(-1); node !== undefined; node = open.at(-1)) {
      const missing = Object.values(node).filter(
        (value): value is object => isObject(value) && !ranges.has(value),
      );
      if (missing.length > 0) open.push(...missing);
      else {
        if (!ranges.has(node)) ranges.set(node, { range: measure(node) });
        open.pop();
      }
    }
    return ranges.get(root)?.range ?? null;
  };

  const measure = (node: object): Range | null => {
    let first = Infinity;
    let last = -1;
    for (const [key, value] of Object.entries(node)) {
      const at =
        key === 'location' && typeof value === 'number' && value >= 0
          ? tokenAt(tokens, value)
          : null;
      const inner = isObject(value) ? (ranges.get(value)?.range ?? null) : null;
      const range =
        at === null
          ? inner && (EXTENSIONS.get(key)?.(tokens, partners, inner) ?? inner)
          : { first: at, last: at };
      if (range === null) continue;
      first = Math.min(first, range.first);
      last = Math.max(last, range.last);
    }
    return last < 0 ? null : balance(partners, { first, last });
  };

  return {
    spanOf: (node) => {
      const range = rangeOf(node);
      const [start, end] = [tokens[range?.first ?? -1]?.start, tokens[range?.last ?? -1]?.end];
      return start === undefined || end === undefined
        ? null
        : { start: offsets(start), end: offsets(end) };
    },
  };
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

type Extension = (
  tokens: readonly ScanToken[],
  partners: readonly (number | undefined)[],
  range: Range,
) => Range;

const wordAt = (tokens: readonly ScanToken[], at: number): string =>
  tokens[at]?.text.toLowerCase() ?? '';

/** `a.b.c` and `t.*`: the offset is that of the first name. */
const afterDots: Extension = (tokens, _, { first, last }) => {
  let end = last;
  while (wordAt(tokens, end + 1) === '.') end += 2;
  return { first, last: end };
};

/** The parentheses of a call without arguments. */
const afterCall: Extension = (tokens, partners, range) => {
  const { first, last } = afterDots(tokens, partners, range);
  return { first, last: wordAt(tokens, last + 1) === '(' ? (partners[last + 1] ?? last) : last };
};

/** The words behind the operand of a test, or those of a type. */
const afterWords =
  (words: RegExp): Extension =>
  (tokens, _, { first, last }) => {
    let end = last;
    while (words.test(wordAt(tokens, end + 1))) end += 1;
    return { first, last: end };
  };

const afterType: Extension = (tokens, partners, range) => {
  const named = afterDots(tokens, partners, range);
  const words = afterWords(TYPE_WORDS)(tokens, partners, named);
  const sized =
    wordAt(tokens, words.last + 1) === '('
      ? { ...words, last: partners[words.last + 1] ?? words.last }
      : words;
  return afterWords(TYPE_WORDS)(tokens, partners, sized);
};

const TYPE_WORDS =
  /^(varying|precision|with|without|time|zone|year|month|day|hour|minute|second|to|\[|\])$/;

const EXTENSIONS: ReadonlyMap<string, Extension> = new Map<string, Extension>(
  Object.entries({
    ColumnRef: afterDots,
    FuncCall: afterCall,
    SQLValueFunction: afterCall,
    TypeName: afterType,
    typeName: afterType,
    CollateClause: (
      tokens: readonly ScanToken[],
      partners: readonly (number | undefined)[],
      range: Range,
    ) =>
      wordAt(tokens, range.last) === 'collate'
        ? afterDots(tokens, partners, { ...range, last: range.last + 1 })
        : range,
    NullTest: afterWords(/^(is|not|null)$/),
    BooleanTest: afterWords(/^(is|not|true|false|unknown)$/),
    CaseExpr: afterWords(/^end$/),
    A_ArrayExpr: afterCallOrBracket,
  }),
);

/** `ARRAY[]`, whose offset is that of the word. */
function afterCallOrBracket(
  tokens: readonly ScanToken[],
  partners: readonly (number | undefined)[],
  range: Range,
): Range {
  const isBare = wordAt(tokens, range.last) === 'array' && wordAt(tokens, range.last + 1) === '[';
  return isBare ? { ...range, last: partners[range.last + 1] ?? range.last } : range;
}

/** Brackets that are opened or closed between the two ends belong to the node. */
function balance(partners: readonly (number | undefined)[], range: Range): Range {
  let { first, last } = range;
  for (let at = first; at <= last; at += 1) {
    const partner = partners[at] ?? at;
    if (partner > last) last = partner;
    if (partner < first) {
      first = partner;
      at = partner;
    }
  }
  return { first, last };
}

function pairBrackets(tokens: readonly ScanToken[]): (number | undefined)[] {
  const partners: (number | undefined)[] = tokens.map(() => undefined);
  const open: number[] = [];
  tokens.forEach(({ text }, index) => {
    if (text === '(' || text === '[') open.push(index);
    if (text !== ')' && text !== ']') return;
    const opener = open.pop();
    if (opener === undefined) return;
    partners[opener] = index;
    partners[index] = opener;
  });
  return partners;
}

/** The last token that begins at or before an offset. */
function tokenAt(tokens: readonly ScanToken[], offset: number): number {
  let low = 0;
  let high = tokens.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((tokens[middle]?.start ?? Infinity) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** From an offset in bytes of UTF-8 to one in characters of a JavaScript string. */
export function characterOffsets(text: string): (bytes: number) => number {
  const length = new TextEncoder().encode(text).length;
  if (length === text.length) return (bytes) => bytes;
  const characters = new Uint32Array(length + 1);
  let bytes = 0;
  let units = 0;
  for (const character of text) {
    characters[bytes] = units;
    bytes += new TextEncoder().encode(character).length;
    units += character.length;
  }
  characters[bytes] = units;
  return (offset) => characters[offset] ?? text.length;
}
