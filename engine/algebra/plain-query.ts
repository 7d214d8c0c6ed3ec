/**
 * What lowering takes: SELECT over tables, subqueries, functions and constants that are joined by
 * inner joins, and UNION ALL of such. The items of FROM are numbered from 0 in each SELECT.
 */
import type { Expr, FunctionItem, Span, TableItem, Target } from '../../parser/tree.ts';

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

/** A query in FROM that refers to nothing outside of it. */
export type PlainSubquery = {
  readonly kind: 'subquery';
  readonly query: PlainQuery;
  /** Names for its first columns. */
  readonly columnAliases: readonly string[];
};

/** VALUES in FROM; its expressions can refer to the items before it. */
export type PlainValues = {
  readonly kind: 'values';
  readonly rows: readonly (readonly Expr[])[];
  readonly alias: string;
  readonly columnAliases: readonly string[];
  readonly span: Span | null;
};

export type PlainRelation = TableItem | FunctionItem | PlainSubquery | PlainValues;

export type PlainSelect = {
  readonly kind: 'select';
  readonly relations: readonly PlainRelation[];
  readonly from: readonly PlainFrom[];
  readonly where: Expr | null;
  readonly distinct: boolean;
  readonly groupBy: readonly Expr[];
  /** True for a query with GROUP BY, an aggregate or HAVING. */
  readonly grouped: boolean;
  readonly having: Expr | null;
  readonly targets: readonly Target[];
};

export type PlainUnion = {
  readonly kind: 'union_all';
  readonly left: PlainQuery;
  readonly right: PlainQuery;
};

export type PlainQuery = PlainSelect | PlainUnion;
