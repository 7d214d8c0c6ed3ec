/**
 * Where something in a definition, as PostgreSQL prints it, stands in the text that the user has
 * written. The two have the same words, but not the same line breaks, brackets and qualifiers: the
 * n-th occurrence of a word here is the n-th there, if both have it equally often.
 */
type Word = { readonly text: string; readonly start: number };

const TOKEN = new RegExp(
  [
    /(?<comment>--[^\n]*|\/\*[\s\S]*?\*\/)/u,
    /(?<word>'(?:[^']|'')*'|"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)/u,
    /(?<mark>\S)/u,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gu',
);

/** Names that qualify others are left out: the printed definition has more of them. */
function wordsOf(text: string): readonly Word[] {
  const tokens = [...text.matchAll(TOKEN)].filter(
    ({ groups }) => groups?.['comment'] === undefined,
  );
  return tokens.flatMap(({ 0: token, groups, index }, at) => {
    const next = tokens[at + 1]?.[0];
    if (groups?.['word'] === undefined || next === '.') return [];
    const folded = token.startsWith("'") ? token : token.toLowerCase();
    const plain = /^"[a-z_][a-z0-9_$]*"$/.test(folded) ? folded.slice(1, -1) : folded;
    // A column of the answer is often called like the function that computes it.
    return [{ text: next === '(' ? `${plain}(` : plain, start: index }];
  });
}

/** How many words behind the place may stand for it. */
const NEAR = 8;

/** Null where no word at the place can be told from others. */
export function placeIn(text: string, definition: string, offset: number): number | null {
  const [written, printed] = [wordsOf(text), wordsOf(definition)];
  const from = printed.findIndex(({ start }) => start >= offset);
  for (const word of from < 0 ? [] : printed.slice(from, from + NEAR)) {
    const there = written.filter((one) => one.text === word.text);
    const here = printed.filter((one) => one.text === word.text);
    const found = there[here.indexOf(word)];
    if (found !== undefined && there.length === here.length) return found.start;
  }
  return null;
}
