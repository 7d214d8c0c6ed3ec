/** What the parts of the adapter share while they read one definition. */
import type { Node, SelectStmt } from 'libpg-query';
import { quoteIdent } from '../quote.ts';
import type { Expr, Literal, Query, Span } from '../tree.ts';

export type Reading = {
  readonly text: string;
  readonly spanOf: (node: object) => Span | null;
  /**
   * Adapts an expression; here so that the parts of the adapter that call each other need not
   * import each other.
   */
  readonly expr: (node: Node) => Expr;
  readonly query: (statement: SelectStmt) => Query;
  /**
   * Records that a node has no place in the tree, and gives a stand-in; such a tree is never handed
   * out.
   */
  readonly fail: (node: object, what: string) => Literal;
};

export const exprs = (reading: Reading, nodes: readonly Node[] | undefined): Expr[] =>
  (nodes ?? []).map((node) => reading.expr(node));

export const maybe = (reading: Reading, node: Node | undefined): Expr | null =>
  node === undefined ? null : reading.expr(node);

/** The texts of a list of names. */
export function strings(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).flatMap((node) => ('String' in node ? [node.String.sval ?? ''] : []));
}

/** The query of a node that is one. */
export function selectOf(node: Node | undefined): SelectStmt | null {
  return node !== undefined && 'SelectStmt' in node ? node.SelectStmt : null;
}

/** An operator as the tree spells it: without pg_catalog, with any other schema. */
export function operatorText(names: readonly string[]): string {
  const [schema = '', operator] = names;
  if (operator === undefined) return schema;
  return schema === 'pg_catalog' ? operator : `OPERATOR(${quoteIdent(schema)}.${operator})`;
}
