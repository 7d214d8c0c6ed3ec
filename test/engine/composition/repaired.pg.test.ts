/**
 * An imat of several stores is repaired or altered, and then a reset makes a fold compute all of
 * them anew: their functions must name the stores that the repair has renamed.
 */
import { expect, test } from 'vitest';
import { createPreparedWorld, expectExact } from '../commands/support/world.ts';

test.each([
  [
    'different values',
    'SELECT g, count(DISTINCT v) AS n, max(v + 1) AS m FROM public.t GROUP BY g',
  ],
  [
    'different values of a join',
    `SELECT count(DISTINCT t.v + u.v) AS n, sum(t.v * u.v) AS s
     FROM public.t JOIN public.u ON u.g = t.g`,
  ],
  [
    'groups over groups',
    `SELECT n, sum(s * 2) AS s FROM (
       SELECT g, count(*) AS n, sum(v) AS s FROM public.t GROUP BY g) AS q GROUP BY n`,
  ],
  [
    'a total over rows that are computed again',
    `SELECT count(*) AS n, sum(t.v * 2) AS s, count(DISTINCT t.g) AS d FROM public.t
     WHERE EXISTS (SELECT FROM public.u WHERE u.g = t.g)`,
  ],
  [
    'branches of a union',
    `SELECT g, sum(v * 2) AS s FROM public.t GROUP BY g
     UNION ALL SELECT g, count(DISTINCT v) FROM public.u GROUP BY g`,
  ],
])('%s', async (_, definition) => {
  const world = await createPreparedWorld(`
    CREATE TABLE t (g int, v int); CREATE TABLE u (g int, v int);
    INSERT INTO t SELECT i % 4, i % 7 FROM generate_series(1, 40) AS i;
    INSERT INTO u SELECT i % 4, i % 5 FROM generate_series(1, 20) AS i`);
  try {
    const exact = { name: 'x', definition };
    await world.imat.create('x', definition);
    const functions = `SELECT proname::text AS name FROM pg_proc
      WHERE pronamespace = 'imat_store'::regnamespace ORDER BY 1`;
    const before = await world.rows(functions);
    for (const build of [
      () => world.imat.repair('x'),
      () => world.imat.alter('x', `${definition} `),
    ]) {
      await build();
      expect(await world.rows(functions)).toEqual(before);
      for (const change of [
        'TRUNCATE t',
        'INSERT INTO t SELECT i % 4, i % 7 FROM generate_series(1, 40) AS i',
        'TRUNCATE u; INSERT INTO u VALUES (1, 1)',
        'UPDATE t SET v = v + 1 WHERE g = 1',
      ]) {
        await world.sql(change);
        await expectExact(world, exact);
        await world.imat.fold('x');
        await expectExact(world, exact);
      }
    }
  } finally {
    await world.drop();
  }
});
