import { expect, test } from 'vitest';
import { deparseExpr } from '../../parser/deparse.ts';
import { quoteIdent } from '../../parser/quote.ts';
import { children, equalExpr, mapExpr, visit } from '../../parser/walk.ts';
import type { Expr } from '../../parser/tree.ts';
import { readExpr, readWhole } from './support/catalog.ts';

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

test('queries within expressions are equal whatever their items are numbered', async () => {
  const targets = async (list: string): Promise<readonly Expr[]> => {
    const query = await readWhole(`SELECT ${list} FROM public.t`);
    return query.kind === 'select' ? query.targets.map(({ expr }) => expr) : [];
  };
  const compared = async (one: string, other: string): Promise<boolean> => {
    const [first, second] = await targets(`${one} AS x, ${other} AS y`);
    if (first === undefined || second === undefined) throw new Error(one);
    return equalExpr(first, second);
  };
  const one = 'EXISTS (SELECT FROM public.t u, public.t v WHERE u.a = t.a AND v.b = u.b)';
  expect(await compared(one, one)).toBe(true);
  for (const other of [
    one.replace('v.b', 't.b'),
    one.replace('u.a = t.a', 'u.a = u.a'),
    one.replace('v.b = u.b', 'u.b = v.b'),
    one.replace('v.b = u.b', 'v.b = v.b'),
    one.replace(', public.t v', '').replace('v.b', 'u.b'),
  ])
    expect(await compared(one, other), other).toBe(false);
  const nested = `(SELECT u.b FROM public.t u WHERE u.a = ${one.replaceAll('t.a', 'u.a')})`;
  expect(await compared(nested, nested)).toBe(true);
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
