/**
 * What today's flat plan is made of: one SELECT over tables and inner joins, its relations numbered
 * from 0.
 */
import type { Expr, TableItem, Target } from '../../parser/tree.ts';

export type PlainFrom =
  | { readonly kind: 'relation'; readonly relation: number }
  | {
      readonly kind: 'join';
      readonly left: PlainFrom;
      readonly right: PlainFrom;
      readonly on: Expr | null;
      readonly using:
        | readonly { readonly name: string; readonly left: Expr; readonly right: Expr }[]
        | null;
    };

export type PlainQuery = {
  readonly relations: readonly TableItem[];
  readonly from: readonly PlainFrom[];
  readonly where: Expr | null;
  readonly distinct: boolean;
  readonly groupBy: readonly Expr[];
  /** True for a query with GROUP BY, an aggregate or HAVING. */
  readonly grouped: boolean;
  readonly having: Expr | null;
  readonly targets: readonly Target[];
};
