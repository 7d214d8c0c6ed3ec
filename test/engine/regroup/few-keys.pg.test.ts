/**
 * Up to how many touched keys the rows of these alone are computed again: a sixteenth of the keys
 * whatever is pending, a quarter while few rows are, and no more than 2,000 where no index finds
 * their rows.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPreparedWorld, expectExact, type World } from '../commands/support/world.ts';
import { foldAll } from '../../setup/fold-all.ts';

const BY_MAKER = {
  name: 'by_maker',
  definition: `SELECT p.maker, string_agg(p.note, ',' ORDER BY p.id) AS notes
    FROM public.part p GROUP BY p.maker`,
};
const RANKED = {
  name: 'ranked',
  definition: `SELECT p.id, rank() OVER (PARTITION BY p.code ORDER BY p.id) AS place
    FROM public.part p`,
};
const ALL = [BY_MAKER, RANKED];
const ROWS = 40_000;
const MAKERS = 1000;

let world: World;
beforeAll(async () => {
  world = await createPreparedWorld(`
    CREATE TABLE part (id int PRIMARY KEY, maker int, code int, note text);
    INSERT INTO part SELECT i, i % ${MAKERS}, i, 'n' FROM generate_series(1, ${ROWS}) AS i;
    CREATE INDEX ON part (maker);
    ANALYZE`);
  for (const { name, definition } of ALL) await world.imat.create(name, definition);
});
afterAll(() => world.drop());

type Bound = { readonly few: string; readonly isFew: boolean; readonly touched: number };

const boundOf = async (name: string): Promise<Bound | undefined> =>
  (
    await world.rows<Bound>(`SELECT few, is_few AS "isFew", cardinality(keys) AS touched
      FROM imat_store.touched_${name}`)
  )[0];

/** Changes two rows of each of these makers. */
const change = (makers: number): Promise<unknown> =>
  world.sql(`UPDATE part SET note = note || 'x'
    WHERE maker < ${makers} AND id <= ${2 * MAKERS}`);

test('a quarter of the keys is few while few rows are pending', async () => {
  await change(MAKERS / 5);
  expect(await boundOf('by_maker')).toEqual({ few: '250', isFew: true, touched: 200 });
  await expectExact(world, ALL, 'a fifth');
  await foldAll(world.imat);
  await expectExact(world, ALL, 'folded');
  await change(MAKERS / 2);
  expect(await boundOf('by_maker')).toEqual({ few: '250', isFew: false, touched: 251 });
  await expectExact(world, ALL, 'a half');
  await foldAll(world.imat);
  await expectExact(world, ALL, 'folded again');
});

test('only a sixteenth is while many rows are', async () => {
  // Of each row the log has what it was and what it is.
  await world.sql(`UPDATE part SET note = note || 'y' WHERE maker < 150`);
  expect(await boundOf('by_maker')).toEqual({ few: '250', isFew: false, touched: 150 });
  await expectExact(world, ALL, 'many rows');
  await foldAll(world.imat);
  await world.sql(`UPDATE part SET note = note || 'z' WHERE maker < 50;
    UPDATE part SET note = note || 'z' WHERE maker < 50;
    UPDATE part SET note = note || 'z' WHERE maker < 50`);
  expect(await boundOf('by_maker')).toEqual({ few: '250', isFew: true, touched: 50 });
  await expectExact(world, ALL, 'many rows of few keys');
});

test('a fold that has begun with few keys goes on so, whatever comes meanwhile', async () => {
  await foldAll(world.imat);
  await change(MAKERS / 5);
  const bound = await boundOf('by_maker');
  await world.sql(`BEGIN;
    SELECT set_config('imat.few', '${bound?.few}', true);
    UPDATE part SET note = note || 'w' WHERE maker < 200`);
  expect(await boundOf('by_maker')).toEqual({ few: '250', isFew: true, touched: 200 });
  await expectExact(world, BY_MAKER, 'told');
  await world.sql('ROLLBACK');
});

test('without an index, rows are looked for in a hash table of the keys', async () => {
  expect((await boundOf('ranked'))?.few).toBe('2000');
  await world.sql(`UPDATE part SET code = code + 1 WHERE id % 40 = 0`);
  const plan = await world.rows<Record<string, string>>(
    `EXPLAIN SELECT * FROM imat_store.current_ranked`,
  );
  const text = plan.map((row) => row['QUERY PLAN']).join('\n');
  // This one first: few rows are left for the other.
  expect(text).toMatch(/Filter: \(.*hashed SubPlan .*\) IS TRUE\) AND \(code = ANY \(/u);
  await expectExact(world, ALL, 'without an index');
  await world.sql('CREATE INDEX ON part (code); ANALYZE part');
  expect(Number((await boundOf('ranked'))?.few)).toBeGreaterThan(ROWS / 5);
  await expectExact(world, ALL, 'with one');
  await foldAll(world.imat);
  await expectExact(world, ALL, 'folded with one');
});
