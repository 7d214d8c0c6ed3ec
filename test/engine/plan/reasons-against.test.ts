/** What the plan has no rule for: everything at once, each with its place and in one wording. */
import { expect, test } from 'vitest';
import { plainQuery } from '../../../engine/plan/plain.ts';
import type { PlanReason } from '../../../engine/algebra/reason.ts';
import { readWhole } from '../../parser/support/catalog.ts';

async function against(text: string): Promise<readonly PlanReason[]> {
  const result = plainQuery(await readWhole(text), new Map());
  return 'reasons' in result ? result.reasons : [];
}

const from = (clause: string): string => `SELECT t.a FROM public.t${clause}`;
const target = (expr: string): string => `SELECT ${expr} AS x FROM public.t`;

test.each<readonly [text: string, kind: string, place: string]>([
  [
    target('sum(t.a) OVER (PARTITION BY t.b)'),
    'window_function',
    'sum(t.a) OVER (PARTITION BY t.b',
  ],
  [from(' WINDOW w AS (PARTITION BY t.a)'), 'window_function', 't.a'],
  ['SELECT DISTINCT ON (t.a) t.a, t.b FROM public.t', 'distinct_on', 't.a'],
  [target('string_agg(t.a, t.b ORDER BY t.c)'), 'aggregate_order_by', 'string_agg(t.a'],
  [target('string_agg(DISTINCT t.a, t.b)'), 'aggregate_distinct', 'string_agg(DISTINCT t.a'],
  [target("string_agg(t.a, ',')"), 'aggregate_not_maintained', "string_agg(t.a, ',')"],
  [target('public.total(t.a)'), 'aggregate_not_maintained', 'public.total(t.a)'],
  [
    target('percentile_cont(0.5) WITHIN GROUP (ORDER BY t.a)'),
    'ordered_set_aggregate',
    'percentile_cont(0.5) WITHIN GROUP (ORDER BY t.a)',
  ],
  [from(' GROUP BY ROLLUP(t.a, t.b)'), 'grouping_sets', 'ROLLUP(t.a, t.b)'],
  [from(' RIGHT JOIN public.u ON t.a = u.a'), 'outer_join', 'RIGHT JOIN'],
  [from(' FULL OUTER JOIN public.u USING (a)'), 'outer_join', 'JOIN'],
  [from(', LATERAL (SELECT count(*) AS n FROM public.u) x'), 'lateral', ''],
  [from(' TABLESAMPLE bernoulli (10)'), 'tablesample', 'public.t'],
  ['SELECT x.n FROM (SELECT count(*) AS n FROM public.u) x', 'subquery', ''],
  [target('ARRAY(SELECT 1)'), 'subquery', 'ARRAY(SELECT 1)'],
  [target('t.a IN (SELECT u.a FROM public.u)'), 'subquery', 't.a IN (SELECT u.a FROM public.u)'],
  [from(' OFFSET 3'), 'limit', '3'],
  [from(' FOR UPDATE'), 'locking', ''],
  [target('LOCALTIMESTAMP(3)'), 'moment_dependent', 'LOCALTIMESTAMP(3)'],
  [target('t.ctid'), 'system_column', 't.ctid'],
  [
    'SELECT count(*) AS n, unnest(t.a) AS x FROM public.t GROUP BY t.a',
    'set_returning_function',
    'unnest(t.a)',
  ],
  [from(' ORDER BY unnest(t.a)'), 'set_returning_function', 'unnest(t.a)'],
  [from(' UNION SELECT u.a FROM public.u'), 'set_operation', ''],
  [from(' EXCEPT ALL SELECT u.a FROM public.u'), 'set_operation', ''],
  [from(' UNION ALL SELECT count(*) FROM public.u'), 'set_operation', ''],
  [
    'WITH RECURSIVE r(n) AS (SELECT 1 UNION SELECT r.n + 1 FROM r) SELECT r.n FROM r',
    'recursive_cte',
    '',
  ],
])('%s: %s', async (text, kind, place) => {
  const [reason] = await against(text);
  expect(reason?.kind).toBe(kind);
  const { start = 0, end = 0 } = reason?.span ?? {};
  expect(text.slice(start, end)).toContain(place);
  expect(reason?.message).toMatch(/cannot be maintained incrementally$|can give another result/);
});

test('all reasons are given at once, in order of place', async () => {
  const text = `SELECT CURRENT_DATE AS d, sum(t.a) OVER () AS s, u.a
    FROM public.t LEFT JOIN public.u ON u.a = t.a
    WHERE EXISTS (SELECT 1)
    LIMIT 1`;
  expect((await against(text)).map((reason) => reason.kind)).toEqual([
    'moment_dependent',
    'window_function',
    'outer_join',
    'subquery',
    'limit',
  ]);
});

test('what is in a subquery that stays is not said again', async () => {
  const text = 'SELECT x.n FROM (SELECT count(DISTINCT u.a) AS n FROM public.u LIMIT 1) x';
  expect((await against(text)).map((reason) => reason.message)).toEqual([
    'subquery "x" in FROM cannot be maintained incrementally',
  ]);
});

test.each([
  from(' ORDER BY t.a'),
  'SELECT x.a FROM (SELECT t.a FROM public.t WHERE t.b > 1) x',
  'SELECT x.a, c.k FROM (SELECT t.a FROM public.t) x, (SELECT 1 AS k) c',
  'WITH w AS (SELECT t.a FROM public.t) SELECT v.a FROM w v JOIN w ON w.a = v.a',
  target('t.a[1:2]'),
  target('(t.j).x COLLATE "C"'),
  target('lower(VARIADIC t.a)'),
  from(' JOIN (public.u JOIN public.v ON v.a = u.a) ON u.a = t.a'),
  from(', unnest(t.a) g(g)'),
  from(', LATERAL (VALUES (t.a), (t.b)) v(x)'),
  from(' UNION ALL SELECT u.a FROM public.u UNION ALL VALUES (1), (2)'),
  'SELECT x.a FROM (VALUES (1), (2)) x(a), public.t',
  'SELECT x.a FROM (SELECT t.a FROM public.t UNION ALL SELECT u.a FROM public.u) x',
  target('unnest(t.a)'),
  'SELECT unnest(t.a) AS x, count(*) AS n FROM public.t GROUP BY unnest(t.a)',
  'SELECT unnest(t.a) AS x FROM public.t ORDER BY unnest(t.a)',
])('nothing stands against %s', async (text) => {
  expect(await against(text)).toEqual([]);
});
