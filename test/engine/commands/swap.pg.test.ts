/**
 * Swaps: what readers and writers of every age see, and what is left when one is cut off.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
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

useSwapWorld();

test('a swap stores the new content and leaves everything else as it was', async () => {
  for (let round = 0; round < 3; round++) {
    const current = await write();
    expect(await generationSeenBy(world)).toBe(current - 1);
    await swap();
    await expectSettled(current);
  }
});

describe('a REPEATABLE READ reader that began before', () => {
  test.each([true, false])(
    'sees the old content as long as it lives, new readers the new one (it has read before: %s)',
    async (hasRead) => {
      const old = generation;
      const reader = await world.session();
      await reader.sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
      if (hasRead) expect(await generationSeenBy(reader)).toBe(old);
      else await reader.value('SELECT 1');
      // What it may still read is left alone: whoever has read the view holds a lock on it, the
      // others may read the previous slot.
      for (let round = 0; round < 3; round++) {
        const current = await write();
        await swap();
        expect(await phase()).toBe(hasRead ? null : 'switched');
        expect(await slots()).toBe(hasRead ? 1 : 2);
        expect(await generationSeenBy(reader)).toBe(old);
        expect(await generationSeenBy(world)).toBe(current);
      }
      await reader.sql('COMMIT');
      expect(await generationSeenBy(reader)).toBe(generation);
      await swap();
      await expectSettled(generation);
    },
  );

  test('that begins while the new slot is filled', async () => {
    const old = generation;
    const current = await write();
    const gate = await closeGate();
    const swapper = await world.session();
    const swapped = outcomeOf(swapper.sql(`CALL imat.swap('stored')`));
    await untilBlocked(world, swapper.pid);
    const [reader, silent] = [await world.session(), await world.session()];
    for (const session of [reader, silent])
      await session.sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
    expect(await generationSeenBy(reader)).toBe(old);
    await silent.value('SELECT 1');
    await gate.open();
    expect(await swapped).toBeUndefined();
    for (const session of [reader, silent]) expect(await generationSeenBy(session)).toBe(old);
    expect(await generationSeenBy(world)).toBe(current);
    for (const session of [reader, silent]) await session.sql('COMMIT');
    await swap();
    await expectSettled(current);
  });
});

test('readers of all kinds through ten swaps: never empty, mixed or backwards', async () => {
  let running = true;
  const reads = [0, 0, 0, 0, 0, 0];
  const loop = async (
    index: number,
    begin: string,
    end: string,
    prepared: boolean,
  ): Promise<void> => {
    const session = await world.session();
    if (prepared)
      await session.sql(
        `PREPARE p AS
         SELECT count(*)::int AS n, min(generation) AS low, max(generation) AS high
         FROM imat.stored;
         SET plan_cache_mode = force_generic_plan`,
      );
    let last = 0;
    while (running) {
      if (begin !== '') await session.sql(begin);
      const seen: number[] = [];
      for (let read = 0; read < 3; read++) {
        if (prepared) {
          const [row] = await session.rows<{ n: number; low: number; high: number }>('EXECUTE p');
          expect(row).toEqual({ n: ITEMS, low: row?.low, high: row?.low });
          seen.push(row?.low ?? -1);
        } else seen.push(await generationSeenBy(session));
        await sleep(Math.random() * 4);
      }
      if (begin.includes('REPEATABLE') || begin.includes('SERIALIZABLE'))
        expect(new Set(seen).size).toBe(1);
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
      expect(seen[0]).toBeGreaterThanOrEqual(last);
      last = seen.at(-1) ?? last;
      if (end !== '') await session.sql(end);
      reads[index] = (reads[index] ?? 0) + 1;
    }
  };
  const readers = Promise.all([
    loop(0, '', '', false),
    loop(1, '', '', true),
    loop(2, 'BEGIN', 'COMMIT', false),
    loop(3, 'BEGIN ISOLATION LEVEL REPEATABLE READ', 'COMMIT', false),
    loop(4, 'BEGIN ISOLATION LEVEL REPEATABLE READ', 'COMMIT', true),
    loop(5, 'BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY', 'COMMIT', false),
  ]);
  for (let round = 0; round < 10; round++) {
    await write();
    await until(
      'a swap gets in between',
      async () => !((await outcomeOf(swap())) instanceof Error),
    );
    const before = [...reads];
    const all = until('everybody has read since', async () =>
      reads.every((count, index) => count > (before[index] ?? 0)),
    );
    // A reader that fails ends the test at once.
    await Promise.race([all, readers]);
  }
  running = false;
  await readers;
  await swap();
  await expectSettled(generation);
});

describe('writers', () => {
  test('never wait: not for a change of the view, a slot being filled or dropped', async () => {
    await write();
    const gate = await closeGate();
    const swapper = await world.session();
    const swapped = outcomeOf(swapper.sql(`CALL imat.swap('stored')`));
    await untilBlocked(world, swapper.pid);
    const writer = await world.session();
    // The swap goes on when these have returned: whoever waited for it would never return.
    await writer.sql('INSERT INTO stock VALUES (1000, 1)');
    await writer.sql(
      `BEGIN;
       DELETE FROM stock WHERE item = 1000;
       UPDATE stock SET generation = generation WHERE item = 1`,
    );
    await gate.open();
    expect(await swapped).toBeUndefined();
    await writer.sql('COMMIT');
    await write();
    await swap();
    await expectSettled(generation);
  });

  test('a TRUNCATE waits for the fill that reads its table, and comes after it', async () => {
    const gate = await closeGate();
    const swapper = await world.session();
    const current = await write();
    const swapped = outcomeOf(swapper.sql(`CALL imat.swap('stored')`));
    await untilBlocked(world, swapper.pid);
    const writer = await world.session();
    const truncated = outcomeOf(writer.sql('TRUNCATE stock'));
    await untilBlocked(world, writer.pid);
    await gate.open();
    expect(await swapped).toBeUndefined();
    expect(await truncated).toBeUndefined();
    expect(await generationSeenBy(world)).toBe(current);
    await expectExact(world, RANKED);
    await world.sql(
      `INSERT INTO stock SELECT i, ${generation} FROM generate_series(1, ${ITEMS}) AS i`,
    );
    await swap();
    await expectSettled(current);
  });
});

describe('a swap that is cut off', () => {
  const terminate = async (session: Session, outcome: Promise<unknown>): Promise<void> => {
    await world.value(`SELECT pg_terminate_backend(${session.pid}, 5000)`);
    expect(await outcome).toMatchObject({ condition: 'connection_failed' });
  };

  /**
   * Starts a swap that stops at the gate; gives its outcome to wait for. A swap that times out
   * before it has got there is repeated with more time.
   */
  const swapUntilStopped = async (
    swapper: Session,
    timesOut: boolean,
  ): Promise<{ readonly outcome: Promise<unknown> }> => {
    for (let timeoutMs = 300; ; timeoutMs *= 2) {
      if (timesOut) await swapper.sql(`SET statement_timeout = ${timeoutMs}`);
      const outcome = outcomeOf(swapper.sql(`CALL imat.swap('stored')`));
      const stopped = untilBlocked(world, swapper.pid).then(() => true);
      if (await Promise.race([stopped, outcome.then(() => false)])) return { outcome };
      stopped.catch(() => undefined);
    }
  };

  test('before the view is changed: nothing has happened', async () => {
    const old = generation;
    const current = await write();
    const reader = await world.session();
    await reader.sql('BEGIN');
    expect(await generationSeenBy(reader)).toBe(old);
    const swapper = await world.session();
    const outcome = outcomeOf(swapper.sql(`CALL imat.swap('stored')`));
    await untilBlocked(world, swapper.pid);
    await terminate(swapper, outcome);
    expect(await phase()).toBeNull();
    expect(await slots()).toBe(1);
    expect(await generationSeenBy(reader)).toBe(old);
    await reader.sql('COMMIT');
    await swap();
    await expectSettled(current);
  });

  test.each(['terminated', 'cancelled', 'timed out', 'failing'] as const)(
    '%s while the slot is filled: the old content is read, the next swap goes on',
    async (how) => {
      const old = generation;
      const current = await write();
      const gate = await closeGate();
      const swapper = await world.session();
      if (how === 'failing') await world.sql('INSERT INTO failing VALUES (1)');
      const { outcome } = await swapUntilStopped(swapper, how === 'timed out');
      if (how === 'terminated') await terminate(swapper, outcome);
      if (how === 'cancelled') await world.value(`SELECT pg_cancel_backend(${swapper.pid})`);
      if (how === 'timed out') await outcome;
      await gate.open();
      if (how !== 'terminated')
        expect(await outcome).toMatchObject({ sqlstate: how === 'failing' ? '22012' : '57014' });
      await world.sql('DELETE FROM failing');
      expect(await phase()).toBe('filling');
      expect(await isDirect()).toBe(false);
      expect(await generationSeenBy(world)).toBe(old);
      expect(
        (await world.imat.doctor()).checks.filter((check) => check.check === 'imat stored'),
      ).toMatchObject([{ status: 'warning', hint: expect.stringContaining('imat swap stored') }]);
      expect((await world.imat.list()).find((imat) => imat.name === 'stored')).toMatchObject({
        state: 'active',
      });
      // The session that was only cancelled holds nothing that others would wait for.
      await swap();
      await expectSettled(current);
    },
  );

  test('after the switch: new content is read, the old slot goes after its readers', async () => {
    const old = generation;
    const reader = await world.session();
    await reader.sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await reader.value('SELECT 1');
    const current = await write();
    const swapper = await world.session();
    const outcome = outcomeOf(swapper.sql(`CALL imat.swap('stored')`));
    await until('it has switched', async () => (await phase()) === 'switched');
    await terminate(swapper, outcome);
    expect(await generationSeenBy(world)).toBe(current);
    expect(await generationSeenBy(reader)).toBe(old);
    const next = await write();
    await swap();
    expect(await phase()).toBe('switched');
    expect(await generationSeenBy(world)).toBe(next);
    expect(await generationSeenBy(reader)).toBe(old);
    await reader.sql('COMMIT');
    await swap();
    await expectSettled(next);
  });

  test('by a kill at random moments, twenty times', async () => {
    let stored = await write();
    const start = performance.now();
    await swap();
    const wholeMs = performance.now() - start;
    for (let round = 0; round < 20; round++) {
      const current = await write();
      const swapper = await world.session();
      const outcome = outcomeOf(swapper.sql(`CALL imat.swap('stored')`));
      await sleep((round / 20) * wholeMs);
      await world.value(`SELECT pg_terminate_backend(${swapper.pid}, 5000)`);
      await outcome;
      const seen = await generationSeenBy(world);
      expect([stored, current]).toContain(seen);
      stored = seen;
    }
    await swap();
    await expectSettled(generation);
  });
});
