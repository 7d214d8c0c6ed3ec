/** Shrinks a query to a short one that still fails. */

/** A text, a name, a number, `::`, an operator, or a single character. */
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|[a-z_][\w$]*|\d+(?:\.\d+)?|::|[-+*/<>=~!@#%^&|`?]+|\S/gi;

type Tokens = readonly string[];

const tokensOf = (query: string): Tokens => query.match(TOKEN) ?? [];

/**
 * Leaves out ever shorter runs of tokens, and parentheses with or without what is around them, for
 * as long as the rest is a query and still fails. Most rests are none, which the server says sooner
 * than a replay.
 */
export async function shrinkQuery(
  query: string,
  isQuery: (text: string) => Promise<boolean>,
  fails: (text: string) => Promise<boolean>,
  deadline: number,
): Promise<string> {
  const all = tokensOf(query);
  const stillFails = async (tokens: Tokens): Promise<boolean> => {
    if (tokens.length === 0 || Date.now() >= deadline) return false;
    const text = tokens.join(' ');
    return (await isQuery(text)) && fails(text);
  };
  let kept = await withoutRuns(all, stillFails);
  for (;;) {
    const unwrapped = await firstThat(withoutParentheses(kept), stillFails);
    if (unwrapped === null) break;
    kept = await withoutRuns(unwrapped, stillFails);
  }
  return kept.length < all.length ? kept.join(' ') : query;
}

async function withoutRuns(
  all: Tokens,
  stillFails: (tokens: Tokens) => Promise<boolean>,
): Promise<Tokens> {
  let kept = all;
  for (let size = kept.length - 1; size >= 1; size -= 1) {
    for (let at = 0; at + size <= kept.length; ) {
      const rest = [...kept.slice(0, at), ...kept.slice(at + size)];
      if (await stillFails(rest)) kept = rest;
      else at += 1;
    }
  }
  return kept;
}

async function firstThat(
  candidates: Iterable<Tokens>,
  holds: (tokens: Tokens) => Promise<boolean>,
): Promise<Tokens | null> {
  for (const one of candidates) if (await holds(one)) return one;
  return null;
}

/** What is in each pair of parentheses, alone and where it stands. */
function* withoutParentheses(tokens: Tokens): Generator<Tokens> {
  for (const [first, token] of tokens.entries()) {
    if (token !== '(') continue;
    const last = closing(tokens, first);
    const inside = tokens.slice(first + 1, last);
    yield inside;
    yield [...tokens.slice(0, first), ...inside, ...tokens.slice(last + 1)];
  }
}

function closing(tokens: Tokens, first: number): number {
  let depth = 0;
  for (let at = first; at < tokens.length; at += 1) {
    if (tokens[at] === '(') depth += 1;
    if (tokens[at] === ')') depth -= 1;
    if (depth === 0) return at;
  }
  return tokens.length;
}
