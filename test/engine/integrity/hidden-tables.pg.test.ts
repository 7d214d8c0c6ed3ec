/**
 * Functions that are declared IMMUTABLE and read tables. PostgreSQL believes them; convert looks
 * into their bodies, and maintains the definition so that it is never wrong.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import type { Sandbox } from '../commands/support/sandbox.ts';
import { createPreparedSandbox } from '../commands/support/sandbox.ts';

const READS = [
  ['quoted', `LANGUAGE sql AS 'SELECT rate * $1 FROM public."ra""tes" LIMIT 1'`],
  ['atomic', `BEGIN ATOMIC SELECT rate * $1 FROM "ra""tes" LIMIT 1; END`],
  [
    'plpgsql',
    `LANGUAGE plpgsql SET search_path = public AS $$ DECLARE r int; BEGIN
      -- from nothing
      SELECT rate INTO r FROM "ra""tes" LIMIT 1; RETURN r * $1; END $$`,
  ],
  [
    'dynamic',
    `LANGUAGE plpgsql AS $$ DECLARE r int; BEGIN
      EXECUTE 'SELECT rate FROM public."ra""tes"' INTO r; RETURN r * $1; END $$`,
  ],
  [
    'joined',
    `LANGUAGE sql AS 'SELECT r.rate * $1 FROM (SELECT 1 AS x) q JOIN public."ra""tes" r ON true'`,
  ],
  [
    'words',
    `LANGUAGE sql AS $$ SELECT (max(ndoc) * $1)::int + (SELECT rate FROM public."ra""tes")
      FROM ts_stat('SELECT search FROM public.docs') $$`,
  ],
  ['called', `LANGUAGE sql AS 'SELECT public.f_quoted($1)'`],
  ['called_deeper', `LANGUAGE plpgsql AS 'BEGIN RETURN "public" /* ( */ . f_called ($1); END'`],
  ['called_by_path', `LANGUAGE sql SET search_path = public AS 'SELECT f_called_deeper($1)'`],
  [
    'behind_a_string',
    `LANGUAGE sql AS $$ SELECT length('--' || E'\\'/*') * 0 + rate * $1 FROM public."ra""tes" $$`,
  ],
] as const;
const READS_NOTHING = [
  ['pure', `LANGUAGE sql AS 'SELECT $1 * 2'`],
  [
    'fields',
    `LANGUAGE plpgsql AS $$ BEGIN /* from public."ra""tes" */
      RETURN extract(year FROM date '2020-01-01' + $1) + length(trim(both 'x' FROM 'from t'));
      END $$`,
  ],
  ['calls', `LANGUAGE sql AS $$ SELECT public.f_pure($1) + length('f_quoted(1)') $$`],
  ['series', `LANGUAGE sql AS 'SELECT sum(i)::int FROM generate_series(1, $1) AS i'`],
] as const;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createPreparedSandbox(`
    CREATE TABLE t (id int PRIMARY KEY, g int, v int);
    INSERT INTO t SELECT i, i % 3, i FROM generate_series(1, 9) AS i;
    CREATE TABLE "ra""tes" (rate int); INSERT INTO "ra""tes" VALUES (2);
    CREATE TABLE docs (id int, search tsvector); INSERT INTO docs VALUES (1, 'a b'), (2, 'b c');
    ${[...READS, ...READS_NOTHING]
      .map(([name, body]) => `CREATE FUNCTION f_${name}(int) RETURNS int IMMUTABLE ${body};`)
      .join('\n')}
    CREATE FUNCTION step(int, int) RETURNS int IMMUTABLE LANGUAGE sql
      AS 'SELECT coalesce($1, 0) + $2 * rate FROM public."ra""tes"';
    CREATE AGGREGATE f_total(int) (sfunc = step, stype = int)`);
});
afterAll(() => sandbox.drop());

test.each([...READS.map(([name]) => name), 'total'])('%s', async (name) => {
  const definition =
    name === 'total'
      ? 'SELECT g, public.f_total(v) AS s FROM public.t GROUP BY g'
      : `SELECT g, sum(public.f_${name}(v)) AS s FROM public.t GROUP BY g`;
  const made = await sandbox.imat.create(name, definition);
  expect(made.strategy).toBe('swap');
  expect(made.reasons.find(({ kind }) => kind === 'hidden_table')).toMatchObject({
    message: expect.stringMatching(/"f_\w+" is declared IMMUTABLE, but reads /),
  });
  for (const change of [
    'UPDATE "ra""tes" SET rate = rate + 1',
    `INSERT INTO docs VALUES (3, 'b')`,
    'UPDATE t SET v = v + 1',
  ]) {
    await sandbox.sql(change);
    await expectEqual(sandbox.db, `imat.${name}`, definition, change);
  }
  await sandbox.imat.swap(name);
  await sandbox.sql('UPDATE "ra""tes" SET rate = rate + 1');
  await expectEqual(sandbox.db, `imat.${name}`, definition, 'swapped');
});

test.each(READS_NOTHING)('%s reads no table', async (name) => {
  const definition = `SELECT g, sum(public.f_${name}(v)) AS s FROM public.t GROUP BY g`;
  expect(await sandbox.imat.create(name, definition)).toMatchObject({ strategy: 'delta' });
  await sandbox.sql('UPDATE t SET v = v + 1');
  await expectEqual(sandbox.db, `imat.${name}`, definition);
});

test('PostgreSQL’s own function that runs a query: the answer is as the definition’s', async () => {
  const definition = `SELECT word, ndoc
      FROM ts_stat('SELECT search FROM public.docs') w(word, ndoc, nentry)`;
  expect(await sandbox.imat.create('stat', definition)).toMatchObject({ strategy: 'swap' });
  await sandbox.sql(`INSERT INTO docs VALUES (4, 'b d')`);
  await expectEqual(sandbox.db, 'imat.stat', definition);
});
