/** What is refused: all of it at once, each with its place. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readDefinition } from '../../parser/read.ts';
import { CATALOG, refusalsOf } from './support/catalog.ts';

test('all unsupported parts are reported at once, in order of place', () => {
  const text = ` SELECT t.a,
    sum(t.b) OVER (PARTITION BY t.a ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s,
    count(DISTINCT t.b) AS d,
    unnest(t.c) AS n,
    nowhere(t.a) AS f,
    t.gone
   FROM public.t
     LEFT JOIN public.missing m ON m.x = t.a
  WHERE (EXISTS ( SELECT 1 FROM public.u LIMIT 3)) AND t.a > CURRENT_DATE
  ORDER BY t.a
 LIMIT 10;`;
  expect(refusalsOf(text)).toEqual([
    [
      'window_function',
      'sum(t.b) OVER (PARTITION BY t.a ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)',
    ],
    ['aggregate_distinct', 'count(DISTINCT t.b)'],
    ['set_returning_function', 'unnest(t.c)'],
    ['unknown_function', 'nowhere(t.a)'],
    ['unknown_column', 't.gone'],
    ['outer_join', 'LEFT JOIN'],
    ['unknown_relation', 'public.missing m'],
    ['subquery', '( SELECT 1 FROM public.u LIMIT 3)'],
    ['value_function', 'CURRENT_DATE'],
    ['limit', 'LIMIT 10'],
  ]);
});

const from = (clause: string): string => ` SELECT t.a\n   FROM public.t${clause};`;
const target = (expr: string): string => ` SELECT ${expr} AS x\n   FROM public.t;`;

test.each<readonly [text: string, kind: string, place: string]>([
  [target('rank() OVER w'), 'window_function', 'rank() OVER w'],
  [target('row_number()'), 'window_function', 'row_number()'],
  [
    from('\n  WINDOW w AS (PARTITION BY t.a), w2 AS (w ORDER BY t.b)'),
    'window_function',
    'WINDOW w AS (PARTITION BY t.a), w2 AS (w ORDER BY t.b)',
  ],
  [' SELECT DISTINCT ON (t.a) t.a, t.b FROM public.t;', 'distinct_on', 'DISTINCT ON (t.a)'],
  [
    target('string_agg(t.a, t.b ORDER BY t.c, t.a)'),
    'aggregate_order_by',
    'string_agg(t.a, t.b ORDER BY t.c, t.a)',
  ],
  [
    target('percentile_cont(0.5) WITHIN GROUP (ORDER BY t.a, t.b) FILTER (WHERE t.c > 1)'),
    'ordered_set_aggregate',
    'percentile_cont(0.5) WITHIN GROUP (ORDER BY t.a, t.b) FILTER (WHERE t.c > 1)',
  ],
  [from('\n  GROUP BY ROLLUP(t.a, t.b)'), 'grouping_sets', 'ROLLUP(t.a, t.b)'],
  [from('\n  GROUP BY GROUPING SETS ((t.a), ())'), 'grouping_sets', 'GROUPING SETS ((t.a), ())'],
  [from('\n  GROUP BY ()'), 'grouping_sets', '()'],
  [from('\n  GROUP BY 1'), 'group_by_position', '1'],
  [from(' RIGHT JOIN public.u ON t.a = u.a'), 'outer_join', 'RIGHT JOIN'],
  [from(' FULL OUTER JOIN public.u USING (a)'), 'outer_join', 'FULL OUTER JOIN'],
  [
    from(' JOIN (public.u JOIN public.v USING (a)) ON t.a = u.a'),
    'nested_join',
    '(public.u JOIN public.v USING (a))',
  ],
  [from(' NATURAL JOIN public.u'), 'natural_join', 'NATURAL'],
  [from(', LATERAL ( SELECT 1) x'), 'lateral', 'LATERAL ( SELECT 1)'],
  [from(', generate_series(1, t.a) g(g)'), 'table_function', 'generate_series(1, t.a)'],
  [
    from(' CROSS JOIN public.f(t.a) WITH ORDINALITY f(x integer)'),
    'table_function',
    'public.f(t.a)',
  ],
  [from(', ROWS FROM(a(1), b(2)) x(a, b)'), 'table_function', 'ROWS FROM(a(1), b(2))'],
  [
    from(' TABLESAMPLE bernoulli (10) REPEATABLE (3)'),
    'tablesample',
    'TABLESAMPLE bernoulli (10) REPEATABLE (3)',
  ],
  [from(' x(p, q)'), 'column_alias', 'public.t x'],
  [' SELECT t.a FROM ONLY public.t;', 'only', 'ONLY'],
  [' SELECT x.a FROM ( SELECT 1 AS a) x;', 'subquery', '( SELECT 1 AS a)'],
  [' SELECT x.a FROM (VALUES (1), (2)) x(a);', 'values', '(VALUES (1), (2))'],
  [target('ARRAY( SELECT 1)'), 'subquery', '( SELECT 1)'],
  [target('(t.a IN ( SELECT u.a FROM public.u))'), 'subquery', '( SELECT u.a FROM public.u)'],
  [from('\n  ORDER BY t.a\n OFFSET 3'), 'limit', 'OFFSET 3'],
  [from('\n FETCH FIRST 5 ROWS WITH TIES'), 'limit', 'FETCH FIRST 5 ROWS WITH TIES'],
  [from('\n FOR UPDATE OF t SKIP LOCKED'), 'locking', 'FOR UPDATE OF t SKIP LOCKED'],
  [from('\n  ORDER BY (count(*))'), 'order_by_aggregate', 'count(*)'],
  [target('LOCALTIMESTAMP(3)'), 'value_function', 'LOCALTIMESTAMP(3)'],
  [target('SYSTEM_USER'), 'value_function', 'SYSTEM_USER'],
  [target('t.*::public.t'), 'whole_row', 't.*'],
  [target('count(t.*)'), 'whole_row', 't.*'],
  [target('row_to_json(t)'), 'whole_row', 't'],
  [target('t.ctid'), 'system_column', 't.ctid'],
  [target('t.a COLLATE "C"'), 'collate', 'COLLATE "C"'],
  [target('t.a COLLATE public."x y"'), 'collate', 'COLLATE public."x y"'],
  [target('t.a[1:2]'), 'array_slice', '[1:2]'],
  [target('(t.a).b'), 'composite_field', '.b'],
  [target('abs(VARIADIC t.a)'), 'variadic', 'VARIADIC'],
  [target('abs(n => t.a)'), 'named_argument', 'n =>'],
  [target('public.either(t.a)'), 'ambiguous_function', 'public.either(t.a)'],
  [target('lower(t.a) FILTER (WHERE true)'), 'unsupported', 'lower(t.a) FILTER (WHERE true)'],
  [target('(t.a, t.b)'), 'unsupported', 't.a, t.b'],
  [target('$1'), 'unsupported', '$1'],
  [target('t.a IS NORMALIZED'), 'syntax', 'NORMALIZED'],
  [' VALUES (1, 2);', 'values', 'VALUES'],
  [' SELECT 1 AS x;', 'no_relation', ''],
])('%s is %s', (text, kind, place) => {
  expect(refusalsOf(text).find(([found]) => found === kind)).toEqual([kind, place]);
});

test('a set operation is refused once per operator, with what is unsupported in its branches', () => {
  expect(
    refusalsOf(
      '( SELECT t.a FROM public.t LIMIT 3)\nUNION ALL\n SELECT u.a FROM public.u\nEXCEPT\n SELECT CURRENT_DATE;',
    ),
  ).toEqual([
    ['limit', 'LIMIT 3'],
    ['set_operation', 'UNION ALL'],
    ['set_operation', 'EXCEPT'],
    ['value_function', 'CURRENT_DATE'],
  ]);
});

test('each CTE is refused, not what is inside', () => {
  const text =
    ' WITH a AS ( SELECT 1 LIMIT 1), "B"(x) AS NOT MATERIALIZED ( SELECT 2) SELECT a.x FROM a LEFT JOIN "B" ON true;';
  expect(refusalsOf(text)).toEqual([
    ['cte', 'a AS ( SELECT 1 LIMIT 1)'],
    ['cte', '"B"(x) AS NOT MATERIALIZED ( SELECT 2)'],
    ['outer_join', 'LEFT JOIN'],
  ]);
  expect(
    refusalsOf(
      ' WITH RECURSIVE r(n) AS ( SELECT 1 UNION ALL SELECT r.n + 1 FROM r) SELECT r.n FROM r;',
    ),
  ).toEqual([['recursive_cte', 'r(n) AS ( SELECT 1 UNION ALL SELECT r.n + 1 FROM r)']]);
});

test('columns named like keywords are not taken for constructs', () => {
  expect(
    refusalsOf(
      ' SELECT t.rows,\n    t.filter,\n    sum(t.a) FILTER (WHERE t.filter) AS over\n   FROM public.t\n  GROUP BY t.rows, t.filter;',
    ),
  ).toEqual([]);
});

test.each([
  '',
  ';',
  'SELECT',
  'SELEC 1',
  ' SELECT t.a FROM public.t WHERE;',
  ' SELECT t.a FROM public.t; DROP TABLE t;',
  "SELECT 'open",
  '(((',
  ')',
  'x',
])('the text %j is refused and never throws', (text) => {
  const result = readDefinition(text, CATALOG);
  expect('refusals' in result && result.refusals.length > 0).toBe(true);
});

test('messages are one line, start in lower case or with a keyword, and name the object', () => {
  const result = readDefinition(
    ' SELECT sum(t.a) OVER () AS x, t.nope FROM public.t LEFT JOIN public.u ON true;',
    CATALOG,
  );
  expect('refusals' in result ? result.refusals.map((refusal) => refusal.message) : []).toEqual([
    'window function "sum" cannot be maintained incrementally',
    'column "t.nope" is not known',
    'LEFT JOIN cannot be maintained incrementally',
  ]);
  const broken = readDefinition(' SELECT t."a\nb" FROM public.t;', CATALOG);
  expect('refusals' in broken ? broken.refusals.map((refusal) => refusal.message) : []).toEqual([
    'column "t.a b" is not known',
  ]);
});

const WORDS =
  'SELECT DISTINCT ON FROM JOIN LEFT CROSS USING WHERE GROUP BY HAVING ORDER LIMIT OFFSET FOR UPDATE WITH RECURSIVE AS UNION ALL EXCEPT WINDOW OVER WITHIN FILTER LATERAL ROWS ONLY TABLESAMPLE COLLATE VARIADIC VALUES CASE WHEN THEN END IS NOT NULL OPERATOR EXTRACT TRIM BOTH SUBSTRING POSITION ANY ARRAY CURRENT_DATE t u a b public count sum x ( ( ( ) ) ) [ ] , , . :: : => ; * + - ~ || = \'s\' "q" 1 1.5'.split(
    ' ',
  );

test('no text makes the front end throw', () => {
  const soup = fc
    .array(fc.constantFrom(...WORDS), { maxLength: 25 })
    .map((words) => `SELECT ${words.join(' ')}`);
  fc.assert(
    fc.property(soup, (text) => {
      const result = readDefinition(text, CATALOG);
      if ('refusals' in result) expect(result.refusals).not.toHaveLength(0);
    }),
    { numRuns: 1000 },
  );
});
