/**
 * The query of a statement that creates a view, as users write it in files: what stands between AS
 * and the options at the end. A text without such a statement is taken for a query.
 */
import { loadGrammar } from './libpg/load.ts';
import { characterOffsets } from './libpg/places.ts';

export type QueryText = {
  readonly query: string;
  /** Where the query begins in the text. */
  readonly start: number;
  /** The names that the statement gives the columns, in parentheses; empty where it gives none. */
  readonly columns: string;
};

type Token = { readonly text: string; readonly start: number; readonly end: number };

export async function queryOf(text: string): Promise<QueryText> {
  const tokens = await tokensOf(text);
  const as = createdAs(tokens);
  const first = as === null ? 0 : as + 1;
  const last = as === null ? endOf(tokens) : withoutOptions(tokens, endOf(tokens));
  const start = tokens[first]?.start ?? text.trimEnd().length;
  const end = Math.max(start, tokens[last]?.end ?? start);
  return {
    query: text.slice(start, end),
    start,
    columns: as === null ? '' : columns(text, tokens),
  };
}

/** Without comments. None where the grammar cannot tell tokens: the server says what is wrong. */
async function tokensOf(text: string): Promise<readonly Token[]> {
  const grammar = await loadGrammar();
  const offsets = characterOffsets(text);
  try {
    return grammar
      .scanSync(text)
      .tokens.filter((token) => !/^(?:--|\/\*)/.test(token.text))
      .map(({ text: word, start, end }) => ({
        text: word.toLowerCase(),
        start: offsets(start),
        end: offsets(end),
      }));
  } catch {
    const start = text.length - text.trimStart().length;
    return [{ text, start, end: text.trimEnd().length }];
  }
}

const CREATE_WORDS = /^(?:or|replace|materialized|temp|temporary|local|global|unlogged)$/;

/** The place of the VIEW of a CREATE statement; null for any other statement. */
function viewWord(tokens: readonly Token[]): number | null {
  if (tokens[0]?.text !== 'create') return null;
  let at = 1;
  while (CREATE_WORDS.test(tokens[at]?.text ?? '')) at += 1;
  return tokens[at]?.text === 'view' ? at : null;
}

/** The place of its AS, outside of parentheses. */
function createdAs(tokens: readonly Token[]): number | null {
  const view = viewWord(tokens);
  if (view === null) return null;
  let depth = 0;
  for (let at = view; at < tokens.length; at += 1) {
    const { text } = tokens[at] ?? { text: '' };
    if (text === '(') depth += 1;
    if (text === ')') depth -= 1;
    if (text === 'as' && depth === 0) return at;
  }
  return null;
}

/** The list of names behind the name of the view, which can have dots. */
function columns(text: string, tokens: readonly Token[]): string {
  let at = (viewWord(tokens) ?? 0) + 1;
  if (tokens[at]?.text === 'if') at += 3;
  while (tokens[at + 1]?.text === '.') at += 2;
  const open = tokens[at + 1];
  if (open?.text !== '(') return '';
  const close = tokens.find(({ text: word, start }) => word === ')' && start > open.start);
  return close === undefined ? '' : text.slice(open.start, close.end);
}

/** The last token before the semicolons at the end. */
function endOf(tokens: readonly Token[]): number {
  let last = tokens.length - 1;
  while (tokens[last]?.text === ';') last -= 1;
  return last;
}

/** The last token before WITH [NO] DATA or WITH [CASCADED | LOCAL] CHECK OPTION. */
function withoutOptions(tokens: readonly Token[], last: number): number {
  const tail = tokens
    .slice(0, last + 1)
    .slice(-4)
    .map(({ text }) => text)
    .join(' ');
  const options = /with (?:(?:no )?data|(?:(?:cascaded|local) )?check option)$/.exec(tail)?.[0];
  return options === undefined ? last : last - options.split(' ').length;
}
