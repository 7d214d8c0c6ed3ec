/**
 * push-filters: rows are filtered before a table expression is applied to them.
 *
 *   filter(apply(x; f); p and q) -> filter(apply(filter(x; p); f); q), if p does not read f
 *
 * Right because p has one value for all rows that f gives for a row of x. Wrong for a condition on
 * what f returns: in `SELECT * FROM t, unnest(t.a) e WHERE e > 1` it says nothing of a row of t.
 */
import type { Expr } from '../../../parser/tree.ts';
import type { Apply } from '../node.ts';
import { referencesOf } from '../node.ts';
import type { Rewrite } from './rewrite.ts';

export const pushFilters: Rewrite = {
  name: 'push-filters',
  apply: (node) => {
    if (node.op !== 'filter' || node.input.op !== 'apply') return null;
    const { below, above } = divided(node.conditions, node.input);
    if (below.length === 0) return null;
    const { input } = node.input;
    const applied: Apply = { ...node.input, input: { op: 'filter', input, conditions: below } };
    return above.length === 0 ? applied : { op: 'filter', input: applied, conditions: above };
  },
};

/** Conditions that can stand below an apply, and those that read its columns. */
export function divided(
  conditions: readonly Expr[],
  { columns }: Apply,
): { readonly below: readonly Expr[]; readonly above: readonly Expr[] } {
  const own = new Set(columns.map(({ column }) => column.id));
  const reads = (expr: Expr): boolean => referencesOf(expr).some((id) => own.has(id));
  return {
    below: conditions.filter((one) => !reads(one)),
    above: conditions.filter(reads),
  };
}
