/**
 * A crash empties unlogged tables and discards PostgreSQL's statistics. What is stored of an imat
 * over such a table is noticed to be out of date although all counts come to the same again; and a
 * source that became unlogged is never taken for an empty one.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPostgres } from '../../../tools/find-postgres.mjs';
import { type PostgresServer, startPostgres } from '../../../tools/postgres.ts';
import { expectExact, openWorld, until, type World } from '../commands/support/world.ts';

describe.skipIf(findPostgres() === null)('a crash', () => {
  let server: PostgresServer;
  let world: World;
  const reopen = async (): Promise<void> => {
    world = await openWorld(server.url, '', async () => undefined);
  };
  beforeAll(async () => {
    server = await startPostgres();
    await reopen();
  });
  afterAll(async () => {
    await world.drop();
    await server.stop();
  });
  const crash = async (): Promise<void> => {
    await world.drop();
    await server.restart('immediate');
    await reopen();
  };
  const signature = (): Promise<string> =>
    world.value(`SELECT imat_catalog.signature(id) FROM imat_catalog.imat WHERE name = 'counted'`);

  test('an unlogged source: the same counts after it are another signature', async () => {
    const definition = 'SELECT count(*) AS n, sum(v) AS s FROM public.loose';
    const write = async (v: number): Promise<void> => {
      await world.sql(`INSERT INTO loose SELECT ${v} FROM generate_series(1, 10)`);
      // Statistics are reported late.
      await until(
        'the statistics count ten rows',
        async () =>
          (await world.value<string>(
            `SELECT pg_stat_get_tuples_inserted('loose'::regclass)::text
               || coalesce(nullif(pg_stat_force_next_flush()::text, ''), '')`,
          )) === '10',
      );
    };
    await world.sql('CREATE UNLOGGED TABLE loose (v int)');
    await write(1);
    await world.imat.create('counted', definition, { freshness: '1 hour' });
    const seen: string[] = [await signature()];
    await world.sql('SELECT pg_stat_reset()');
    await write(2);
    await world.sql('SELECT 1');
    seen.push(await signature());
    for (const v of [3, 4]) {
      await crash();
      expect(await world.rows('SELECT FROM loose')).toEqual([]);
      await write(v);
      seen.push(await signature());
    }
    expect(new Set(seen).size).toBe(seen.length);
    await world.sql(`CALL imat.swap('counted')`);
    await expectExact(world, { name: 'counted', definition });
  });

  test('a source that became unlogged before it, without event triggers', async () => {
    const definition = 'SELECT g, count(*) AS n FROM public.t GROUP BY g';
    await world.sql(
      `CREATE TABLE t (g int); INSERT INTO t SELECT i % 3 FROM generate_series(1, 9) AS i`,
    );
    await world.imat.create('grouped', definition);
    await world.sql('DROP EVENT TRIGGER imat_ddl; DROP EVENT TRIGGER imat_drop');
    await world.sql('ALTER TABLE t SET UNLOGGED');
    await crash();
    await expect(world.imat.fold('grouped')).rejects.toMatchObject({ code: 'IM024' });
    await expect(world.rows('SELECT * FROM imat.grouped')).rejects.toMatchObject({
      sqlstate: 'IM024',
      message: expect.stringContaining('table public.t has become unlogged'),
    });
  });
});
