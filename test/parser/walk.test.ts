import { expect, test } from 'vitest';
import { deparseExpr } from '../../parser/deparse.ts';
import { quoteIdent } from '../../parser/quote.ts';
import { children, equalExpr, mapExpr, visit } from '../../parser/walk.ts';
import { readExpr } from './support/catalog.ts';

const text = (expr: Parameters<typeof deparseExpr>[0]): string =>
  deparseExpr(expr, (ref) => ref.name);

/** One expression with every kind of node. */
const ALL = await readExpr(
  `CASE a
     WHEN 1 THEN COALESCE(b, - c)
     ELSE sum(lower(a)) FILTER (WHERE b = ANY (ARRAY[c::text])) + (a[1])[b] END = ROW(a, 'x')`,
);

test('children are the direct parts, in the order in which they are written', async () => {
  expect(
    children(await readExpr('CASE a WHEN b THEN 1 WHEN c THEN 2 ELSE 3 END')).map(text),
  ).toEqual(['a', 'b', '1', 'c', '2', '3']);
  expect(children(await readExpr('sum(a) FILTER (WHERE b)')).map(text)).toEqual(['a', 'b']);
  expect(children(await readExpr('a'))).toEqual([]);
});

test('visit sees parents first and skips what is below where it is told so', async () => {
  const seen: string[] = [];
  visit(await readExpr('lower(a) || lower(b + c)'), (expr) => {
    seen.push(text(expr));
    return !text(expr).includes('b');
  });
  expect(seen).toHaveLength(1);
  seen.length = 0;
  visit(ALL, (expr) => void seen.push(expr.kind));
  expect(new Set(seen)).toEqual(
    new Set([
      'binary',
      'case',
      'column',
      'literal',
      'keyword',
      'unary',
      'aggregate',
      'call',
      'array_comparison',
      'array',
      'cast',
      'subscript',
      'row',
    ]),
  );
});

test('mapExpr replaces from the top and does not walk into what it put in', async () => {
  const doubled = mapExpr(await readExpr('a + lower(a)'), (expr) =>
    expr.kind === 'column'
      ? { kind: 'binary', op: '+', left: expr, right: expr, span: null }
      : null,
  );
  expect(text(doubled)).toBe('((a + a) + pg_catalog.lower((a + a)))');
  expect(mapExpr(ALL, () => null)).toEqual(ALL);
});

test('equalExpr ignores places and nothing else', async () => {
  expect(equalExpr(await readExpr('a + lower( b )'), await readExpr('(a)  +  lower(b)'))).toBe(
    true,
  );
  for (const other of [
    'a + lower(c)',
    'a - lower(b)',
    'a + abs(b)',
    'a + lower(b::text)',
    'b + lower(a)',
    'lower(b) + a',
  ]) {
    expect(equalExpr(await readExpr('a + lower(b)'), await readExpr(other)), other).toBe(false);
  }
  expect(equalExpr(await readExpr('1.0'), await readExpr('1.00'))).toBe(false);
  expect(equalExpr(await readExpr('sum(a)'), await readExpr('sum(a) FILTER (WHERE b)'))).toBe(
    false,
  );
  expect(equalExpr(await readExpr('a[1][2]'), await readExpr('(a[1])[2]'))).toBe(false);
});

test('quoteIdent quotes what needs it and refuses what cannot be an identifier', async () => {
  expect(['a', 'a_1', 'A', '1a', 'é', 'select', 'extract', 'a b'].map(quoteIdent)).toEqual([
    'a',
    'a_1',
    '"A"',
    '"1a"',
    '"é"',
    '"select"',
    '"extract"',
    '"a b"',
  ]);
  expect(quoteIdent('x"; DROP TABLE t; --')).toBe('"x""; DROP TABLE t; --"');
  expect(() => quoteIdent('')).toThrow(RangeError);
  expect(() => quoteIdent('a\0b')).toThrow(RangeError);
});
