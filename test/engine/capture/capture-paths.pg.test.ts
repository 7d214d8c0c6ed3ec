/**
 * Every way in which PostgreSQL lets a table be written, for a log of rows (delta imats) and for a
 * log of marks (swap imats): after each step the imats are compared with their definitions, in a
 * transaction that is rolled back, then for good.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { IMATS, PATHS, SCHEMA } from './support/capture-paths.ts';
import { createPreparedWorld, expectExact } from '../commands/support/world.ts';
import type { World } from '../commands/support/world.ts';

describe.each(['rows', 'marks'] as const)('a log of %s', (log) => {
  let world: World;
  beforeAll(async () => {
    world = await createPreparedWorld(SCHEMA);
    for (const { name, definition } of IMATS) {
      await world.imat.create(name, definition, log === 'marks' ? { strategy: 'swap' } : {});
    }
    expect(
      (await world.imat.list()).every(
        (imat) => imat.strategy === (log === 'rows' ? 'delta' : 'swap'),
      ),
    ).toBe(true);
  });
  afterAll(() => world.drop());
  afterEach(() => world.sql('ROLLBACK'));

  const settle = async (): Promise<void> => {
    for (const { name } of IMATS)
      await world.sql(`CALL imat.${log === 'rows' ? 'fold' : 'swap'}('${name}')`);
  };
  const walk = async (steps: readonly string[]): Promise<void> => {
    for (const step of steps) {
      await world.sql(step);
      await expectExact(world, IMATS, step);
    }
  };

  test.each(PATHS)('$name', async ({ steps, logged, alone }) => {
    await settle();
    await world.sql('BEGIN');
    await walk(steps);
    await world.sql('ROLLBACK');
    await expectExact(world, IMATS, 'after ROLLBACK');
    expect(await world.value(`SELECT bool_and(pending_rows = 0) FROM imat_catalog.status`)).toBe(
      true,
    );

    await world.sql('BEGIN');
    const setup = await world.rows<{ table: string }>(
      `SELECT relname AS table
       FROM pg_class
       WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`,
    );
    for (const { table } of setup)
      await world.sql(`CREATE TABLE IF NOT EXISTS pg_temp.kept_${table} AS TABLE public.${table}`);
    await world.sql('COMMIT');
    if (alone) await world.sql('BEGIN');
    await walk(steps);
    if (alone) await world.sql('COMMIT');
    await expectExact(world, IMATS, 'after COMMIT');
    if (logged !== undefined && log === 'rows') {
      const since = `SELECT f.snapshot
        FROM imat_catalog.frontier f JOIN imat_catalog.imat i ON i.id = f.imat_id
        WHERE i.name = 'amounts'`;
      expect(
        await world.value(
          'SELECT count(*)::int FROM imat_store.log_public_child l WHERE ' +
            `NOT pg_visible_in_snapshot(l.xid, (${since}))`,
        ),
      ).toBe(logged);
    }
    await settle();
    await expectExact(world, IMATS, 'stored');
    expect(await world.value(`SELECT bool_and(pending_rows = 0) FROM imat_catalog.status`)).toBe(
      true,
    );
    await restore(world);
    await expectExact(world, IMATS, 'put back');
  });

  test('a procedure that commits between its writes', async () => {
    await settle();
    await world.sql(`CREATE PROCEDURE steps() LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO child (id, parent_id, amount) VALUES (801, 1, 5); COMMIT;
      UPDATE child SET amount = 6 WHERE id = 801; DELETE FROM child WHERE id = 1; ROLLBACK;
      FOR i IN 1..3 LOOP
        INSERT INTO child (id, parent_id, amount) VALUES (810 + i, i, i);
        IF i = 2 THEN
          ROLLBACK;
        ELSE
          COMMIT;
        END IF;
      END LOOP;
    END $$`);
    await world.sql('CALL steps()');
    await world.sql('DROP PROCEDURE steps()');
    expect(
      await world.value(
        'SELECT string_agg(id::text, $$ $$ ORDER BY id) FROM child WHERE id > 800 OR id = 1',
      ),
    ).toBe('1 801 811 813');
    await expectExact(world, IMATS);
    await world.sql('DELETE FROM child WHERE id > 800');
    await settle();
    await expectExact(world, IMATS);
  });

  test('prepared transactions: pending once anyone commits them, gone if rolled back', async () => {
    await settle();
    const other = await world.session();
    const gid = `paths-${log}-${Date.now()}`;
    await world.sql(
      `BEGIN;
       INSERT INTO child (id, parent_id, amount) VALUES (801, 1, 5);
       SAVEPOINT a;
       DELETE FROM child WHERE id = 1;
       ROLLBACK TO a;
       DELETE FROM orphan WHERE id = 1;
       PREPARE TRANSACTION '${gid}'`,
    );
    await world.sql(`BEGIN; DELETE FROM child WHERE id > 50; PREPARE TRANSACTION '${gid}-not'`);
    await expectExact(other, IMATS, 'prepared');
    await other.sql(`INSERT INTO child (id, parent_id, amount) VALUES (802, 1, 5)`);
    await settle();
    await expectExact(other, IMATS, 'folded over');
    await other.sql(`COMMIT PREPARED '${gid}'`);
    await expectExact(world, IMATS, 'committed');
    await world.sql(`ROLLBACK PREPARED '${gid}-not'`);
    await expectExact(world, IMATS, 'rolled back');
    await settle();
    await expectExact(world, IMATS, 'stored');
    expect(await world.value(`SELECT bool_and(pending_rows = 0) FROM imat_catalog.status`)).toBe(
      true,
    );
  });
});

/** Puts the tables' first contents back, in an order that foreign keys allow. */
async function restore(world: World): Promise<void> {
  await world.sql(`SET session_replication_role = replica;
    DELETE FROM child;
    DELETE FROM orphan;
    DELETE FROM parent;
    DELETE FROM tree;
    DELETE FROM audit;
    DELETE FROM keyless;
    INSERT INTO parent TABLE kept_parent;
    INSERT INTO child (id, parent_id, amount, note)
    SELECT id, parent_id, amount, note FROM kept_child;
    INSERT INTO orphan TABLE kept_orphan;
    INSERT INTO tree TABLE kept_tree;
    INSERT INTO audit (what, n) SELECT what, n FROM kept_audit;
    INSERT INTO keyless TABLE kept_keyless;
    RESET session_replication_role`);
}
