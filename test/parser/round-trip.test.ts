/**
 * What is printed is read back as the same tree, and every place in the tree is the text of its
 * node.
 */
import * as fc from 'fast-check';
import { parse } from 'libpg-query';
import { expect, test } from 'vitest';
import { deparse, deparseExpr } from '../../parser/deparse.ts';
import type { Expr, FromItem, Query } from '../../parser/tree.ts';
import { equalExpr, visit } from '../../parser/walk.ts';
import { arbitraryQuery } from './support/arbitrary-query.ts';
import { readQuery, withoutSpans } from './support/catalog.ts';

test('a deparsed query is read back as the same tree', () => {
  fc.assert(
    fc.property(arbitraryQuery, (query) => {
      expect(withoutSpans(readQuery(`${deparse(query)};`))).toEqual(withoutSpans(query));
    }),
    { numRuns: 150 },
  );
});

test("PostgreSQL's own grammar accepts every deparse", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryQuery, async (query) => {
      expect((await parse(deparse(query))).stmts).toHaveLength(1);
    }),
    { numRuns: 150 },
  );
});

test('the place of a node is where its text stands', () => {
  fc.assert(
    fc.property(arbitraryQuery, (printed) => {
      const text = deparse(printed);
      const query = readQuery(text);
      for (const { expr } of query.targets) visit(expr, (node) => expectPlace(text, query, node));
    }),
    { numRuns: 30 },
  );
});

/**
 * The text at a node's place, read as an expression over the same relations, gives the node again.
 */
function expectPlace(text: string, query: Query, node: Expr): void {
  const slice = text.slice(node.span?.start, node.span?.end);
  // The field of EXTRACT is a literal that stands in no other place.
  if (node.kind === 'literal') return expect(slice).toBe(node.sql);
  const from = query.relations.map((_, relation): FromItem => ({ kind: 'relation', relation }));
  const frame = deparse({
    ...query,
    from,
    distinct: false,
    where: null,
    groupBy: [],
    having: null,
    targets: [],
  });
  const again = readQuery(frame.replace('SELECT ', () => `SELECT ${slice} AS probe `)).targets[0]
    ?.expr;
  if (again === undefined || !equalExpr(again, node))
    throw new Error(`${slice} is not the text of ${deparseExpr(node, (ref) => ref.name)}`);
}
