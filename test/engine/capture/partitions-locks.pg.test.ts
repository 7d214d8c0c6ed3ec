/** A writer takes no lock for imat that it would not take anyway, and waits for nobody. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EXTENSION } from '../../../engine/sql/names.ts';
import { provideFor } from '../../../tools/extension.ts';
import { type PostgresServer, startPostgres } from '../../../tools/postgres.ts';
import { WITH_EXTENSION } from '../../setup/database.ts';
import {
  expectExact,
  outcomeOf,
  type Session,
  untilBlocked,
  type World,
} from '../commands/support/world.ts';
import { ALL, maintain, usePartitionedWorlds } from './support/partitioned.ts';

// A server of its own. PostgreSQL itself locks the root where it has not cached the constraint of a
// partition. A writer here has, but would lose its cache if other tests' databases overflowed the
// queue of invalidations.
let server: PostgresServer;
let world: World;
beforeAll(async () => {
  server = await startPostgres(
    WITH_EXTENSION
      ? {
          binaries: provideFor(Number(process.env['IMAT_TEST_EXTENSION'])).binaries,
          settings: { shared_preload_libraries: EXTENSION },
        }
      : {},
  );
});
afterAll(() => server.stop());
const makeWorld = usePartitionedWorlds(() => server.url);
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.drop());

const ISOLATION = ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'];

/** PostgreSQL itself locks the parents when it first reads a partition's constraint. */
async function writerOf(isolation: string): Promise<Session> {
  const writer = await world.session();
  await writer.sql(`INSERT INTO sale_1 (id, kind, amount) VALUES (1, 'a', 1);
    INSERT INTO sale_2 (id, kind, amount) VALUES (101, 'a', 1);
    INSERT INTO sale_2a (id, kind, amount) VALUES (101, 'a', 1);
    DISCARD PLANS`);
  await writer.sql(
    `BEGIN ISOLATION LEVEL ${isolation}; SELECT FROM product; SET LOCAL lock_timeout = '5s'`,
  );
  return writer;
}

const CHANGES = `INSERT INTO sale_1 (id, kind, amount) VALUES (3, 'b', 5);
  UPDATE sale_1 SET amount = amount + 1 WHERE id = 3;
  DELETE FROM sale_1 WHERE id = 1`;

describe.each(ISOLATION)('%s', (isolation) => {
  test.each(['captured', 'detached before, and not followed yet'])(
    'a partition is detached while somebody writes to it; sale_2 is %s',
    async (sale2) => {
      if (sale2 !== 'captured') await world.sql('ALTER TABLE sale DETACH PARTITION sale_2');
      const [writer, detacher] = [await writerOf(isolation), await world.session()];
      await writer.sql('LOCK TABLE sale_1 IN ROW EXCLUSIVE MODE');
      // It has locked the root, and waits for the writer.
      const detached = outcomeOf(detacher.sql('ALTER TABLE sale DETACH PARTITION sale_1'));
      await untilBlocked(world, detacher.pid);
      await writer.sql(CHANGES);
      await writer.sql('COMMIT');
      expect(await detached).not.toBeInstanceOf(Error);
      await expectExact(world, ALL);
      await maintain(world);
      await expectExact(world, ALL);
    },
  );

  test.each(['sale', 'sale_2', 'sale_2a'])(
    'a writer of %s while another session has locked another partition, new ones among them',
    async (table) => {
      await world.sql('CREATE TABLE sale_3 PARTITION OF sale FOR VALUES FROM (200) TO (300)');
      const holder = await world.session();
      const writer = await writerOf(isolation);
      await holder.sql('BEGIN; LOCK TABLE ONLY sale_1, sale_3, sale_2x IN ACCESS EXCLUSIVE MODE');
      await writer.sql(`INSERT INTO ${table} (id, kind, amount) VALUES (130, 'a', 5);
        DELETE FROM sale_2a WHERE id = 101`);
      await writer.sql('COMMIT');
      await holder.sql('COMMIT');
      await expectExact(world, ALL);
      await maintain(world);
      await expectExact(world, ALL);
    },
  );

  test('a writer has no lock afterwards but those on what it has written to', async () => {
    await world.sql('CREATE TABLE sale_3 PARTITION OF sale FOR VALUES FROM (200) TO (300)');
    const locked = async (session: Session): Promise<string> =>
      session.value(`SELECT string_agg(DISTINCT c.relname, ' ' ORDER BY c.relname)
        FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
        WHERE l.pid = ${session.pid} AND c.relname LIKE 'sale%'`);
    const writer = await writerOf(isolation);
    await writer.sql(`INSERT INTO sale_1 (id, kind, amount) VALUES (5, 'a', 5)`);
    expect(await locked(writer)).toBe('sale_1');
    await writer.sql(`INSERT INTO sale_2 (id, kind, amount) VALUES (131, 'a', 5)`);
    expect(await locked(writer)).toBe('sale_1 sale_2 sale_2a');
    await writer.sql(`INSERT INTO sale (id, kind, amount) VALUES (7, 'a', 5)`);
    expect(await locked(writer)).toBe('sale sale_1 sale_2 sale_2a');
    await writer.sql('COMMIT');
    await expectExact(world, ALL);
    await maintain(world);
    await expectExact(world, ALL);
  });
});

test('a large insert while another session has locked a partition', async () => {
  const holder = await world.session();
  await holder.sql('BEGIN; LOCK TABLE sale_2x IN ACCESS EXCLUSIVE MODE');
  const writer = await writerOf('REPEATABLE READ');
  await writer.sql(`INSERT INTO sale (id, kind, amount)
    SELECT i % 100, 'a', 1 FROM generate_series(1, 100001) AS i; COMMIT`);
  await holder.sql('COMMIT');
  await expectExact(world, ALL);
});
