/** An older catalog, with an imat in it, is brought up to date by the worker that starts on it. */
import { expect, test } from 'vitest';
import { catalogFiles } from '../../engine/catalog/files.ts';
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
    // As an older imat would have left it: another body, a routine that is gone, one that is new.
    await world.sql(`
      CREATE OR REPLACE FUNCTION imat_catalog.has_pending(imat integer) RETURNS boolean
        LANGUAGE sql STABLE AS 'SELECT false';
      CREATE FUNCTION imat_catalog.gone() RETURNS integer LANGUAGE sql AS 'SELECT 1';
      DROP FUNCTION imat_catalog.look;
      UPDATE imat_catalog.migration SET functions_hash = 'older', imat_version = '0.0.1'`);
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
    const last =
      'SELECT version, functions_hash FROM imat_catalog.migration ORDER BY version DESC LIMIT 1';
    expect(await world.rows(last)).toEqual([
      { version: catalogFiles().tables.length, functions_hash: catalogFiles().functionsHash },
    ]);
    expect(await world.value(`SELECT to_regproc('imat_catalog.gone')::text`)).toBeNull();
    await expectExact(world, { name: 'sums', definition });
    expect((await world.imat.status('sums')).imats[0]).toMatchObject({
      pendingRows: 0,
      lastRun: { action: 'fold' },
    });
  } finally {
    await world.drop();
  }
});
