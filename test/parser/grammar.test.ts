/** What pgsql-ast-parser reads wrongly, or not at all, and PostgreSQL's grammar reads right. */
import { expect, test } from 'vitest';
import { deparseExpr } from '../../parser/deparse.ts';
import { deparse } from '../../parser/deparse-query.ts';
import type { Expr } from '../../parser/tree.ts';
import { readExpr, readWhole, withoutSpans } from './support/catalog.ts';

const text = (expr: Expr): string => deparseExpr(expr, (ref) => ref.name);
const reads = async (sql: string): Promise<string> => text(await readExpr(sql));

test.each(['1.0000', '0.00', '12345678901234567890.123456789', '99999999999999999999', '1e10'])(
  'number %s keeps every digit',
  async (sql) => {
    expect(withoutSpans(await readExpr(sql))).toEqual({ kind: 'literal', sql });
  },
);

test.each(["''", "'it''s'", '\'a;b -- c /* d */ "e" $1\'', "B'0101'", "'line\nbreak'"])(
  'string %s stays as spelled',
  async (sql) => {
    expect(withoutSpans(await readExpr(sql))).toEqual({ kind: 'literal', sql });
  },
);

test('an arrow with a cast literal is not a cast of the whole', async () => {
  expect(await reads("j -> 'k'::text")).toBe("(j -> ('k')::text)");
  expect(await reads("(j -> 'a'::text) ->> 'b'::text")).toBe(
    "((j -> ('a')::text) ->> ('b')::text)",
  );
  expect(await reads("(j ->> 'n'::text)::integer")).toBe("((j ->> ('n')::text))::integer");
  expect(await reads('j -> 0')).toBe('(j -> 0)');
  expect(await reads('j -> a')).toBe('(j -> a)');
});

test.each([
  '#>',
  '#>>',
  '@?',
  '@@',
  '<->',
  '-|-',
  '<<=',
  '^@',
  '~~',
  '!~~*',
  '||',
  '&&',
  '?|',
  '@>',
  '|',
  '*<>',
  '@#@',
  '+*&',
])('operator %s between two operands', async (op) => {
  expect(await reads(`a ${op} b`)).toBe(`(a ${op} b)`);
});

test.each(['~', '@', '|/', '||/', '!!', '-', '+', '@-@'])(
  'operator %s in front of an operand',
  async (op) => {
    expect(await reads(`${op} a`)).toBe(`(${op} a)`);
    expect(await reads(`b + (${op} a)`)).toBe(`(b + (${op} a))`);
  },
);

test('an operator with a schema keeps it, pg_catalog aside', async () => {
  expect(await reads('a OPERATOR(public.<~>) b')).toBe('(a OPERATOR(public.<~>) b)');
  expect(await reads('OPERATOR("Odd ""s""".@@) a')).toBe('(OPERATOR("Odd ""s""".@@) a)');
  expect(await reads('a OPERATOR(pg_catalog.+) b')).toBe('(a + b)');
});

test.each([
  'numeric(10,2)',
  'character varying(5)',
  'character(3)',
  'bit(4)',
  'bit varying(5)',
  'double precision',
  '"char"',
  '"bit"',
  'integer[]',
  'text[][]',
  'numeric(10,2)[]',
  'timestamp(3) without time zone',
  'timestamp with time zone',
  'time(3) without time zone',
  'time(0) with time zone',
  'interval',
  'interval(3)',
  'interval month',
  'interval day to second(2)',
  'interval year to month',
  'public.citext',
  'public."Mood"',
  '"Odd ""s"""."T x"[]',
  'public.geometry(point,4326)',
])('type %s', async (type) => {
  expect(withoutSpans(await readExpr(`a::${type}`))).toEqual({
    kind: 'cast',
    type,
    operand: { kind: 'column', relation: 0, name: 'a' },
  });
  expect(await reads(`(a::${type})::text || 'x'::${type}`)).toBe(
    `(((a)::${type})::text || ('x')::${type})`,
  );
});

test('IS DISTINCT FROM, IS UNKNOWN and the other postfix forms', async () => {
  expect(await reads('a IS DISTINCT FROM b')).toBe('(a IS DISTINCT FROM b)');
  expect(await reads('NOT a IS DISTINCT FROM b')).toBe('(NOT (a IS DISTINCT FROM b))');
  for (const form of [
    'IS NULL',
    'IS NOT NULL',
    'IS TRUE',
    'IS NOT TRUE',
    'IS FALSE',
    'IS NOT FALSE',
    'IS UNKNOWN',
    'IS NOT UNKNOWN',
  ]) {
    expect(await reads(`(a > b) ${form}`)).toBe(`((a > b) ${form})`);
  }
});

test('IN lists, as PostgreSQL prints them', async () => {
  expect(await reads("a = ANY (ARRAY['x'::text, 'y'::text])")).toBe(
    "(a = ANY (ARRAY[('x')::text, ('y')::text]))",
  );
  expect(await reads("a <> ALL ('{1,2}'::integer[])")).toBe("(a <> ALL (('{1,2}')::integer[]))");
  expect(await reads('a::text = ANY (ARRAY[b, c]::text[])')).toBe(
    '((a)::text = ANY ((ARRAY[b, c])::text[]))',
  );
  expect(await reads('a ~~ ANY (ARRAY[b])')).toBe('(a ~~ ANY (ARRAY[b]))');
  expect(await reads('a OPERATOR(public.<~>) ALL (b)')).toBe('(a OPERATOR(public.<~>) ALL (b))');
});

test('special forms take the arguments in the order of the function', async () => {
  expect(withoutSpans(await readExpr('EXTRACT(year FROM a)'))).toMatchObject({
    name: 'extract',
    syntax: 'extract',
    args: [{ sql: "'year'" }, { name: 'a' }],
  });
  expect(withoutSpans(await readExpr("TRIM(LEADING 'x'::text FROM a)"))).toMatchObject({
    name: 'ltrim',
    args: [{ name: 'a' }, { kind: 'cast' }],
  });
  expect(withoutSpans(await readExpr('POSITION((b) IN (a))'))).toMatchObject({
    name: 'position',
    args: [{ name: 'a' }, { name: 'b' }],
  });
  expect(await reads('TRIM(BOTH FROM a)')).toBe('TRIM(BOTH FROM a)');
  expect(await reads('SUBSTRING(a FROM 1 FOR POSITION((b) IN (c)))')).toBe(
    'SUBSTRING(a FROM 1 FOR POSITION((b) IN (c)))',
  );
  expect(await reads('OVERLAY(a PLACING b FROM 2 FOR 1)')).toBe(
    'OVERLAY(a PLACING b FROM 2 FOR 1)',
  );
});

test('a quoted function name is never taken for a special form', async () => {
  expect(await reads('"substring"(a, 1, 2)')).toBe('pg_catalog."substring"(a, 1, 2)');
  expect(await reads('"extract"(\'year\'::text, a)')).toBe(
    'pg_catalog."extract"((\'year\')::text, a)',
  );
  expect(await reads('public.trim(a)')).toBe('public."trim"(a)');
});

test('subscripts of one access are kept apart from accesses of an access', async () => {
  expect(withoutSpans(await readExpr('a[1][2]'))).toMatchObject({
    kind: 'subscript',
    indexes: [{ sql: '1' }, { sql: '2' }],
    array: { kind: 'column' },
  });
  expect(withoutSpans(await readExpr('(a[1])[2]'))).toMatchObject({
    kind: 'subscript',
    indexes: [{ sql: '2' }],
    array: { kind: 'subscript' },
  });
  expect(await reads("(j['k'::text])['l'::text]")).toBe("((j)[('k')::text])[('l')::text]");
});

test('HAVING without GROUP BY', async () => {
  const query = await readWhole(
    ' SELECT sum(t.a) AS sum\n   FROM public.t\n  WHERE t.b > 1\n' +
      ' HAVING (sum(t.a) > 0) OR count(*) = 2',
  );
  expect(query).toMatchObject({ grouped: true });
  expect(deparse(query)).toMatch(/WHERE \(t\.b > 1\)\nHAVING \(\(.*\) OR \(.*\)\)$/);
});

test('the condition of FILTER may be a bare column', async () => {
  expect(await reads('count(*) FILTER (WHERE filter)')).toBe(
    'pg_catalog.count(*) FILTER (WHERE filter)',
  );
});
