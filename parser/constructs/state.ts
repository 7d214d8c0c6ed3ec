/**
 * What the finders of unsupported constructs share: the tokens, what was found so far, and the masks that let the grammar
 * read on behind a find.
 */
import type { Edit } from '../mask.ts';
import type { Source, Token } from '../tokens.ts';
import { isPunctuation, isWord, spanOf } from '../tokens.ts';
import type { Refusal, Span } from '../tree.ts';

export type Find = Refusal & { readonly span: Span };

export type State = {
  readonly source: Source;
  readonly tokens: readonly Token[];
  /** For each token the index of the innermost bracket around it. */
  readonly enclosing: readonly (number | undefined)[];
  readonly refusals: Find[];
  readonly edits: Edit[];
  /** False where the definition as a whole is not one SELECT. */
  isSelect: boolean;
  /** True while the scan is in a FROM clause. */
  inFrom: boolean;
};

/** Looks at a token; returns the index to go on from where it found something, undefined otherwise. */
export type Finder = (state: State, at: number) => number | undefined;

export function startScan(source: Source): State {
  return {
    source,
    tokens: source.tokens,
    enclosing: findEnclosing(source),
    refusals: [],
    edits: [],
    isSelect: true,
    inFrom: false,
  };
}

/** Records a find from token `first` to `last`, with its mask; returns the index behind both. */
export function find(
  state: State,
  kind: string,
  message: string,
  range: readonly [number, number],
  edit?: Edit,
): number {
  const [first, last] = range;
  state.refusals.push({ kind, message, span: spanOf(state.source, first, last) });
  if (edit !== undefined && edit.first <= edit.last) state.edits.push(edit);
  return Math.max(last, edit?.last ?? 0) + 1;
}

/** A mask that removes the tokens from `first` to `last`. */
export function blank(first: number, last: number): Edit {
  return { first, last, text: '' };
}

export function nameAt(state: State, at: number): string {
  return state.tokens[at]?.value ?? '';
}

/** The index of the bracket that closes the one at `open`; the last token where there is none, so that a scan goes forward. */
export function closeOf(state: State, open: number): number {
  const partner = state.source.partners[open];
  return partner !== undefined && partner > open ? partner : state.tokens.length - 1;
}

/** The index of the last token of the definition, its semicolon left out. */
export function lastToken(state: State): number {
  const last = state.tokens.length - 1;
  return isPunctuation(state.tokens[last], ';') ? last - 1 : last;
}

/** Where the call begins whose closing parenthesis is at `close` (a FILTER behind it included), and its function's name. */
export function callEndingAt(
  state: State,
  close: number,
): { readonly first: number; readonly name: string } {
  const open = state.source.partners[close] ?? close;
  if (isWord(state.tokens[open - 1], 'filter')) return callEndingAt(state, open - 2);
  const first = isPunctuation(state.tokens[open - 2], '.') ? open - 3 : open - 1;
  return { first, name: nameAt(state, open - 1) };
}

function findEnclosing({ tokens, partners }: Source): (number | undefined)[] {
  const open: number[] = [];
  return tokens.map((_, index) => {
    const partner = partners[index];
    if (partner !== undefined && partner < index) open.pop();
    const enclosing = open.at(-1);
    if (partner !== undefined && partner > index) open.push(index);
    return enclosing;
  });
}
