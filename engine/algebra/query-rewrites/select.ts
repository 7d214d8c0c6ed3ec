/** SELECTs as rewrites make them. */
import type { ColumnRef, Expr, Query, Relation, Select } from '../../../parser/tree.ts';

export const EMPTY: Omit<Select, 'first' | 'relations' | 'from' | 'targets'> = {
  kind: 'select',
  where: null,
  distinct: false,
  distinctOn: [],
  groupBy: [],
  groupDistinct: false,
  grouped: false,
  having: null,
  windows: [],
  recursive: false,
  ctes: [],
  orderBy: [],
  limit: null,
  locking: [],
  span: null,
};

export type Named = { readonly name: string; readonly expr: Expr };

/** A name that none of these has; PostgreSQL cuts what is longer than 63 bytes. */
export function freshName(wanted: string, taken: readonly Named[]): string {
  let name = wanted;
  for (let number = 2; taken.some((one) => one.name === name); number++) {
    const end = `_${number}`;
    let head = wanted;
    while (Buffer.byteLength(head + end) > 63) head = [...head].slice(0, -1).join('');
    name = head + end;
  }
  return name;
}

/** `SELECT ... FROM (inner) AS alias`, with the clauses of `outer`. */
export function over(inner: Query, alias: string, number: number, outer: Partial<Select>): Select {
  return {
    ...EMPTY,
    targets: [],
    ...outer,
    first: number,
    relations: [
      {
        kind: 'subquery',
        query: inner,
        lateral: false,
        alias,
        aliased: true,
        columnAliases: [],
        span: null,
      },
    ],
    from: [{ kind: 'relation', relation: number }],
  };
}

/** `SELECT names FROM relation`. */
export const selectFrom = (
  relation: Relation,
  number: number,
  names: readonly string[],
): Select => ({
  ...EMPTY,
  first: number,
  relations: [relation],
  from: [{ kind: 'relation', relation: number }],
  targets: names.map((name) => ({ name, expr: valueOf(number, name) })),
});

/** A column of an item of FROM. */
export const valueOf = (relation: number, name: string): ColumnRef => ({
  kind: 'column',
  relation,
  name,
  span: null,
});
