/** A small catalog, and short ways to read a text with it, for the tests that need no server. */
import { readFully, readPlain } from '../../../parser/read.ts';
import type { Catalog, CatalogFunction } from '../../../parser/catalog.ts';
import type { Expr, Query, Select } from '../../../parser/tree.ts';

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

/** The tree by the plain reader. @throws Error where that gives up */
export function readQuery(text: string): Select {
  const query = readPlain(text, CATALOG);
  if (query?.kind !== 'select') throw new Error(`not read: ${text}`);
  return query;
}

/** The tree by PostgreSQL's grammar. @throws Error with what is unreadable */
export async function readWhole(text: string): Promise<Query> {
  const result = await readFully(text, CATALOG);
  if ('unreadable' in result)
    throw new Error(result.unreadable.map(({ kind, message }) => `${kind}: ${message}`).join('; '));
  return result.query;
}

/** The tree of an expression over `FROM public.t`, by PostgreSQL's grammar. */
export async function readExpr(text: string): Promise<Expr> {
  const query = await readWhole(` SELECT ${text} AS x\n   FROM public.t;`);
  const target = query.kind === 'select' ? query.targets[0] : undefined;
  if (target === undefined) throw new Error('no target');
  return target.expr;
}

/** What is unreadable in a text, each as its kind and the part of the text that it points at. */
export async function unreadableOf(
  text: string,
): Promise<readonly (readonly [kind: string, place: string])[]> {
  const result = await readFully(text, CATALOG);
  return 'unreadable' in result
    ? result.unreadable.map(({ kind, span }) => [
        kind,
        span === null ? '' : text.slice(span.start, span.end),
      ])
    : [];
}

/** A tree without its places. */
export function withoutSpans<T>(tree: T): T {
  return JSON.parse(
    JSON.stringify(tree, (key, value: unknown) => (key === 'span' ? undefined : value)),
  );
}
