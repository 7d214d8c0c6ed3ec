/** Reads with PostgreSQL's own grammar: everything that PostgreSQL prints of a query. */
import type { SelectStmt } from 'libpg-query';
import type { Query } from '../tree.ts';
import type { Unreadable } from '../unreadable.ts';
import { adaptExpr } from './expressions.ts';
import { loadGrammar } from './load.ts';
import { placesIn } from './places.ts';
import { adaptQuery } from './query.ts';
import type { Reading } from './reading.ts';
import { selectOf } from './reading.ts';

/** A tree whose names are not resolved, good only where nothing is unreadable. */
export type Raw = { readonly query: Query | null; readonly unreadable: readonly Unreadable[] };

export async function readWithLibpg(text: string): Promise<Raw> {
  const grammar = await loadGrammar();
  let statement: SelectStmt | null;
  try {
    const statements = grammar.parseSync(text).stmts ?? [];
    statement = statements.length === 1 ? selectOf(statements[0]?.stmt) : null;
  } catch (error) {
    return { query: null, unreadable: [syntaxError(text, error)] };
  }
  if (statement === null)
    return {
      query: null,
      unreadable: [{ kind: 'syntax', message: 'the definition is not one query', span: null }],
    };
  const unreadable: Unreadable[] = [];
  const { spanOf } = placesIn(text, grammar.scanSync(text).tokens);
  const reading: Reading = {
    text,
    spanOf,
    expr: (node) => adaptExpr(reading, node),
    query: (inner) => adaptQuery(reading, inner),
    fail: (node, what) => {
      const span = spanOf(node);
      const said = span === null ? what : text.slice(span.start, span.end).replaceAll(/\s+/g, ' ');
      unreadable.push({
        kind: 'unsupported',
        message: `"${said.length > 60 ? `${said.slice(0, 57)}...` : said}" is not supported`,
        span,
      });
      return { kind: 'literal', sql: 'NULL', span };
    },
  };
  return { query: adaptQuery(reading, statement), unreadable };
}

/** The grammar's error gives its place as a number of characters from 1. */
function syntaxError(text: string, error: unknown): Unreadable {
  const details: unknown =
    typeof error === 'object' && error !== null && 'sqlDetails' in error ? error.sqlDetails : null;
  const position =
    typeof details === 'object' && details !== null && 'cursorPosition' in details
      ? Number(details.cursorPosition)
      : 0;
  const start = Math.min(Math.max(position, 0), text.length);
  const near = /^\S+/.exec(text.slice(start))?.[0] ?? '';
  return {
    kind: 'syntax',
    message:
      near === '' ? 'definition ends too early' : `definition could not be read at "${near}"`,
    span: { start, end: start + near.length },
  };
}
