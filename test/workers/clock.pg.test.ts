/** A failover to a server whose clock is behind. */
import { describe, expect, test } from 'vitest';
import { type World } from '../engine/commands/support/world.ts';
import { summaries, usePasses } from './support/passes.ts';
import { REBUILT } from '../setup/rebuilt.ts';

let world: World;
const { pass } = usePasses((created) => {
  world = created;
});

describe('a server whose clock is behind that of the one before', () => {
  const worker = (leaseMs: number): Promise<void> =>
    world.sql(
      `DELETE FROM imat_catalog.worker;
       INSERT INTO imat_catalog.worker (id, version, lease_ms)
       VALUES ('former', 'test', ${leaseMs})`,
    );

  test('leases that it cannot have given are none; long ones of other workers are', async () => {
    await world.imat.convert('sums');
    await world.sql(`INSERT INTO t VALUES (1, 1);
      INSERT INTO imat_catalog.request (name, worker, lease_until)
      VALUES ('nothing', 'former', clock_timestamp() + interval '10 minutes');
      UPDATE imat_catalog.ticker
      SET worker = 'former', until = clock_timestamp() + interval '10 minutes';
      UPDATE imat_catalog.schedule
      SET worker = 'former', lease_until = clock_timestamp() + interval '10 minutes'`);
    await worker(900_000);
    expect(await pass()).toEqual([]);
    expect(await world.value(`SELECT imat_catalog.take_turn('me', 15000)`)).toBe(false);
    await worker(15_000);
    expect(await world.value(`SELECT imat_catalog.take_turn('me', 15000)`)).toBe(true);
    expect(summaries(await pass())).toEqual([
      'request nothing (requested) IM002',
      'fold sums (age_bound)',
    ]);
  });

  test('what was done at a time still to come keeps nothing from being done now', async () => {
    await world.imat.convert('sums');
    await world.imat.create(
      'ranks',
      `${REBUILT} SELECT k, rank() OVER (ORDER BY k) AS r FROM public.t`,
      {
        freshness: '5s',
      },
    );
    await world.sql(`INSERT INTO t VALUES (1, 1);
      UPDATE imat_catalog.frontier SET advanced_at = clock_timestamp() + interval '10 minutes';
      UPDATE imat_catalog.schedule
      SET last_action = 'fold', last_ms = 5000,
        stored_at = clock_timestamp() + interval '10 minutes',
        last_ended_at = clock_timestamp() + interval '10 minutes'`);
    expect(summaries(await pass()).toSorted()).toEqual([
      'fold sums (age_bound)',
      'swap ranks (source_changed)',
    ]);
  });
});
