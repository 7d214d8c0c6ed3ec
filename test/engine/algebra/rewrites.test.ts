/**
 * Lowering and the rewrites, on queries as the parser reads them: which form a definition gets, and
 * where a rule must not apply. That a rewritten tree has the same rows is in
 * test/engine/operators/laws.pg.test.ts.
 */
import { expect, test } from 'vitest';
import type { ColumnFacts, SourceFacts } from '../../../engine/algebra/facts.ts';
import { lower } from '../../../engine/algebra/lower.ts';
import type { Node } from '../../../engine/algebra/node.ts';
import { columnsOf, expressionsOf, inputsOf, nodesOf } from '../../../engine/algebra/node.ts';
import { labeller } from '../../../engine/algebra/print.ts';
import { rewrite } from '../../../engine/algebra/rewrites/all.ts';
import { distinctToGroup } from '../../../engine/algebra/rewrites/distinct-to-group.ts';
import { inlineViews } from '../../../engine/algebra/rewrites/inline-views.ts';
import type { PlainQuery } from '../../../engine/algebra/plain-query.ts';
import { plainQuery } from '../../../engine/plan/plain.ts';
import type { Catalog } from '../../../parser/catalog.ts';
import { readPlain } from '../../../parser/read.ts';

const TABLES: Readonly<Record<string, { oid: number; columns: readonly string[] }>> = {
  sale: { oid: 1, columns: ['id', 'customer', 'region', 'amount'] },
  customer: { oid: 2, columns: ['id', 'country', 'note'] },
  big: { oid: 3, columns: ['who', 'much'] },
  sums: { oid: 4, columns: ['region', 'total'] },
};
/** The schema is one that an unqualified name is looked for in. */
const CATALOG: Catalog = {
  relations: Object.entries(TABLES).map(([name, { oid, columns }]) => ({
    oid,
    schema: 'pg_catalog',
    name,
    columns: columns.map((column) => ({ name: column })),
  })),
  functions: ['sum', 'count'].map((name) => ({
    schema: 'pg_catalog',
    name,
    kind: 'aggregate',
    returnsSet: false,
  })),
};
const facts = (name: string, attnum: number): ColumnFacts => ({
  name,
  attnum,
  type: 'integer',
  baseType: 'integer',
  logType: 'integer',
  oid: 23,
  isComposite: false,
  holdsEnum: false,
  scale: null,
  image: null,
  equalIsSame: true,
  sortable: true,
  hashable: true,
  hasPlainEquality: true,
  groupable: true,
  collation: null,
  isVirtual: false,
  isInPrimaryKey: false,
});
const SOURCES: ReadonlyMap<number, SourceFacts> = new Map(
  Object.entries(TABLES).map(([name, { oid, columns }]) => [
    oid,
    {
      oid,
      schema: 'public',
      name,
      parts: null,
      used: null,
      columns: columns.map((column, index) => facts(column, index + 1)),
    },
  ]),
);

function queryOf(text: string): PlainQuery {
  const read = readPlain(text, CATALOG);
  if (read === null) throw new Error(`not read: ${text}`);
  const plain = plainQuery(read, SOURCES);
  if ('reasons' in plain) throw new Error(plain.reasons.map(({ message }) => message).join());
  return plain;
}

const VIEWS: ReadonlyMap<number, PlainQuery> = new Map([
  [3, queryOf('SELECT customer AS who, amount * 2 AS much FROM sale WHERE amount > 10')],
  [4, queryOf('SELECT region, sum(amount) AS total FROM sale GROUP BY region')],
]);

const lowered = (text: string): Node =>
  lower(queryOf(text), { sources: SOURCES, views: VIEWS, stored: new Map() });

/** The tree in one line: operators, with what they compute. */
function shown(root: Node): string {
  const label = labeller(root);
  const show = (node: Node): string => {
    if (node.op === 'scan')
      return `${node.label}(${columnsOf(node)
        .map(({ name }) => name)
        .join(' ')})`;
    const own = expressionsOf(node).map(label).join(' & ');
    return `${node.op}[${own}](${inputsOf(node).map(show).join(', ')})`;
  };
  return show(root);
}

test('FROM, WHERE, GROUP BY, HAVING, SELECT and DISTINCT, each an operator of its own', () => {
  const tree = lowered(
    `SELECT DISTINCT sum(amount) + 1 AS more
     FROM sale
     WHERE id > 1
     GROUP BY region
     HAVING count(*) > 2`,
  );
  const ops = nodesOf(tree).map(({ op }) => op);
  expect(ops).toEqual(['scan', 'filter', 'group', 'filter', 'project', 'distinct']);
});

test('column ids are unique in a definition, also if a table or a view occurs twice', () => {
  const tree = lowered(
    'SELECT a.id, b.id AS other, c.who, d.who AS whom FROM sale a, sale b, big c, big d',
  );
  const made = nodesOf(tree).flatMap((node) => {
    if (node.op === 'scan' || node.op === 'project') return columnsOf(node).map(({ id }) => id);
    return [];
  });
  expect(new Set(made).size).toBe(made.length);
});

test('a plain view is taken apart: columns are computed, its filter is of the join', () => {
  const tree = rewrite(
    lowered('SELECT country, much FROM big JOIN customer ON customer.id = big.who WHERE much > 7'),
  );
  expect(shown(tree)).toBe(
    'project[customer.country & (sale.amount * 2)](join[(sale.amount > ' +
      '10) & (customer.id = sale.customer) & ((sale.amount * 2) > ' +
      '7)](sale(customer amount), customer(id country)))',
  );
});

test('a view that groups stays what it is', () => {
  const tree = rewrite(lowered('SELECT total FROM sums WHERE total > 7'));
  expect(nodesOf(tree).map(({ op }) => op)).toContain('derived');
  const view = nodesOf(tree).find(({ op }) => op === 'derived');
  expect(view === undefined ? null : inlineViews.apply(view)).toBeNull();
});

test('joins and the filters around them are one join; one table has a filter and no join', () => {
  expect(
    shown(
      rewrite(
        lowered(
          'SELECT a.id FROM sale a JOIN customer b ON a.id = b.id JOIN customer ' +
            'c ON b.id = c.id WHERE a.amount > 1 AND c.id > 2',
        ),
      ),
    ),
  ).toBe(
    'project[a.id](join[(a.id = b.id) & (b.id = c.id) & (a.amount > ' +
      '1) & (c.id > 2)](a(id amount), b(id), c(id)))',
  );
  expect(shown(rewrite(lowered('SELECT id FROM sale WHERE id > 1')))).toBe(
    'project[sale.id](filter[(sale.id > 1)](sale(id)))',
  );
});

test('DISTINCT is a grouping by all columns, each once; over groups it stays', () => {
  expect(shown(rewrite(lowered('SELECT DISTINCT region, amount, region AS again FROM sale')))).toBe(
    'project[sale.region & sale.amount & ' +
      'sale.region](group[sale.region & sale.amount](sale(region ' +
      'amount)))',
  );
  const over = rewrite(lowered('SELECT DISTINCT sum(amount) AS s FROM sale GROUP BY region'));
  expect(over.op).toBe('distinct');
});

test('DISTINCT without columns is no grouping: that would have a row of no rows', () => {
  const input: Node = { op: 'project', input: lowered('SELECT id FROM sale'), outputs: [] };
  expect(distinctToGroup.apply({ op: 'distinct', input })).toBeNull();
});

test('a column that a primary key in GROUP BY determines is one more key', () => {
  const tree = rewrite(lowered('SELECT country, count(*) AS n FROM customer GROUP BY id'));
  expect(shown(tree)).toContain('group[customer.id & customer.country]');
});
