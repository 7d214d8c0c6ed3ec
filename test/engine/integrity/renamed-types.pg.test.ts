/** Types of a definition are renamed and put into another schema: folds and reads go on. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPreparedWorld, expectExact, type World } from '../commands/support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createPreparedWorld(`
    CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad');
    CREATE DOMAIN positive AS int CHECK (value > 0);
    CREATE TABLE t (g int, m mood, d positive);
    INSERT INTO t SELECT i % 3, CASE WHEN i % 2 = 0 THEN 'sad'::mood ELSE 'ok' END, i
      FROM generate_series(1, 30) AS i`);
});
afterEach(() => world.drop());

test.each([
  ['extremes', 'g, max(m) AS m, min(d) AS d, count(*) AS n FROM public.t GROUP BY g'],
  ['extremes of a key', 'm, max(d) AS d FROM public.t GROUP BY m'],
  ['keys', 'd, m, count(*) AS n FROM public.t GROUP BY d, m'],
  ['rows', 'm, d FROM public.t'],
  ['the first row of a key', 'DISTINCT ON (m) m, d, g FROM public.t ORDER BY m, g, d'],
  [
    'different values of an outer join',
    `count(DISTINCT a.m) FILTER (WHERE b.m = 'sad') AS n, sum(b.d) AS s
     FROM public.t AS a LEFT JOIN public.t AS b ON b.d = a.g`,
  ],
])('%s', async (_, list) => {
  const definition = `SELECT ${list}`;
  await world.imat.create('v', definition);
  const [view] = await world.rows<{ name: string }>(
    'SELECT definition_view::text AS name FROM imat_catalog.imat',
  );
  await world.sql(`ALTER TYPE mood RENAME TO humour; ALTER DOMAIN positive RENAME TO above_zero;
    CREATE SCHEMA other; ALTER TYPE humour SET SCHEMA other`);
  const exact = { name: 'v', definition: `TABLE ${view?.name}` };
  for (const change of [
    `DELETE FROM t WHERE d > 20; INSERT INTO t VALUES (1, 'glad', 100)`,
    `DELETE FROM t WHERE m = 'glad'; INSERT INTO t VALUES (2, 'sad', 7)`,
    `TRUNCATE t; INSERT INTO t VALUES (1, 'ok', 1), (NULL, NULL, NULL)`,
  ]) {
    await world.sql(change);
    await expectExact(world, exact);
    expect(await world.imat.fold('v')).toMatchObject([{ name: 'v' }]);
    await expectExact(world, exact);
  }
  await world.imat.rebuild('v');
  await expectExact(world, exact);
});
