/**
 * What a definition groups by and aggregates, before any type is known: the questions that planning puts to the server.
 */
import type { Aggregate, Expr } from '../../parser/tree.ts';
import { equalExpr, visit } from '../../parser/walk.ts';
import type { Normal } from './normalize.ts';

export type Outline = {
  /**
   * `group`: one row for each key. `bag`: a select-project-join, whose rows are the keys and may occur several times.
   */
  readonly shape: 'group' | 'bag';
  /** Without GROUP BY there is always exactly one row. */
  readonly single: boolean;
  readonly keys: readonly Expr[];
  readonly aggregates: readonly Aggregate[];
};

export function outline(normal: Normal): Outline {
  const targets = normal.targets.map((target) => target.expr);
  if (!normal.grouped) {
    return {
      shape: normal.distinct ? 'group' : 'bag',
      single: false,
      keys: distinctExprs(targets),
      aggregates: [],
    };
  }
  const above = normal.having === null ? targets : [...targets, normal.having];
  const keys = distinctExprs(normal.groupBy);
  const aggregates: Aggregate[] = [];
  const dependent: Expr[] = [];
  for (const expr of above) {
    visit(expr, (node) => {
      if (keys.some((key) => equalExpr(key, node))) return false;
      if (node.kind === 'aggregate') {
        if (!aggregates.some((known) => equalExpr(known, node))) aggregates.push(node);
        return false;
      }
      // PostgreSQL allows a column that is not grouped by where a primary key in GROUP BY determines it:
      // as one more key it changes no group.
      if (node.kind === 'column') dependent.push(node);
      return true;
    });
  }
  return {
    shape: 'group',
    single: normal.groupBy.length === 0,
    keys: distinctExprs([...keys, ...dependent]),
    aggregates,
  };
}

function distinctExprs(exprs: readonly Expr[]): Expr[] {
  return exprs.filter(
    (expr, index) => exprs.findIndex((other) => equalExpr(other, expr)) === index,
  );
}
