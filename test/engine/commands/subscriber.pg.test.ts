/**
 * Sources that a logical replication subscription fills, which fires no statement triggers: right
 * before, while and after it is there, whenever the imats were made.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../../../tools/postgres.ts';
import { createWorld, expectExact, sqlstateOf, until, type World } from './support/world.ts';
import { foldAll } from '../../setup/fold-all.ts';

const TABLES = `
  CREATE TABLE t (id int PRIMARY KEY, g int, v int);
  CREATE TABLE p (id int PRIMARY KEY, g int) PARTITION BY RANGE (id);
  CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (100);
  CREATE TABLE p_2 PARTITION OF p DEFAULT;`;
const ROWS = `
  INSERT INTO t SELECT i, i % 4, i FROM generate_series(1, 40) AS i;
  INSERT INTO p SELECT i, i % 3 FROM generate_series(1, 200, 7) AS i;`;

const BEFORE = [
  { name: 'sums', definition: 'SELECT g, sum(v) AS s FROM public.t GROUP BY g' },
  { name: 'rows', definition: 'SELECT g, v FROM public.t WHERE v > 3' },
  { name: 'parted', definition: 'SELECT g, count(*) AS n FROM public.p GROUP BY g' },
  {
    name: 'mixed',
    definition: `SELECT l.name, max(t.v) AS top FROM public.here l LEFT JOIN public.t USING (g)
      GROUP BY l.name`,
  },
];
const LATER = {
  name: 'later',
  definition: 'SELECT t.g, count(*) AS n FROM public.t JOIN public.p USING (g) GROUP BY t.g',
};
const ALL = [...BEFORE, LATER];

let server: PostgresServer;
let there: World;
let here: World;
beforeAll(async () => {
  server = await startPostgres();
  there = await createWorld(`${TABLES}${ROWS} CREATE PUBLICATION pub FOR ALL TABLES`, server.url);
  here = await createWorld(
    `${TABLES} CREATE TABLE here (g int, name text);
     INSERT INTO here SELECT i, 'h' || i % 2 FROM generate_series(0, 4) AS i`,
    server.url,
  );
  for (const { name, definition } of BEFORE) await here.imat.create(name, definition);
  await here.sql(`SELECT imat.create_group('g', '{t,p}'::regclass[], '{}', 'start')`);
});
afterAll(async () => {
  for (const one of [here, there]) await one?.drop();
  await server?.stop();
});

async function arrived(): Promise<void> {
  const written = await there.value<string>('SELECT pg_current_wal_insert_lsn()::text');
  await until('the subscriber has applied', () =>
    there.value<boolean>(`SELECT confirmed_flush_lsn >= '${written}'::pg_lsn
      FROM pg_replication_slots WHERE slot_name = 'sub'`),
  );
}

test('imats over tables that a subscription begins to fill are broken at once', async () => {
  const { pathname, port } = new URL(there.url);
  // In one cluster, CREATE SUBSCRIPTION would wait for itself.
  await there.sql(`SELECT pg_create_logical_replication_slot('sub', 'pgoutput')`);
  await here.sql(`CREATE SUBSCRIPTION sub CONNECTION
    'host=127.0.0.1 port=${port} user=postgres dbname=${pathname.slice(1)}' PUBLICATION pub
    WITH (create_slot = false, slot_name = 'sub')`);
  for (const { name } of BEFORE)
    expect(await sqlstateOf(here.rows(`SELECT FROM imat.${name}`)), name).toBe('IM024');
  await until('the tables are copied', () =>
    here.value<boolean>(`SELECT bool_and(srsubstate = 'r') FROM pg_subscription_rel`),
  );
  expect(await here.value('SELECT count(*)::int FROM t')).toBe(40);
});

test('repaired, they run their definitions, as one does that is made now', async () => {
  expect(await here.imat.repair()).toEqual(
    BEFORE.map(({ name }) => expect.objectContaining({ name, strategy: 'swap', error: null })),
  );
  await here.imat.create(LATER.name, LATER.definition);
  await expectExact(here, ALL);
});

test.each([
  'INSERT INTO t SELECT i, i % 5, 1 FROM generate_series(41, 60) AS i',
  'UPDATE t SET g = 3, v = v + 1 WHERE id % 3 = 0; DELETE FROM t WHERE id % 7 = 1',
  'UPDATE p SET id = id + 100 WHERE id < 50; DELETE FROM p WHERE g = 1',
  'BEGIN; TRUNCATE t; INSERT INTO t VALUES (1, 2, 3); COMMIT',
  'TRUNCATE p',
])('%s', async (write) => {
  await there.sql(write);
  await arrived();
  for (const name of ['t', 'p'])
    expect(await here.rows(`SELECT * FROM ${name} ORDER BY id`)).toEqual(
      await there.rows(`SELECT * FROM ${name} ORDER BY id`),
    );
  await expectExact(here, ALL, write);
  await here.sql('UPDATE here SET g = (g + 1) % 5');
  await here.imat.swap('mixed');
  await expectExact(here, ALL, 'swapped');
});

test('accounting does not count what is applied', async () => {
  await here.sql(`SELECT imat.set_mark('g', 'quiet')`);
  await there.sql('INSERT INTO t SELECT i, 1, 1 FROM generate_series(100, 109) AS i');
  await arrived();
  await here.sql('INSERT INTO t VALUES (500, 1, 1)');
  expect(
    await here.rows(`SELECT stat_table::text AS name, stat_rows::int AS n
      FROM imat.log_stat_group('g', 'quiet', NULL) WHERE stat_rows > 0`),
  ).toEqual([{ name: 't', n: 1 }]);
});

test('without the subscription, a repair captures again', async () => {
  await here.sql(`ALTER SUBSCRIPTION sub DISABLE; ALTER SUBSCRIPTION sub SET (slot_name = NONE)`);
  await here.sql('DROP SUBSCRIPTION sub');
  await until('nobody reads the slot', () =>
    there.value<boolean>('SELECT NOT bool_or(active) FROM pg_replication_slots'),
  );
  await there.sql(`SELECT pg_drop_replication_slot('sub')`);
  await here.sql(ROWS.replaceAll('t SELECT i,', 't SELECT i + 1000,'));
  await expectExact(here, ALL);
  for (const { name } of ALL)
    expect(await here.imat.repair(name)).toMatchObject([{ strategy: 'delta', error: null }]);
  await here.sql('UPDATE t SET v = v + g; DELETE FROM p WHERE g = 2; INSERT INTO p VALUES (-1, 1)');
  await expectExact(here, ALL, 'captured');
  await foldAll(here.imat);
  await expectExact(here, ALL, 'folded');
});
