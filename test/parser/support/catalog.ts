/** A small catalog, and short ways to read a text with it, for the tests that need no server. */
import { readDefinition } from '../../../parser/read.ts';
import type { Catalog, CatalogFunction, Expr, Query, Refusal } from '../../../parser/tree.ts';

const relation = (oid: number, schema: string, name: string, ...columns: string[]) => ({
  oid,
  schema,
  name,
  columns: columns.map((column) => ({ name: column })),
});

const functions = (
  schema: string,
  kind: CatalogFunction['kind'],
  ...names: string[]
): CatalogFunction[] => names.map((name) => ({ schema, name, kind, returnsSet: false }));

export const CATALOG: Catalog = {
  relations: [
    relation(1, 'public', 't', 'id', 'a', 'b', 'c', 'j', 'filter', 'rows'),
    relation(2, 'public', 'u', 'id', 'a', 'd'),
    relation(3, 'public', 'v', 'id', 'a', 'e'),
    relation(4, 'other', 't', 'id', 'z'),
    relation(
      5,
      'Odd "s"',
      'x;drop table t',
      'id',
      'a"b',
      'Select',
      'star*',
      'a.b',
      'é',
      ' ',
      'x;drop',
    ),
  ],
  functions: [
    ...functions(
      'pg_catalog',
      'aggregate',
      'count',
      'sum',
      'avg',
      'max',
      'string_agg',
      'percentile_cont',
    ),
    ...functions(
      'pg_catalog',
      'function',
      'lower',
      'date_trunc',
      'abs',
      'substring',
      'now',
      'btrim',
      'extract',
    ),
    ...functions('pg_catalog', 'window', 'row_number'),
    ...functions('public', 'function', 'Odd "fn"', 'sum', 'either', 'trim'),
    ...functions('public', 'aggregate', 'total', 'either'),
    { schema: 'pg_catalog', name: 'unnest', kind: 'function', returnsSet: true },
  ],
};

/** The tree of a text. @throws Error with the refusals */
export function readQuery(text: string): Query {
  const result = readDefinition(text, CATALOG);
  if ('refusals' in result)
    throw new Error(
      `refused: ${result.refusals.map(({ kind, message }) => `${kind}: ${message}`).join('; ')}`,
    );
  return result.query;
}

/** The tree of an expression over `FROM public.t`. */
export function readExpr(text: string): Expr {
  const target = readQuery(` SELECT ${text} AS x\n   FROM public.t;`).targets[0];
  if (target === undefined) throw new Error('no target');
  return target.expr;
}

/** The refusals of a text, each as its kind and the part of the text that it points at. */
export function refusalsOf(text: string): readonly (readonly [kind: string, place: string])[] {
  const result = readDefinition(text, CATALOG);
  return 'refusals' in result
    ? result.refusals.map((refusal) => [refusal.kind, placeOf(text, refusal)])
    : [];
}

function placeOf(text: string, { span }: Refusal): string {
  return span === null ? '' : text.slice(span.start, span.end);
}

/** A tree without its places. */
export function withoutSpans<T>(tree: T): T {
  return JSON.parse(
    JSON.stringify(tree, (key, value: unknown) => (key === 'span' ? undefined : value)),
  );
}
