/** Live swap imats, and swaps of definitions that read views of others. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ITEMS, RANKED, generation, swap, world, useSwapWorld } from './support/swap-world.ts';
import { expectExact, outcomeOf, untilBlocked } from './support/world.ts';
import type { Checked, Session } from './support/world.ts';
import { REBUILT } from '../../setup/rebuilt.ts';

useSwapWorld();

describe('live', () => {
  const isStored = async (session: Session = world): Promise<boolean> => {
    const [plan] = await session.rows<{ 'QUERY PLAN': unknown }>(
      'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) SELECT * FROM imat.ranked',
    );
    const text = JSON.stringify(plan);
    return !/"Relation Name":"stock"[^}]*"Actual Loops":1/.test(text);
  };

  test('the transaction that asks sees its own uncommitted changes, others do not', async () => {
    await swap('ranked');
    expect(await isStored()).toBe(true);
    const [writer, other] = [await world.session(), await world.session()];
    for (const begin of [
      'BEGIN',
      'BEGIN ISOLATION LEVEL REPEATABLE READ',
      'BEGIN ISOLATION LEVEL SERIALIZABLE',
    ]) {
      await writer.sql(begin);
      await expectExact(writer, RANKED);
      await writer.sql('INSERT INTO stock VALUES (2000, 1)');
      await expectExact(writer, RANKED);
      expect(await writer.rows('SELECT FROM imat.ranked WHERE item = 2000')).toHaveLength(1);
      expect(await isStored(writer)).toBe(false);
      await expectExact(other, RANKED);
      expect(await other.rows('SELECT FROM imat.ranked WHERE item = 2000')).toHaveLength(0);
      expect(await isStored(other)).toBe(true);
      await writer.sql('SAVEPOINT a; DELETE FROM stock WHERE item < 10');
      await expectExact(writer, RANKED);
      await writer.sql('ROLLBACK TO a');
      await expectExact(writer, RANKED);
      await writer.sql('ROLLBACK');
      await expectExact(writer, RANKED);
      expect(await isStored(writer)).toBe(true);
    }
  });

  test('a swap while writers are open stores what it sees, and no more', async () => {
    const writer = await world.session();
    await writer.sql('BEGIN; INSERT INTO stock VALUES (2000, 1)');
    await world.sql('DELETE FROM stock WHERE item = 3');
    await swap('ranked');
    expect(await isStored()).toBe(true);
    await expectExact(world, RANKED);
    await expectExact(writer, RANKED);
    await writer.sql('COMMIT');
    await expectExact(world, RANKED);
    expect(await isStored()).toBe(false);
    await swap('ranked');
    await expectExact(world, RANKED);
    expect(await isStored()).toBe(true);
    await world.sql(
      `DELETE FROM stock WHERE item = 2000; INSERT INTO stock VALUES (3, ${generation})`,
    );
  });

  test('a swap imat over a delta imat, and one over that', async () => {
    const summed: Checked = {
      name: 'summed',
      definition: 'SELECT generation, count(*) AS n FROM public.stock GROUP BY generation',
    };
    const above: Checked = {
      name: 'above',
      definition: 'SELECT generation, n, rank() OVER (ORDER BY n) AS place FROM imat.summed',
    };
    const top: Checked = { name: 'top', definition: 'SELECT max(place) AS places FROM imat.above' };
    const truth = {
      ...above,
      definition: above.definition.replace('imat.summed', `(${summed.definition}) AS summed`),
    };
    const trueTop = {
      ...top,
      definition: top.definition.replace('imat.above', `(${truth.definition}) AS above`),
    };
    await world.imat.create('summed', summed.definition);
    for (const one of [above, top])
      expect((await world.imat.create(one.name, one.definition)).strategy).toBe('swap');
    const all = [summed, above, truth, top, trueTop];
    await expectExact(world, all);
    const writer = await world.session();
    await writer.sql('BEGIN; UPDATE stock SET generation = item % 3');
    await expectExact(writer, all, 'own changes');
    await expectExact(world, all, 'not committed');
    // Who has read the view keeps it from being changed: the swaps below run beside a writer who
    // has not.
    await writer.sql('ROLLBACK; BEGIN; UPDATE stock SET generation = item % 4');
    for (const name of ['above', 'top']) await swap(name);
    await expectExact(world, all, 'swapped beside an open writer');
    await writer.sql('COMMIT');
    await expectExact(world, all, 'committed');
    await world.imat.fold('summed');
    await expectExact(world, all, 'folded below');
    for (const name of ['top', 'above']) await swap(name);
    await expectExact(world, all, 'swapped');
    await world.sql('DELETE FROM stock WHERE item % 2 = 0');
    await swap('above');
    await expectExact(world, all, 'swapped below');
    await world.imat.fold('summed');
    await swap('top');
    await expectExact(world, all, 'all');
    for (const name of ['top', 'above', 'summed']) await world.imat.revert(name);
    await world.sql(
      `INSERT INTO stock SELECT i, 0 FROM generate_series(1, ${ITEMS}) AS i ON CONFLICT DO NOTHING;
       UPDATE stock SET generation = ${generation}`,
    );
  });
});

describe('a view of somebody else’s that the definition reads', () => {
  let joe: Session;
  const EVIL = `CREATE OR REPLACE VIEW joe.items AS
    SELECT item, joe.evil(generation) AS generation FROM public.stock`;
  beforeEach(async () => {
    const role = await world.role();
    await world.sql(`CREATE SCHEMA joe AUTHORIZATION ${role}; GRANT SELECT ON stock TO ${role}`);
    joe = await world.session(role);
    await joe.sql(`CREATE VIEW joe.items AS SELECT item, generation FROM public.stock;
      CREATE FUNCTION joe.evil(n int) RETURNS int
      LANGUAGE plpgsql
      AS $$ BEGIN ALTER ROLE ${role} SUPERUSER; RETURN n; END $$`);
    await world.imat.create(
      'borrowed',
      `${REBUILT} SELECT item, generation, rank() OVER (ORDER BY item) AS place FROM joe.items`,
      {
        freshness: 'manual',
      },
    );
  });
  afterEach(async () => {
    expect(await joe.value('SELECT rolsuper FROM pg_roles WHERE rolname = current_user')).toBe(
      false,
    );
    await world.imat.revert('borrowed');
    await world.sql('DROP SCHEMA joe CASCADE');
  });
  const REPLACED = {
    sqlstate: 'IM024',
    message: 'imat "borrowed" is broken: view joe.items was replaced',
    hint: 'Run imat repair borrowed.',
  };

  test('replaced, is not run: not by swap, publish or verify, and doctor names it', async () => {
    await joe.sql(EVIL);
    await expect(swap('borrowed')).rejects.toMatchObject(REPLACED);
    await expect(world.sql(`CALL imat_catalog.publish('{borrowed}')`)).rejects.toMatchObject(
      REPLACED,
    );
    await expect(world.imat.verify('borrowed')).rejects.toMatchObject({
      condition: 'broken',
      message: REPLACED.message,
    });
    expect((await world.imat.doctor()).checks).toContainEqual(
      expect.objectContaining({
        check: 'imat borrowed',
        status: 'error',
        message: 'view joe.items was replaced',
      }),
    );
  });

  test.each(['swap', 'publish'])(
    'replaced while a %s is under way, is not run either',
    async (how) => {
      await joe.sql(`BEGIN; ${EVIL}`);
      const swapper = await world.session();
      const outcome = outcomeOf(
        swapper.sql(
          how === 'swap' ? `CALL imat.swap('borrowed')` : `CALL imat_catalog.publish('{borrowed}')`,
        ),
      );
      await untilBlocked(world, swapper.pid);
      await joe.sql('COMMIT');
      expect(await outcome).toMatchObject(REPLACED);
    },
  );

  test('renamed, is the same view', async () => {
    await joe.sql(
      `ALTER VIEW joe.items RENAME TO things;
       ALTER VIEW joe.things RENAME COLUMN generation TO made`,
    );
    await swap('borrowed');
    await swap('borrowed');
    expect((await world.imat.verify('borrowed')).results).toMatchObject([{ equal: true }]);
  });
});
