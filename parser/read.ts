/**
 * The front end: from the text that pg_get_viewdef prints to a resolved tree, or to everything that stands against it.
 *
 * text -> tokens (tokens.ts) -> unsupported constructs by keyword (constructs/) -> a masked text of the same length (mask.ts)
 * -> pgsql-ast-parser -> our tree (query.ts, from.ts, expressions.ts, calls.ts), names resolved (resolve.ts).
 *
 * It reads one SELECT over relations and inner joins. That the tree says what the text says is proved again by the server:
 * a view made from `deparse(query)` must print like one made from `gateText` (DESIGN.md section 5).
 */
import type { Expr as Ast, SelectFromStatement } from 'pgsql-ast-parser';
import { parse } from 'pgsql-ast-parser';
import { scanConstructs } from './constructs/scan.ts';
import type { Find } from './constructs/state.ts';
import type { Edit } from './mask.ts';
import { maskText } from './mask.ts';
import { adaptQuery } from './query.ts';
import type { Source } from './tokens.ts';
import { isPunctuation, isWord, spanOf, tokenize } from './tokens.ts';
import type { Catalog, Query, Refusal, Span } from './tree.ts';

export type Definition = {
  readonly query: Query;
  /** The definition without its ORDER BY, which the query leaves out: what the deparse is to be compared with. */
  readonly gateText: string;
};

export type ReadResult = Definition | { readonly refusals: readonly Refusal[] };

/**
 * Reads a definition as `pg_get_viewdef(oid, true)` prints it under `search_path = pg_catalog`. Spans count in characters
 * of `text`. Never throws on what the text says: whatever is not understood is a refusal, all of them at once.
 */
export function readDefinition(text: string, catalog: Catalog): ReadResult {
  const source = tokenize(text);
  const scan = scanConstructs(source);
  if (!scan.isSelect) return refusal(scan.refusals);
  const parsed = parseSelect(source, scan.edits);
  if ('refusal' in parsed)
    return refusal(scan.refusals.length > 0 ? scan.refusals : [parsed.refusal]);
  const { query, refusals } = adaptQuery(source, parsed.select, parsed.having, catalog);
  const all = mergeRefusals(scan.refusals, refusals);
  return all.length > 0 ? refusal(all) : { query, gateText: withoutOrder(source) };
}

/** Names and literals may hold line breaks; a message is one line. */
function refusal(refusals: readonly Refusal[]): ReadResult {
  return {
    refusals: refusals.map((found) => ({
      ...found,
      message: found.message.replaceAll(/\s+/g, ' '),
    })),
  };
}

type Parsed =
  | { readonly select: SelectFromStatement; readonly having: Ast | null }
  | { readonly refusal: Refusal };

function parseSelect(source: Source, edits: readonly Edit[]): Parsed {
  const having = findLoneHaving(source);
  try {
    const select = parseMasked(
      source,
      having === null ? edits : [...edits, { ...having, text: '' }],
    );
    const condition = having && parseHaving(source, edits, having);
    if (select !== null && (having === null || condition !== null))
      return { select, having: condition };
    return {
      refusal: syntaxRefusal(source, spanOf(source, having?.first ?? 0, having?.first ?? 0)),
    };
  } catch (error) {
    return { refusal: syntaxRefusal(source, placeOfError(source, error)) };
  }
}

function parseMasked(source: Source, edits: readonly Edit[]): SelectFromStatement | null {
  const [select, ...others] = parse(maskText(source, edits), { locationTracking: true });
  return select?.type === 'select' && others.length === 0 ? select : null;
}

type HavingClause = { readonly first: number; readonly last: number };

/** HAVING without GROUP BY, which pgsql-ast-parser cannot read: its condition is parsed by itself. */
function findLoneHaving(source: Source): HavingClause | null {
  const find = (word: string): number =>
    topLevelIndex(source, (index) => isWord(source.tokens[index], word));
  const first = find('having');
  if (first < 0 || find('group') >= 0) return null;
  const end = topLevelIndex(
    source,
    (index) =>
      index > first &&
      (isWord(source.tokens[index], 'order', 'window') || isPunctuation(source.tokens[index], ';')),
  );
  return { first, last: (end < 0 ? source.tokens.length : end) - 1 };
}

/** The condition, as the only target of a SELECT that takes the place of HAVING. */
function parseHaving(
  source: Source,
  edits: readonly Edit[],
  { first, last }: HavingClause,
): Ast | null {
  const before = { first: 0, last: first, text: '' };
  const behind = { first: last + 1, last: source.tokens.length - 1, text: '' };
  const keyword = { first, last: first, text: 'select' };
  const select = parseMasked(source, [
    ...edits,
    before,
    ...(behind.first <= behind.last ? [behind] : []),
    keyword,
  ]);
  const [target, ...others] = select?.columns ?? [];
  return target === undefined || target.alias || others.length > 0 ? null : target.expr;
}

/** The first token outside of all brackets for which `test` holds, or -1. */
function topLevelIndex(source: Source, test: (index: number) => boolean): number {
  for (
    let index = 0;
    index < source.tokens.length;
    index = Math.max(index, source.partners[index] ?? index) + 1
  ) {
    if (test(index)) return index;
  }
  return -1;
}

function withoutOrder(source: Source): string {
  const first = topLevelIndex(
    source,
    (index) => isWord(source.tokens[index], 'order') && isWord(source.tokens[index + 1], 'by'),
  );
  return first < 0
    ? source.text
    : `${source.text.slice(0, source.tokens[first]?.start).trimEnd()};`;
}

/** pgsql-ast-parser's error names the token where it stopped; none means that the text ended too early. */
function placeOfError(source: Source, error: unknown): Span {
  const token: unknown = isObject(error) ? error['token'] : null;
  const offset =
    isObject(token) && typeof token['offset'] === 'number' ? token['offset'] : source.text.length;
  const index = source.tokens.findIndex((token) => token.end > offset);
  return index < 0
    ? { start: source.text.length, end: source.text.length }
    : spanOf(source, index, index);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function syntaxRefusal(source: Source, span: Span): Refusal {
  const near = source.text.slice(span.start, span.end);
  return {
    kind: 'syntax',
    message:
      near === '' ? 'definition ends too early' : `definition could not be read at "${near}"`,
    span,
  };
}

/** The scan's finds and, of the adapter's, those that do not lie in a part that the scan has found, in order of place. */
function mergeRefusals(finds: readonly Find[], refusals: readonly Refusal[]): Refusal[] {
  const isFound = ({ span }: Refusal): boolean =>
    span !== null && finds.some((find) => find.span.start < span.end && span.start < find.span.end);
  return [...finds, ...refusals.filter((refusal) => !isFound(refusal))].toSorted(
    (a, b) => placeOf(a) - placeOf(b),
  );
}

function placeOf(refusal: Refusal): number {
  return refusal.span?.start ?? Infinity;
}
