/**
 * What breaks an imat on a partitioned table, and what does not: partitions come and go without
 * harm, but what their triggers have missed is never in an answer.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createImat } from '../../../engine/index.ts';
import {
  ALL,
  maintain,
  usePartitionedWorlds,
  readsDefinition,
  SUMMED,
} from '../capture/support/partitioned.ts';
import { expectExact, sqlstateOf, type World } from '../commands/support/world.ts';

const makeWorld = usePartitionedWorlds();
let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.drop());

/** What a poll of a worker does. */
const check = (): Promise<unknown> => world.sql('SELECT imat_catalog.look(NULL, 10, NULL)');
const reasons = (): Promise<string | null> =>
  world.value(`SELECT string_agg(DISTINCT broken, '; ') FROM imat_catalog.imat`);

async function expectBroken(reason: RegExp): Promise<void> {
  expect(await reasons()).toMatch(reason);
  for (const { name } of ALL)
    expect(await sqlstateOf(world.rows(`SELECT * FROM imat.${name}`)), name).toBe('IM024');
}

async function expectRepaired(): Promise<void> {
  expect((await world.imat.repair()).filter((one) => one.error !== null)).toEqual([]);
  await expectExact(world, ALL);
  await world.sql(`INSERT INTO sale VALUES (1, 'a', 7), (101, 'a', 8), (103, NULL, 9);
    DELETE FROM sale_2a WHERE id < 150; TRUNCATE sale_1; INSERT INTO sale VALUES (4, 'b', 1)`);
  await expectExact(world, ALL);
  await maintain(world);
  await expectExact(world, ALL);
  expect(await readsDefinition(world, 'joined')).toBe(false);
  expect((await world.imat.doctor()).checks.filter(({ status }) => status !== 'ok')).toEqual([]);
}

const LOST = `INSERT INTO sale_2a VALUES (101, 'a', 1000)`;
const IGNORED = (table: string): string => `ALTER TABLE ${table} DISABLE TRIGGER ALL`;
const BACK = (table: string): string => `DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT tgname FROM pg_trigger WHERE tgrelid = '${table}'::regclass LOOP
    EXECUTE format('ALTER TABLE ${table} ENABLE ALWAYS TRIGGER %I', name); END LOOP; END $$`;

describe.each(['by event triggers', 'by a poll'])('%s', (how) => {
  beforeEach(async () => {
    if (how === 'by a poll') await world.sql('DROP EVENT TRIGGER imat_ddl, imat_drop');
  });
  const notice = async (): Promise<void> => {
    if (how === 'by a poll') await check();
  };

  test.each([
    [
      'triggers of a partition that were disabled for a time',
      `${IGNORED('sale_2a')}; ${LOST}; ${BACK('sale_2a')}`,
      /capture on (public\.)?sale_2a (was disabled or replaced for a time|is disabled or gone)/,
    ],
    [
      'triggers of a part with partitions that are disabled',
      `${IGNORED('sale_2')}; INSERT INTO sale_2 VALUES (101, 'a', 1000)`,
      /capture on (public\.)?sale_2 is disabled or gone/,
    ],
    [
      'a trigger of a partition that was dropped',
      `DO $$ DECLARE name text; BEGIN
         FOR name IN SELECT tgname FROM pg_trigger
           WHERE tgrelid = 'sale_2a'::regclass AND tgparentid = 0 LOOP
           EXECUTE format('DROP TRIGGER %I ON sale_2a', name); END LOOP; END $$; ${LOST}`,
      /capture on (public\.)?sale_2a is disabled or gone/,
    ],
    [
      'triggers of the root that were disabled for a time',
      `ALTER TABLE ONLY sale DISABLE TRIGGER "!imat_insert"; INSERT INTO sale VALUES (5, 'a', 100);
       ALTER TABLE ONLY sale ENABLE ALWAYS TRIGGER "!imat_insert"`,
      /capture on (public\.)?sale (was disabled or replaced for a time|is disabled or gone)/,
    ],
  ])('%s', async (_what, change, reason) => {
    for (const statement of change.split(';\n')) await world.sql(statement);
    await notice();
    await expectBroken(reason);
    await expectRepaired();
  });

  test('a partition that has become unlogged', async () => {
    await world.sql('ALTER TABLE sale_1 SET UNLOGGED');
    await notice();
    await expectBroken(/^(public\.)?sale_1 has become unlogged/);
    await world.sql('ALTER TABLE sale_1 SET LOGGED');
    await expectRepaired();
  });

  test('a root that has become a partition', async () => {
    await world.sql(`CREATE TABLE above (id int, kind text, amount numeric(10,2))
      PARTITION BY RANGE (id)`);
    await world.sql('ALTER TABLE above ATTACH PARTITION sale FOR VALUES FROM (0) TO (1000)');
    await notice();
    await world.sql(`INSERT INTO above VALUES (5, 'a', 100)`);
    await expectBroken(/table (public\.)?sale takes part in inheritance or partitioning/);
    await world.sql('ALTER TABLE above DETACH PARTITION sale');
    await expectRepaired();
  });

  test('partitions that come and go, at every level, do no harm', async () => {
    for (const ddl of [
      'CREATE TABLE sale_3 PARTITION OF sale FOR VALUES FROM (200) TO (300)',
      `CREATE TABLE sale_2n PARTITION OF sale_2 FOR VALUES IN ('n')`,
      'ALTER TABLE sale DETACH PARTITION sale_1',
      'ALTER TABLE sale_1 SET UNLOGGED',
      'DROP TABLE sale_2n',
      'ALTER TABLE sale_2 DETACH PARTITION sale_2a; DROP TABLE sale_2a',
      'CREATE INDEX ON sale (id)',
      'ALTER TABLE sale ADD COLUMN twice int GENERATED ALWAYS AS (id * 2) STORED',
      `CREATE TABLE sale_4 (twice int GENERATED ALWAYS AS (id * 2) STORED, id int, kind text,
         amount numeric(10,2));
       ALTER TABLE sale ATTACH PARTITION sale_4 FOR VALUES FROM (300) TO (400)`,
      'ALTER TABLE sale RENAME TO sold; ALTER TABLE sold RENAME TO sale',
      'ALTER TABLE sale_3 RENAME TO third',
    ]) {
      await world.sql(ddl);
      await notice();
      expect(await reasons(), ddl).toBeNull();
      await expectExact(world, ALL, ddl);
    }
    await maintain(world);
    expect(await reasons()).toBeNull();
    await expectExact(world, ALL);
    expect(await readsDefinition(world, 'joined')).toBe(false);
    await check();
    expect(await reasons()).toBeNull();
  });
});

test('what a detached table has missed is not logged as if it had been there', async () => {
  await world.sql('DROP EVENT TRIGGER imat_ddl, imat_drop');
  await world.sql('ALTER TABLE sale DETACH PARTITION sale_1');
  await world.sql(`${IGNORED('sale_1')}; DELETE FROM sale_1 WHERE id < 50; ${BACK('sale_1')}`);
  expect(await world.value('SELECT imat_catalog.follow_any_part()')).toBe(true);
  await expectBroken(/capture on (public\.)?sale_1 was disabled or replaced/);
  await world.sql('ALTER TABLE sale ATTACH PARTITION sale_1 FOR VALUES FROM (0) TO (100)');
  await expectRepaired();
});

test('policies that would hide rows of a new partition raise an error', async () => {
  const role = await world.role();
  const database = await world.value<string>('SELECT current_database()');
  await world.sql(`GRANT ALL ON SCHEMA public TO ${role};
    GRANT CREATE ON DATABASE ${database} TO ${role}`);
  for (const { name } of ALL) await world.imat.revert(name);
  await world.sql(
    `DROP MATERIALIZED VIEW ${ALL.map(({ name }) => name).join(', ')}; DROP TABLE sale`,
  );
  const owner = await world.session(role);
  await owner.sql(`CREATE TABLE public.sale (id int, kind text, amount int) PARTITION BY RANGE (id);
    CREATE TABLE public.sale_1 PARTITION OF public.sale FOR VALUES FROM (0) TO (100)`);
  const imat = createImat(owner.db);
  await imat.create('summed', SUMMED.definition);
  await owner.sql(`CREATE TABLE public.sale_3 (id int, kind text, amount int);
    INSERT INTO public.sale_3 VALUES (201, 'a', 5);
    ALTER TABLE public.sale_3 ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    ALTER TABLE public.sale ATTACH PARTITION public.sale_3 FOR VALUES FROM (200) TO (300)`);
  await expectExact(owner, SUMMED);
  expect(await sqlstateOf(owner.sql(`CALL imat.fold('summed')`))).toBe('42501');
  await expectExact(owner, SUMMED);
  await owner.sql('ALTER TABLE public.sale_3 NO FORCE ROW LEVEL SECURITY');
  await owner.sql(`CALL imat.fold('summed')`);
  expect(await readsDefinition(owner, 'summed')).toBe(false);
  await expectExact(owner, SUMMED);
});

test('a log that is gone: what was captured of partitions is captured again', async () => {
  for (let round = 0; round < 3; round++) {
    await world.sql('ALTER TABLE sale DETACH PARTITION sale_1');
    const log = await world.value<string>(
      `SELECT log::text FROM imat_catalog.source WHERE relation = 'sale'::regclass`,
    );
    await world.sql(`DROP TABLE ${log} CASCADE`);
    await world.sql(`INSERT INTO sale_1 (id, kind, amount) VALUES (1, 'a', 5); ${LOST}`);
    expect((await world.imat.repair()).filter((one) => one.error !== null)).toEqual([]);
    await expectExact(world, ALL);
    expect(
      await world.rows(`SELECT tgname FROM pg_trigger WHERE tgrelid = 'sale_1'::regclass`),
    ).toEqual([]);
    await world.sql('DELETE FROM sale_1 WHERE id < 50');
    await world.sql('ALTER TABLE sale ATTACH PARTITION sale_1 FOR VALUES FROM (0) TO (100)');
    await expectExact(world, ALL);
    await maintain(world);
    await expectExact(world, ALL);
  }
  await expectRepaired();
});

test('a table that has no partitions yet, and one that has none any more', async () => {
  await world.sql(`CREATE TABLE bare (g int, v int) PARTITION BY LIST (g);
    CREATE MATERIALIZED VIEW bare_sums AS SELECT g, sum(v) AS v FROM bare GROUP BY g`);
  await world.imat.convert('bare_sums');
  const sums = {
    name: 'bare_sums',
    definition: 'SELECT g, sum(v) AS v FROM public.bare GROUP BY g',
  };
  for (let round = 0; round < 2; round++) {
    await check();
    await world.sql(`CREATE TABLE bare_1 PARTITION OF bare FOR VALUES IN (1);
      INSERT INTO bare VALUES (1, 1)`);
    await check();
    await expectExact(world, sums);
    await world.imat.fold('bare_sums');
    await expectExact(world, sums);
    await world.sql('ALTER TABLE bare DETACH PARTITION bare_1; DROP TABLE bare_1');
    await world.imat.fold('bare_sums');
    await expectExact(world, sums);
  }
  expect(await reasons()).toBe(null);
});
