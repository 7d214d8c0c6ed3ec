/** What reaches a partition while it is being detached concurrently, or under an older snapshot. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  expectExact,
  outcomeOf,
  until,
  untilBlocked,
  type World,
} from '../commands/support/world.ts';
import { ALL, maintain, NEW_ROWS, usePartitionedWorlds } from './support/partitioned.ts';

const makeWorld = usePartitionedWorlds();
let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.drop());

// PostgreSQL routes rows of a transaction that keeps its snapshot into such a partition.
test.each([true, false])(
  'a row that reaches a partition which is being detached; the partition was captured: %s',
  async (captured) => {
    const [holder, detacher, writer] = [
      await world.session(),
      await world.session(),
      await world.session(),
    ];
    await world.sql('CREATE TABLE sale_3 PARTITION OF sale FOR VALUES FROM (200) TO (300)');
    if (captured) await maintain(world);
    await holder.sql('BEGIN; SELECT FROM sale');
    const detached = outcomeOf(
      detacher.sql('ALTER TABLE sale DETACH PARTITION sale_3 CONCURRENTLY'),
    );
    await untilBlocked(world, detacher.pid);
    await writer.sql(`INSERT INTO sale VALUES (5, 'a', 1)`);
    await writer.sql(
      `BEGIN ISOLATION LEVEL REPEATABLE READ; INSERT INTO sale VALUES (220, 'a', 5), (6, 'b', 2)`,
    );
    await expectExact(world, ALL);
    await writer.sql('COMMIT');
    await expectExact(world, ALL);
    await holder.sql('COMMIT');
    expect(await detached).not.toBeInstanceOf(Error);
    await expectExact(world, ALL);
    await world.sql('DROP TABLE sale_3');
    await maintain(world);
    await expectExact(world, ALL);
  },
);

test.each([true, false])(
  'a statement that began before a detachment writes to the partition; it was captured: %s',
  async (captured) => {
    const [detacher, writer] = [await world.session(), await world.session()];
    await world.sql('CREATE TABLE sale_3 PARTITION OF sale FOR VALUES FROM (200) TO (300)');
    if (captured) await maintain(world);
    await writer.sql(`BEGIN; INSERT INTO sale VALUES (7, 'a', 1)`);
    // It waits for a lock that the observer has, and has its snapshot by then.
    await world.sql('BEGIN; SELECT pg_advisory_xact_lock(220)');
    const written = outcomeOf(
      writer.sql(`INSERT INTO sale SELECT 220, 'a', 5
        FROM (SELECT pg_advisory_xact_lock_shared(220) OFFSET 0) AS late`),
    );
    const observer = await world.session();
    await untilBlocked(observer, writer.pid);
    const detached = outcomeOf(
      detacher.sql('ALTER TABLE sale DETACH PARTITION sale_3 CONCURRENTLY'),
    );
    await untilBlocked(observer, detacher.pid);
    await observer.value('SELECT imat_catalog.follow_any_part()');
    await expectExact(observer, ALL, 'while it is pending');
    await world.sql('COMMIT');
    expect(await written).not.toBeInstanceOf(Error);
    await expectExact(writer, ALL, 'inside');
    await writer.sql('COMMIT');
    expect(await detached).not.toBeInstanceOf(Error);
    await expectExact(world, ALL, 'detached');
    await maintain(world);
    await expectExact(world, ALL, 'followed');
  },
);

describe.each([true, false])(
  'a transaction whose snapshot is older than the detachment; the partition was captured: %s',
  (captured) => {
    test.each([
      ['inserts', `INSERT INTO sale VALUES (220, 'a', 5), (6, 'b', 2)`],
      ['updates', 'UPDATE sale SET amount = amount + 1'],
      ['moves rows', 'UPDATE sale SET id = id + 1 WHERE id IN (199, 250)'],
      ['deletes', 'DELETE FROM sale WHERE id IN (1, 250)'],
    ])('%s', async (_what, statement) => {
      const [detacher, writer] = [await world.session(), await world.session()];
      await world.sql('CREATE TABLE sale_3 PARTITION OF sale FOR VALUES FROM (200) TO (300)');
      if (captured) await maintain(world);
      await world.sql(`INSERT INTO sale VALUES (250, 'a', 7), (199, 'b', 3)`);
      await writer.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM sale');
      const detached = outcomeOf(
        detacher.sql('ALTER TABLE sale DETACH PARTITION sale_3 CONCURRENTLY'),
      );
      await untilBlocked(world, detacher.pid);
      await writer.sql(statement);
      await expectExact(writer, ALL, 'inside');
      await writer.sql('COMMIT');
      expect(await detached).not.toBeInstanceOf(Error);
      await expectExact(world, ALL, 'detached');
      await maintain(world);
      await expectExact(world, ALL, 'followed');
    });
  },
);

describe('a transaction whose snapshot is older than the capture of a partition', () => {
  test.each([
    ['inserts', "INSERT INTO sale_3 (id, kind, amount) VALUES (250, 'a', 5)"],
    ['updates', 'UPDATE sale_3 SET amount = amount + 1'],
    ['truncates', 'TRUNCATE sale_3'],
  ])('%s', async (_what, statement) => {
    // So that each statement asks which columns there are.
    await world.sql('ALTER TABLE sale RENAME COLUMN amount TO cost');
    await world.sql('ALTER TABLE sale RENAME COLUMN cost TO amount');
    await world.sql('ALTER TABLE sale ADD COLUMN note text');
    const writer = await world.session();
    await writer.sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await writer.rows('SELECT FROM product');
    await world.sql(`CREATE TABLE sale_3 PARTITION OF sale FOR VALUES FROM (200) TO (300)`);
    await world.sql(NEW_ROWS);
    await maintain(world);
    await expectExact(world, ALL);
    await writer.sql(statement);
    await writer.sql('COMMIT');
    await expectExact(world, ALL);
    await maintain(world);
    await expectExact(world, ALL);
  });
});

describe('a transaction whose snapshot is older than a partition', () => {
  test.each([
    ['inserts', "INSERT INTO own VALUES (260, 'a', 5)"],
    ['deletes', 'DELETE FROM own WHERE id = 250'],
    ['truncates', 'TRUNCATE own'],
  ])('a table with an imat of its own was attached: %s', async (_what, statement) => {
    // So that each statement asks which columns there are.
    await world.sql('ALTER TABLE sale RENAME COLUMN amount TO cost');
    await world.sql('ALTER TABLE sale RENAME COLUMN cost TO amount');
    await world.sql(`CREATE TABLE own (id int, kind text, amount numeric(10,2));
      INSERT INTO own VALUES (250, 'a', 1), (251, 'b', 2)`);
    await world.imat.create('of_own', 'SELECT kind, count(*) AS n FROM public.own GROUP BY kind');
    const writer = await world.session();
    await writer.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM product');
    await world.sql('ALTER TABLE sale ATTACH PARTITION own FOR VALUES FROM (200) TO (300)');
    await maintain(world);
    await expectExact(world, ALL);
    await writer.sql(statement);
    await writer.sql('COMMIT');
    await expectExact(world, ALL);
    await maintain(world);
    await expectExact(world, ALL);
  });

  test('a partition with partitions was followed, and then got one', async () => {
    const writer = await world.session();
    await writer.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM product');
    await world.sql(`CREATE TABLE sale_3 PARTITION OF sale FOR VALUES FROM (200) TO (300)
      PARTITION BY LIST (kind)`);
    await maintain(world);
    await world.sql(`CREATE TABLE sale_3a PARTITION OF sale_3 FOR VALUES IN ('a')`);
    await writer.sql(`INSERT INTO sale_3 (id, kind, amount) VALUES (250, 'a', 5); COMMIT`);
    await expectExact(world, ALL);
    await maintain(world);
    await expectExact(world, ALL);
  });
});

test('a database whose transactions keep their snapshots by default', async () => {
  const database = new URL(world.url).pathname.slice(1);
  await world.sql(
    `ALTER DATABASE ${database} SET default_transaction_isolation = 'repeatable read'`,
  );
  // The first is a session as imat opens it, in which a worker's poll asks the same.
  const [poller, user, writer] = [
    await world.session(),
    await world.session(),
    await world.session(),
  ];
  await user.sql(`SET default_transaction_isolation = 'repeatable read'`);
  await world.sql('CREATE TABLE sale_3 PARTITION OF sale FOR VALUES FROM (200) TO (300)');
  await writer.sql(`BEGIN; INSERT INTO sale VALUES (250, 'a', 5)`);
  expect(await user.value('SELECT imat_catalog.follow_any_part()')).toBe(false);
  const followed = outcomeOf(poller.value('SELECT imat_catalog.follow_any_part()'));
  await untilBlocked(world, poller.pid);
  await writer.sql('COMMIT');
  expect(await followed).not.toBeInstanceOf(Error);
  await expectExact(world, ALL);
  await maintain(world);
  await expectExact(world, ALL);
});

test('a revert after the root is gone makes no writer of a former partition wait', async () => {
  for (const { name } of ALL.slice(1)) await world.imat.revert(name);
  // As an interrupted command leaves it: no imat names the table.
  await world.sql(`ALTER TABLE sale DETACH PARTITION sale_1; DROP TABLE sale CASCADE;
    DELETE FROM imat_catalog.imat_source`);
  const [holder, writer] = [await world.session(), await world.session()];
  await holder.sql(`BEGIN; INSERT INTO sale_1 (id, kind, amount) VALUES (1, 'a', 1)`);
  let ended = false;
  const reverted = outcomeOf(world.imat.revert('summed')).finally(() => {
    ended = true;
  });
  await until('the revert waits for sale_1', async () => {
    const waiting = await writer.rows(`SELECT FROM pg_locks
      WHERE relation = 'sale_1'::regclass AND mode = 'AccessExclusiveLock' AND NOT granted`);
    return waiting.length > 0;
  });
  await writer.sql(`SET lock_timeout = '1s'`);
  for (let i = 0; i < 40; i++) {
    await writer.sql(`INSERT INTO sale_1 (id, kind, amount) VALUES (2, 'a', ${i})`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(ended).toBe(false);
  await holder.sql('COMMIT');
  expect(await reverted).not.toBeInstanceOf(Error);
  expect(await world.rows(`SELECT FROM pg_trigger WHERE tgrelid = 'sale_1'::regclass`)).toEqual([]);
});
