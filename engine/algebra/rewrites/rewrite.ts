/**
 * The contract of a rewrite: one named rule a file, which says in its header why it is right and
 * when it would be wrong.
 */
import type { Expr, Span } from '../../../parser/tree.ts';
import { mapExpr } from '../../../parser/walk.ts';
import type { ColumnId, Node, Output } from '../node.ts';
import { idOf, mapReferences } from '../node.ts';

export type Rewrite = {
  readonly name: string;
  /**
   * The node in a simpler form with the same columns and rows; null if the rule does not apply.
   * Inputs are done.
   */
  readonly apply: (node: Node) => Node | null;
};

/** The expression with each reference to one of `outputs` replaced by what that computes. */
export function substituted(expr: Expr, outputs: readonly Output[]): Expr {
  const byId = new Map<ColumnId, Expr>(outputs.map(({ column, expr: is }) => [column.id, is]));
  return mapReferences(expr, (ref) => {
    const is = byId.get(idOf(ref));
    return is === undefined ? ref : spanned(is, ref.span);
  });
}

/**
 * An expression may come from the text of a view: its place in this definition is where it is
 * referred to.
 */
function spanned(expr: Expr, span: Span | null): Expr {
  if (expr.kind === 'column') return { ...expr, span };
  const inner = mapExpr(expr, (child) => (child === expr ? null : spanned(child, span)));
  return { ...inner, span };
}
