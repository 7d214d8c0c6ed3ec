/** The keys that a changed row leads to, where many rows of a step lead on to the same rows. */
import { expect, test } from 'vitest';
import { type Checked, createPreparedWorld, expectExact } from '../commands/support/world.ts';
import { foldAll } from '../../setup/fold-all.ts';

const TABLES = [1, 2, 3, 4, 5, 6];

/** `id` of t1 whose `h` is among the `g` of t2 whose `h` is among the `g` of t3, and so on. */
const member = (table: number): string =>
  table === TABLES.length
    ? `SELECT g FROM public.t${table}`
    : `SELECT g FROM public.t${table} WHERE h IN (${member(table + 1)})`;

const ALL: readonly Checked[] = [
  {
    name: 'members',
    definition: `SELECT id, g, max(h) OVER (PARTITION BY id) AS m FROM public.t1
      WHERE h IN (${member(2)})`,
  },
  {
    name: 'present',
    definition: `SELECT id FROM public.t1 WHERE EXISTS (SELECT FROM public.t2 WHERE t2.g = t1.h
      AND EXISTS (SELECT FROM public.t3 WHERE t3.g = t2.h AND EXISTS (SELECT FROM public.t4
        WHERE t4.g = t3.h AND NOT EXISTS (SELECT FROM public.t5 WHERE t5.g = t4.h))))`,
  },
  {
    name: 'chained',
    definition: `SELECT k.id, count(DISTINCT t2.h) AS n FROM public.k
      LEFT JOIN public.t1 ON t1.id = k.id
      LEFT JOIN (SELECT DISTINCT g, h FROM public.t2) t2 ON t2.g = t1.h
      LEFT JOIN (SELECT DISTINCT g FROM public.t3) t3 ON t3.g = t2.h GROUP BY k.id`,
  },
];

test('rows of a step that lead to the same rows are followed once', async () => {
  const world = await createPreparedWorld(`
    CREATE TABLE k (id int PRIMARY KEY); INSERT INTO k SELECT * FROM generate_series(1, 50);
    ${TABLES.map(
      (n) => `CREATE TABLE t${n} (id int PRIMARY KEY, g int, h int);
        INSERT INTO t${n} SELECT i, i % 10, i * 7 % 10 FROM generate_series(1, 2000) AS i;`,
    ).join('')}
    ANALYZE`);
  try {
    for (const { name, definition } of ALL) {
      const { strategy } = await world.imat.create(name, definition);
      expect(strategy, name).toBe('delta');
    }
    // Each row of a step has 200 in the next one: 2 * 200 ^ 5 keys if each was followed.
    await world.sql(`SET statement_timeout = '20s'; DELETE FROM t6 WHERE h = 3;
      UPDATE t6 SET g = 11 WHERE id % 3 = 0; DELETE FROM t5 WHERE id = 4;
      UPDATE t3 SET h = 3 WHERE id = 9`);
    await expectExact(world, ALL, 'pending');
    await foldAll(world.imat);
    await world.sql('UPDATE t6 SET g = g + 3; INSERT INTO t4 VALUES (5000, NULL, 4)');
    await foldAll(world.imat);
    await expectExact(world, ALL, 'folded');
  } finally {
    await world.drop();
  }
});

test('values that are equal and not the same are followed each, unless only compared', async () => {
  const world = await createPreparedWorld(`
    CREATE TABLE a (id int PRIMARY KEY, t text, n numeric);
    CREATE TABLE b (t text, n numeric, m numeric);
    CREATE TABLE c (m numeric, s text);
    INSERT INTO a VALUES (1, '1.0', 1), (2, '1.00', 1.00), (3, '2', 2);
    INSERT INTO b VALUES ('x', 1.0, 7), ('x', 1.00, 7), ('y', 2, 8);
    INSERT INTO c VALUES (7.0, 'p'), (7.00, 'q'), (8, 'r')`);
  const all: readonly Checked[] = [
    {
      name: 'computed',
      definition: `SELECT a.id, array_agg(DISTINCT c.s) AS s FROM public.a
        LEFT JOIN public.b ON b.n::text = a.t LEFT JOIN public.c ON c.m = b.m GROUP BY a.id`,
    },
    {
      name: 'compared',
      definition: `SELECT a.id, array_agg(DISTINCT c.s) AS s FROM public.a
        LEFT JOIN public.b ON b.n = a.n LEFT JOIN public.c ON c.m = b.m GROUP BY a.id`,
    },
  ];
  try {
    for (const { name, definition } of all) await world.imat.create(name, definition);
    await expectExact(world, all);
    await world.sql("INSERT INTO c VALUES (7, 'n'); UPDATE c SET m = 7.000 WHERE s = 'r'");
    await expectExact(world, all, 'pending');
    await foldAll(world.imat);
    await expectExact(world, all, 'folded');
    const view = (name: string): Promise<string> =>
      world.value(`SELECT pg_get_viewdef('imat_store.touched_${name}'::regclass)`);
    expect(await view('computed')).toMatch(/SELECT r2_1\.n\s+FROM \( SELECT DISTINCT r3_1\.m/);
    expect(await view('compared')).toMatch(
      /SELECT DISTINCT r2_1\.n\s+FROM \( SELECT DISTINCT r3_1\.m/,
    );
  } finally {
    await world.drop();
  }
});
