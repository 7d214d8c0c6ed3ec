/** An older catalog, with an imat in it, is brought up to date by the worker that starts on it. */
import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../workers/policy.ts';
import { ImatWorker } from '../../workers/worker.ts';
import { createWorld, expectExact } from '../engine/commands/support/world.ts';

test('a worker upgrades an older catalog and goes on from there', async () => {
  const world = await createWorld(
    'CREATE TABLE t (k int, v int); INSERT INTO t VALUES (1, 1), (2, 2)',
  );
  const definition = 'SELECT k, sum(v) AS s FROM public.t GROUP BY k';
  try {
    await world.imat.create('sums', definition);
    // Back to version 3: what the files from 004 on make goes.
    await world.sql(`
      DROP VIEW imat_catalog.status, imat_catalog.held_back, imat_catalog.log_upkeep;
      DROP PROCEDURE imat_catalog.publish, imat_catalog.maintain;
      DROP FUNCTION imat_catalog.look, imat_catalog.record, imat_catalog.lease, imat_catalog.release, imat_catalog.lease_request, imat_catalog.begin_attempt, imat_catalog.renew, imat_catalog.cut_off_message, imat_catalog.take_turn,
        imat_catalog.sync_cron, imat_catalog.unchanged_pairs, imat_catalog.signature, imat_catalog.table_signature, imat_catalog.has_changed, imat_catalog.frontiers_read, imat_catalog.age_ms, imat_catalog.is_leased, imat.create_imat;
      DROP TABLE imat_catalog.schedule, imat_catalog.history, imat_catalog.worker, imat_catalog.ticker;
      DELETE FROM imat_catalog.migration WHERE version > 3`);
    await world.sql('INSERT INTO t VALUES (1, 5)');
    await expectExact(world, { name: 'sums', definition });
    const worker = new ImatWorker({
      targets: [{ kind: 'url', url: world.url }],
      queue: null,
      policy: DEFAULT_POLICY,
      version: 'test',
      logLevel: 'silent',
      writeLog: () => undefined,
      http: null,
    });
    const { runs } = await worker.once();
    await worker.stop();
    expect(runs.map((run) => `${run.action} ${run.imat}`)).toEqual(['fold sums']);
    expect(await world.rows('SELECT version FROM imat_catalog.migration ORDER BY 1')).toEqual(
      [1, 2, 3, 4, 5, 6].map((version) => ({ version })),
    );
    await expectExact(world, { name: 'sums', definition });
    expect((await world.imat.status('sums')).imats[0]).toMatchObject({
      pendingRows: 0,
      lastRun: { action: 'fold' },
    });
  } finally {
    await world.drop();
  }
});
