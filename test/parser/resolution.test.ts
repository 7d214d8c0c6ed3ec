/** What names mean: relations, aliases, columns with and without a prefix, USING, functions. */
import { expect, test } from 'vitest';
import { deparse } from '../../parser/deparse-query.ts';
import type { Expr } from '../../parser/tree.ts';
import { readExpr, readQuery, readWhole, unreadableOf, withoutSpans } from './support/catalog.ts';

const column = (relation: number, name: string): object => ({ kind: 'column', relation, name });
const targets = (text: string): Expr[] =>
  readQuery(text).targets.map((target) => withoutSpans(target.expr));

test('a column without a prefix belongs to the only relation that has it', () => {
  expect(targets(' SELECT a, "filter"\n   FROM public.t;')).toEqual([
    column(0, 'a'),
    column(0, 'filter'),
  ]);
  expect(targets(' SELECT d, z\n   FROM public.u, other.t;')).toEqual([
    column(0, 'd'),
    column(1, 'z'),
  ]);
});

test('a column without a prefix that two relations have is unreadable', async () => {
  expect(await unreadableOf(' SELECT a\n   FROM public.t, public.u;')).toEqual([
    ['ambiguous_column', 'a'],
  ]);
});

test('the occurrences of a self-join are apart', () => {
  const query = readQuery(' SELECT x.a, y.a AS b FROM public.t x JOIN public.t y ON x.id = y.b;');
  expect(query.relations).toMatchObject([
    { oid: 1, alias: 'x', aliased: true },
    { oid: 1, alias: 'y', aliased: true },
  ]);
  expect(targets(' SELECT x.a, y.a AS b FROM public.t x JOIN public.t y ON x.id = y.b;')).toEqual([
    column(0, 'a'),
    column(1, 'a'),
  ]);
});

test('aliases that swap the names of two relations', () => {
  expect(targets(' SELECT u.b, t.d FROM public.t u JOIN public.u t ON u.id = t.id;')).toEqual([
    column(0, 'b'),
    column(1, 'd'),
  ]);
});

test('a written alias is kept even where it is the name', () => {
  expect(deparse(readQuery(' SELECT t.a FROM public.t t;'))).toContain('public.t AS t');
  expect(deparse(readQuery(' SELECT t.a FROM public.t;'))).toMatch(/FROM public\.t$/);
});

test('the schema decides which relation is meant', async () => {
  expect(readQuery(' SELECT t.z FROM other.t;').relations[0]).toMatchObject({
    oid: 4,
    schema: 'other',
    name: 't',
  });
  expect((await unreadableOf(' SELECT t.z FROM t;'))[0]).toEqual(['unknown_relation', 't']);
});

test('USING is resolved on both sides; further on, the merged column means the left side', () => {
  const [tree] = readQuery(
    ' SELECT t.a FROM public.t JOIN public.u USING (id, a) JOIN public.v USING (id);',
  ).from;
  expect(withoutSpans(tree)).toMatchObject({
    using: [{ name: 'id', left: { target: column(0, 'id') }, right: column(2, 'id') }],
    left: {
      using: [
        { name: 'id', left: column(0, 'id'), right: column(1, 'id') },
        { name: 'a', left: column(0, 'a'), right: column(1, 'a') },
      ],
    },
  });
});

test('a bare merged column is a column of the join, where it is neither side', () => {
  expect(targets(' SELECT id FROM public.t JOIN public.u USING (id);')).toEqual([
    { kind: 'join_column', alias: null, name: 'id', merged: true, target: column(0, 'id') },
  ]);
});

test('FROM keeps its shape: joins lean to the left, commas are apart', () => {
  const { from } = readQuery(
    ' SELECT 1 AS x FROM public.t JOIN public.u ON t.a = u.a CROSS JOIN public.v, other.t t_1;',
  );
  expect(withoutSpans(from)).toMatchObject([
    {
      kind: 'join',
      type: 'cross',
      right: { relation: 2 },
      left: { kind: 'join', type: 'inner', left: { relation: 0 }, right: { relation: 1 } },
    },
    { kind: 'relation', relation: 3 },
  ]);
});

test('targets without a name have the name that PostgreSQL gives them', () => {
  expect(
    readQuery(' SELECT t.a, t.a + 1, t.b AS a FROM public.t;').targets.map((target) => target.name),
  ).toEqual(['a', '?column?', 'a']);
});

test('functions and aggregates are told apart by schema and name', async () => {
  expect(await readExpr('sum(a)')).toMatchObject({
    kind: 'aggregate',
    schema: null,
    name: 'sum',
    star: false,
  });
  expect(await readExpr('public.sum(a)')).toMatchObject({
    kind: 'call',
    schema: 'public',
    name: 'sum',
  });
  expect(await readExpr('pg_catalog.sum(a)')).toMatchObject({ kind: 'aggregate', schema: null });
  expect(await readExpr('public.total(a)')).toMatchObject({ kind: 'aggregate', schema: 'public' });
  expect(await readExpr('count(*)')).toMatchObject({ kind: 'aggregate', star: true, args: [] });
});

test.each([
  [' SELECT t.a FROM public.t;', false],
  [' SELECT t.a FROM public.t GROUP BY t.a;', true],
  [' SELECT 1 + count(*) AS n FROM public.t;', true],
  [' SELECT 1 AS n FROM public.t HAVING true;', true],
  [' SELECT DISTINCT t.a FROM public.t;', false],
])('%s is grouped: %s', async (text, grouped) => {
  expect(await readWhole(text)).toMatchObject({ grouped });
});

const HOSTILE =
  ' SELECT "x;drop"."a""b",\n    "x;drop"."Select",\n    "x;drop"."star*",\n' +
  '    "x;drop"."a.b",\n    "x;drop"."é" AS "; DROP TABLE t; --",\n    "x;drop"." ",\n' +
  '    "x;drop"."x;drop"\n   FROM "Odd ""s"""."x;drop table t" "x;drop";';

test('hostile names are read as they are and printed quoted', async () => {
  const query = await readWhole(HOSTILE);
  if (query.kind !== 'select') throw new Error('not a SELECT');
  expect(query.relations[0]).toMatchObject({
    oid: 5,
    schema: 'Odd "s"',
    name: 'x;drop table t',
    alias: 'x;drop',
  });
  expect(query.targets.map(({ name }) => name)).toEqual([
    'a"b',
    'Select',
    'star*',
    'a.b',
    '; DROP TABLE t; --',
    ' ',
    'x;drop',
  ]);
  expect(withoutSpans(await readWhole(deparse(query)))).toEqual(withoutSpans(query));
});

test('a column that is neither known nor a system column is refused with its name', async () => {
  expect(await unreadableOf(' SELECT t.nope, nope, x.a, t.xmin FROM public.t;')).toEqual([
    ['unknown_column', 't.nope'],
    ['unknown_column', 'nope'],
    ['unknown_column', 'x.a'],
  ]);
});

test('a subquery sees the queries around it, and the innermost name first', async () => {
  const text = 'SELECT (SELECT t.z FROM other.t WHERE u.d = t.id) AS x FROM public.u';
  const query = await readWhole(text);
  expect(query.kind === 'select' && withoutSpans(query.targets[0]?.expr)).toMatchObject({
    query: { first: 1, where: { left: column(0, 'd'), right: column(1, 'id') } },
  });
});

test('LATERAL sees what stands to its left, a plain subquery does not', async () => {
  const subquery = '(SELECT t.a AS x) s';
  expect(await unreadableOf(`SELECT s.x FROM public.t, LATERAL ${subquery}`)).toEqual([]);
  expect(await unreadableOf(`SELECT s.x FROM public.t, ${subquery}`)).toEqual([
    ['unknown_column', 't.a'],
  ]);
});
