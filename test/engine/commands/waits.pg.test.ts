/**
 * No writer ever waits for imat: 8 writers on both sides of a join, folds, swaps and readers at
 * once, every answer compared with the definition in its own snapshot, and a witness sees in the
 * server's locks who waits for what. `npm run torture` is the random one.
 *
 * IMAT_CROWD_SECONDS and IMAT_SEED choose its length and repeat its choices (not the server's
 * timing).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { chanceOf } from '../../../tools/chance.ts';
import {
  act,
  newCrowd,
  runCommitter,
  runFolder,
  runReader,
  runSwapper,
  runWriter,
  CROWD_IMATS,
  CROWD_SCHEMA,
} from './support/crowd.ts';
import { runWitness } from './support/waits-witness.ts';
import { createPreparedWorld, expectExact } from './support/world.ts';
import { seedOfRun } from '../../setup/seed.ts';
import { foldAll } from '../../setup/fold-all.ts';

const SECONDS = Number(process.env['IMAT_CROWD_SECONDS'] ?? 20);
const SEED = seedOfRun();

test(`eight writers, folds, swaps and readers for ${SECONDS} s`, {
  timeout: (SECONDS + 300) * 1000,
}, async () => {
  const world = await createPreparedWorld(CROWD_SCHEMA);
  const crowd = newCrowd(world);
  const { figures } = crowd;
  try {
    for (const { name, definition } of CROWD_IMATS) {
      expect((await world.imat.create(name, definition)).strategy).toBe(
        name === 'ranked' ? 'swap' : 'delta',
      );
    }
    const deadlocksBefore = await deadlocks();
    let actor = 0;
    const chance = (): ReturnType<typeof chanceOf> => chanceOf(SEED * 100 + (actor += 1));
    const actors = [
      ...Array.from({ length: 8 }, (_, index) => runWriter(crowd, chance(), index)),
      runCommitter(crowd, chance()),
      runFolder(crowd, chance()),
      runFolder(crowd, chance()),
      runSwapper(crowd, chance()),
      runReader(crowd, chance(), 'REPEATABLE READ', 20),
      runReader(crowd, chance(), 'REPEATABLE READ READ ONLY', 700),
      runReader(crowd, chance(), 'SERIALIZABLE', 20),
      runReader(crowd, chance(), 'READ COMMITTED', 20),
      runWitness(crowd),
    ].map((one) => act(crowd, one));
    const isEnough = (): boolean =>
      figures.swaps > 0 && figures.folds > SECONDS && figures.comparisons > SECONDS * 10;
    for (
      const end = Date.now() + SECONDS * 1000;
      crowd.running && (Date.now() < end || !isEnough());
    )
      await sleep(50);
    crowd.running = false;
    await Promise.all(actors);
    if (crowd.failure !== null) throw crowd.failure;

    await expectExact(world, CROWD_IMATS, 'at rest');
    await foldAll(world.imat);
    await world.imat.swap('ranked');
    await expectExact(world, CROWD_IMATS, 'folded');
    expect(await world.value('SELECT sum(pending_rows)::int FROM imat_catalog.status')).toBe(0);
    expect((await world.imat.verify()).results.every((result) => result.equal)).toBe(true);
    expect((await world.imat.doctor()).checks.filter((check) => check.status !== 'ok')).toEqual([]);
    expect(await deadlocks()).toBe(deadlocksBefore);
  } catch (error) {
    process.stderr.write(`crowd failed: IMAT_SEED=${SEED}\n`);
    throw error;
  } finally {
    crowd.running = false;
    process.stderr.write(`crowd, seed ${SEED}: ${JSON.stringify(figures)}\n`);
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
