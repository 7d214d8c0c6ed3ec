/**
 * Every definition of the corpus, created on a real server and read back from what PostgreSQL
 * prints. What PostgreSQL's grammar reads must print the same again, and where both readers read a
 * definition their trees must be equal.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Db, ServerError } from '../../engine/db/db.ts';
import { deparse } from '../../parser/deparse-query.ts';
import { quoteIdent } from '../../parser/quote.ts';
import type { ReadResult } from '../../parser/read.ts';
import { readFully, readPlain } from '../../parser/read.ts';
import type { Catalog } from '../../parser/catalog.ts';
import type { Expr, Query, Select } from '../../parser/tree.ts';
import { mapExpr } from '../../parser/walk.ts';
import { lacks, useDatabase } from '../setup/database.ts';
import { DEFINITIONS } from './corpus/definitions.ts';
import { CORPUS_SCHEMA } from './corpus/schema.ts';
import { withoutSpans } from './support/catalog.ts';
import { loadCatalog } from './support/load-catalog.ts';
import { countTargets } from './support/postgres-tree.ts';

const DUPLICATE_COLUMN = '42701';

const database = useDatabase();
let db: Db;
let catalog: Catalog;

beforeAll(async () => {
  db = await database.connect();
  await db.execute(CORPUS_SCHEMA);
  await db.execute('SET search_path = pg_catalog');
  catalog = await loadCatalog(db);
});

/** What the server prints for a view of this query, created and gone again. */
async function printedBy(query: string, columns = '', searchPath = 'pg_catalog'): Promise<string> {
  await db.execute(
    `SET search_path = ${searchPath}; CREATE VIEW public.probe${columns} AS ${query}`,
  );
  await db.execute('SET search_path = pg_catalog');
  const [row] = await db.query<{ text: string }>(
    "SELECT pg_get_viewdef('public.probe'::regclass, true) AS text",
  );
  await db.execute('DROP VIEW public.probe');
  return row?.text ?? '';
}

/**
 * The definition as PostgreSQL prints it; the columns get names of their own only where two would
 * have the same.
 */
async function printedDefinition(sql: string): Promise<string> {
  try {
    return await printedBy(sql, '', 'shop, public');
  } catch (error) {
    if (!(error instanceof ServerError) || error.sqlstate !== DUPLICATE_COLUMN) throw error;
    const names = Array.from({ length: await countTargets(sql) }, (_, index) => `c${index + 1}`);
    return printedBy(sql, ` (${names.join(', ')})`, 'shop, public');
  }
}

/** Whether the server prints a view made from our deparse like one made from the text. */
async function isConfirmed(query: Query, text: string): Promise<boolean> {
  return (await printedBy(deparse(query)).catch(() => null)) === (await printedBy(text));
}

/** Those whose plain reading the server has confirmed. */
const confirmed: string[] = [];

describe('every definition is read, and means the same to the server', () => {
  test.for(DEFINITIONS)('$sql', async ({ sql }, { skip }) => {
    if (/\bxml/i.test(sql) && lacks('xml')) skip('this server was built without xml');
    const text = await printedDefinition(sql);
    const query = unread(await readFully(text, catalog));
    expect(await printedBy(deparse(query))).toBe(await printedBy(text));
    const plain = readPlain(text, catalog);
    if (plain === null || !(await isConfirmed(plain, text))) return;
    confirmed.push(sql);
    expect(withoutSpans(plain)).toEqual(withoutSpans(query));
  });
});

test('most everyday definitions need the plain reader alone', () => {
  expect(confirmed.length).toBeGreaterThan(DEFINITIONS.length / 3);
});

/** The same query with one thing wrong, as a front end with a bug would read it. */
const DAMAGES: readonly (readonly [
  name: string,
  sql: string,
  damage: (query: Select) => Select,
])[] = [
  [
    'a lost FILTER',
    'SELECT count(*) FILTER (WHERE active) FROM customers',
    withTargets((node) => (node.kind === 'aggregate' ? { ...node, filter: null } : null)),
  ],
  [
    'a lost scale',
    'SELECT total * 1.00 FROM orders',
    withTargets((node) => (node.kind === 'literal' ? { ...node, sql: '1.0' } : null)),
  ],
  [
    'a swapped operand',
    'SELECT total - 1 FROM orders',
    withTargets((node) =>
      node.kind === 'binary' ? { ...node, left: node.right, right: node.left } : null,
    ),
  ],
  [
    'a cast of the whole',
    "SELECT attributes -> 'k' FROM customers",
    withTargets((node) =>
      node.kind === 'binary' ? { kind: 'cast', operand: node, type: 'text', span: null } : null,
    ),
  ],
  [
    'a lost DISTINCT',
    'SELECT DISTINCT country FROM customers',
    (query) => ({ ...query, distinct: false }),
  ],
  [
    'a lost HAVING',
    'SELECT sum(total) FROM orders HAVING count(*) > 1',
    (query) => ({ ...query, having: null }),
  ],
  [
    'a lost join condition',
    'SELECT count(*) FROM customers c JOIN orders o ON o.customer_id = c.id',
    (query) => ({
      ...query,
      from: [
        { kind: 'relation', relation: 0 },
        { kind: 'relation', relation: 1 },
      ],
    }),
  ],
  [
    'the other side of a self-join',
    'SELECT a.name FROM categories a, categories b',
    withTargets((node) => (node.kind === 'column' ? { ...node, relation: 1 } : null)),
  ],
  [
    'a lost group key',
    'SELECT count(*) FROM orders GROUP BY customer_id, status',
    (query) => ({ ...query, groupBy: query.groupBy.slice(1) }),
  ],
];

function withTargets(replace: (node: Expr) => Expr | null): (query: Select) => Select {
  return (query) => ({
    ...query,
    targets: query.targets.map((target) => ({ ...target, expr: mapExpr(target.expr, replace) })),
  });
}

describe('the gate notices', () => {
  test.each(DAMAGES)('%s', async (_, sql, damage) => {
    const text = await printedDefinition(sql);
    const query = readPlain(text, catalog) ?? unread(await readFully(text, catalog));
    expect(await isConfirmed(query, text)).toBe(true);
    if (query.kind !== 'select') throw new Error('not a SELECT');
    expect(await isConfirmed(damage(query), text)).toBe(false);
  });
});

function unread(result: ReadResult): Query {
  if (!('query' in result)) throw new Error(JSON.stringify(result));
  return result.query;
}

test('a word that is more than unreserved on this server is quoted', async () => {
  const words = await db.query<{ word: string }>(
    "SELECT word FROM pg_get_keywords() WHERE catcode <> 'U'",
  );
  expect(words.map(({ word }) => word).filter((word) => quoteIdent(word) === word)).toEqual([]);
});
