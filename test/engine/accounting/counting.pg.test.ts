/**
 * What is counted: every way to change rows, once, in the transaction that did it. Where imat
 * captures the tables as well, its triggers count inserts and deletes.
 */
import { inPreparedSandbox, type Sandbox } from '../commands/support/sandbox.ts';
import { describe, expect, test } from 'vitest';
import { detailed, stats, verbs } from './support/world.ts';

const TABLES = `CREATE TABLE a (id int PRIMARY KEY, v int);
  CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a ON DELETE CASCADE ON UPDATE CASCADE)`;

/** Reads all columns of all tables. */
async function capture(world: Sandbox): Promise<void> {
  const tables = await world.rows<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`,
  );
  for (const { name } of tables)
    await world.imat.create(`of_${name}`, `SELECT t, count(*) FROM public.${name} t GROUP BY t`);
}

describe.each([
  ['counted', async () => undefined],
  ['captured and counted', capture],
] as const)('tables that are %s', (_, prepare) => {
  const inside = (setup: string, body: (world: Sandbox) => Promise<void>): Promise<void> =>
    inPreparedSandbox(setup, async (world) => {
      await prepare(world);
      await body(world);
    });

  test('INSERT, UPDATE, DELETE and TRUNCATE count the rows that they change', async () => {
    await inside(TABLES, async (world) => {
      await world.sql(`SELECT imat.create_group('g', ARRAY['a', 'b']::regclass[], '{}', 'start')`);
      await world.sql(`INSERT INTO a SELECT i, 0 FROM generate_series(1, 10) i;
        UPDATE a SET v = 1 WHERE id <= 4; UPDATE a SET v = v WHERE id = 1;
        DELETE FROM a WHERE id > 8;
        DELETE FROM a WHERE false; INSERT INTO b VALUES (1, 1), (2, 2)`);
      await world.sql('TRUNCATE a CASCADE');
      const role = await world.value<string>('SELECT session_user::text');
      expect(await detailed(world, 'g', 'start', null)).toEqual([
        ['a', role, 'DELETE', 2],
        ['a', role, 'INSERT', 10],
        ['a', role, 'TRUNCATE', 8],
        ['a', role, 'UPDATE', 5],
        ['b', role, 'INSERT', 2],
        ['b', role, 'TRUNCATE', 2],
      ]);
      expect(await stats(world, 'g', 'start', null)).toEqual([
        ['a', 25],
        ['b', 4],
      ]);
    });
  });

  test('ON CONFLICT, MERGE, COPY and cascades count by what happened to each row', async () => {
    await inside(TABLES, async (world) => {
      await world.sql(`SELECT imat.create_group('g', ARRAY['a', 'b']::regclass[], '{}', 'start');
        INSERT INTO a VALUES (1, 0), (2, 0); INSERT INTO b VALUES (1, 1), (2, 1), (3, 2)`);
      const since = async (statement: string): Promise<string[]> => {
        await world.sql(`SELECT imat.set_mark('g', 'm%')`);
        await world.sql(statement);
        return (await detailed(world, 'g', 'LAST_MARK', null)).map(
          ([table, , verb, rows]) => `${table} ${verb} ${rows}`,
        );
      };
      const upsert = 'INSERT INTO a VALUES (1, 1), (5, 5), (6, 6) ON CONFLICT (id)';
      expect(await since(`${upsert} DO UPDATE SET v = 9`)).toEqual(['a INSERT 2', 'a UPDATE 1']);
      expect(await since(`${upsert} DO NOTHING`)).toEqual([]);
      expect(
        await since(`MERGE INTO a USING (VALUES (5), (6), (7)) s(id) ON a.id = s.id
          WHEN MATCHED AND s.id = 5 THEN DELETE WHEN MATCHED THEN UPDATE SET v = 0
          WHEN NOT MATCHED THEN INSERT VALUES (s.id, 1)`),
      ).toEqual(['a DELETE 1', 'a INSERT 1', 'a UPDATE 1']);
      expect(await since(`COPY a FROM PROGRAM 'seq 100 104 | sed s/$/,1/' (FORMAT csv)`)).toEqual([
        'a INSERT 5',
      ]);
      expect(await since('UPDATE a SET id = 50 WHERE id = 1')).toEqual([
        'a UPDATE 1',
        'b UPDATE 2',
      ]);
      expect(await since('DELETE FROM a WHERE id = 50')).toEqual(['a DELETE 1', 'b DELETE 2']);
      expect(
        await since(
          `WITH gone AS (DELETE FROM b RETURNING *) INSERT INTO a SELECT 70, 1 FROM gone`,
        ),
      ).toEqual(['a INSERT 1', 'b DELETE 1']);
    });
  });

  test('what was rolled back does not count, savepoints and exceptions included', async () => {
    await inside(TABLES, async (world) => {
      await world.sql(`SELECT imat.create_group('g', ARRAY['a']::regclass[], '{}', 'start')`);
      await world.sql('BEGIN; INSERT INTO a VALUES (1); ROLLBACK');
      await world.sql(`BEGIN; INSERT INTO a VALUES (1); SAVEPOINT s; INSERT INTO a VALUES (2), (3);
        ROLLBACK TO s; SAVEPOINT t; INSERT INTO a VALUES (4); RELEASE t; COMMIT`);
      await world.sql(`DO $$ BEGIN INSERT INTO a VALUES (9); PERFORM 1 / 0;
        EXCEPTION WHEN division_by_zero THEN INSERT INTO a VALUES (10); END $$`);
      expect(await verbs(world, 'g', 'start', null)).toEqual(['INSERT 3']);
      await world.sql('BEGIN; TRUNCATE a CASCADE; ROLLBACK');
      expect(await verbs(world, 'g', 'start', null)).toEqual(['INSERT 3']);
    });
  });

  test('the role is the one of the session, whatever it has become', async () => {
    await inside(TABLES, async (world) => {
      await world.sql(`SELECT imat.create_group('g', ARRAY['a']::regclass[], '{}', 'start')`);
      const role = await world.value<string>('SELECT session_user::text');
      await world.sql(`GRANT INSERT ON a TO pg_monitor; SET ROLE pg_monitor;
        INSERT INTO a VALUES (1);
        RESET ROLE`);
      expect(await detailed(world, 'g', 'start', null)).toEqual([['a', role, 'INSERT', 1]]);
    });
  });

  test('a writer needs no right on the catalog and may have any search_path', async () => {
    await inside('CREATE TABLE c (id int)', async (world) => {
      await world.sql(`SELECT imat.create_group('g', ARRAY['c']::regclass[], '{}', 'start')`);
      await world.sql(`GRANT INSERT, TRUNCATE ON c TO pg_monitor; GRANT TEMP ON DATABASE
        ${new URL(world.url).pathname.slice(1)} TO pg_monitor`);
      await world.sql(`SET ROLE pg_monitor;
        CREATE TEMP TABLE change_count (x int); CREATE TEMP TABLE changed (x int);
        CREATE FUNCTION pg_temp.count(anyelement) RETURNS bigint LANGUAGE sql AS 'SELECT 1 / 0';
        SET search_path = pg_temp; INSERT INTO public.c VALUES (1); TRUNCATE public.c;
        RESET ROLE; RESET search_path`);
      expect(await verbs(world, 'g', 'start', null)).toEqual(['INSERT 1', 'TRUNCATE 1']);
    });
  });

  test('sessions with session_replication_role = replica are counted', async () => {
    await inside(TABLES, async (world) => {
      await world.sql(`SELECT imat.create_group('g', ARRAY['a']::regclass[], '{}', 'start');
        SET session_replication_role = replica; INSERT INTO a VALUES (1); TRUNCATE a CASCADE;
        RESET session_replication_role`);
      expect(await verbs(world, 'g', 'start', null)).toEqual(['INSERT 1', 'TRUNCATE 1']);
    });
  });
});
