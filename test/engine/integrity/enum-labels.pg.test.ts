/**
 * The text of an enum changes by ALTER TYPE ... RENAME VALUE, which writes no row. The labels are
 * kept beside what is stored: whatever differs is computed anew until a fold or swap has stored it.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import type { Sandbox, Session } from '../commands/support/sandbox.ts';
import { createPreparedSandbox } from '../commands/support/sandbox.ts';

const SETUP = `
CREATE SCHEMA "sch""ema";
CREATE TYPE "sch""ema"."mo'od" AS ENUM ('low', 'high', 'odd,one');
CREATE TYPE status AS ENUM ('new', 'paid');
CREATE DOMAIN feeling AS "sch""ema"."mo'od";
CREATE TYPE pair AS (n int, m "sch""ema"."mo'od");
CREATE TABLE t (id int PRIMARY KEY, m "sch""ema"."mo'od", f feeling, a "sch""ema"."mo'od"[],
  p pair, s status, note text);
INSERT INTO t SELECT i, q.m, q.m, ARRAY[q.m, 'high', NULL], ROW(i % 2, q.m)::pair,
  (ARRAY['new', 'paid', NULL]::status[])[1 + i % 3], (ARRAY['low', 'high'])[1 + i % 2]
FROM generate_series(1, 12) AS i,
  LATERAL (SELECT (ARRAY['low', 'high', NULL]::"sch""ema"."mo'od"[])[1 + i % 3] AS m) q;
CREATE VIEW named AS SELECT id, m::text AS label, s FROM t;`;

const DELTA: Readonly<Record<string, string>> = {
  keys: 'SELECT m::text AS m, count(*) AS n FROM public.t GROUP BY m::text',
  rows: 'SELECT id, m::text AS m, s::text AS s FROM public.t',
  copies: 'SELECT f::text AS f FROM public.t',
  filtered: "SELECT id FROM public.t WHERE m::text = 'low'",
  counted: "SELECT s, count(*) FILTER (WHERE m::text LIKE 'l%') AS n FROM public.t GROUP BY s",
  arrays: 'SELECT id, a::text AS a FROM public.t',
  printed: "SELECT id, m || '!' AS m, concat(s, id) AS s, p::text AS p FROM public.t",
  json: 'SELECT to_jsonb(m) AS m, count(*) AS n FROM public.t GROUP BY to_jsonb(m)',
  outer: 'SELECT x.id, y.m::text AS m FROM public.t x LEFT JOIN public.t y ON y.id = x.id + 1',
  joined: `SELECT s, string_agg(m::text, ',' ORDER BY id) AS m FROM public.t GROUP BY s`,
  most: 'SELECT s::text AS s, max(m::text) AS m FROM public.t GROUP BY s::text',
  first: `SELECT m::text AS m, count(*) AS n FROM public.t GROUP BY m::text
    ORDER BY n DESC, m LIMIT 2`,
  two: `SELECT a.m, b.s FROM (SELECT m::text AS m, count(*) AS n FROM public.t GROUP BY m::text) a
    JOIN (SELECT s::text AS s, count(*) AS n FROM public.t GROUP BY s::text) b USING (n)`,
  view: 'SELECT label, count(*) AS n FROM public.named GROUP BY label',
};
const SWAP: Readonly<Record<string, string>> = {
  volatile: `SELECT id, m::text AS m FROM public.t, pg_catalog.generate_series(1, 2) AS g
    WHERE EXISTS (WITH RECURSIVE r AS (SELECT 1 AS i UNION SELECT i + 1 FROM r WHERE i < 2)
      SELECT FROM r)`,
};
const ALL = { ...DELTA, ...SWAP };
const MOOD = `"sch""ema"."mo'od"`;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createPreparedSandbox(SETUP);
});
afterAll(() => sandbox.drop());

async function expectAll(context: string, { db }: Session = sandbox, inside = false) {
  for (const [name, definition] of Object.entries(ALL))
    await expectEqual(db, `imat.${name}`, definition, `${name}, ${context}`, inside);
}

async function maintainAll(): Promise<void> {
  for (const name of Object.keys(DELTA)) await sandbox.imat.fold(name);
  for (const name of Object.keys(SWAP)) await sandbox.imat.swap(name);
}

const hasPending = (name: string): Promise<boolean> =>
  sandbox.value(`SELECT imat_catalog.has_pending(id) FROM imat_catalog.imat
    WHERE name = '${name}'`);

const rename = (from: string, to: string): Promise<void> =>
  sandbox.sql(`ALTER TYPE ${MOOD} RENAME VALUE '${from}' TO '${to}'`);

test('definitions with the text of an enum are maintained', async () => {
  for (const [name, definition] of Object.entries(DELTA))
    expect(await sandbox.imat.create(name, definition)).toMatchObject({ name, strategy: 'delta' });
  for (const [name, definition] of Object.entries(SWAP))
    expect(await sandbox.imat.create(name, definition)).toMatchObject({ name, strategy: 'swap' });
  await expectAll('loaded');
});

test.each([
  ['before folds', false],
  ['between folds', true],
])('values renamed, exchanged and added: reads, writes and folds, %s', async (_when, isFolded) => {
  const change = async (statement: string): Promise<void> => {
    await sandbox.sql(statement);
    await expectAll(statement);
    if (!isFolded) return;
    await maintainAll();
    await expectAll(`${statement}, folded`);
  };
  const [low, lowest] = isFolded ? ['lowest', 'low'] : ['low', 'lowest'];
  await change(`UPDATE t SET s = 'paid' WHERE id % 2 = 0`);
  await change(`ALTER TYPE ${MOOD} RENAME VALUE '${low}' TO '${lowest}'`);
  await change(`DELETE FROM t WHERE id = ${isFolded ? 1 : 2}`);
  await change(`UPDATE t SET m = 'high', f = 'high', p.m = '${lowest}' WHERE id % 3 = 0`);
  await change(`ALTER TYPE ${MOOD} ADD VALUE IF NOT EXISTS 'lower' BEFORE '${lowest}'`);
  await change(`INSERT INTO t SELECT max(id) + 1, 'lower', 'lower', '{lower}'::${MOOD}[],
    ROW(1, 'lower')::pair, 'new', 'x' FROM t`);
  // The value that was added after the conversion.
  await change(`ALTER TYPE ${MOOD} RENAME VALUE 'lower' TO 'x'; COMMIT;
    ALTER TYPE ${MOOD} RENAME VALUE 'x' TO 'lower'`);
  // The two labels change places.
  await change(`BEGIN; ALTER TYPE ${MOOD} RENAME VALUE 'high' TO 'x';
    ALTER TYPE ${MOOD} RENAME VALUE 'lower' TO 'high';
    ALTER TYPE ${MOOD} RENAME VALUE 'x' TO 'lower'; COMMIT`);
  await change(`BEGIN; UPDATE t SET m = 'lower' WHERE id % 2 = 1;
    ALTER TYPE ${MOOD} RENAME VALUE 'odd,one' TO '${isFolded ? 'odd,one' : 'odd'}2'; COMMIT;
    ALTER TYPE ${MOOD} RENAME VALUE '${isFolded ? 'odd,one' : 'odd'}2' TO 'odd,one'`);
  await maintainAll();
  await expectAll('folded');
  const { results } = await sandbox.imat.verify();
  expect(results.filter(({ equal }) => !equal)).toEqual([]);
});

test('a rename is taken in by the next fold, a value that is added is not work', async () => {
  await maintainAll();
  expect(await hasPending('rows')).toBe(false);
  await sandbox.sql(`ALTER TYPE ${MOOD} ADD VALUE 'added'`);
  for (const name of Object.keys(ALL)) expect(await hasPending(name), name).toBe(false);
  await rename('added', 'later');
  // No stored row has it.
  for (const name of Object.keys(ALL)) expect(await hasPending(name), name).toBe(false);
  await rename('high', 'upper');
  for (const name of Object.keys(ALL)) expect(await hasPending(name), name).toBe(true);
  await maintainAll();
  for (const name of Object.keys(ALL)) expect(await hasPending(name), name).toBe(false);
  await expectAll('folded');
});

test('a label is renamed that a definition without a table has', async () => {
  await sandbox.sql(`CREATE TYPE light AS ENUM ('red', 'green')`);
  const query = (label: string): string =>
    `SELECT x::text AS label, count(*) AS n FROM (VALUES ('${label}'::public.light), ('green')) v(x)
     GROUP BY x::text`;
  await sandbox.imat.create('lights', query('red'));
  for (const [from, to] of [
    ['red', 'stop'],
    ['stop', 'rot'],
  ] as const) {
    await expectEqual(sandbox.db, 'imat.lights', query(from));
    await sandbox.sql(`ALTER TYPE light RENAME VALUE '${from}' TO '${to}'`);
    await expectEqual(sandbox.db, 'imat.lights', query(to));
    await sandbox.imat.fold('lights');
    await expectEqual(sandbox.db, 'imat.lights', query(to));
  }
  await sandbox.imat.revert('lights');
});

test('a transaction that renames or adds a value sees what its definition says', async () => {
  const own = await sandbox.session();
  await own.sql(`BEGIN; ALTER TYPE ${MOOD} ADD VALUE 'fresh'`);
  await expectAll('with a value added in the transaction', own, true);
  await own.sql('ROLLBACK');
  await own.sql(`BEGIN; ALTER TYPE ${MOOD} RENAME VALUE 'upper' TO 'own'`);
  await expectAll('its own rename', own, true);
  await expectAll('not committed');
  await own.sql('ROLLBACK');
  await expectAll('rolled back', own);
});

test('PostgreSQL prints labels as they are now in an older snapshot as well', async () => {
  const reader = await sandbox.session();
  await reader.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t');
  await rename('upper', 'top');
  await expectAll('snapshot from before the rename', reader, true);
  await maintainAll();
  await expectAll('snapshot from before the fold', reader, true);
  await rename('top', 'upper');
  await expectAll('renamed back', reader, true);
  await reader.sql('COMMIT');
  await expectAll('renamed back, not folded');
});

test('a fold during which a label is renamed begins again', async () => {
  await maintainAll();
  const folding = await sandbox.session();
  const [imat] = await folding.rows<{ id: number; stored: number; fold: string }>(
    `SELECT id, stored::oid AS stored, fold_function AS fold FROM imat_catalog.imat
     WHERE name = 'keys'`,
  );
  await folding.sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await folding.rows(
    `SELECT imat_catalog.claim(${imat?.id}), imat_catalog.take_labels(${imat?.id})`,
  );
  await folding.rows(`SELECT ${imat?.fold}(false)`);
  await rename('low', 'bottom');
  await expect(
    folding.db.query('SELECT imat_catalog.advance($1, $2)', [imat?.id, imat?.stored]),
  ).rejects.toThrow('the labels of an enum were renamed while its values were read');
  await folding.db.execute('ROLLBACK');
  await expectAll('not folded');
});

test('repair and alter take the labels over; revert leaves nothing', async () => {
  await sandbox.imat.repair('keys');
  await rename('bottom', 'low');
  await expectAll('repaired, renamed');
  for (const name of Object.keys(ALL)) await sandbox.imat.revert(name);
  expect(
    await sandbox.value(`SELECT count(*)::int FROM pg_class WHERE relname LIKE 'labels_%'`),
  ).toBe(0);
});
