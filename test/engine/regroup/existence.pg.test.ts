/** What EXISTS asks of a query that is stored without its columns: whether there is a row. */
import { expect, test } from 'vitest';
import { type Checked, createPreparedWorld, expectExact } from '../commands/support/world.ts';
import { foldAll } from '../../setup/fold-all.ts';

/** Queries over `e` that need not have a row where `e` has one. */
const QUERIES = [
  'SELECT 1 FROM public.e ORDER BY generate_series(1, 0)',
  'SELECT 1 FROM public.e ORDER BY generate_series(1, x)',
  'SELECT DISTINCT ON (generate_series(1, 0)) 1 FROM public.e',
  'SELECT generate_series(1, x) FROM public.e',
  'SELECT count(*) FROM public.e',
  'SELECT FROM public.e HAVING count(*) > 1',
  'SELECT max(x) FROM public.e GROUP BY y HAVING max(x) > 2',
  'SELECT 1 FROM public.e OFFSET 1',
  'SELECT 1 FROM public.e EXCEPT SELECT x FROM public.e',
  'SELECT DISTINCT y FROM public.e WHERE x > 1 ORDER BY y',
];
const ALL: readonly Checked[] = [
  {
    name: 'shown',
    definition: `SELECT g, ${QUERIES.map((query, at) => `EXISTS (${query}) AS e${at}`).join(',\n')}
      FROM public.t`,
  },
  ...QUERIES.map((query, at) => ({
    name: `filtered_${at}`,
    definition: `SELECT g FROM public.t WHERE EXISTS (${query})`,
  })),
];

test('EXISTS is true where its query has a row, whatever is left out of it', async () => {
  const world = await createPreparedWorld(`CREATE TABLE t (g int); CREATE TABLE e (x int, y text);
    INSERT INTO t VALUES (1), (1), (NULL)`);
  try {
    for (const { name, definition } of ALL) {
      const { strategy } = await world.imat.create(name, definition);
      expect(strategy, name).toBe('delta');
    }
    for (const change of [
      "INSERT INTO e VALUES (0, 'a')",
      "INSERT INTO e VALUES (3, 'a'), (NULL, NULL)",
      'DELETE FROM e WHERE x = 0',
      'INSERT INTO t VALUES (2)',
      'TRUNCATE e',
    ]) {
      await world.sql(change);
      await expectExact(world, ALL, change);
      await foldAll(world.imat);
      await expectExact(world, ALL, `${change}, folded`);
    }
  } finally {
    await world.drop();
  }
});
