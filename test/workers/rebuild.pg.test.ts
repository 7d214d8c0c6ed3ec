/** Folds that cost more than a rebuild. */
import { describe, expect, test } from 'vitest';
import { expectExact, outcomeOf, type World } from '../engine/commands/support/world.ts';
import { summaries, usePasses } from './support/passes.ts';
import { REBUILT } from '../setup/rebuilt.ts';

let world: World;
const { pass, makeOwner } = usePasses((created) => {
  world = created;
});

describe('a fold that costs more than a rebuild', () => {
  const SUMS = {
    name: 'sums',
    definition: 'SELECT k, sum(v) AS s, count(*) AS n FROM public.t GROUP BY k',
  };

  test('becomes one, by the imat’s own history', async () => {
    await world.imat.convert('sums');
    await world.sql(
      `UPDATE imat_catalog.schedule SET fold_ms_per_row = 100, rebuild_ms = 1;
       INSERT INTO t SELECT g % 12, g FROM generate_series(1, 500) g;
       DELETE FROM t WHERE k = 3`,
    );
    const old = await world.session();
    await old.sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const before = await old.rows('SELECT * FROM imat.sums ORDER BY k');
    expect(summaries(await pass())).toEqual(['rebuild sums (fold_dearer)']);
    await expectExact(world, SUMS);
    expect(await world.value(`SELECT imat_catalog.pending_rows(id) FROM imat_catalog.imat`)).toBe(
      '0',
    );
    expect(await old.rows('SELECT * FROM imat.sums ORDER BY k')).toEqual(before);
    await old.sql('COMMIT');
    await world.sql('INSERT INTO t VALUES (1, 1)');
    await expectExact(world, SUMS);
    await world.imat.fold('sums');
    await expectExact(world, SUMS);
  });

  const DEAR_FOLD = `UPDATE imat_catalog.schedule SET fold_ms_per_row = 100, rebuild_ms = 1;
    INSERT INTO t SELECT 1, g FROM generate_series(1, 50) g`;

  test('is made where the rebuild is refused, and the rebuild is not tried again', async () => {
    await world.imat.convert('sums');
    await world.sql(`CREATE OR REPLACE FUNCTION imat_store.computed_sums(access_key uuid)
      RETURNS SETOF imat_store.content_sums LANGUAGE plpgsql STABLE
      AS 'BEGIN RETURN QUERY SELECT * FROM imat_store.moved; END'; ${DEAR_FOLD}`);
    expect(summaries(await pass())).toEqual([
      'rebuild sums (fold_dearer) IM021',
      'fold sums (rebuild_refused)',
    ]);
    expect((await world.imat.status('sums')).imats[0]).toMatchObject({
      failure: null,
      pendingRows: 0,
    });
    await world.sql('INSERT INTO t SELECT 1, g FROM generate_series(1, 5000) g');
    expect(summaries(await pass())).toEqual(['fold sums (age_bound)']);
    await expectExact(world, SUMS);
  });

  test('is made where the owner may run the definition’s functions, the worker not', async () => {
    // One superuser lets another work on its imats, but not run what an ordinary role wrote.
    const owner = await makeOwner('SUPERUSER');
    await owner.sql(
      `CREATE FUNCTION twice(n int) RETURNS int
       LANGUAGE plpgsql IMMUTABLE
       AS $$ BEGIN RETURN 2 * n; END $$;
       ALTER FUNCTION twice(int) OWNER TO ${await world.role()}`,
    );
    await owner.imat.create(
      'doubled',
      'SELECT k, sum(public.twice(v)) AS s FROM public.t GROUP BY k',
    );
    await world.sql(DEAR_FOLD);
    expect(summaries(await pass())).toEqual(['fold doubled (age_bound)']);
    await world.sql(DEAR_FOLD);
    expect(summaries(await pass({}, owner.url))).toEqual(['rebuild doubled (fold_dearer)']);
  });

  test('beside a writer and folds', async () => {
    await world.imat.convert('sums');
    const [writer, folder] = [await world.session(), await world.session()];
    let stopping = false;
    const busy = [
      (async () => {
        for (let n = 0; !stopping; n++)
          await writer.sql(
            `INSERT INTO t VALUES (${n % 13}, ${n}); UPDATE t SET v = v + 1 WHERE k = ${n % 7}`,
          );
      })(),
      (async () => {
        while (!stopping) await folder.sql(`CALL imat.fold('sums')`);
      })(),
    ];
    for (let round = 0; round < 8; round++) {
      const outcome = await outcomeOf(world.imat.rebuild('sums'));
      if (outcome instanceof Error) expect(outcome).toMatchObject({ condition: 'contention' });
      await expectExact(world, SUMS);
    }
    stopping = true;
    await Promise.all(busy);
    await expectExact(world, SUMS);
  });

  test.each([
    ['without GROUP BY', 'SELECT count(*) AS n, sum(v) AS s, avg(v) AS a FROM public.t'],
    ['a bag with duplicates', 'SELECT k % 3 AS k FROM public.t WHERE v < 500'],
    [
      'a self-join',
      'SELECT a.k, count(*) AS n FROM public.t a JOIN public.t b ON a.v = b.v + 1 GROUP BY a.k',
    ],
  ])('%s', async (_what, definition) => {
    await world.imat.create('x', definition);
    await world.sql('DELETE FROM t WHERE v % 5 = 0; INSERT INTO t VALUES (NULL, NULL), (3, 3)');
    await world.imat.rebuild('x');
    await expectExact(world, { name: 'x', definition });
    await world.sql('DELETE FROM t');
    await world.imat.rebuild('x');
    await expectExact(world, { name: 'x', definition });
  });

  test('a swap imat has nothing to rebuild', async () => {
    await world.imat.create('ranks', `${REBUILT} SELECT k, rank() OVER (ORDER BY k) FROM public.t`);
    await expect(world.imat.rebuild('ranks')).rejects.toMatchObject({
      condition: 'strategy_unavailable',
    });
  });
});
