/** A worker that repairs: only where it is told to, with a back-off, and it says so. */
import { expect, test } from 'vitest';
import { expectEqual } from '../engine/commands/support/oracle.ts';
import type { World } from '../engine/commands/support/world.ts';
import { summaries, usePasses } from './support/passes.ts';

let world: World;
const { pass, makeOwner, makeEmpty } = usePasses((created) => {
  world = created;
});
const SUMS = 'SELECT k, sum(v) AS s, count(*) AS n FROM t GROUP BY k';
const lastRuns = (): Promise<{ action: string; reason: string; error_code: string | null }[]> =>
  world.rows(`SELECT action, reason, error_code FROM imat_catalog.history
    WHERE action = 'repair' ORDER BY id`);

test('it repairs a broken imat if it is told to, and the history says so', async () => {
  await world.imat.convert('sums');
  await world.sql('ALTER TABLE t DISABLE TRIGGER ALL; UPDATE t SET v = 5');
  expect(await pass()).toEqual([]);
  await expect(world.rows('SELECT * FROM imat.sums')).rejects.toThrow('imat "sums" is broken');
  expect(summaries(await pass({ repair: true }))).toEqual(['repair sums (broken)']);
  await expectEqual(world.db, 'imat.sums', SUMS);
  await world.sql('UPDATE t SET v = v + 1');
  await expectEqual(world.db, 'imat.sums', SUMS);
  expect(await lastRuns()).toEqual([{ action: 'repair', reason: 'broken', error_code: null }]);
});

test('what it has no right to repair it tries again only after a while', async () => {
  await makeEmpty();
  const owner = await makeOwner();
  await owner.sql('SET search_path = pg_catalog');
  await owner.imat.create('sums', SUMS.replace('FROM t', 'FROM public.t'));
  await owner.sql('ALTER TABLE public.t DISABLE TRIGGER USER');
  await world.sql('ALTER TABLE t OWNER TO CURRENT_USER');
  const [failed] = await pass({ repair: true }, owner.url);
  expect(failed).toMatchObject({ action: 'repair', error: { code: 'IM006' }, retryMs: 60_000 });
  expect(await pass({ repair: true }, owner.url)).toEqual([]);
  const [{ hint } = { hint: '' }] = (await owner.imat.list()).flatMap((imat) => imat.problems);
  expect(hint).toBe('Run imat repair sums.');
});
