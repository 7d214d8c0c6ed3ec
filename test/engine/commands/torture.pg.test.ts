/**
 * The concurrency torture: 8 writers on both sides of a join, folds, swaps and readers at once,
 * every answer compared with the definition in its own snapshot, and a witness who sees in the
 * server's locks that no writer ever waits for imat.
 *
 * IMAT_TORTURE_SECONDS and IMAT_SEED choose its length and repeat its choices (not the
 * server's timing).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { chanceOf } from '../../../tools/chance.ts';
import {
  act,
  newTorture,
  runCommitter,
  runFolder,
  runReader,
  runSwapper,
  runWriter,
  TORTURE_IMATS,
  TORTURE_SCHEMA,
} from './support/torture.ts';
import { runWitness } from './support/torture-witness.ts';
import { createWorld, expectExact } from './support/world.ts';
import { seedOfRun } from '../../setup/seed.ts';

const SECONDS = Number(process.env['IMAT_TORTURE_SECONDS'] ?? 20);
const SEED = seedOfRun();

test(`eight writers, folds, swaps and readers for ${SECONDS} s`, {
  timeout: (SECONDS + 300) * 1000,
}, async () => {
  const world = await createWorld(TORTURE_SCHEMA);
  const torture = newTorture(world);
  const { figures } = torture;
  try {
    for (const { name, definition } of TORTURE_IMATS) {
      expect((await world.imat.create(name, definition)).strategy).toBe(
        name === 'ranked' ? 'swap' : 'delta',
      );
    }
    const deadlocksBefore = await deadlocks();
    let actor = 0;
    const chance = (): ReturnType<typeof chanceOf> => chanceOf(SEED * 100 + (actor += 1));
    const actors = [
      ...Array.from({ length: 8 }, (_, index) => runWriter(torture, chance(), index)),
      runCommitter(torture, chance()),
      runFolder(torture, chance()),
      runFolder(torture, chance()),
      runSwapper(torture, chance()),
      runReader(torture, chance(), 'REPEATABLE READ', 20),
      runReader(torture, chance(), 'REPEATABLE READ READ ONLY', 700),
      runReader(torture, chance(), 'SERIALIZABLE', 20),
      runReader(torture, chance(), 'READ COMMITTED', 20),
      runWitness(torture),
    ].map((one) => act(torture, one));
    const isEnough = (): boolean =>
      figures.swaps > 0 && figures.folds > SECONDS && figures.comparisons > SECONDS * 10;
    for (
      const end = Date.now() + SECONDS * 1000;
      torture.running && (Date.now() < end || !isEnough());
    )
      await sleep(50);
    torture.running = false;
    await Promise.all(actors);
    if (torture.failure !== null) throw torture.failure;

    await expectExact(world, TORTURE_IMATS, 'at rest');
    await world.imat.fold();
    await world.imat.swap('ranked');
    await expectExact(world, TORTURE_IMATS, 'folded');
    expect(await world.value('SELECT sum(pending_rows)::int FROM imat_catalog.status')).toBe(0);
    expect((await world.imat.verify()).results.every((result) => result.equal)).toBe(true);
    expect((await world.imat.doctor()).checks.filter((check) => check.status !== 'ok')).toEqual([]);
    expect(await deadlocks()).toBe(deadlocksBefore);
  } catch (error) {
    process.stderr.write(`torture failed: IMAT_SEED=${SEED}\n`);
    throw error;
  } finally {
    torture.running = false;
    process.stderr.write(`torture, seed ${SEED}: ${JSON.stringify(figures)}\n`);
    for (const gid of await world.rows<{ gid: string }>(
      `SELECT gid FROM pg_prepared_xacts WHERE database = current_database()`,
    ))
      await world.sql(`ROLLBACK PREPARED '${gid.gid}'`);
    await world.drop();
  }

  async function deadlocks(): Promise<number> {
    return world.value<number>(
      'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
    );
  }
});
