/**
 * What is printed is read back as the same tree by PostgreSQL's grammar, and by the plain reader
 * where that reads it.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { deparse } from '../../parser/deparse-query.ts';
import { readPlain } from '../../parser/read.ts';
import { visit } from '../../parser/walk.ts';
import { arbitraryQuery } from './support/arbitrary-query.ts';
import { CATALOG, readWhole, withoutSpans } from './support/catalog.ts';

test('a deparsed query is read back as the same tree', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryQuery, async (query) => {
      expect(withoutSpans(await readWhole(`${deparse(query)};`))).toEqual(withoutSpans(query));
    }),
    { numRuns: 150 },
  );
});

/** Queries beyond the plain SELECT: every clause and node that PostgreSQL prints. */
const WHOLE = [
  `WITH a(x) AS MATERIALIZED (SELECT t.a FROM public.t), b AS NOT MATERIALIZED (SELECT a.x FROM a)
   SELECT b.x FROM b, a`,
  `WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT r.n + 1 FROM r WHERE r.n < 5)
   SELECT r.n FROM r`,
  `WITH RECURSIVE r AS (
     SELECT t.a, 'x'::text, t.b + 1 AS n FROM public.t
     UNION ALL SELECT s.a, s.text, s.n FROM public.t JOIN r s ON s.a = t.a)
   SELECT r.a, r.text, r.n FROM r`,
  `SELECT t.a FROM public.t
   UNION ALL (SELECT u.a FROM public.u LIMIT 3)
   INTERSECT SELECT 1 ORDER BY 1 DESC NULLS LAST OFFSET 2`,
  'VALUES (1, 2), (3, 4) LIMIT 1',
  `SELECT x.a, x.n
   FROM public.t
     LEFT JOIN LATERAL (
       SELECT u.a, count(*) AS n FROM public.u WHERE u.id = t.id GROUP BY u.a
     ) x ON true
     RIGHT JOIN public.v ON v.a = x.a
     FULL JOIN (public.u JOIN public.v w USING (id)) USING (e)`,
  `SELECT DISTINCT ON (t.a, t.b) t.a, row_number() OVER w AS r,
     sum(t.b) FILTER (WHERE t.c) OVER (
       w ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE TIES
     ) AS s
   FROM public.t
   WINDOW w AS (PARTITION BY t.a ORDER BY t.b USING < NULLS FIRST)`,
  `SELECT GROUPING(t.a, t.b) AS g
   FROM public.t
   GROUP BY DISTINCT t.c, ROLLUP (t.a, (t.b, t.j)), CUBE (t.a, t.b),
     GROUPING SETS ((t.a), (), CUBE (t.b, t.c))`,
  `SELECT EXISTS (SELECT 1) AS e, t.a IN (SELECT u.a FROM public.u WHERE u.id = t.id) AS i,
     t.a >= ALL (SELECT 2) AS l, ARRAY(SELECT 3) AS r, (SELECT 4) AS s
   FROM public.t`,
  `SELECT t.a[1:2][:] AS s, (t.j).x AS f, t.*::public.t AS w, t.a COLLATE "C" AS c, ROW(t.*, 1) AS r
   FROM ONLY public.t TABLESAMPLE bernoulli (10) REPEATABLE (3)`,
  `SELECT (t.a, t.b) OVERLAPS (t.c, t.j) AS o, t.a IS NFC NORMALIZED AS n, NORMALIZE(t.a) AS m,
     COLLATION FOR (t.a) AS c, CURRENT_DATE AS d, LOCALTIMESTAMP(3) AS l, t.a AT LOCAL AS z
   FROM public.t`,
  `SELECT lower(VARIADIC t.a) AS v, abs(x => t.a, y => 2) AS n,
     sum(DISTINCT t.a ORDER BY t.b DESC, t.c) AS s,
     percentile_cont(0.5) WITHIN GROUP (ORDER BY t.a) FILTER (WHERE t.b) AS p
   FROM public.t`,
  `SELECT f.x, g.a, h.p
   FROM unnest(1) WITH ORDINALITY f(x, y), abs(1) g(a integer, b text COLLATE "C"),
     ROWS FROM(lower(1), abs(2) AS (q text)) h(p, q)`,
  `SELECT y.p, n.a, j.d
   FROM (public.t JOIN public.u x USING (id) AS m) AS j, public.t y(p)
     JOIN public.u USING (a) AS n`,
  `SELECT XMLELEMENT(NAME foo, XMLATTRIBUTES(t.a AS b), t.b) AS x,
     JSON_OBJECT('k' : t.a, 'l' : t.b RETURNING jsonb) AS o, JSON_ARRAYAGG(t.a ORDER BY t.b) AS j,
     t.a IS JSON OBJECT AS i
   FROM public.t`,
  'SELECT t.a FROM public.t ORDER BY t.a FETCH FIRST (2 + 1) ROWS WITH TIES',
  'SELECT t.a FROM public.t FOR UPDATE OF t SKIP LOCKED',
];

test.each(WHOLE)('is printed as it was read: %s', async (text) => {
  const query = await readWhole(text);
  expect(withoutSpans(await readWhole(deparse(query)))).toEqual(withoutSpans(query));
});

test('the place of a node begins where its text does', async () => {
  const text = `SELECT 'é' AS x, now() AS n, a.a + sum(b) AS s, CASE WHEN c THEN 1 END AS w
    FROM public.t a
    GROUP BY a.a`;
  const query = await readWhole(text);
  const said: string[] = [];
  if (query.kind === 'select')
    for (const { expr } of query.targets)
      visit(expr, ({ span }) => void said.push(text.slice(span?.start, span?.end)));
  expect(said).toEqual([
    "'é'",
    'now()',
    'a.a + sum(b)',
    'a.a',
    'sum(b)',
    'b',
    'CASE WHEN c THEN 1 END',
    'c',
    '1',
  ]);
});

test('thirty joined tables are read alike by either reader', async () => {
  const names = Array.from({ length: 30 }, (_, index) => `t${index + 1}`);
  const joins = names.slice(1).map((name) => `JOIN public.t ${name} ON ${name}.id = t1.id`);
  const text = `SELECT ${names.map((name) => `${name}.a`).join(', ')}
    FROM public.t t1 ${joins.join(' ')}`;
  const plain = readPlain(text, CATALOG);
  expect(withoutSpans(plain)).toEqual(withoutSpans(await readWhole(text)));
});

test('a long definition does not overflow the stack', async () => {
  const sum = (terms: number): string =>
    `SELECT ${Array.from({ length: terms }, (_, index) => `a + ${index}`).join(' + ')} AS x
     FROM public.t`;
  const cases = (count: number): string =>
    `SELECT ${Array.from(
      { length: count },
      (_, at) => `CASE WHEN a > ${at} THEN b END AS c${at}`,
    ).join(', ')}
     FROM public.t`;
  for (const textOf of [sum, cases]) {
    const text = textOf(1200);
    expect(text.length).toBeGreaterThan(10_000);
    expect(readPlain(text, CATALOG)).toBeNull();
    await readWhole(text);
  }
});
