/**
 * A cluster that pg_upgrade has made of another one, of the same version and of a newer one. What
 * is stored there, what is pending and what was counted is as it was: nothing has to be repaired.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../../../tools/postgres.ts';
import { WITH_EXTENSION } from '../../setup/database.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import { findUpgradable, SETTINGS, upgrade } from '../../setup/upgraded-cluster.ts';
import { newWorker } from '../../workers/support/passes.ts';
import { detailed, warnings } from '../accounting/support/world.ts';
import {
  type Checked,
  expectExact,
  openWorld,
  sqlstateOf,
  type World,
} from '../commands/support/world.ts';
import { foldAll } from '../../setup/fold-all.ts';

const ADDED: Checked = {
  name: 'added',
  definition: 'SELECT region, kind, sum(public.tax(amount)) AS t FROM public.sale GROUP BY 1, 2',
};
const IMATS: readonly Checked[] = [
  ADDED,
  {
    name: 'regrouped',
    definition: `SELECT p.kind, max(s.amount) AS top, count(DISTINCT s.region) AS regions
      FROM public.product p LEFT JOIN public.sale s ON s.product_id = p.id GROUP BY p.kind`,
  },
  {
    name: 'rebuilt',
    definition: `${REBUILT} SELECT id, rank() OVER (ORDER BY amount, id) AS place
      FROM public.sale`,
  },
  { name: 'parted', definition: 'SELECT n % 3 AS g, count(*) AS c FROM public.part GROUP BY 1' },
  {
    name: 'labelled',
    definition: 'SELECT kind::text AS label, count(*) AS n FROM public.sale GROUP BY 1',
  },
  {
    name: 'stores',
    definition: `WITH sold AS (SELECT region, sum(amount) AS t FROM public.sale GROUP BY region)
      SELECT region, t, (SELECT sum(t) FROM sold) AS whole FROM sold`,
  },
  { name: 'stacked', definition: 'SELECT kind, sum(t) AS t FROM imat.added GROUP BY kind' },
  { name: 'of_keeper', definition: 'SELECT g, count(*) AS n FROM own.t GROUP BY g' },
];
/** In a database of a role that is no superuser, and has no event triggers. */
const OWN: Checked = { name: 'own', definition: 'SELECT g, sum(v) AS s FROM public.t GROUP BY g' };

const SETUP = `
${WITH_EXTENSION ? 'CREATE EXTENSION table_change_tracker;' : ''}
CREATE TYPE kind AS ENUM ('a', 'b', 'c');
CREATE FUNCTION tax(numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT $1 / 5';
CREATE TABLE product (gone int, id int PRIMARY KEY, kind kind NOT NULL);
ALTER TABLE product DROP COLUMN gone;
CREATE TABLE sale (gone int, id int PRIMARY KEY, region text, kind kind, product_id int,
  amount numeric(10,2) CHECK (amount >= 0));
ALTER TABLE sale DROP COLUMN gone;
CREATE TABLE part (n int) PARTITION BY RANGE (n);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (100);
INSERT INTO product SELECT i, (enum_range(NULL::kind))[1 + i % 3] FROM generate_series(1, 20) i;
INSERT INTO sale SELECT i, 'r' || i % 5, (enum_range(NULL::kind))[1 + i % 3], 1 + i % 20, i % 50
  FROM generate_series(1, 500) AS i;
INSERT INTO part SELECT generate_series(0, 99);
CREATE SCHEMA own AUTHORIZATION keeper;
CREATE TABLE own.t (g int, v int);
ALTER TABLE own.t OWNER TO keeper;
INSERT INTO own.t SELECT i % 3, i FROM generate_series(1, 30) AS i`;
const OWN_SETUP = `CREATE TABLE t (g int, v int);
  INSERT INTO t SELECT i % 3, i FROM generate_series(1, 30) AS i`;

/** To be run again and again. */
const WRITES = `
INSERT INTO sale SELECT max(id) + 1, 'new', 'c', 1, 49 FROM sale;
UPDATE sale SET amount = 50 - amount, region = 'r' || id % 4 WHERE id % 7 = 3;
DELETE FROM sale WHERE id IN (SELECT min(id) FROM sale);
UPDATE product SET kind = 'b' WHERE id % 5 = 0;
INSERT INTO part VALUES (5);
DELETE FROM part_1 WHERE n = 7;
INSERT INTO own.t VALUES (1, 1)`;

const STATISTICS = [
  ['start', 'folded'],
  ['folded', 'closed'],
  ['closed', null],
] as const;

const HISTORY = 'SELECT kind, type, object, part FROM imat.schema_changes';

/**
 * One cluster into one of the same version, and one into one of the newest. The second is not of
 * the oldest version, which the system's packages have in its newest release: that can write what
 * an older release of a newer version does not read (15.20 and 18.6). The others are pinned.
 */
const servers = findUpgradable();
const [oldest, next] = servers;
const pairs = [
  [oldest, oldest],
  [next, servers.at(-1)],
].flatMap(([old, to]) =>
  old === undefined || to === undefined || (old === to && old !== oldest)
    ? []
    : [{ old, to, versions: `${old.major} to ${to.major}` }],
);
if (servers.length < 2)
  process.stderr.write(
    `pg_upgrade is tested with ${servers.map(({ major }) => major).join() || 'no version'}: ` +
      'this machine has no other server with pg_upgrade\n',
  );

describe.each(pairs)('a cluster of version $versions', ({ old, to }) => {
  let from: PostgresServer;
  let counted: unknown;
  let recorded: unknown[];
  const started: PostgresServer[] = [];
  const worlds: World[] = [];
  const open = async (server: PostgresServer, role: string, database: string): Promise<World> => {
    const url = new URL(server.url);
    url.username = role;
    url.pathname = database;
    const world = await openWorld(url.href, '', async () => undefined);
    worlds.push(world);
    return world;
  };

  beforeAll(async () => {
    from = await startPostgres({ binaries: old, settings: SETTINGS });
    started.push(from);
    const first = await open(from, 'postgres', 'postgres');
    await first.sql('CREATE ROLE keeper LOGIN');
    for (const one of ['CREATE DATABASE shop', 'CREATE DATABASE kept OWNER keeper'])
      await first.sql(one);
    const [world, kept] = [
      await open(from, 'postgres', 'shop'),
      await open(from, 'keeper', 'kept'),
    ];
    await world.sql(SETUP);
    await world.imat.init();
    for (const { name, definition } of IMATS) {
      await world.sql(`CREATE MATERIALIZED VIEW ${name} AS ${definition}`);
      await world.imat.convert(name, { replace: name === 'parted' });
    }
    await world.sql(`SELECT imat_catalog.record_commands_from_now_on();
      SELECT imat.create_group('g', ARRAY['sale', 'part']::regclass[], '{}', 'start')`);
    await world.sql(WRITES);
    await world.sql(`SELECT imat.set_mark('g', 'folded'); SELECT imat.fold_counts()`);
    await world.sql(`${WRITES}; SELECT imat.set_mark('g', 'closed')`);
    await foldAll(world.imat);
    await world.sql(`${WRITES}; ALTER TABLE sale ADD note text;
      ALTER FUNCTION tax COST 90`);
    counted = await statistics(world);
    recorded = await world.rows(HISTORY);
    expect(recorded).toHaveLength(3);
    await expectExact(world, IMATS);
    await kept.sql(OWN_SETUP);
    await kept.imat.create(OWN.name, OWN.definition);
    await kept.sql('UPDATE t SET v = v + 1 WHERE g = 1');
    for (const one of worlds.splice(0)) await one.drop();
  });
  afterAll(async () => {
    for (const world of worlds) await world.drop();
    for (const server of started) await server.stop();
  });

  test('is whole after pg_upgrade', async () => {
    const { server, printed } = await upgrade(from, old, to);
    started.push(server);
    expect(printed).toMatch(/Upgrade Complete/);
    expect(printed).not.toMatch(/error|warning|fatal/i);
    const world = await open(server, 'postgres', 'shop');

    // Everything answers at once, from what is stored and what was pending.
    await world.sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await expectExact(world, IMATS, 'before anything else');
    await world.sql('COMMIT');
    expect(await statistics(world)).toEqual(counted);
    const range = `SELECT FROM imat.log_stat_group('g', 'start', NULL)`;
    expect(await warnings(world.url, range)).toEqual([]);

    await world.sql(WRITES);
    await (await world.session('keeper')).sql('DELETE FROM own.t WHERE v = 7');
    await expectExact(world, IMATS, 'after writes');
    await expectWhole(world, IMATS);
    await expectHistory(world, recorded);
    await foldAll(world.imat);
    await world.imat.swap('rebuilt');
    await expectExact(world, IMATS, 'after a fold');
    await world.sql(`CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (100) TO (200);
      INSERT INTO part VALUES (101); ${WRITES}`);
    await passOver(world);
    await expectExact(world, IMATS, 'after a pass of a worker');

    // The event triggers notice what breaks an imat.
    await world.sql('ALTER TABLE own.t DISABLE TRIGGER "!imat_insert"');
    expect(await sqlstateOf(world.rows('SELECT FROM imat.of_keeper'))).toBe('IM024');
    await world.sql('ALTER TABLE own.t ENABLE ALWAYS TRIGGER "!imat_insert"');
    await world.imat.repair('of_keeper');
    await expectExact(world, IMATS, 'after a repair');

    const kept = await open(server, 'keeper', 'kept');
    await expectExact(kept, OWN);
    await kept.sql('INSERT INTO t VALUES (1, 1)');
    await expectExact(kept, OWN);
    await expectWhole(kept, [OWN]);
    await passOver(kept);
    await expectExact(kept, OWN);
  });
});

/** New images are taken by the next comparison, as after a restore. */
async function expectHistory(world: World, recorded: unknown[]): Promise<void> {
  await world.sql('ALTER TABLE product ADD too_early int; ALTER TABLE product DROP too_early');
  expect(await world.value('SELECT imat.compare_schema()')).toBe('0');
  expect(await world.rows(HISTORY)).toEqual(recorded);
  await world.sql('ALTER TABLE product ADD extra int');
  const added = { kind: 'create', type: 'column', object: 'public.product', part: 'extra' };
  expect(await world.rows(HISTORY)).toEqual([added, ...recorded]);
  // What was recorded of a function is not said of another one that has its OID now.
  const functions = `SELECT object_id::int FROM imat_catalog.schema_change WHERE type = 'function'`;
  expect(await world.value(functions)).toBe(0);
}

async function statistics(world: World): Promise<unknown> {
  const found = [];
  for (const [first, last] of STATISTICS) found.push(await detailed(world, 'g', first, last));
  return found;
}

async function expectWhole(world: World, all: readonly Checked[]): Promise<void> {
  const states = (await world.imat.list()).map(({ name, state }) => `${name} ${state}`);
  expect(states).toEqual(all.map(({ name }) => `${name} active`).sort());
  expect(await world.value('SELECT imat_catalog.break_differing(NULL, false)')).toBe(0);
  const { checks } = await world.imat.doctor();
  expect(checks.filter(({ status }) => status !== 'ok')).toEqual([]);
}

/** All that is pending is folded. */
async function passOver(world: World): Promise<void> {
  const worker = newWorker(world.url, { maxPendingRows: 1 });
  const pass = await worker.once();
  await worker.stop();
  expect([pass.failures, pass.failing]).toEqual([[], []]);
  expect(pass.runs).not.toEqual([]);
}
