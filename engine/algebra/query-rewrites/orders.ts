/** What completes one kind of order is given, and how it says what was completed. */
import type { Expr, Sort } from '../../../parser/tree.ts';
import type { Block } from './row-keys.ts';

/** What an order is completed by, or says of it; passed to what completes one kind of order. */
export type Orders = {
  readonly block: Block;
  /** The sorts to append behind `fixed`; null where that cannot be told. */
  readonly missing: (key: readonly Expr[] | null, fixed: readonly Expr[]) => Sort[] | null;
  readonly text: (exprs: readonly Expr[]) => string;
  readonly note: (text: string) => void;
  readonly fail: (what: string, expr: Expr | null) => void;
};

/** Aggregates of PostgreSQL's own whose value depends on the order of their rows. */
export const ORDER_SENSITIVE = new Set([
  'array_agg',
  'string_agg',
  'json_agg',
  'jsonb_agg',
  'json_agg_strict',
  'jsonb_agg_strict',
  'json_object_agg',
  'jsonb_object_agg',
  'json_object_agg_strict',
  'jsonb_object_agg_strict',
  'json_object_agg_unique',
  'jsonb_object_agg_unique',
  'json_object_agg_unique_strict',
  'jsonb_object_agg_unique_strict',
  'xmlagg',
  'any_value',
]);

export const sorted = (expr: Expr): Sort => ({ expr, direction: null, nulls: null });

/** One sentence for every order that is completed; `what` has it. */
export function note(
  orders: Orders,
  what: string,
  before: readonly Sort[],
  added: readonly Sort[],
): void {
  const text = ({ expr, direction }: Sort): string =>
    `${orders.text([expr])}${direction === null ? '' : ` ${direction}`}`;
  const by = added.map(text).join(', ');
  orders.note(
    before.length === 0 || added.length === 0
      ? `${what} takes its rows in the order of ${[...before, ...added].map(text).join(', ')}`
      : `ties in ORDER BY ${before.map(text).join(', ')} are broken by ${by}`,
  );
}
