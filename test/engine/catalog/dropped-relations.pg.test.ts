/**
 * PostgreSQL writes the OID of a relation that another session has just dropped in place of its
 * name. No function makes SQL of that.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPreparedWorld, type World } from '../commands/support/world.ts';

let world: World;
let dropped: number;
beforeAll(async () => {
  world = await createPreparedWorld(`
    CREATE TABLE sale (id int, amount int) PARTITION BY LIST (id);
    CREATE TABLE sale_1 PARTITION OF sale DEFAULT;
    CREATE TABLE gone (id int);
    CREATE MATERIALIZED VIEW total AS SELECT sum(amount) AS total FROM sale`);
  await world.imat.convert('total');
  dropped = await world.value<number>(`SELECT 'gone'::regclass::oid`);
  await world.sql('DROP TABLE gone');
});
afterAll(() => world.drop());

test('a lock on it raises what a table that does not exist raises', async () => {
  await expect(
    world.sql(`SELECT imat_catalog.lock_relation(${dropped}, 'ACCESS SHARE')`),
  ).rejects.toMatchObject({ sqlstate: '42P01' });
});

test('locks that can be tried again raise that they can', async () => {
  await expect(
    world.sql(`SELECT imat_catalog.lock_tables(ARRAY[${dropped}]::oid[], 'SHARE')`),
  ).rejects.toMatchObject({ sqlstate: '55P03' });
});

test('there is nothing to release, nothing pending and nothing renamed', async () => {
  expect(
    await world.rows(
      `SELECT imat_catalog.release_part('sale'::regclass, ${dropped})::text AS released,
         imat_catalog.count_elapsed(${dropped}, 10) AS elapsed,
         imat_catalog.labels_changed(${dropped}) AS renamed`,
    ),
  ).toEqual([{ released: '', elapsed: '0', renamed: false }]);
});

test('a log that is gone has nothing to delete and nothing pending', async () => {
  const log = await world.value<string>('SELECT log_text FROM imat_catalog.source');
  const other = await world.session();
  await other.sql(`BEGIN; DROP TABLE ${log} CASCADE`);
  expect(
    await other.rows(
      `SELECT imat_catalog.clean_log('sale'::regclass) AS deleted,
         ARRAY(SELECT n::int FROM imat_catalog.count_pending(10, NULL)) AS pending`,
    ),
  ).toEqual([{ deleted: '0', pending: '{}' }]);
  await other.sql('ROLLBACK');
});
