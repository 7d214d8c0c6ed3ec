/** Requests of imat.create_imat. */
import { describe, expect, test } from 'vitest';
import { expectExact, type World } from '../engine/commands/support/world.ts';
import { summaries, usePasses } from './support/passes.ts';

let world: World;
const { pass } = usePasses((created) => {
  world = created;
});

describe('requests', () => {
  test('are carried out, and the caller can see how it went', async () => {
    await world.imat.init();
    await world.sql(`SELECT imat.create_imat('sums'); SELECT imat.create_imat('no such view')`);
    const runs = await pass();
    expect(summaries(runs)).toEqual([
      'request sums (requested)',
      'request no such view (requested) IM001',
    ]);
    await expectExact(world, {
      name: 'sums',
      definition: 'SELECT k, sum(v) AS s, count(*) AS n FROM public.t GROUP BY k',
    });
    expect(
      await world.rows(
        'SELECT name, error_code, error IS NULL AS fine, carried_out_at IS NOT ' +
          'NULL AS done FROM imat_catalog.request ORDER BY id',
      ),
    ).toEqual([
      { name: 'sums', error_code: null, fine: true, done: true },
      { name: 'no such view', error_code: 'IM001', fine: false, done: true },
    ]);
    expect(
      await world.rows(
        'SELECT name, imat_id IS NOT NULL AS made, error_code FROM imat_catalog.history ' +
          "WHERE action = 'request' AND reason = 'requested' ORDER BY id",
      ),
    ).toEqual([
      { name: 'sums', made: true, error_code: null },
      { name: 'no such view', made: false, error_code: 'IM001' },
    ]);
    expect(await world.value(`SELECT imat.create_imat('sums')`)).toContain('already exists');
    expect(await world.value(`SELECT imat.create_imat('no such view')`)).toMatch(
      /^failed: .*\(IM001\)\. To ask again, call this a minute later/,
    );
    await world.sql(
      `UPDATE imat_catalog.request SET carried_out_at = carried_out_at - interval '1 minute'`,
    );
    expect(await world.value(`SELECT imat.create_imat('no such view')`)).toMatch(
      /^recorded: .*The last attempt failed: .*\(IM001\)/,
    );
    await expect(world.value('SELECT imat.create_imat(NULL)')).rejects.toMatchObject({
      sqlstate: '22004',
    });
    const nobody = await world.session(await world.role());
    await expect(nobody.value(`SELECT imat.create_imat('sums')`)).rejects.toMatchObject({
      sqlstate: '42501',
      message: expect.stringContaining('may not ask for imats'),
    });
  });

  test('of a view under another name are not recorded again, and go with the history', async () => {
    await world.imat.init();
    const names = () => world.rows('SELECT name FROM imat_catalog.request ORDER BY id');
    await world.sql(
      `SELECT imat.create_imat('public.sums'); SELECT imat.create_imat('no such view')`,
    );
    await pass();
    expect(await world.value(`SELECT imat.create_imat('public.sums')`)).toBe(
      'imat "sums" already exists: read imat.sums',
    );
    expect(await names()).toEqual([{ name: 'public.sums' }, { name: 'no such view' }]);
    await world.sql(`UPDATE imat_catalog.request SET carried_out_at = now() - interval '2 days'`);
    await world.sql(`SELECT imat.create_imat('no such view either')`);
    await pass({ historyMs: 3 * 86_400_000 });
    expect(await names()).toHaveLength(3);
    await pass();
    expect(await names()).toEqual([{ name: 'public.sums' }, { name: 'no such view either' }]);
    await world.imat.revert('sums');
    await pass();
    expect(await names()).toEqual([{ name: 'no such view either' }]);
  });

  test('two workers at once carry each out once', async () => {
    await world.imat.init();
    for (let n = 0; n < 6; n++)
      await world.sql(
        `CREATE MATERIALIZED VIEW m${n} AS SELECT count(*) FROM t;
         SELECT imat.create_imat('m${n}')`,
      );
    const runs = (await Promise.all([pass(), pass(), pass()]))
      .flat()
      .filter((run) => run.action === 'request');
    expect(runs.map((run) => run.imat).toSorted()).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5']);
    expect(runs.filter((run) => run.error !== null)).toEqual([]);
  });
});
