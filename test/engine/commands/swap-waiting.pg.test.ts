/** Swaps: who waits for whom, and what comes in between. */
import { describe, expect, test } from 'vitest';
import { expectImatError } from './support/expect-imat-error.ts';
import {
  ITEMS,
  RANKED,
  closeGate,
  expectSettled,
  generation,
  generationSeenBy,
  isDirect,
  phase,
  slots,
  swap,
  world,
  write,
  useSwapWorld,
} from './support/swap-world.ts';
import { expectExact, outcomeOf, until, untilBlocked } from './support/world.ts';
import type { Session } from './support/world.ts';
import { REBUILT } from '../../setup/rebuilt.ts';

useSwapWorld();

/**
 * Reads until the swap has ended. A swap that waited for others without a bound would never end,
 * since they go on only afterwards.
 */
async function readUntilEnded(swapped: Promise<unknown>): Promise<void> {
  let ended = false;
  void swapped.then(() => (ended = true));
  const reader = await world.session();
  while (!ended) await generationSeenBy(reader);
}

describe('nobody waits for a swap that cannot finish', () => {
  test('an idle reader of the two-slot view: the swap returns, other readers go on', async () => {
    const gate = await closeGate();
    const swapper = await world.session();
    const current = await write();
    const swapped = outcomeOf(swapper.sql(`CALL imat.swap('stored')`));
    await untilBlocked(world, swapper.pid);
    const idle = await world.session();
    await idle.sql('BEGIN');
    await generationSeenBy(idle);
    await gate.open();
    await readUntilEnded(swapped);
    expect(await swapped).toBeUndefined();
    expect(await phase()).toBe('switched');
    expect(await generationSeenBy(idle)).toBe(current);
    await idle.sql('COMMIT');
    await swap();
    await expectSettled(current);
  });

  test('readers that overlap without a pause: every swap stores what is new', async () => {
    let running = true;
    const loop = async (place: number): Promise<void> => {
      const reader = await world.session();
      let last = 0;
      // One after the other, so that they do not end together.
      await reader.sql(`SELECT pg_sleep(0.04 * ${place})`);
      while (running) {
        const [row] = await reader.rows<{ n: number; low: number; high: number }>(
          `SELECT count(*)::int AS n, min(generation) AS low, max(generation) AS high,
             pg_sleep(0.15)
           FROM imat.stored`,
        );
        expect(row).toMatchObject({ n: ITEMS, low: row?.low, high: row?.low });
        expect(row?.low).toBeGreaterThanOrEqual(last);
        last = row?.low ?? 0;
      }
    };
    const readers = Promise.all([0, 1, 2, 3].map(loop));
    for (let round = 0; round < 5; round++) {
      const current = await write();
      await until(
        'a swap gets in between',
        async () => !((await outcomeOf(swap())) instanceof Error),
      );
      expect(await generationSeenBy(world)).toBe(current);
    }
    running = false;
    await readers;
    await swap();
    await expectSettled(generation);
  });

  test('an old transaction that holds a slot: swaps fail until it has ended', async () => {
    await world.sql('CREATE TABLE version (v int); INSERT INTO version VALUES (0)');
    await world.imat.create(
      'grown',
      `${REBUILT}
        SELECT g, v, count(*) OVER () AS n FROM public.version, generate_series(1, 10000) AS g`,
      {
        freshness: 'manual',
      },
    );
    const content = (session: Session): Promise<{ n: number; v: number }[]> =>
      session.rows('SELECT count(*)::int AS n, v FROM imat.grown GROUP BY v');
    const reader = await world.session();
    await reader.sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
    expect(await content(reader)).toEqual([{ n: 10_000, v: 0 }]);
    let stored = 0;
    const swapNext = async (): Promise<void> => {
      await world.sql(`UPDATE version SET v = ${stored + 1}`);
      await swap('grown');
      stored += 1;
    };
    await expect(
      (async () => {
        for (let round = 0; round < 10; round++) await swapNext();
      })(),
    ).rejects.toMatchObject({
      sqlstate: '55P03',
      message: 'the previous rows of imat "grown" cannot be removed',
    });
    expect(stored).toBeGreaterThan(3);
    expect(await expectImatError('contention', () => world.imat.swap('grown'))).toMatchObject({
      category: 'transient',
    });
    expect(await content(reader)).toEqual([{ n: 10_000, v: 0 }]);
    expect(await content(world)).toEqual([{ n: 10_000, v: stored }]);
    await reader.sql('COMMIT');
    await swapNext();
    expect(await content(world)).toEqual([{ n: 10_000, v: stored }]);
    await world.imat.revert('grown');
    await world.sql('DROP TABLE version');
  });

  test('another imat’s long swap reads nothing of this one, whose previous slot goes', async () => {
    const definition = `${REBUILT}
      SELECT item, rank() OVER (ORDER BY item) AS place FROM public.stock WHERE gate()`;
    await world.imat.create('slow', definition, { freshness: 'manual' });
    const gate = await closeGate();
    const other = await world.session();
    const swapped = outcomeOf(other.sql(`CALL imat.swap('slow')`));
    await untilBlocked(world, other.pid);
    await swap('ranked');
    expect(await phase('ranked')).toBeNull();
    expect(await slots('ranked')).toBe(1);
    await gate.open();
    expect(await swapped).toBeUndefined();
    await world.imat.revert('slow');
  });

  test('a lock on the old slot alone: the view is not locked meanwhile', async () => {
    const current = await write();
    const holder = await world.session();
    // What vacuum and ANALYZE of a big table hold for long.
    const slot = await world.value<string>(
      `SELECT f.state_relation::regclass::text
       FROM imat_catalog.frontier f JOIN imat_catalog.imat i ON i.id = f.imat_id
       WHERE i.name = 'stored'`,
    );
    const gate = await closeGate();
    const swapper = await world.session();
    const swapped = outcomeOf(swapper.sql(`CALL imat.swap('stored')`));
    await untilBlocked(world, swapper.pid);
    await holder.sql(`BEGIN; LOCK TABLE ${slot} IN SHARE UPDATE EXCLUSIVE MODE`);
    await gate.open();
    await readUntilEnded(swapped);
    expect(await swapped).toBeUndefined();
    expect(await phase()).toBe('switched');
    expect(await isDirect()).toBe(false);
    await holder.sql('COMMIT');
    await swap();
    await expectSettled(current);
  });
});

test('two swaps at once: one stores, the other says to try again', async () => {
  const current = await write();
  const gate = await closeGate();
  const [first, second] = [await world.session(), await world.session()];
  const outcome = outcomeOf(first.sql(`CALL imat.swap('stored')`));
  await untilBlocked(world, first.pid);
  const other = outcomeOf(second.sql(`CALL imat.swap('stored')`));
  await untilBlocked(world, second.pid);
  await gate.open();
  const outcomes = await Promise.all([outcome, other]);
  expect(outcomes).toContain(undefined);
  for (const one of outcomes)
    if (one !== undefined)
      expect(one).toMatchObject({ sqlstate: '55P03', hint: expect.stringMatching(/^Try again/) });
  await swap();
  await expectSettled(current);
});

test('another freshness while a swap is unfinished is the one that stays', async () => {
  const reader = await world.session();
  await reader.sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await reader.value('SELECT 1');
  await world.sql('UPDATE stock SET generation = generation');
  await swap('ranked');
  expect(await phase('ranked')).toBe('switched');
  await world.imat.convert('ranked', { freshness: 'manual' });
  await reader.sql('COMMIT');
  await swap('ranked');
  expect(await isDirect('ranked')).toBe(true);
  await world.sql('INSERT INTO stock VALUES (5000, 1)');
  expect(await world.rows('SELECT FROM imat.ranked WHERE item = 5000')).toHaveLength(0);
  await world.imat.convert('ranked', { freshness: 'live' });
  await expectExact(world, RANKED);
  await world.sql('DELETE FROM stock WHERE item = 5000');
  await swap('ranked');
  await expectExact(world, RANKED);
});
