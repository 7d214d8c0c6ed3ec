/** Rows as columns of subqueries: compared as values, in which a NULL equals a NULL. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import type { Sandbox } from '../commands/support/sandbox.ts';
import { createPreparedSandbox } from '../commands/support/sandbox.ts';

const DEFINITIONS: Readonly<Record<string, string>> = {
  one: `SELECT s.id, s.r >= ROW(s.w, NULL::int) AS x
    FROM (SELECT id, w, ROW(v, NULL::int) AS r FROM public.t) s`,
  two: `SELECT s.g, count(*) AS n FROM (SELECT g, ROW(v, w) AS r, ROW(v, v) AS q FROM public.t) s
    WHERE s.r = s.q GROUP BY s.g`,
  joined: `SELECT a.id, b.id AS other FROM (SELECT id, ROW(g, w) AS r FROM public.t) a
    JOIN (SELECT id, ROW(g, v) AS r FROM public.t) b ON b.r = a.r`,
  scalar: `SELECT id, (SELECT ROW(v, g)) = (SELECT ROW(w, g)) AS same FROM public.t`,
  viewed: 'SELECT id, same FROM public.same_of_t',
  written: `SELECT id, ROW(v, g) = ROW(w, g) AS same FROM public.t`,
  different: `SELECT s.g, count(DISTINCT s.r) AS n
    FROM (SELECT g, ROW(v, w) AS r FROM public.t) s GROUP BY s.g`,
};

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createPreparedSandbox();
  await sandbox.sql(`CREATE TABLE t (id int PRIMARY KEY, g int, v int, w int);
    CREATE VIEW same_of_t AS SELECT id, r = q AS same
      FROM (SELECT id, ROW(v, g) AS r, ROW(w, g) AS q FROM t) s;
    INSERT INTO t SELECT i, i % 4, nullif(i % 3, 0), nullif(i % 2, 0)
      FROM generate_series(1, 30) i`);
});
afterAll(() => sandbox.drop());

test.each(Object.entries(DEFINITIONS))('%s', async (name, definition) => {
  expect(await sandbox.imat.create(name, definition)).toMatchObject({ strategy: 'delta' });
  await expectEqual(sandbox.db, `imat.${name}`, definition);
  await sandbox.sql('UPDATE t SET v = nullif((v + g) % 3, 0), w = NULL WHERE id % 5 = 1');
  await expectEqual(sandbox.db, `imat.${name}`, definition);
  await sandbox.imat.fold(name);
  await sandbox.sql('UPDATE t SET w = v WHERE id % 7 = 1');
  await expectEqual(sandbox.db, `imat.${name}`, definition);
});
