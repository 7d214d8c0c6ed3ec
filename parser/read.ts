/**
 * The front end: from the text that pg_get_viewdef prints to a resolved tree. Two readers, one
 * tree: pgsql-ast-parser reads the plain core, PostgreSQL's own grammar the rest, and also what the
 * caller does not confirm of the first reading. Once a process has loaded the grammar, that reads
 * first: it is five times as fast. So a misreading costs a question to the server and is never a
 * wrong tree. Where both read a text their trees are equal.
 */
import { readWithPgsqlAst } from './pgsql-ast/read.ts';
import { resolve } from './resolve.ts';
import type { Catalog } from './catalog.ts';
import type { Query } from './tree.ts';
import type { Unreadable } from './unreadable.ts';
import { equalQuery } from './walk.ts';

export type ReadResult =
  | { readonly query: Query }
  /**
   * What the text says that the tree has no node for, or that could not be resolved, in order of
   * place.
   */
  | { readonly unreadable: readonly Unreadable[] }
  /** There is a reading, and the caller does not confirm it. */
  | { readonly unconfirmed: Query };

/**
 * In characters. Of this length the plain reader takes 31 ms and PostgreSQL's grammar 5, of 10,000
 * characters 85 and 13; to load the grammar takes some 90 ms, once in a process.
 */
const LONGEST_PLAIN_TEXT = 3000;

/**
 * Reads a definition as `pg_get_viewdef(oid, true)` prints it under `search_path = pg_catalog`.
 * Spans count in characters of `text`. `confirm` says whether a reading means what the text means.
 */
export async function readDefinition(
  text: string,
  catalog: Catalog,
  confirm: (query: Query) => Promise<boolean>,
): Promise<ReadResult> {
  const refused: Query[] = [];
  const isConfirmed = async (query: Query): Promise<boolean> => {
    if (refused.some((one) => equalQuery(one, query))) return false;
    const confirmed = await confirm(query);
    if (!confirmed) refused.push(query);
    return confirmed;
  };
  const early = isGrammarLoaded ? await readFully(text, catalog) : null;
  if (early !== null && 'query' in early && (await isConfirmed(early.query))) return early;
  const plain = readPlain(text, catalog);
  if (plain !== null && (await isConfirmed(plain))) return { query: plain };
  const full = early ?? (await readFully(text, catalog));
  if ('unreadable' in full) return full;
  return (await isConfirmed(full.query)) ? full : { unconfirmed: full.query };
}

/** The plain reader's tree; null for what it does not read. */
export function readPlain(text: string, catalog: Catalog): Query | null {
  const raw = text.length > LONGEST_PLAIN_TEXT ? null : readWithPgsqlAst(text);
  if (raw === null) return null;
  const { query, unreadable } = resolve(raw, catalog);
  return unreadable.length > 0 ? null : query;
}

let isGrammarLoaded = false;

/** The tree by PostgreSQL's own grammar, which is loaded at the first call. */
export async function readFully(
  text: string,
  catalog: Catalog,
): Promise<Exclude<ReadResult, { readonly unconfirmed: Query }>> {
  const { readWithLibpg } = await import('./libpg/read.ts');
  try {
    const raw = await readWithLibpg(text);
    isGrammarLoaded = true;
    const resolved = raw.query && resolve(raw.query, catalog);
    const unresolved = (resolved?.unreadable ?? []).filter(
      ({ kind }) => raw.unreadable.length === 0 || !FOLLOWS.has(kind),
    );
    const found = [...raw.unreadable, ...unresolved];
    return resolved !== null && found.length === 0
      ? { query: resolved.query }
      : { unreadable: inOrder(found) };
  } catch (error) {
    // The trees are walked by recursion, as PostgreSQL's own are; thousands of nested operands are
    // too many for it.
    if (!(error instanceof RangeError)) throw error;
    const message = 'the definition nests its expressions too deeply';
    return { unreadable: [{ kind: 'too_deep', message, span: null }] };
  }
}

/** What may be known, but for something in FROM that has no tree: its columns have no names. */
const FOLLOWS: ReadonlySet<string> = new Set(['unknown_column', 'unknown_relation']);

/** Names and literals may hold line breaks; a message is one line. */
function inOrder(found: readonly Unreadable[]): Unreadable[] {
  return found
    .map((one) => ({ ...one, message: one.message.replaceAll(/\s+/g, ' ') }))
    .toSorted((a, b) => placeOf(a) - placeOf(b));
}

function placeOf({ span }: Unreadable): number {
  return span?.start ?? Infinity;
}
