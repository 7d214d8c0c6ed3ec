/** A queue whose rows are updated far more often than what the imat counts of them changes. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPreparedWorld, expectExact, type World } from '../commands/support/world.ts';

const STATS = {
  name: 'q_stats',
  definition: `SELECT status, kind, count(*) AS n, count(claimed_at) AS c
    FROM public.q GROUP BY 1, 2`,
};

let world: World;
beforeAll(async () => {
  world =
    await createPreparedWorld(`CREATE TABLE q (id int PRIMARY KEY, status text NOT NULL, kind text,
      claimed_at timestamptz, heartbeat timestamptz, payload jsonb);
    INSERT INTO q SELECT i, 'pending', 'k' || i % 3, NULL, NULL, '{}'
      FROM generate_series(1, 1000) AS i`);
  await world.imat.create(STATS.name, STATS.definition);
});
afterAll(() => world.drop());

const pending = async (): Promise<number | undefined> =>
  (await world.imat.status(STATS.name)).imats[0]?.pendingRows;

test('columns that are not counted log nothing', async () => {
  await world.sql(`UPDATE q SET heartbeat = now(), payload = '{"a": 1}'`);
  expect(await pending()).toBe(0);
  await expectExact(world, STATS);
});

test('claims with SKIP LOCKED, upserts and MERGE are exact', async () => {
  await world.sql(`
    WITH c AS (SELECT id FROM q WHERE status = 'pending' ORDER BY id
      FOR UPDATE SKIP LOCKED LIMIT 20)
    UPDATE q SET status = 'running', claimed_at = now() FROM c WHERE q.id = c.id;
    INSERT INTO q VALUES (5, 'done', 'k9', now(), now(), '{}'),
        (2000, 'pending', 'k9', NULL, NULL, '{}')
      ON CONFLICT (id) DO UPDATE SET status = excluded.status, kind = excluded.kind;
    MERGE INTO q USING (VALUES (6, 'failed'), (3000, 'failed')) AS v (id, s) ON q.id = v.id
      WHEN MATCHED THEN UPDATE SET status = v.s
      WHEN NOT MATCHED THEN INSERT VALUES (v.id, v.s, 'kx', NULL, NULL, NULL)`);
  // Each row that was changed is logged twice, each new one once.
  expect(await pending()).toBeGreaterThan(0);
  await expectExact(world, STATS);
});
