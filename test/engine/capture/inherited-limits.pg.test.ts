/** Sources from which tables inherit: what is not captured, what breaks them, and the first one. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createImat } from '../../../engine/index.ts';
import { expectExact, sqlstateOf, type World } from '../commands/support/world.ts';
import { useInheritedWorlds } from './support/inherited.ts';
import { ALL, maintain, readsDefinition } from './support/partitioned.ts';
import { foldAll } from '../../setup/fold-all.ts';

const makeWorld = useInheritedWorlds();
let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.drop());

test('a temporary table that inherits is read by its session alone', async () => {
  const session = await world.session();
  await session.sql(`CREATE TEMP TABLE mine () INHERITS (sale);
    INSERT INTO mine VALUES (900, 'a', 1000)`);
  await expectExact(session, ALL);
  await expectExact(world, ALL);
  await session.sql('UPDATE sale SET amount = amount + 1 WHERE id > 100');
  await expectExact(session, ALL);
  await expectExact(world, ALL);
  await maintain(world);
  await expectExact(session, ALL);
  await expectExact(world, ALL);
  expect(await readsDefinition(world, 'summed')).toBe(false);
});

test.each([true, false])(
  'a table that inherits from one outside as well; event triggers: %s',
  async (noticed) => {
    await world.sql('CREATE TABLE other (id int, kind text, amount numeric(10,2))');
    if (!noticed) await world.sql('DROP EVENT TRIGGER imat_ddl');
    await world.sql('ALTER TABLE sale_2a INHERIT other');
    if (!noticed) {
      // The definition answers until the next check.
      await world.sql('UPDATE other SET amount = -1');
      await expectExact(world, ALL);
    }
    await expect(world.imat.fold('summed')).rejects.toThrow(
      /sale_2a .*inherits from another table as well/,
    );
    await expect(world.imat.repair('summed')).rejects.toThrow(
      /sale_2a, which inherits from another/,
    );
    await world.sql('ALTER TABLE sale_2a NO INHERIT other');
    for (const { name } of ALL) await world.imat.repair(name);
    await expectExact(world, ALL);
    await world.sql('UPDATE sale SET amount = amount + 1 WHERE id % 2 = 0');
    await expectExact(world, ALL);
    expect(await world.value('SELECT count(*) FROM imat_store.reset')).toBe('0');
  },
);

test('a table that had none when it was captured, by the repair of its imats', async () => {
  await world.sql('CREATE TABLE plain (g int, v int); INSERT INTO plain VALUES (1, 1), (2, 2)');
  const checked = ['plain_one', 'plain_two', 'plain_three'].map((name) => ({
    name,
    definition: 'SELECT g, sum(v) AS v FROM public.plain GROUP BY g',
  }));
  const convert = async (name: string): Promise<void> => {
    await world.sql(`CREATE MATERIALIZED VIEW ${name} AS ${checked[0]?.definition ?? ''}`);
    await world.imat.convert(name);
  };
  await convert('plain_one');
  await convert('plain_two');
  await world.sql('DROP EVENT TRIGGER imat_ddl');
  await world.sql('CREATE TABLE below () INHERITS (plain); INSERT INTO below VALUES (1, 10)');
  // It takes over capture, and those that were there before are told that they lack rows.
  await convert('plain_three');
  await expectExact(world, checked.slice(2));
  for (const { name } of checked.slice(0, 2)) {
    await expect(world.rows(`SELECT * FROM imat.${name}`)).rejects.toThrow('is broken');
    await world.imat.repair(name);
  }
  await world.sql('UPDATE plain SET v = v + 1; INSERT INTO below VALUES (3, 3)');
  await expectExact(world, checked);
  await foldAll(world.imat);
  await expectExact(world, checked);
  // The last one goes and another comes: it is followed as before.
  await world.sql('DROP TABLE below; CREATE TABLE later () INHERITS (plain)');
  await world.sql('INSERT INTO later VALUES (4, 4); UPDATE plain SET v = v + 1');
  await expectExact(world, checked);
  await foldAll(world.imat);
  await expectExact(world, checked);
  for (const { name } of checked) await world.imat.revert(name);
  expect(
    await world.value(
      `SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('plain'::regclass, 'later'::regclass)`,
    ),
  ).toBe('0');
});

test.each([
  ['CREATE SCHEMA', 'CREATE SCHEMA s CREATE TABLE below () INHERITS (public.plain)'],
  ['CREATE TEMPORARY TABLE', 'CREATE TEMPORARY TABLE below () INHERITS (plain)'],
  ['CREATE FOREIGN TABLE', 'CREATE FOREIGN TABLE below () INHERITS (plain) SERVER f'],
  [
    'ALTER FOREIGN TABLE',
    `CREATE FOREIGN TABLE below (g int, v int) SERVER f;
    ALTER FOREIGN TABLE below INHERIT plain`,
  ],
])('the first one is noticed whatever command makes it: %s', async (_what, ddl) => {
  await world.sql(`CREATE FOREIGN DATA WRAPPER none; CREATE SERVER f FOREIGN DATA WRAPPER none;
    CREATE TABLE plain (g int, v int);
    CREATE MATERIALIZED VIEW plain_sum AS SELECT g, sum(v) AS v FROM plain GROUP BY g`);
  await world.imat.convert('plain_sum');
  await world.sql(ddl);
  expect(await sqlstateOf(world.rows('SELECT * FROM imat.plain_sum'))).toBe('IM024');
});

test('what cannot be captured is refused, with what to do', async () => {
  const session = await world.session();
  const imat = createImat(session.db);
  await session.sql(`CREATE TABLE top (x int); CREATE TABLE o (x int);
    CREATE TABLE u () INHERITS (top, o);
    CREATE TABLE t (x int); CREATE TEMP TABLE tt () INHERITS (t);
    CREATE TABLE k (id int PRIMARY KEY, v int); CREATE TABLE kk () INHERITS (k);
    INSERT INTO k VALUES (1, 1); INSERT INTO kk VALUES (1, 2)`);
  for (const [definition, message] of [
    ['SELECT count(*) AS n FROM sale_1', 'is a table that inherits from another'],
    ['SELECT count(*) AS n FROM top', 'u, which inherits from another table as well'],
    ['SELECT count(*) AS n FROM t', 'tt, which is temporary'],
    ['SELECT id, v, count(*) AS n FROM k GROUP BY id', 'GROUP BY the primary key'],
  ] as const) {
    await session.sql(`CREATE MATERIALIZED VIEW refused AS ${definition}`);
    await expect(imat.convert('refused'), definition).rejects.toThrow(message);
    await session.sql('DROP MATERIALIZED VIEW refused');
  }
});

test('ONLY is not maintained by changes', async () => {
  await world.sql('CREATE MATERIALIZED VIEW lone AS SELECT count(*) AS n FROM ONLY sale');
  const { strategy, reasons } = await world.imat.convert('lone');
  expect([strategy, reasons.map(({ kind }) => kind)]).toEqual(['swap', ['only']]);
  await world.sql('INSERT INTO sale_1 (id) VALUES (1000); DELETE FROM sale WHERE id < 3');
  await expectExact(world, {
    name: 'lone',
    definition: 'SELECT count(*) AS n FROM ONLY public.sale',
  });
});

test('nothing tells what has changed in an unlogged table that inherits', async () => {
  await world.sql(`CREATE TABLE v (x int); CREATE UNLOGGED TABLE vv () INHERITS (v);
    CREATE MATERIALIZED VIEW counted_v AS SELECT count(*) AS n FROM v`);
  const { strategy, reasons } = await world.imat.convert('counted_v', { freshness: '1 hour' });
  expect([strategy, reasons.map(({ message }) => message)]).toEqual([
    'swap',
    [expect.stringContaining('vv, a part of table "public.v", is unlogged')],
  ]);
  expect(
    await world.value(`SELECT imat_catalog.table_signature(i.id) IS NULL
      FROM imat_catalog.imat i WHERE i.name = 'counted_v'`),
  ).toBe(true);
});

test('the indexes that are missing are those of each table', async () => {
  await world.sql(`CREATE TABLE c (id int PRIMARY KEY); CREATE TABLE o (c int, v int);
    CREATE TABLE o_1 () INHERITS (o); CREATE TABLE o_2 () INHERITS (o_1);
    CREATE INDEX ON o (c); CREATE INDEX ON o_2 (c);
    CREATE MATERIALIZED VIEW lists AS
      SELECT c.id, array_agg(o.v ORDER BY o.v) AS vs
      FROM c LEFT JOIN o ON o.c = c.id GROUP BY c.id`);
  const { missingIndexes } = await world.imat.explain('lists');
  expect(missingIndexes).toEqual(['CREATE INDEX CONCURRENTLY ON public.o_1 (c);']);
});
