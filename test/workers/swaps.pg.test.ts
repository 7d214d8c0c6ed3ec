/** When swap imats are swapped, and what swaps keep. */
import { beforeEach, describe, expect, test } from 'vitest';
import { expectExact, type World } from '../engine/commands/support/world.ts';
import { summaries, usePasses } from './support/passes.ts';
import { REBUILT } from '../setup/rebuilt.ts';

let world: World;
const { pass, rested, makeEmpty } = usePasses((created) => {
  world = created;
});

describe('a swap imat with an interval', () => {
  const hoursAgo = (hours: number): Promise<void> =>
    world.sql(
      `UPDATE imat_catalog.schedule
       SET finish_tried_at = NULL, stored_at = clock_timestamp() - interval '${hours} hours',
         last_ended_at = clock_timestamp() - interval '${hours} hours'`,
    );
  const RANKS = {
    name: 'ranks',
    definition: `${REBUILT}
      SELECT k, 1000 / v AS share, rank() OVER (ORDER BY k, v) AS place FROM public.t`,
  };
  beforeEach(async () => {
    await world.imat.create(RANKS.name, RANKS.definition, { freshness: '1 hour' });
    await hoursAgo(2);
  });

  test('that fails is tried again when its back-off has ended', async () => {
    await world.sql('INSERT INTO t VALUES (1, 0)');
    expect(summaries(await pass())).toEqual([
      'swap ranks (source_changed) IM012',
      'finish ranks (swap_unfinished)',
    ]);
    expect((await world.imat.status('ranks')).imats[0]).toMatchObject({
      failure: { code: 'IM012' },
    });
    await world.sql('UPDATE t SET v = 1 WHERE v = 0');
    expect(await pass()).toEqual([]);
    await world.sql('UPDATE imat_catalog.schedule SET next_attempt_at = clock_timestamp()');
    expect(summaries(await pass())).toEqual(['swap ranks (source_changed)']);
    await expectExact(world, RANKS);
  });

  test('is as old as its last swap, whenever that was finished', async () => {
    const reader = await world.session();
    await reader.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
    await world.sql('INSERT INTO t VALUES (1, 1)');
    expect(summaries(await pass())).toEqual(['swap ranks (source_changed)']);
    await hoursAgo(0.5);
    await reader.sql('COMMIT');
    await world.sql('INSERT INTO t VALUES (1, 2)');
    expect(summaries(await pass())).toEqual(['finish ranks (swap_unfinished)']);
    expect(await pass()).toEqual([]);
    expect((await world.imat.status('ranks')).imats[0]).toMatchObject({
      lastRun: { action: 'swap' },
    });
    await hoursAgo(1);
    expect(summaries(await pass())).toEqual(['swap ranks (source_changed)']);
    await expectExact(world, RANKS);
  });

  test('is swapped in time while somebody stays in a transaction that has read it', async () => {
    const reader = await world.session();
    await reader.sql('BEGIN; SELECT * FROM imat.ranks');
    for (let round = 0; round < 3; round++) {
      await world.sql(`INSERT INTO t VALUES (1, ${round + 1})`);
      await hoursAgo(1);
      expect(summaries(await pass())).toEqual(['swap ranks (source_changed)']);
      await expectExact(world, RANKS);
    }
    await reader.sql('COMMIT');
  });
});

test('a publication of all tables, which wants to know rows by an identity', async () => {
  const all = [
    { name: 'sums', definition: 'SELECT k, sum(v) AS s, count(*) AS n FROM public.t GROUP BY k' },
    {
      name: 'ranks',
      definition: `${REBUILT} SELECT k, v, rank() OVER (ORDER BY v) AS r FROM public.t`,
    },
  ];
  for (const { name, definition } of all)
    await world.imat.create(name, definition, { freshness: '1ms' });
  await world.sql(
    'ALTER TABLE t REPLICA IDENTITY FULL; CREATE PUBLICATION everything FOR ALL TABLES',
  );
  if ((await world.value<number>(`SELECT current_setting('server_version_num')::int`)) >= 180_000) {
    await world.sql('INSERT INTO t VALUES (1, 1)');
    await expect(world.imat.fold('sums')).rejects.toMatchObject({
      condition: 'definition_failed',
      hint: expect.stringContaining('publish_generated_columns = stored'),
    });
    await world.sql('ALTER PUBLICATION everything SET (publish_generated_columns = stored)');
  }
  for (let round = 0; round < 3; round++) {
    await world.sql(`INSERT INTO t VALUES (1, 1); UPDATE t SET v = v + 1 WHERE k = 2`);
    await rested();
    expect(summaries(await pass()).filter((run) => run.includes('IM'))).toEqual([]);
    await expectExact(world, all);
  }
  const reader = await world.session();
  await reader.sql('BEGIN; SELECT FROM imat.ranks');
  await world.sql(`INSERT INTO t VALUES (1, 1)`);
  await rested();
  expect(summaries(await pass()).filter((run) => run.includes('IM'))).toEqual([]);
  await expectExact(world, all);
});

test('an imat’s view keeps its content under another name', async () => {
  await makeEmpty();
  const definition = `${REBUILT} SELECT k, v, rank() OVER (ORDER BY v) AS r FROM public.t`;
  await world.imat.create('ranks', definition, { freshness: '1ms' });
  await world.imat.create('live', definition);
  await world.sql('ALTER VIEW imat.ranks RENAME TO places; ALTER VIEW imat.live RENAME TO alive');
  for (let round = 0; round < 2; round++) {
    await world.sql('INSERT INTO t VALUES (1, 1)');
    for (const name of ['ranks', 'live']) await world.imat.swap(name);
    for (const view of ['places', 'alive'])
      expect(
        await world.rows(
          `(SELECT * FROM imat.${view} EXCEPT ALL (${definition})) UNION ALL ` +
            `((${definition}) EXCEPT ALL SELECT * FROM imat.${view})`,
        ),
      ).toEqual([]);
  }
  expect(
    await world.rows(
      `SELECT relname FROM pg_class
       WHERE relnamespace = 'imat'::regnamespace AND relname <> 'schema_changes' ORDER BY 1`,
    ),
  ).toEqual([{ relname: 'alive' }, { relname: 'places' }]);
  for (const name of ['ranks', 'live']) await world.imat.revert(name);
  expect(await world.rows(`SELECT FROM pg_namespace WHERE nspname LIKE 'imat%'`)).toEqual([]);
});
