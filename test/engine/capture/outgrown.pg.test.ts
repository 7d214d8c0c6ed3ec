/** Reads while more rows are pending than are worth adding up: they compute the answer anew. */
import { expect, test } from 'vitest';
import {
  type Checked,
  createPreparedWorld,
  expectExact,
  type World,
} from '../commands/support/world.ts';
import { foldAll } from '../../setup/fold-all.ts';

const ALL: readonly Checked[] = [
  {
    name: 'summed',
    definition: 'SELECT g, sum(v) AS s, count(*) AS n FROM public.t GROUP BY g HAVING count(*) > 1',
  },
  { name: 'rows', definition: 'SELECT v % 10 AS r, pad FROM public.t WHERE v > 3' },
  {
    name: 'joined',
    definition:
      'SELECT k.name, sum(t.v) AS v FROM public.t JOIN public.k USING (g) GROUP BY k.name',
  },
  { name: 'parted', definition: 'SELECT g, count(*) AS n FROM public.p GROUP BY g' },
];

/** Which imats the arm that computes anew answers. */
async function anew(world: World, checked = ALL): Promise<string[]> {
  const names: string[] = [];
  for (const { name } of checked) {
    const plan = await world.rows<{ 'QUERY PLAN': string }>(
      `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM imat.${name}`,
    );
    const scan = plan.find((line) => line['QUERY PLAN'].includes(`Scan on answered_${name}`));
    expect(scan, name).toBeDefined();
    if (scan?.['QUERY PLAN'].includes('never executed') === false) names.push(name);
  }
  return names;
}

test('reads compute the answer anew until a fold, and are always exact', async () => {
  const world = await createPreparedWorld(`
    CREATE TABLE t (g int, v int, pad text);
    CREATE TABLE k (g int, name text);
    CREATE TABLE p (g int) PARTITION BY LIST (g);
    CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1);
    CREATE TABLE p_2 PARTITION OF p DEFAULT;
    INSERT INTO t SELECT i % 100, i, 'x' FROM generate_series(1, 20000) AS i;
    INSERT INTO k SELECT i, 'k' || i % 7 FROM generate_series(0, 99) AS i;
    INSERT INTO p SELECT i % 3 FROM generate_series(1, 1000) AS i;
    ANALYZE`);
  try {
    for (const { name, definition } of ALL) await world.imat.create(name, definition);
    const [before, reader] = [await world.session(), await world.role()];
    await world.sql(`GRANT SELECT ON ${ALL.map(({ name }) => `imat.${name}`).join()} TO ${reader};
      GRANT SELECT ON t, k, p TO ${reader}; GRANT USAGE ON SCHEMA public TO ${reader}`);
    await before.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM t LIMIT 1');
    await world.sql('UPDATE t SET v = v + 1 WHERE v <= 100; INSERT INTO p VALUES (1)');
    expect(await anew(world)).toEqual([]);
    await expectExact(world, ALL);
    await world.sql('UPDATE t SET v = v + 1 WHERE v <= 5500; DELETE FROM t WHERE v % 100 = 7');
    expect(await anew(world)).toEqual(['summed', 'rows', 'joined']);
    await world.sql(`INSERT INTO p SELECT i % 5 FROM generate_series(1, 11000) AS i`);
    expect(await anew(world)).toEqual(ALL.map(({ name }) => name));
    await expectExact(world, ALL);
    await expectExact(before, ALL, 'an older snapshot');
    await expectExact(await world.session(reader), ALL, 'an ordinary role');
    await before.sql('COMMIT');
    const writer = await world.session();
    await writer.sql('BEGIN; DELETE FROM t WHERE v < 50; SAVEPOINT s; TRUNCATE t; ROLLBACK TO s');
    await expectExact(writer, ALL, 'in the transaction');
    await writer.sql('ROLLBACK');
    await foldAll(world.imat);
    expect(await anew(world)).toEqual([]);
    await expectExact(world, ALL);
  } finally {
    await world.drop();
  }
});

test('fewer rows are worth it of a table whose rows are each joined with many', async () => {
  const priced: Checked = {
    name: 'joined',
    definition:
      'SELECT s.g, sum(s.v * p.price) AS v FROM public.sold s JOIN public.p ON p.id = s.p ' +
      'GROUP BY s.g',
  };
  const union: Checked = {
    name: 'united',
    definition: 'SELECT v FROM public.sold UNION ALL SELECT id FROM public.p',
  };
  const world = await createPreparedWorld(`
    CREATE TABLE p (id int, price int);
    CREATE TABLE sold (g int, v int, p int);
    INSERT INTO p SELECT i, i % 9 FROM generate_series(1, 2000) AS i;
    INSERT INTO sold SELECT i % 10, i, 1 + i % 2000 FROM generate_series(1, 60000) AS i;
    ANALYZE`);
  try {
    for (const { name, definition } of [priced, union]) await world.imat.create(name, definition);
    await world.sql('UPDATE p SET price = price + 1 WHERE id <= 160');
    expect(await anew(world, [priced, union])).toEqual([]);
    await expectExact(world, [priced, union]);
    await world.sql('INSERT INTO p SELECT i, 1 FROM generate_series(2001, 2020) AS i');
    expect(await anew(world, [priced, union]), 'what nothing is joined with').toEqual([]);
    await world.sql('UPDATE p SET price = price + 1 WHERE id BETWEEN 161 AND 225');
    expect(await anew(world, [priced, union])).toEqual(['joined']);
    await expectExact(world, [priced, union]);
    await foldAll(world.imat);
    await world.sql('UPDATE sold SET v = v + 1 WHERE v <= 2000');
    expect(await anew(world, [priced, union])).toEqual([]);
    await expectExact(world, [priced, union]);
  } finally {
    await world.drop();
  }
});

/** The queries that compute an answer from the tables alone, and have run. */
async function answered(world: World, name: string): Promise<number> {
  const plan = await world.rows<{ 'QUERY PLAN': string }>(
    `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM imat.${name}`,
  );
  return plan.filter(
    ({ 'QUERY PLAN': line }) =>
      line.includes(`Scan on answered_${name}`) && !line.includes('never executed'),
  ).length;
}

test('how many rows are joined follows the tables, and one of seven is not few', async () => {
  const joined: Checked = {
    name: 'joined',
    definition:
      'SELECT r.name, sum(s.v) AS v FROM public.sold s JOIN public.r ON r.id = s.r GROUP BY 1',
  };
  const world = await createPreparedWorld(
    'CREATE TABLE r (id int, name text); CREATE TABLE sold (r int, v int)',
  );
  try {
    await world.imat.create(joined.name, joined.definition);
    await world.sql(`INSERT INTO r SELECT i, 'r' || i FROM generate_series(1, 7) AS i;
      INSERT INTO sold SELECT 1 + i % 7, i FROM generate_series(1, 60000) AS i; ANALYZE`);
    await foldAll(world.imat);
    await world.sql(`INSERT INTO r SELECT i, 'new' FROM generate_series(8, 20) AS i`);
    expect(await answered(world, 'joined'), 'what nothing is joined with').toBe(0);
    await expectExact(world, joined);
    await world.sql(`UPDATE r SET name = 'other' WHERE id = 3`);
    expect(await answered(world, 'joined')).toBe(1);
    await expectExact(world, joined);
  } finally {
    await world.drop();
  }
});

test('extremes of joined tables are derived again for a share of the groups', async () => {
  const lowest: Checked = {
    name: 'lowest',
    definition:
      'SELECT p.g, min(s.v) AS v FROM public.sold s JOIN public.p ON p.id = s.p GROUP BY 1',
  };
  const world = await createPreparedWorld(`
    CREATE TABLE p (id int PRIMARY KEY, g int);
    CREATE TABLE sold (id int PRIMARY KEY, p int, v int);
    INSERT INTO p SELECT i, i % 20 FROM generate_series(1, 200) AS i;
    INSERT INTO sold SELECT i, 1 + i % 200, i FROM generate_series(1, 4000) AS i;
    CREATE INDEX ON p (g);
    CREATE INDEX ON sold (p);
    ANALYZE`);
  try {
    await world.imat.create(lowest.name, lowest.definition);
    await world.sql('DELETE FROM sold WHERE id <= 4');
    expect(await answered(world, 'lowest')).toBe(0);
    await expectExact(world, lowest);
    await world.sql('DELETE FROM sold WHERE id <= 10');
    expect(await answered(world, 'lowest')).toBe(1);
    await expectExact(world, lowest);
    await foldAll(world.imat);
    await expectExact(world, lowest);
  } finally {
    await world.drop();
  }
});
