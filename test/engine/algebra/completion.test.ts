/**
 * What is completed in a definition before it is planned: orders with ties, and what depends on
 * TimeZone. That the completed forms have the right values is in
 * test/engine/correctness/completed.pg.test.ts.
 */
import { describe, expect, test } from 'vitest';
import type { ColumnFacts, SourceFacts } from '../../../engine/algebra/facts.ts';
import { completeOrders } from '../../../engine/algebra/query-rewrites/complete-orders.ts';
import { pinTimeZone } from '../../../engine/algebra/query-rewrites/pin-settings.ts';
import { literal } from '../../../engine/algebra/query-rewrites/zoned.ts';
import type { Catalog } from '../../../parser/catalog.ts';
import { deparse } from '../../../parser/deparse-query.ts';
import { readFully } from '../../../parser/read.ts';
import type { Expr, Query } from '../../../parser/tree.ts';

type Table = { readonly columns: readonly string[]; readonly key: readonly string[] };
const TABLES: Readonly<Record<string, Table>> = {
  sale: { columns: ['id', 'customer', 'region', 'amount', 'at'], key: ['id'] },
  customer: { columns: ['cid', 'country'], key: ['cid'] },
  line: { columns: ['sale', 'nr', 'product'], key: ['sale', 'nr'] },
  event: { columns: ['kind', 'size', 'doc'], key: [] },
  odd: { columns: ['kind', 'opaque'], key: [] },
};
const AGGREGATES = ['sum', 'count', 'array_agg', 'string_agg', 'jsonb_agg', 'max'];
const WINDOWS = ['row_number', 'rank', 'lag', 'first_value', 'last_value', 'nth_value', 'ntile'];
const FUNCTIONS = ['date_trunc', 'date_part', 'to_char', 'make_timestamptz', 'now', 'lower'];
const SETS = ['generate_series', 'unnest'];

const CATALOG: Catalog = {
  relations: Object.entries(TABLES).map(([name, { columns }], index) => ({
    oid: index + 1,
    schema: 'public',
    name,
    columns: columns.map((column) => ({ name: column })),
  })),
  functions: [
    ...AGGREGATES.map((name) => ({ name, kind: 'aggregate' as const, returnsSet: false })),
    ...WINDOWS.map((name) => ({ name, kind: 'window' as const, returnsSet: false })),
    ...FUNCTIONS.map((name) => ({ name, kind: 'function' as const, returnsSet: false })),
    ...SETS.map((name) => ({ name, kind: 'function' as const, returnsSet: true })),
    { schema: 'public', name: 'joined', kind: 'aggregate' as const, returnsSet: false },
  ].map((one) => ({ schema: 'pg_catalog', ...one })),
};

/** `size` is a numeric, whose equal values can differ; `doc` is json; `opaque` has no image. */
function facts(name: string, attnum: number, isInPrimaryKey: boolean): ColumnFacts {
  const isExact = name !== 'size' && name !== 'doc' && name !== 'opaque';
  const images = {
    size: { form: 'binary', by: 'pg_catalog.numeric_send' },
    doc: { form: 'text', by: 'pg_catalog.json_out' },
  } as const;
  return {
    name,
    attnum,
    type: 'integer',
    baseType: 'integer',
    logType: 'integer',
    oid: 23,
    isComposite: false,
    holdsEnum: false,
    scale: null,
    image: name === 'size' || name === 'doc' ? images[name] : null,
    equalIsSame: isExact,
    sortable: isExact || name === 'size',
    hashable: true,
    hasPlainEquality: true,
    groupable: true,
    collation: null,
    isVirtual: false,
    isInPrimaryKey,
  };
}

const SOURCES: ReadonlyMap<number, SourceFacts> = new Map(
  Object.entries(TABLES).map(([name, { columns, key }], index) => [
    index + 1,
    {
      oid: index + 1,
      schema: 'public',
      name,
      parts: null,
      used: null,
      columns: columns.map((column, at) => facts(column, at + 1, key.includes(column))),
    },
  ]),
);

async function read(sql: string): Promise<Query> {
  const text = sql.replaceAll(/\b(FROM|JOIN) (sale|customer|line|event|odd)\b/g, '$1 public.$2');
  const result = await readFully(text, CATALOG);
  if ('unreadable' in result) throw new Error(JSON.stringify(result.unreadable));
  return result.query;
}

async function completed(sql: string) {
  const query = await read(sql);
  const result = completeOrders(query, {
    sources: SOURCES,
    used: () => null,
    typeOf: (ref) => facts(ref.name, 1, false),
  });
  return {
    text: deparse(result.query).replaceAll(/\s+/g, ' ').replaceAll('pg_catalog.', ''),
    isSame: result.query === query,
    notes: result.notes,
    reasons: result.reasons.map(({ kind }) => kind),
  };
}

describe('orders', () => {
  test.each<[sql: string, note: string]>([
    [
      'SELECT amount FROM sale ORDER BY amount LIMIT 3',
      'ties in ORDER BY sale.amount are broken by sale.id',
    ],
    [
      'SELECT DISTINCT ON (region) region, amount FROM sale ORDER BY region, amount DESC',
      'ties in ORDER BY sale.region, sale.amount DESC are broken by sale.id',
    ],
    [
      'SELECT DISTINCT ON (region) region, amount FROM sale',
      'ties in ORDER BY sale.region are broken by sale.id',
    ],
    [
      'SELECT id, row_number() OVER (PARTITION BY region ORDER BY amount) AS n FROM sale',
      'ties in ORDER BY sale.amount are broken by sale.id',
    ],
    [
      'SELECT sum(id) OVER (ORDER BY at ROWS 1 PRECEDING EXCLUDE CURRENT ROW) AS s FROM sale',
      'ties in ORDER BY sale.at are broken by sale.id',
    ],
    [
      'SELECT row_number() OVER () AS n FROM sale',
      'row_number takes its rows in the order of sale.id',
    ],
    [
      'SELECT region, array_agg(amount ORDER BY amount) AS a FROM sale GROUP BY region',
      'ties in ORDER BY sale.amount are broken by sale.id',
    ],
    [
      "SELECT region, string_agg(customer, ',') AS a FROM sale GROUP BY region",
      'string_agg takes its rows in the order of sale.id',
    ],
    [
      'SELECT region, public.joined(customer) AS a FROM sale GROUP BY region',
      'joined takes its rows in the order of sale.id',
    ],
    [
      'SELECT id, public.joined(customer) OVER (PARTITION BY region) AS a FROM sale',
      'joined takes its rows in the order of sale.id',
    ],
    [
      'SELECT region, sum(amount) AS s FROM sale GROUP BY region ORDER BY sum(amount) LIMIT 3',
      'ties in ORDER BY sum(sale.amount) are broken by sale.region',
    ],
    ['SELECT region FROM sale UNION SELECT country FROM customer ORDER BY 1 LIMIT 3', ''],
    [
      'SELECT region, amount FROM sale UNION ALL SELECT country, 1 FROM customer ' +
        'ORDER BY 1 LIMIT 3',
      'ties in the ORDER BY of a set operation are broken by its other columns',
    ],
    ['SELECT amount FROM sale LIMIT 3', 'LIMIT takes its rows in the order of sale.id'],
    [
      'SELECT region, count(*) AS n FROM sale GROUP BY region LIMIT 3',
      'LIMIT takes its rows in the order of sale.region',
    ],
    [
      'SELECT region FROM sale UNION ALL SELECT country FROM customer LIMIT 3',
      'LIMIT of a set operation takes its rows in the order of its columns',
    ],
    [
      'SELECT c.cid, (SELECT s.amount FROM public.sale s WHERE s.customer = c.cid LIMIT 1) AS a ' +
        'FROM customer c',
      'LIMIT takes its rows in the order of s.id',
    ],
    [
      'SELECT DISTINCT region, amount FROM sale ORDER BY amount LIMIT 3',
      'ties in ORDER BY sale.amount are broken by sale.region',
    ],
    [
      'SELECT s.id, l.nr FROM sale s JOIN line l ON l.sale = s.id ORDER BY s.amount LIMIT 3',
      'ties in ORDER BY s.amount are broken by s.id, l.nr',
    ],
    [
      'SELECT s.id FROM customer c JOIN sale s ON s.customer = c.cid ORDER BY s.amount LIMIT 3',
      'ties in ORDER BY s.amount are broken by s.id',
    ],
    [
      'SELECT s.id FROM customer c LEFT JOIN sale s ON s.customer = c.cid ORDER BY s.id LIMIT 3',
      'ties in ORDER BY s.id are broken by c.cid',
    ],
    [
      'SELECT s.id FROM customer c FULL JOIN sale s ON s.id = c.cid ORDER BY c.cid LIMIT 3',
      'ties in ORDER BY c.cid are broken by s.id',
    ],
    [
      'SELECT kind FROM event ORDER BY kind LIMIT 3',
      'ties in ORDER BY event.kind are broken by ' +
        'numeric_send(event.size), textin(json_out(event.doc))',
    ],
    [
      'SELECT c.cid, t.amount FROM customer c CROSS JOIN LATERAL ' +
        '(SELECT s.amount FROM public.sale s WHERE s.customer = c.cid ORDER BY s.amount LIMIT 1) t',
      'ties in ORDER BY s.amount are broken by s.id',
    ],
    [
      'SELECT ARRAY(SELECT s.region FROM public.sale s WHERE s.customer = c.cid) AS a ' +
        'FROM customer c',
      'ARRAY takes its rows in the order of s.id',
    ],
    [
      'SELECT array_agg(q.region) AS a FROM ' +
        '(SELECT s.id, s.region, s.amount FROM public.sale s ORDER BY s.amount DESC) q',
      'ties in ORDER BY q.amount DESC are broken by q.id',
    ],
    [
      'SELECT array_agg(q.id) AS a FROM (SELECT id FROM public.sale ORDER BY lower(region)) q',
      'ties in ORDER BY q.sort_1 are broken by q.id',
    ],
    [
      'SELECT q.region, array_agg(q.amount) AS a FROM (SELECT DISTINCT ON (region, customer) ' +
        'region, customer, amount FROM public.sale ORDER BY region, customer, at DESC, id) q ' +
        'GROUP BY q.region',
      'array_agg takes its rows in the order of q.region, q.customer',
    ],
    [
      'SELECT q.region, rank() OVER w AS r, lag(q.total) OVER w AS l FROM ' +
        '(SELECT region, sum(amount) AS total FROM public.sale GROUP BY region) q ' +
        'WINDOW w AS (ORDER BY q.total)',
      'ties in ORDER BY q.total are broken by q.region',
    ],
  ])('%s', async (sql, note) => {
    const { notes, reasons } = await completed(sql);
    expect(notes.join('; ')).toBe(note);
    expect(reasons).toEqual([]);
  });

  test.each([
    'SELECT cid FROM customer c WHERE EXISTS (SELECT FROM public.line l WHERE l.nr = cid LIMIT 1)',
    'SELECT amount FROM sale ORDER BY amount FETCH FIRST 3 ROWS WITH TIES',
    'SELECT amount FROM sale ORDER BY amount, id LIMIT 3',
    'SELECT s.id FROM sale s JOIN customer c ON s.customer = c.cid ORDER BY s.id LIMIT 3',
    'SELECT s.id FROM sale s LEFT JOIN customer c ON s.customer = c.cid ORDER BY s.id LIMIT 3',
    'SELECT DISTINCT ON (id) id, amount FROM sale ORDER BY id',
    'SELECT rank() OVER (ORDER BY amount) AS r, sum(amount) OVER (ORDER BY at) AS s FROM sale',
    'SELECT count(*) OVER (PARTITION BY region ORDER BY at GROUPS 2 PRECEDING) AS s FROM sale',
    'SELECT row_number() OVER (PARTITION BY id) AS n FROM sale',
    'SELECT sum(amount) OVER (ORDER BY at RANGE UNBOUNDED PRECEDING EXCLUDE TIES) AS s FROM sale',
    'SELECT region, sum(amount) AS s FROM sale GROUP BY region ORDER BY region LIMIT 2',
    'SELECT l.nr FROM line l WHERE l.sale = 3 ORDER BY l.nr LIMIT 2',
    'SELECT array_agg(amount ORDER BY id) AS a FROM sale',
    'SELECT array_agg(DISTINCT amount ORDER BY amount) AS a FROM sale',
    'SELECT max(amount ORDER BY at) AS a FROM sale',
    'SELECT sum(amount) AS s FROM sale ORDER BY sum(amount) LIMIT 1',
    'SELECT amount FROM sale ORDER BY amount',
  ])('%s stays as it is', async (sql) => {
    const { isSame, notes, reasons } = await completed(sql);
    expect(notes).toEqual([]);
    expect(reasons).toEqual([]);
    expect(isSame).toBe(true);
  });

  test.each([
    'SELECT kind FROM odd ORDER BY kind LIMIT 3',
    'SELECT nth_value(amount, 2) OVER (ORDER BY at) AS v FROM sale',
    'SELECT sum(amount) OVER (ORDER BY at ROWS 2 PRECEDING EXCLUDE GROUP) AS v FROM sale',
    'WITH q AS (SELECT region FROM public.sale ORDER BY amount) ' +
      'SELECT array_agg(q.region) AS a FROM q',
    'SELECT array_agg(amount) OVER (ORDER BY at) AS a FROM sale',
  ])('%s cannot be completed', async (sql) => {
    const { isSame, reasons } = await completed(sql);
    expect(reasons).toEqual(['unspecified_order']);
    expect(isSame).toBe(true);
  });

  test('functions that say the same of equal rows keep their window', async () => {
    const { text } = await completed(
      'SELECT rank() OVER w AS r, row_number() OVER w AS n, first_value(id) OVER w AS f, ' +
        'last_value(id) OVER w AS l FROM sale WINDOW w AS (PARTITION BY region ORDER BY amount)',
    );
    expect(text).toContain('rank() OVER w AS r');
    expect(text).toContain(
      'row_number() OVER (PARTITION BY sale.region ORDER BY sale.amount, sale.id) AS n',
    );
    expect(text).toContain(
      'first_value(sale.id) OVER (PARTITION BY sale.region ORDER BY sale.amount, sale.id ' +
        'ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS f',
    );
    expect(text).toContain(
      'last_value(sale.id) OVER (PARTITION BY sale.region, sale.amount ORDER BY sale.id ' +
        'ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS l',
    );
  });

  test('a completed definition is complete', async () => {
    const { text } = await completed(
      'SELECT DISTINCT ON (region) region, lag(amount) OVER (ORDER BY at) AS l FROM sale',
    );
    const again = await completed(text);
    expect(again.isSame).toBe(true);
  });
});

const TYPES: Readonly<Record<string, number>> = {
  date: 1082,
  'timestamp without time zone': 1114,
  'timestamp with time zone': 1184,
  interval: 1186,
};
const typeOf = (expr: Expr): number | null =>
  expr.kind === 'cast'
    ? (TYPES[expr.type] ?? null)
    : expr.kind === 'column' || expr.kind === 'call'
      ? 1184
      : null;

async function pinned(expr: string, serverMajor: number): Promise<string | null> {
  const query = await read(`SELECT ${expr} AS x FROM sale`);
  const zone = literal("'Europe/Berlin'", 'text');
  const result = pinTimeZone(query, {
    name: zone,
    serverMajor,
    typeOf,
    mayRepeat: true,
    isLocalSeries: () => false,
  });
  if (result === query) return null;
  const text = deparse(result).replaceAll(/\s+/g, ' ').replaceAll('pg_catalog.', '');
  return text
    .replace(/^SELECT (.*) AS x FROM.*/, '$1')
    .replaceAll("('Europe/Berlin')::text", 'Z')
    .replaceAll('sale.', '');
}

describe('time zones', () => {
  test.each<[expr: string, pinned: string]>([
    ["date_trunc('day'::text, at)", "date_trunc(('day')::text, at, Z)"],
    ['at::date', '((at AT TIME ZONE Z))::date'],
    ['at::time without time zone', '((at AT TIME ZONE Z))::time without time zone'],
    ['at::timestamp without time zone', '(at AT TIME ZONE Z)'],
    ['at::timestamp(0) without time zone', '((at AT TIME ZONE Z))::timestamp(0) without time zone'],
    [
      "'2024-01-01'::date::timestamp with time zone",
      "((('2024-01-01')::date)::timestamp without time zone AT TIME ZONE Z)",
    ],
    ['EXTRACT(year FROM at)', "EXTRACT('year' FROM (at AT TIME ZONE Z))"],
    ["date_part('dow'::text, at)", "date_part(('dow')::text, (at AT TIME ZONE Z))"],
    ["to_char(at, 'YYYY-MM'::text)", "to_char((at AT TIME ZONE Z), ('YYYY-MM')::text)"],
    [
      "at < '2024-01-01'::date",
      "(at < ((('2024-01-01')::date)::timestamp without time zone AT TIME ZONE Z))",
    ],
    ["at + '1 day'::interval", "date_add(at, ('1 day')::interval, Z)"],
    ["at - '1 mon'::interval", "date_subtract(at, ('1 mon')::interval, Z)"],
    [
      "generate_series(at, at, '1 day'::interval)",
      "generate_series(at, at, ('1 day')::interval, Z)",
    ],
    [
      "date_trunc('month'::text, at)::date",
      "((date_trunc(('month')::text, at, Z) AT TIME ZONE Z))::date",
    ],
  ])('%s', async (expr, expected) => {
    expect(await pinned(expr, 18)).toBe(expected);
  });

  test.each([
    ["at + '1 day'::interval", "(((at AT TIME ZONE Z) + ('1 days')::interval) AT TIME ZONE Z)"],
    [
      "at - '1 mon 2 days 03:00:00'::interval",
      "(((((((((at AT TIME ZONE Z) - ('1 mons')::interval) AT TIME ZONE Z) AT TIME ZONE Z) - " +
        "('2 days')::interval) AT TIME ZONE Z) AT TIME ZONE ('UTC')::text) - " +
        "('03:00:00')::interval) AT TIME ZONE ('UTC')::text)",
    ],
  ])('%s before version 16', async (expr, expected) => {
    expect(await pinned(expr, 15)).toBe(expected);
  });

  test.each([
    "at + '02:00:00'::interval",
    "date_trunc('day'::text, at, 'UTC'::text)",
    'EXTRACT(epoch FROM at)',
    'EXTRACT(timezone FROM at)',
    "to_char(at, 'HH24 TZ'::text)",
    'at::text',
    'at < at',
    "'2024-01-01'::date < '2024-01-02'::date",
    'at::time with time zone',
  ])('%s stays as it is', async (expr) => {
    expect(await pinned(expr, 18)).toBeNull();
  });
});
