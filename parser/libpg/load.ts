/**
 * PostgreSQL's own grammar as WebAssembly. It is loaded when the first definition needs it, and
 * then kept.
 */
import type { ParseResult, ScanResult } from 'libpg-query';

export type Grammar = {
  /** @throws SqlError on a text that PostgreSQL's grammar does not accept */
  readonly parseSync: (text: string) => ParseResult;
  readonly scanSync: (text: string) => ScanResult;
  /** The functions of a CREATE FUNCTION in PL/pgSQL, as a tree that has no types. */
  readonly parsePlPgSQLSync: (text: string) => unknown;
};

export async function loadGrammar(): Promise<Grammar> {
  const module = await import('libpg-query');
  await module.loadModule();
  return module;
}
