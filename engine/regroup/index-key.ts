/** What an index on a table would begin with, so that it finds the rows with a value. */
import { deparseExpr } from '../../parser/deparse.ts';
import { quoteIdent } from '../../parser/quote.ts';
import type { ColumnRef, Expr } from '../../parser/tree.ts';
import { visit } from '../../parser/walk.ts';
import { canFail } from '../algebra/can-fail.ts';
import type { ColumnFacts } from '../algebra/facts.ts';

export type IndexKey = {
  /** A column's name, or the SQL of an expression over columns. */
  readonly column: string;
  readonly isExpression: boolean;
};

/**
 * Of an expression over the columns of one table; null where there can be no index. One on an
 * expression that can fail would make writers fail, with rows that the definition never looks at.
 * Whether the functions in it are immutable is not known here.
 */
export function indexKey(
  expr: Expr,
  factsOf: (ref: ColumnRef) => ColumnFacts | null,
): IndexKey | null {
  if (expr.kind === 'column') {
    const facts = factsOf(expr);
    const isUsable = facts !== null && facts.sortable && !facts.isVirtual;
    return isUsable ? { column: expr.name, isExpression: false } : null;
  }
  const columns = columnsIn(expr).map(factsOf);
  if (columns.length === 0 || columns.some((facts) => facts === null || facts.isVirtual))
    return null;
  if (canFail(expr, (ref) => factsOf(ref)?.oid ?? null)) return null;
  return { column: deparseExpr(expr, ({ name }) => quoteIdent(name)), isExpression: true };
}

function columnsIn(expr: Expr): readonly ColumnRef[] {
  const found: ColumnRef[] = [];
  visit(expr, (node) => {
    if (node.kind === 'column') found.push(node);
  });
  return found;
}
