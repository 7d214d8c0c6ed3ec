/**
 * ALTER TYPE ... RENAME VALUE changes what an enum's values are called, and no row. What is stored
 * tells rows apart by what stays: the value itself.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import type { Sandbox } from '../commands/support/sandbox.ts';
import { createPreparedSandbox } from '../commands/support/sandbox.ts';

const SETUP = `
CREATE SCHEMA "sch""ema";
CREATE TYPE "sch""ema"."mo'od" AS ENUM ('low', 'high', 'odd"one');
CREATE DOMAIN feeling AS "sch""ema"."mo'od";
CREATE TYPE pair AS (n int, m "sch""ema"."mo'od");
CREATE TYPE loose AS (n numeric, m "sch""ema"."mo'od");
CREATE TYPE span AS RANGE (subtype = "sch""ema"."mo'od");
CREATE TABLE t (id int PRIMARY KEY, m "sch""ema"."mo'od", f feeling, a "sch""ema"."mo'od"[],
  p pair, r span, l loose, n numeric);
INSERT INTO t SELECT i, q.m, q.m, ARRAY[q.m, 'high', NULL], ROW(i % 2, q.m)::pair, span(q.m, NULL),
  ROW(1.0, q.m)::loose, 1.5
FROM generate_series(1, 12) AS i,
  LATERAL (SELECT (ARRAY['low', 'high', NULL]::"sch""ema"."mo'od"[])[1 + i % 3] AS m) q;
CREATE TABLE keyless AS SELECT l FROM t;`;

const DELTA: Readonly<Record<string, string>> = {
  plain: 'SELECT id, m FROM public.t',
  copies: 'SELECT m FROM public.t',
  mixed: 'SELECT m, n, id % 2 AS odd FROM public.t',
  domains: 'SELECT f, id FROM public.t',
  arrays: 'SELECT a, id % 2 AS odd FROM public.t',
  pairs: 'SELECT p, n FROM public.t',
  ranges: 'SELECT r FROM public.t',
  multi: 'SELECT array_fill(m, ARRAY[2, 2]) AS b FROM public.t',
  joined: 'SELECT x.id, y.m FROM public.t x JOIN public.t y ON x.id = y.id',
  groups: 'SELECT m, count(*) AS n FROM public.t GROUP BY m',
  keys: 'SELECT a, count(*) AS n FROM public.t GROUP BY a',
  distinct_ones: 'SELECT DISTINCT m FROM public.t',
  by_id: 'SELECT l, id FROM public.t',
  by_hidden_id: 'SELECT l FROM public.t',
  both: 'SELECT m FROM public.t WHERE id < 6 UNION ALL SELECT m FROM public.t WHERE id > 3',
};
/** Equal values can differ in them, their bytes have the label, and no key tells the rows apart. */
const SWAP: Readonly<Record<string, string>> = { loose_ones: 'SELECT l FROM public.keyless' };
const ALL = { ...DELTA, ...SWAP };

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createPreparedSandbox(SETUP);
});
afterAll(() => sandbox.drop());

async function expectAll(context: string): Promise<void> {
  for (const [name, definition] of Object.entries(ALL))
    await expectEqual(sandbox.db, `imat.${name}`, definition, context);
}

async function maintainAll(): Promise<void> {
  for (const name of Object.keys(DELTA)) await sandbox.imat.fold(name);
  for (const name of Object.keys(SWAP)) await sandbox.imat.swap(name);
}

test('by delta, or by swap with the reason', async () => {
  for (const [name, definition] of Object.entries(DELTA))
    expect(await sandbox.imat.create(name, definition)).toMatchObject({
      name,
      strategy: 'delta',
    });
  for (const [name, definition] of Object.entries(SWAP))
    expect(await sandbox.imat.create(name, definition)).toMatchObject({
      strategy: 'swap',
      reasons: [{ kind: 'enum_inside' }],
    });
  await expectAll('loaded');
});

test.each([
  ['before folds', false],
  ['between folds', true],
])('values renamed, moved and added: writes and folds, %s', async (_when, isFolded) => {
  const change = async (statement: string): Promise<void> => {
    await sandbox.sql(statement);
    await expectAll(statement);
    if (isFolded) {
      await maintainAll();
      await expectAll(`${statement}, folded`);
    }
  };
  const [low, lowest] = isFolded ? ['lowest', 'low'] : ['low', 'lowest'];
  const type = `"sch""ema"."mo'od"`;
  await change('UPDATE t SET n = n + 1 WHERE id % 2 = 0');
  await change(`ALTER TYPE ${type} RENAME VALUE '${low}' TO '${lowest}'`);
  await change(`DELETE FROM t WHERE id = ${isFolded ? 1 : 2}`);
  await change(`UPDATE t SET m = 'high', f = 'high', p.m = 'high', l.m = 'high', r = 'empty',
    a = ARRAY['high']::${type}[] WHERE m = '${lowest}' AND id < 8`);
  await change(`ALTER TYPE ${type} ADD VALUE IF NOT EXISTS 'lower' BEFORE '${lowest}'`);
  await change(`INSERT INTO t
      SELECT max(id) + 1, 'lower', 'lower', '{lower}'::${type}[], ROW(1, 'lower')::pair,
    span('lower'::${type}, NULL), ROW(2, 'lower')::loose, 3 FROM t`);
  // The two labels change places.
  await change(`BEGIN; ALTER TYPE ${type} RENAME VALUE 'high' TO 'x';
    ALTER TYPE ${type} RENAME VALUE 'lower' TO 'high';
    ALTER TYPE ${type} RENAME VALUE 'x' TO 'lower'; COMMIT`);
  await change(`DELETE FROM t WHERE m = 'high'`);
  await change(`UPDATE keyless SET l.m = 'lower' WHERE (l).m IS NULL`);
  await change(`DELETE FROM t WHERE m = 'lower' AND id % 2 = 1`);
  await maintainAll();
  await expectAll('folded');
  const { results } = await sandbox.imat.verify();
  expect(results.filter(({ equal }) => !equal)).toEqual([]);
});
