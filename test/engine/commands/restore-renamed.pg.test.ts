/**
 * A view of an imat, and its table, were renamed before a dump: a materialized view over it is
 * filled by the restore, and a repair finds it by its name.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../../../tools/postgres.ts';
import { findWithPrograms, runProgram } from '../../setup/client-programs.ts';
import { expectExact, openWorld, type World } from './support/world.ts';

const RENAMED = { name: 'later', definition: 'SELECT g, sum(v) AS s FROM public.other GROUP BY g' };

const binaries = findWithPrograms(false);

describe.skipIf(binaries === undefined)('renamed before a dump', () => {
  let server: PostgresServer;
  const worlds: World[] = [];
  const urlOf = (name: string): string => server.url.replace(/postgres$/, name);
  const open = async (name: string): Promise<World> => {
    const like = ['--maintenance-db', server.url, '--template', 'template0'];
    await runProgram(binaries, 'createdb', [...like, name]);
    const world = await openWorld(urlOf(name), '', async () => undefined);
    worlds.push(world);
    return world;
  };
  /** The restore ends at the first error. */
  const copied = async (name: string): Promise<World> => {
    const file = join(server.directory, `${name}.sql`);
    await runProgram(binaries, 'pg_dump', ['--dbname', urlOf('shop'), '--file', file]);
    const world = await open(name);
    const once = ['--quiet', '--no-psqlrc', '--set', 'ON_ERROR_STOP=1', '--output', '/dev/null'];
    await runProgram(binaries, 'psql', [...once, '--file', file, urlOf(name)]);
    return world;
  };
  async function expectFilled(world: World): Promise<void> {
    expect(await world.rows(`TABLE filled EXCEPT ALL (${RENAMED.definition})`)).toEqual([]);
    expect(await world.value('SELECT count(*)::int FROM filled')).toBe(3);
  }
  async function expectMaintained(world: World): Promise<void> {
    await expectExact(world, RENAMED);
    await world.sql('UPDATE other SET v = v + 1; DELETE FROM other WHERE v % 5 = 0');
    await expectExact(world, RENAMED);
    expect((await world.imat.doctor()).checks.filter(({ status }) => status !== 'ok')).toEqual([]);
  }

  let shop: World;
  beforeAll(async () => {
    if (binaries !== undefined) server = await startPostgres({ binaries });
    shop = await open('shop');
    await shop.sql(`CREATE TABLE t (g int, v int);
      INSERT INTO t SELECT i % 3, i FROM generate_series(1, 30) AS i`);
    await shop.imat.create('sums', 'SELECT g, sum(v) AS s FROM public.t GROUP BY g');
    await shop.sql(`ALTER VIEW imat.sums RENAME TO later; ALTER TABLE t RENAME TO other;
      CREATE MATERIALIZED VIEW filled AS SELECT * FROM imat.later`);
  });
  afterAll(async () => {
    for (const world of worlds) await world.drop();
    await server?.stop();
  });

  test('and not noted: the view is found once it has its former name', async () => {
    const world = await copied('stale');
    await expectFilled(world);
    expect((await world.imat.repair())[0]?.error?.detail).toContain('view imat.later depends on');
    await world.sql('ALTER VIEW imat.later RENAME TO sums');
    expect(await world.imat.repair()).toMatchObject([{ name: 'sums', error: null }]);
    await world.sql('ALTER VIEW imat.sums RENAME TO later');
    await expectMaintained(world);
  });

  test('and noted', async () => {
    await shop.sql('CALL imat_catalog.upkeep()');
    const world = await copied('noted');
    await expectFilled(world);
    expect(await world.imat.repair()).toMatchObject([{ name: 'sums', error: null }]);
    await expectMaintained(world);
  });
});
